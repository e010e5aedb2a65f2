/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Small matrix products: tiles of C stay in registers, a vector of B's row times a number of A after the other. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes_turn.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")  /* so that arrays of vectors become registers */

/* Sums that stay in registers, of 32 or of 16. Eight chains of additions hide an addition's four cycles on two units. */
enum { ROWS = LANES == 16 ? 8 : 6, STRIPS = 2 };

/* Onto the sums: rows `pitch` numbers apart, or one for all of them. */
INLINE void add_to(vf sum[ROWS][STRIPS], const float *from, size_t pitch, size_t rest, const int rows, const int strips)
{
	UNROLL
	for (int r = 0; r < rows; r++)
		UNROLL
		for (int s = 0; s < strips; s++) {
			const float *v = from + (size_t)r * pitch + s * LANES;
			sum[r][s] += rest && s == strips - 1 ? load_part(v, rest, 0) : load(v);
		}
}

/* Rows i … and vectors of columns j … of C; `rest` columns of the last vector, or 0 for all of them. */
INLINE void tile(const struct product_kernel *p, size_t i, size_t j, size_t rest, const int rows, const int strips, const bool part)
{
	const size_t step = p->a_column, row = p->a_row, next = p->b_row, n = p->n;
	const float *a = p->a + i * row, *b = p->b + j, *bias = p->bias ? p->bias + j : NULL;
	const bool add = p->add;
	const int last = strips - 1;
	float *c = p->c + i * n + j;
	vf sum[ROWS][STRIPS];
	UNROLL
	for (int s = 0; s < strips; s++) {
		UNROLL
		for (int r = 0; r < rows; r++)
			sum[r][s] = (vf){0};
	}
	for (size_t k = 0; k < p->k; k++, a += step, b += next) {
		vf v[STRIPS];
		UNROLL
		for (int s = 0; s < strips; s++)
			v[s] = part && s == last ? load_part(b + s * LANES, rest, 0) : load(b + s * LANES);
		UNROLL
		for (int r = 0; r < rows; r++)
			UNROLL
			for (int s = 0; s < strips; s++)
				sum[r][s] += v[s] * a[(size_t)r * row];
	}
	if (bias)
		add_to(sum, bias, 0, rest, rows, strips);
	if (add)
		add_to(sum, c, n, rest, rows, strips);
	UNROLL
	for (int r = 0; r < rows; r++)
		UNROLL
		for (int s = 0; s < strips; s++) {
			float *to = c + (size_t)r * n + s * LANES;
			if (rest && s == last)
				store_part(to, sum[r][s], rest);
			else
				store(to, sum[r][s]);
		}
}

/* All rows of a few vectors of columns, in tiles of about as many rows each. */
INLINE void panel(const struct product_kernel *p, size_t j, size_t rest, const int strips, const bool part)
{
	const size_t tiles = (p->m + ROWS - 1) / ROWS, rows = p->m / tiles, more = p->m % tiles;
	for (size_t t = 0, i = 0, next; t < tiles; t++, i = next) {
		next = i + rows + (t < more);
		switch (next - i) {
		case 1: tile(p, i, j, rest, 1, strips, part); break;
		case 2: tile(p, i, j, rest, 2, strips, part); break;
		case 3: tile(p, i, j, rest, 3, strips, part); break;
		case 4: tile(p, i, j, rest, 4, strips, part); break;
		case 5: tile(p, i, j, rest, 5, strips, part); break;
#if LANES == 16
		case 6: tile(p, i, j, rest, 6, strips, part); break;
		case 7: tile(p, i, j, rest, 7, strips, part); break;
#endif
		default: tile(p, i, j, rest, ROWS, strips, part);
		}
	}
}

void KERNEL(product)(const struct product_kernel *p)
{
	const size_t wide = (size_t)STRIPS * LANES;
	size_t j = 0;
	for (; j + wide <= p->n; j += wide)
		panel(p, j, 0, STRIPS, false);
	const size_t left = p->n - j, rest = left % LANES;
	const bool part = rest && !p->padded;
	if (left > LANES && part)
		panel(p, j, rest, STRIPS, true);
	else if (left > LANES)
		panel(p, j, rest, STRIPS, false);
	else if (left && part)
		panel(p, j, rest, 1, true);
	else if (left)
		panel(p, j, rest, 1, false);
}

/* ---- turning ---- */

typedef float quarter __attribute__((vector_size(16)));
typedef float quarter_memory __attribute__((vector_size(16), aligned(4), may_alias));

/* Four numbers each from rows 0, 4 … of LANES rows; those beyond row `rows` are zeros. */
INLINE vf load_quarters(const float *from, size_t pitch, size_t rows)
{
	quarter q[LANES / 4];
	UNROLL
	for (size_t i = 0; i < LANES / 4; i++) {
		q[i] = (quarter){0};
		if (4 * i < rows)
			q[i] = *(const quarter_memory *)(from + 4 * i * pitch);
	}
#if LANES == 16
	typedef float half __attribute__((vector_size(32)));
	const half low = __builtin_shufflevector(q[0], q[1], 0, 1, 2, 3, 4, 5, 6, 7);
	const half high = __builtin_shufflevector(q[2], q[3], 0, 1, 2, 3, 4, 5, 6, 7);
	return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#elif LANES == 8
	return __builtin_shufflevector(q[0], q[1], 0, 1, 2, 3, 4, 5, 6, 7);
#else
	return q[0];
#endif
}

/* Four columns of LANES rows, `rows` of which there are, as four vectors. */
INLINE void turn_four(const float *from, size_t pitch, size_t rows, vf out[4])
{
	UNROLL
	for (size_t t = 0; t < 4; t++)
		out[t] = load_quarters(from + t * pitch, pitch, t < rows ? rows - t : 0);
	transpose_fours(out);
}

/* Columns of `there` rows from r on; `room` numbers may be written of each. */
INLINE void turn_rows(const struct turn_kernel *t, const float *from, float *to, const size_t there, const size_t room, vf bias)
{
	const size_t row = t->from_row, next = t->to_row;
	size_t c = 0;
	for (vf v[4]; c + 4 <= t->columns; c += 4) {
		turn_four(from + c, row, there, v);
		UNROLL
		for (size_t i = 0; i < 4; i++)
			store_typed(to, (c + i) * next, room, false, v[i] + bias);
	}
	for (; c < t->columns; c++)
		for (size_t i = 0; i < room; i++)
			to[c * next + i] = i < there ? from[i * row + c] + bias[i] : 0;
}

void KERNEL(turn)(const struct turn_kernel *t, const float *from, float *to)
{
	for (size_t r = 0; r < t->rows; r += LANES, from += LANES * t->from_row, to += LANES) {
		const size_t there = t->rows - r < LANES ? t->rows - r : LANES, room = t->room - r < LANES ? t->room - r : LANES;
		const vf bias = t->bias ? load_typed(t->bias, r, there, false) : (vf){0};
		if (there == LANES)
			turn_rows(t, from, to, LANES, LANES, bias);
		else
			turn_rows(t, from, to, there, room, bias);
	}
}
