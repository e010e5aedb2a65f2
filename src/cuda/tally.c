/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The sums of an ensemble. */
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/rows.h"

CUDA_RUN(tally)

status cuda_tally(struct device *d, const struct slots *s, const struct tally *t)
{
	struct cuda_tally_args a;
	memset(&a, 0, sizeof a);
	a.slots = cuda_slots_of(s);
	/* Member by member: padding is 0. */
	a.t.logits = t->logits;
	a.t.n = t->n;
	a.t.k = t->k;
	a.t.classes = t->classes;
	a.t.row = t->row;
	a.t.member = t->member;
	a.t.fresh = t->fresh;
	a.t.label = t->label;
	a.t.p = t->p;
	a.t.entropy = t->entropy;
	a.t.max_logit = t->max_logit;
	a.t.energy = t->energy;
	a.t.log_p = t->log_p;
	a.t.own = t->own;
	a.t.last = t->last;
	a.t.probs = t->probs;
	a.t.bad = t->bad;
	return t->n ? cuda_later(d, "tally", run_tally, &a, sizeof a) : OK;
}
