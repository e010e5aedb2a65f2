/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/pool_tangent.h"

enum { POSITIONS = 256 };

/* How far from a window's first place a position lies, in places of x. */
static void fill_offsets(const struct pool_kernel *p, ptrdiff_t *offset)
{
	for (int at = 0; at < p->kernel * p->kernel && at < POSITIONS; at++)
		offset[at] = ((ptrdiff_t)(at / p->kernel) * p->w + at % p->kernel) * p->inner;
}

void pool_follow(const struct pool_kernel *p, size_t first, size_t end)
{
	const size_t oh = (size_t)p->oh, ow = (size_t)p->ow, inner = (size_t)p->inner;
	ptrdiff_t offset[POSITIONS];
	fill_offsets(p, offset);
	for (size_t row = first; row < end; row++) {
		const float *image = (const float *)p->x + row / oh * (size_t)p->h * (size_t)p->w * inner;
		const ptrdiff_t top = (ptrdiff_t)(row % oh) * p->stride - p->pad;
		for (size_t ox = 0; ox < ow; ox++) {
			const size_t at = (row * ow + ox) * inner;
			const ptrdiff_t corner = (top * p->w + (ptrdiff_t)ox * p->stride - p->pad) * p->inner;
			const uint8_t *position = p->position + at;
			float *y = (float *)p->y + at;
			for (size_t j = 0; j < inner; j++)
				y[j] = image[corner + offset[position[j]] + (ptrdiff_t)j];
		}
	}
}
