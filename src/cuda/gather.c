/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows of the resident set into a batch. */
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/rows.h"

CUDA_RUN(gather)

status cuda_gather(struct device *d, const struct slots *s, const struct gather *g)
{
	TRY(gather_check(g));
	struct cuda_gather_args a;
	memset(&a, 0, sizeof a);
	a.slots = cuda_slots_of(s);
	a.set = g->set;
	a.index = g->index;
	a.out = g->out;
	a.offset = g->offset;
	a.row = g->row;
	a.n = g->n;
	a.c = g->c;
	a.h = g->h;
	a.w = g->w;
	a.channels = g->channels;
	a.block = g->format.block ? g->format.block : g->channels;
	a.element = g->element;
	a.augment = g->augment;
	a.stream = g->stream;
	a.per_channel = g->per_channel;
	a.bf16 = g->format.bf16;
	for (int j = 0; g->per_channel && j < g->c; j++) {
		a.scale[j] = g->scale[j];
		a.shift[j] = g->shift[j];
	}
	return g->n > 0 ? cuda_later(d, "gather", run_gather, &a, sizeof a) : OK;
}
