/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Sums over vectors into a slot. */
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/vec.h"

CUDA_RUN(reduce)

static status put_off(struct device *d, struct slots *s, struct cuda_reduce_args *a, const char *what)
{
	a->slots = cuda_slots_of(s);
	a->parts = cuda_of(d)->parts;
	a->aligned = ((uintptr_t)a->x | (uintptr_t)a->y | (uintptr_t)a->w) % (4 * sizeof(float)) == 0;
	return cuda_later(d, what, run_reduce, a, sizeof *a);
}

status cuda_reduce(struct device *d, struct slots *s, size_t n, const float *x, const float *y, const float *w, int slot)
{
	struct cuda_reduce_args a;
	memset(&a, 0, sizeof a);
	TRY(slot_writable(slot));
	a.of = CUDA_REDUCE_ALL;
	a.n = n;
	a.x = x;
	a.y = y;
	a.w = w;
	a.slot = slot;
	return put_off(d, s, &a, "reduce");
}

status cuda_reduce_moving(struct device *d, struct slots *s, const struct pieces *p, const float *x, const float *y,
                          const float *w, int slot)
{
	struct cuda_reduce_args a;
	memset(&a, 0, sizeof a);
	TRY(slot_writable(slot));
	TRY(cuda_pieces_of(d, p, &a.pieces));
	a.of = CUDA_REDUCE_MOVING;
	a.n = p->count;
	a.x = x;
	a.y = y;
	a.w = w;
	a.slot = slot;
	return put_off(d, s, &a, "reduce_moving");
}

status cuda_prior_energy(struct device *d, struct slots *s, const struct pieces *p, const float *x, int slot)
{
	struct cuda_reduce_args a;
	memset(&a, 0, sizeof a);
	TRY(slot_writable(slot));
	TRY(prior_check(s, p));
	TRY(cuda_pieces_of(d, p, &a.pieces));
	a.of = CUDA_REDUCE_ENERGY;
	a.n = p->count;
	a.x = x;
	a.slot = slot;
	return put_off(d, s, &a, "prior_energy");
}
