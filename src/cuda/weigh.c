/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Weights of a batch's examples. */
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/rows.h"

CUDA_RUN(weigh)

status cuda_weigh(struct device *d, const struct slots *s, const struct weigh *w)
{
	struct cuda_weigh_args a;
	memset(&a, 0, sizeof a);
	a.slots = cuda_slots_of(s);
	a.a = w->a;
	a.b = w->b;
	a.weight = w->weight;
	a.n = w->n;
	a.rate = w->rate;
	return cuda_later(d, "weigh", run_weigh, &a, sizeof a);
}
