/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions of few channels, a vector holding one pixel of LANES examples: tensors are (planes, rows, columns, LANES). */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 8")  /* so that arrays of vectors become registers */

/* Vectors that stay in registers as sums: of 32 registers, or of 16. */
enum {
	OUTS = LANES == 16 ? PLANE_OUTS : 4,
	PIXELS = LANES == 16 ? 4 : 3,
	MANY_OUTS = 6,                            /* with more of them a pixel less fits */
	GRADIENTS = LANES == 16 ? PLANE_GRADIENTS : 2,
	BLOCK = 112                               /* pixels of an out that the gradient's tasks go over in turn: they stay in the L1 cache */
};

/* ---- y ---- */

/* Where outs and pixels that are made together begin. */
struct spot {
	int o, row, column;
};

/* The part of 0 … kernel − 1 that lies in first … end − 1. */
static inline struct span meets(int first, int end, int kernel)
{
	return (struct span){first > 0 ? first : 0, end < kernel ? end : kernel};
}

INLINE void conv_spot(const struct planes_kernel *p, const float *x, const float *weight, const float *bias, const struct spot at,
                      float *y, const int outs, const int pixels)
{
	const int kernel = p->kernel, across = p->x.w + 2 * p->x.pad, high = p->x.h + 2 * p->x.pad, wide = p->wide;
	/* Rows and columns of the kernel that meet only zeros are left out. */
	const struct span rows = meets(p->x.pad - at.row, p->x.pad + p->x.h - at.row, kernel);
	const struct span columns = meets(p->x.pad - at.column - (pixels - 1), p->x.pad + p->x.w - at.column, kernel);
	vf sum[PLANE_OUTS][PIXELS];
	UNROLL
	for (int i = 0; i < outs; i++)
		UNROLL
		for (int j = 0; j < pixels; j++)
			sum[i][j] = (vf){0} + (bias && at.o + i < p->out ? bias[at.o + i] : 0);
	for (int c = 0; c < p->x.n; c++)
		for (int row = rows.first; row < rows.end; row++) {
			const float *v = x + (size_t)((c * high + at.row + row) * across + at.column + columns.first) * LANES;
			const float *w = weight + ((c * kernel + row) * kernel + columns.first) * wide;
			for (int k = columns.first; k < columns.end; k++, v += LANES, w += wide) {
				vf pixel[PIXELS];
				UNROLL
				for (int j = 0; j < pixels; j++)
					pixel[j] = load(v + j * LANES);
				UNROLL
				for (int i = 0; i < outs; i++)
					UNROLL
					for (int j = 0; j < pixels; j++)
						sum[i][j] += pixel[j] * w[i];
			}
		}
	UNROLL
	for (int i = 0; i < outs; i++) {
		if (at.o + i >= p->out)
			break;
		float *to = y + (size_t)(((at.o + i) * p->oh + at.row) * p->ow + at.column) * LANES;
		UNROLL
		for (int j = 0; j < pixels; j++)
			store(to + j * LANES, sum[i][j]);
	}
}

/* A row of pixels, in pieces of about the same length. */
INLINE void conv_row(const struct planes_kernel *p, const float *x, const float *weight, const float *bias, int o, int row, float *y,
                     const int outs)
{
	const int most = LANES == 16 && outs > MANY_OUTS ? PIXELS - 1 : PIXELS;
	const int pieces = (p->ow + most - 1) / most, length = p->ow / pieces, more = p->ow % pieces;
	struct spot at = {o, row, 0};
	for (int i = 0; i < pieces; i++) {
		const int pixels = length + (i < more);
		switch (pixels) {
		case 1: conv_spot(p, x, weight, bias, at, y, outs, 1); break;
		case 2: conv_spot(p, x, weight, bias, at, y, outs, 2); break;
#if LANES == 16
		case 3: conv_spot(p, x, weight, bias, at, y, outs, 3); break;
#endif
		default: conv_spot(p, x, weight, bias, at, y, outs, most);
		}
		at.column += pixels;
	}
}

void KERNEL(examples_conv)(const struct planes_kernel *p, const float *x, const float *weight, const float *bias, float *y)
{
	const int tile = p->wide * p->x.n * p->kernel * p->kernel, parts = (p->wide + OUTS - 1) / OUTS;
	for (int row = 0; row < p->oh; row++)
		for (int o = 0; o < p->out; o += p->wide)
			for (int part = 0; part < parts; part++) {
				const int from = p->wide * part / parts, outs = p->wide * (part + 1) / parts - from;
				const float *w = weight + o / p->wide * tile + from;
				switch (outs) {
				case 1: conv_row(p, x, w, bias, o + from, row, y, 1); break;
				case 2: conv_row(p, x, w, bias, o + from, row, y, 2); break;
				case 3: conv_row(p, x, w, bias, o + from, row, y, 3); break;
#if LANES == 16
				case 4: conv_row(p, x, w, bias, o + from, row, y, 4); break;
				case 5: conv_row(p, x, w, bias, o + from, row, y, 5); break;
				case 6: conv_row(p, x, w, bias, o + from, row, y, 6); break;
				case 7: conv_row(p, x, w, bias, o + from, row, y, 7); break;
#endif
				default: conv_row(p, x, w, bias, o + from, row, y, OUTS);
				}
			}
}

