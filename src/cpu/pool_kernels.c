/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Pooling, a vector of channels at a time. Every element is written once, from all that goes into it. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes.h"

/* ---- forward ---- */

static inline __attribute__((always_inline)) vf maximum(const struct pool_kernel *p, size_t image, struct span rows,
                                                        struct span columns, int corner, size_t j, size_t n,
                                                        const bool x_bf16, vi *position)
{
	vf best = (vf){0} - INFINITY;
	*position = (vi){0} + rows.first * p->kernel + columns.first - corner;
	for (int y = rows.first; y < rows.end; y++)
		for (int x = columns.first; x < columns.end; x++) {
			vf v = load_typed(p->x, image + (size_t)(y * p->w + x) * (size_t)p->inner + j, n, x_bf16);
			take_maximum(v, y * p->kernel + x - corner, &best, position);
		}
	return best;
}

static inline __attribute__((always_inline)) vf mean(const struct pool_kernel *p, size_t image, struct span rows,
                                                     struct span columns, size_t j, size_t n, const bool x_bf16)
{
	vf sum = {0};
	for (int y = rows.first; y < rows.end; y++)
		for (int x = columns.first; x < columns.end; x++)
			sum += load_typed(p->x, image + (size_t)(y * p->w + x) * (size_t)p->inner + j, n, x_bf16);
	return sum * (1.0f / (float)((rows.end - rows.first) * (columns.end - columns.first)));
}

static inline __attribute__((always_inline)) void forward_rows(const struct pool_kernel *p, size_t first, size_t end,
                                                               const bool max, const bool x_bf16, const bool y_bf16)
{
	const size_t inner = (size_t)p->inner;
	for (size_t row = first; row < end; row++) {
		size_t image = row / (size_t)p->oh * (size_t)p->h * (size_t)p->w * inner;
		int oy = (int)(row % (size_t)p->oh);
		struct span rows = p->window_y[oy];
		for (int ox = 0; ox < p->ow; ox++) {
			size_t at = (row * (size_t)p->ow + (size_t)ox) * inner;
			int corner = (oy * p->stride - p->pad) * p->kernel + ox * p->stride - p->pad;
			for (size_t j = 0; j < inner; j += LANES) {
				size_t n = inner - j < LANES ? inner - j : LANES;
				if (!max) {
					store_typed(p->y, at + j, n, y_bf16, mean(p, image, rows, p->window_x[ox], j, n, x_bf16));
					continue;
				}
				vi position;
				store_typed(p->y, at + j, n, y_bf16,
				    maximum(p, image, rows, p->window_x[ox], corner, j, n, x_bf16, &position));
				if (p->position)
					store_bytes(p->position + at + j, position, n);
			}
		}
	}
}

/* ---- backward ---- */

static inline __attribute__((always_inline)) vf gradient_at(const struct pool_kernel *p, size_t at, size_t n, const bool bf16)
{
	vf g = load_typed(p->dy[0], at, n, bf16);
	return p->dy[1] ? g + load_typed(p->dy[1], at, n, bf16) : g;
}

/* The gradient of one place of x: what the windows that it lies in hand to it. */
static inline __attribute__((always_inline)) vf collect(const struct pool_kernel *p, size_t image, int y, int x, size_t j,
                                                        size_t n, const bool max, const bool y_bf16)
{
	const struct span rows = p->outputs_y[y], columns = p->outputs_x[x];
	vf sum = {0};
	for (int oy = rows.first; oy < rows.end; oy++)
		for (int ox = columns.first; ox < columns.end; ox++) {
			size_t at = image + (size_t)(oy * p->ow + ox) * (size_t)p->inner + j;
			vf g = gradient_at(p, at, n, y_bf16);
			if (max) {
				int here = (y + p->pad - oy * p->stride) * p->kernel + x + p->pad - ox * p->stride;
				sum += pick((vi)(load_bytes(p->position + at, n) == here), g, (vf){0});
			} else {
				const struct span *wy = &p->window_y[oy], *wx = &p->window_x[ox];
				sum += g * (1.0f / (float)((wy->end - wy->first) * (wx->end - wx->first)));
			}
		}
	return sum;
}

static inline __attribute__((always_inline)) void backward_rows(const struct pool_kernel *p, size_t first, size_t end,
                                                                const bool max, const bool x_bf16, const bool y_bf16)
{
	const size_t inner = (size_t)p->inner;
	for (size_t row = first; row < end; row++) {
		size_t image = row / (size_t)p->h * (size_t)p->oh * (size_t)p->ow * inner;
		int y = (int)(row % (size_t)p->h);
		for (int x = 0; x < p->w; x++)
			for (size_t j = 0; j < inner; j += LANES) {
				size_t n = inner - j < LANES ? inner - j : LANES;
				store_typed(p->dx, (row * (size_t)p->w + (size_t)x) * inner + j, n, x_bf16,
				    collect(p, image, y, x, j, n, max, y_bf16));
			}
	}
}

/* With the kind and the types known to the compiler. */
#define POOL_CASES(rows)                                                                \
	switch (p->max << 2 | p->x_bf16 << 1 | p->y_bf16) {                             \
	case 0: rows(p, first, end, false, false, false); return;                       \
	case 1: rows(p, first, end, false, false, true); return;                        \
	case 2: rows(p, first, end, false, true, false); return;                        \
	case 3: rows(p, first, end, false, true, true); return;                         \
	case 4: rows(p, first, end, true, false, false); return;                        \
	case 5: rows(p, first, end, true, false, true); return;                         \
	case 6: rows(p, first, end, true, true, false); return;                         \
	default: rows(p, first, end, true, true, true); return;                         \
	}

void KERNEL(pool)(const struct pool_kernel *p, size_t first, size_t end)
{
	POOL_CASES(forward_rows)
}

void KERNEL(pool_backward)(const struct pool_kernel *p, size_t first, size_t end)
{
	POOL_CASES(backward_rows)
}
