/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whole tensors: sums, and from one type and order to another. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes.h"

static inline __attribute__((always_inline)) void convert_typed(const void *from, const bool from_bf16, void *to,
                                                                const bool to_bf16, size_t n)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store_typed(to, i, LANES, to_bf16, load_typed(from, i, LANES, from_bf16));
	if (i < n)
		store_typed(to, i, n - i, to_bf16, load_typed(from, i, n - i, from_bf16));
}

void KERNEL(convert)(const void *from, bool from_bf16, void *to, bool to_bf16, size_t n)
{
	if (from_bf16 == to_bf16)
		memcpy(to, from, n * (from_bf16 ? sizeof(uint16_t) : sizeof(float)));
	else if (to_bf16)
		convert_typed(from, false, to, true, n);
	else
		convert_typed(from, true, to, false, n);
}

static inline __attribute__((always_inline)) void transpose_typed(const void *from, const bool from_bf16, void *to,
                                                                  const bool to_bf16, size_t rows, size_t columns)
{
	for (size_t c = 0; c < columns; c++)
		for (size_t r = 0; r < rows; r += LANES) {
			size_t n = rows - r < LANES ? rows - r : LANES;
			uint32_t t[LANES] = {0};
			for (size_t l = 0; l < n; l++)
				t[l] = from_bf16 ? (uint32_t)((const uint16_t *)from)[(r + l) * columns + c] << 16
				                 : ((const uint32_t *)from)[(r + l) * columns + c];
			vf v;
			memcpy(&v, t, sizeof v);
			store_typed(to, c * rows + r, n, to_bf16, v);
		}
}

void KERNEL(transpose)(const void *from, bool from_bf16, void *to, bool to_bf16, size_t rows, size_t columns)
{
	if (rows == 1 || columns == 1)
		KERNEL(convert)(from, from_bf16, to, to_bf16, rows * columns);
	else if (from_bf16 && to_bf16)
		transpose_typed(from, true, to, true, rows, columns);
	else if (from_bf16)
		transpose_typed(from, true, to, false, rows, columns);
	else if (to_bf16)
		transpose_typed(from, false, to, true, rows, columns);
	else
		transpose_typed(from, false, to, false, rows, columns);
}

void KERNEL(sum)(const float *a, const float *b, float *out, size_t n)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store(out + i, load(a + i) + load(b + i));
	if (i < n)
		store_part(out + i, load_part(a + i, n - i, 0) + load_part(b + i, n - i, 0), n - i);
}

void KERNEL(sum_bf16)(const uint16_t *a, const uint16_t *b, uint16_t *out, size_t n)
{
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		store_bf16(out + i, load_bf16(a + i) + load_bf16(b + i));
	if (i < n)
		store_bf16_part(out + i, load_bf16_part(a + i, n - i, 0) + load_bf16_part(b + i, n - i, 0), n - i);
}

static inline __attribute__((always_inline)) void sums_typed(const void *m, const bool bf16, size_t rows, size_t stride, size_t n,
                                                             double *sums)
{
	for (size_t j = 0; j < n; j += LANES) {
		size_t width = n - j < LANES ? n - j : LANES;
		for (size_t row = 0; row < rows; row += ROW_BLOCK) {
			size_t last = rows - row < ROW_BLOCK ? rows : row + ROW_BLOCK;
			vf block = {0};
			if (width == LANES)
				for (size_t i = row; i < last; i++)
					block += load_typed(m, i * stride + j, LANES, bf16);
			else
				for (size_t i = row; i < last; i++)
					block += load_typed(m, i * stride + j, width, bf16);
			for (size_t l = 0; l < width; l++)
				sums[j + l] += (double)block[l];
		}
	}
}

void KERNEL(column_sums)(const void *m, bool bf16, size_t rows, size_t stride, size_t n, double *sums)
{
	if (bf16)
		sums_typed(m, true, rows, stride, n, sums);
	else
		sums_typed(m, false, rows, stride, n, sums);
}
