/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The parameters of a point, θ + c·v + σξ, for ranges of the flat vector: with the bits that the affine verb gives them. */
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/vec.h"

CUDA_RUN(point)

status cuda_point_typed(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count, bool frozen,
                        void *out, bool bf16)
{
	struct cuda_point_args a;
	memset(&a, 0, sizeof a);
	if (!count)
		return OK;
	a.slots = cuda_slots_of(s);
	a.theta = at->theta;
	if (!frozen && at->v && at->v_coef != SLOT_NONE) {
		a.v = at->v;
		a.v_coef = at->v_coef;
	}
	if (!frozen && at->sigma != SLOT_NONE) {
		a.sigma = at->sigma;
		a.stream = at->stream;
	}
	a.offset = offset;
	a.count = count;
	a.out = out;
	a.bf16 = bf16;
	return cuda_later(d, "point", run_point, &a, sizeof a);
}

status cuda_point(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count, bool frozen,
                  float *out)
{
	return cuda_point_typed(d, s, at, offset, count, frozen, out, false);
}
