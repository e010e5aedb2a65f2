/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The pointwise verb: one launch for all pieces. */
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/vec.h"
#include "src/pointwise.h"

/* What a row has. */
static const struct row {
	int inputs, prior, outputs;
} rows[] = {
#define POINTWISE_SIGHT(fn, inputs, prior, normals, uniforms, outputs) {inputs, prior, outputs},
	POINTWISE_ROWS(POINTWISE_SIGHT)
};

CUDA_RUN(pointwise)

/* Its vectors, and no others: a call may name more than its row has. */
static void set_vectors(const struct pointwise *w, const struct row *row, struct cuda_pointwise_args *a)
{
	uintptr_t bits = 0;
	for (int j = 0; j < row->inputs; j++) {
		a->x[j] = w->x[j];
		bits |= (uintptr_t)a->x[j];
	}
	for (int j = 0; j < row->outputs; j++) {
		a->y[j] = w->y[j];
		bits |= (uintptr_t)a->y[j];
	}
	if (row->prior)
		a->prior_at = w->x[w->prior_at];
	a->aligned = (bits | (uintptr_t)a->prior_at) % (4 * sizeof(float)) == 0;
}

status cuda_pointwise(struct device *d, const struct slots *s, const struct pieces *p, const struct pointwise *w)
{
	const struct row *row = &rows[w->fn];
	struct cuda_pointwise_args a;
	memset(&a, 0, sizeof a);
	if (row->prior && slot_may_count(s, w->prior))
		TRY(prior_check(s, p));
	if (!p->count)
		return OK;
	TRY(cuda_pieces_of(d, p, &a.pieces));
	a.slots = cuda_slots_of(s);
	a.fn = w->fn;
	a.prior = row->prior ? w->prior : SLOT_NONE;
	a.curved = a.prior != SLOT_NONE && pieces_curved(p);
	memcpy(a.coef, w->coef, sizeof a.coef);
	memcpy(a.stream, w->stream, sizeof a.stream);
	set_vectors(w, row, &a);
	return cuda_later(d, "pointwise", run_pointwise, &a, sizeof a);
}
