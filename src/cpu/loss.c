/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loss of a batch: blocks of rows, summed in order, into the slots. */
#include "cpu.h"

#include <math.h>

enum { BLOCKS = 256 };  /* of ROW_BLOCK rows, kept at a time */

static void add(struct loss_sums *to, const struct loss_sums *from)
{
	to->weighted += from->weighted;
	to->plain += from->plain;
	to->correct += from->correct;
}

static struct loss_sums sum_rows(struct device *d, const struct loss *l)
{
	const struct kernels *k = kernels_of(d);
	struct loss_sums total = {0};
	for (int from = 0; from < l->n; from += BLOCKS * ROW_BLOCK) {
		struct loss_sums part[BLOCKS];
		int left = l->n - from, blocks = left < BLOCKS * ROW_BLOCK ? (left + ROW_BLOCK - 1) / ROW_BLOCK : BLOCKS;
#pragma omp parallel for schedule(static) num_threads(d->threads) \
	if ((size_t)left * (size_t)l->k >= PARALLEL_MIN && d->threads > 1)
		for (int b = 0; b < blocks; b++) {
			int rows = left - b * ROW_BLOCK < ROW_BLOCK ? left - b * ROW_BLOCK : ROW_BLOCK;
			part[b] = (struct loss_sums){0};
			k->loss(l, from + b * ROW_BLOCK, rows, &part[b]);
		}
		for (int b = 0; b < blocks; b++)
			add(&total, &part[b]);
	}
	return total;
}

status cpu_loss(struct device *d, struct slots *s, const struct loss *l)
{
	struct loss_sums sums = sum_rows(d, l);
	double value = l->scale * sums.weighted;
	s->value[SLOT_NLL] = l->add_value ? s->value[SLOT_NLL] + value : value;
	if (l->count) {
		s->value[SLOT_NLL_TOTAL] += sums.plain;
		s->value[SLOT_CORRECT_TOTAL] += sums.correct;
		s->value[SLOT_SEEN_TOTAL] += l->n;
	}
	if (isfinite(s->value[SLOT_NLL]))
		s->value[SLOT_GOOD_NLL] = s->value[SLOT_NLL];
	else
		s->value[SLOT_BAD] = 1;
	return OK;
}
