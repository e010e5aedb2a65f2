/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The loss of a batch. */
#include <math.h>
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/rows.h"

CUDA_RUN(loss)

status cuda_loss(struct device *d, struct slots *s, const struct loss *l)
{
	static const double half_log_2pi = 0.91893853320467274178;
	struct cuda_loss_args a;
	memset(&a, 0, sizeof a);
	a.slots = cuda_slots_of(s);
	/* Nobody else is at work while the kernels of this call are. */
	a.parts = cuda_of(d)->workspace;
	a.output = l->output;
	a.target = l->target;
	a.index = l->index;
	a.weight = l->weight;
	a.class_weight = l->class_weight;
	a.log_sd = l->params[0];
	a.gradient = l->gradient;
	a.dlog_sd = l->dparams[0];
	a.each = l->each;
	a.offset = l->offset;
	a.scale = l->scale;
	if (l->kind == LOSS_GAUSSIAN && !l->params[0]) {
		a.precision = 1 / (l->noise_sd * l->noise_sd);
		a.constant = l->k * (log(l->noise_sd) + half_log_2pi);
	} else if (l->kind == LOSS_GAUSSIAN || l->kind == LOSS_HETEROSCEDASTIC) {
		a.constant = loss_targets(l->kind, l->k) * half_log_2pi;
	}
	a.row = l->row;
	a.n = l->n;
	a.k = l->k;
	a.kind = l->kind;
	a.count = l->count;
	a.add_value = l->add_value;
	a.add_dparams = l->add_dparams;
	return cuda_later(d, "loss", run_loss, &a, sizeof a);
}
