/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The parameters of a point, θ + c·v + σξ, for ranges of the flat vector: with the bits that the affine verb gives
 * them. */
#include "src/cpu/vec.h"

#include <string.h>

enum { SHARE = 1 << 13 };   /* elements that a thread works on at a time; a multiple of VEC_BLOCK */

void cpu_point_range(const struct kernels *k, const struct slots *s, const struct point *at, size_t offset, size_t count,
                     bool frozen, float *out)
{
	bool moved = !frozen && at->v && at->v_coef != SLOT_NONE;
	float c = moved ? (float)s->value[at->v_coef] : 0;
	float sigma = frozen || at->sigma == SLOT_NONE ? 0 : (float)s->value[at->sigma];
	if (!moved && sigma == 0) {
		memcpy(out, at->theta + offset, count * sizeof *out);
		return;
	}
	_Alignas(64) float noise[VEC_BLOCK];
	for (size_t e = offset, next; e < offset + count; e = next) {
		next = vec_block_end(e, offset + count);
		size_t first, n = vec_noise(e, next, &first);
		struct affine_kernel kernel = {.base = {at->theta + e}, .y = {out + (e - offset)}};
		int terms = 0;
		if (moved) {
			kernel.term[0][terms] = at->v + e;
			kernel.coef[0][terms++] = c;
		}
		if (sigma != 0) {
			k->normals(s->key, at->stream, s->step, first, n, noise);
			kernel.term[0][terms] = noise + (e - first);
			kernel.coef[0][terms++] = sigma;
		}
		k->affine(&kernel, 1, terms, next - e);
	}
}

status cpu_point(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count, bool frozen,
                 float *out)
{
	const struct kernels *k = kernels_of(d);
	if (cpu_alone(d, count)) {
		cpu_point_range(k, s, at, offset, count, frozen, out);
		return OK;
	}
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d))
	for (size_t from = 0; from < count; from += SHARE)
		cpu_point_range(k, s, at, offset + from, count - from < SHARE ? count - from : SHARE, frozen, out + from);
	return OK;
}