/* ---- dW ---- */

/* Rows first … end − 1 of dy for one row of the kernel and one plane of x, onto the sums of `outs` outs. */
INLINE void gradient_rows(const struct planes_kernel *p, const float *x, const float *dy, int first, int end, float *sums,
                          const int outs, const int kernel)
{
	const size_t across = (size_t)(p->x.w + 2 * p->x.pad) * LANES, row = (size_t)p->ow * LANES, plane = (size_t)p->oh * row;
	const size_t step = planes_sum_at(p, 1, 0, 0) * LANES;
	vf sum[PLANE_GRADIENTS][KERNEL_MAX];
	UNROLL
	for (int o = 0; o < outs; o++)
		UNROLL
		for (int k = 0; k < kernel; k++)
			sum[o][k] = load(sums + (size_t)o * step + (size_t)k * LANES);
	for (int r = first; r < end; r++) {
		const float *v = x + (size_t)r * across, *d = dy + (size_t)r * row;
		for (size_t i = 0; i < row; i += LANES) {
			vf pixel[KERNEL_MAX];
			UNROLL
			for (int k = 0; k < kernel; k++)
				pixel[k] = load(v + i + k * LANES);
			UNROLL
			for (int o = 0; o < outs; o++) {
				const vf g = load(d + (size_t)o * plane + i);
				UNROLL
				for (int k = 0; k < kernel; k++)
					sum[o][k] += g * pixel[k];
			}
		}
	}
	UNROLL
	for (int o = 0; o < outs; o++)
		UNROLL
		for (int k = 0; k < kernel; k++)
			store(sums + (size_t)o * step + (size_t)k * LANES, sum[o][k]);
}

static void gradient_of(const struct planes_kernel *p, const float *x, const float *dy, int first, int end, float *sums, int outs)
{
	switch (outs << 3 | p->kernel) {
	case 1 << 3 | 3: gradient_rows(p, x, dy, first, end, sums, 1, 3); return;
	case 1 << 3 | 5: gradient_rows(p, x, dy, first, end, sums, 1, 5); return;
	case 2 << 3 | 3: gradient_rows(p, x, dy, first, end, sums, 2, 3); return;
	case 2 << 3 | 5: gradient_rows(p, x, dy, first, end, sums, 2, 5); return;
#if LANES == 16
	case 3 << 3 | 3: gradient_rows(p, x, dy, first, end, sums, 3, 3); return;
	case 3 << 3 | 5: gradient_rows(p, x, dy, first, end, sums, 3, 5); return;
	case 4 << 3 | 3: gradient_rows(p, x, dy, first, end, sums, 4, 3); return;
	default: gradient_rows(p, x, dy, first, end, sums, 4, 5);
#endif
	}
}

/* Rows first … end − 1 of an out's dy. */
static void bias_rows(const float *dy, size_t n, float *sum)
{
	vf s = load(sum);
	for (size_t i = 0; i < n; i += LANES)
		s += load(dy + i);
	store(sum, s);
}

/* One task's share of a few rows. */
static void gradient_task(const struct planes_kernel *p, const float *x, const float *dy, int row, int last, const struct planes_task *t,
                          float *sums)
{
	const int high = p->x.h + 2 * p->x.pad, before = p->x.pad - t->row, after = p->x.pad + p->x.h - t->row;
	const size_t across = (size_t)(p->x.w + 2 * p->x.pad) * LANES, line = (size_t)p->ow * LANES, plane = (size_t)p->oh * line;
	/* Rows of dy that meet rows of x, not margins. */
	const int first = row > before ? row : before, end = last < after ? last : after;
	for (int o = t->first; o < t->end; o += GRADIENTS)
		if (first < end)
			gradient_of(p, x + (size_t)(t->in * high + t->row) * across, dy + (size_t)o * plane, first, end,
			            sums + planes_sum_at(p, o, t->in, t->row) * LANES, t->end - o < GRADIENTS ? t->end - o : GRADIENTS);
	for (int o = t->first; !t->in && !t->row && o < t->end; o++)
		bias_rows(dy + (size_t)o * plane + (size_t)row * line, (size_t)(last - row) * line, sums + planes_bias_at(p, o) * LANES);
}

void KERNEL(examples_gradient)(const struct planes_kernel *p, const float *x, const float *dy, int first, int end, float *sums)
{
	const int rows = p->ow < BLOCK ? BLOCK / p->ow : 1;
	for (int row = 0; row < p->oh; row += rows)
		for (int task = first; task < end; task++) {
			const struct planes_task t = planes_task(p, task);
			gradient_task(p, x, dy, row, row + rows < p->oh ? row + rows : p->oh, &t, sums);
		}
}
