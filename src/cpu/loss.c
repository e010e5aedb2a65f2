/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The loss of a batch: blocks of rows, summed in order, into the slots. */
#include "src/cpu/cpu.h"

enum { BLOCKS = 256 };  /* of ROW_BLOCK rows, kept at a time */

static void add(struct loss_sums *to, const struct loss_sums *from)
{
	to->weighted += from->weighted;
	to->plain += from->plain;
	to->correct += from->correct;
}

/* Block b of the rows that start at `from`. */
static void sum_block(const struct kernels *k, const struct loss *l, int from, int b, struct loss_sums *part)
{
	int first = from + b * ROW_BLOCK, rows = l->n - first < ROW_BLOCK ? l->n - first : ROW_BLOCK;
	*part = (struct loss_sums){0};
	k->loss(l, first, rows, part);
}

static struct loss_sums sum_rows(struct device *d, const struct loss *l)
{
	const struct kernels *k = kernels_of(d);
	bool alone = cpu_alone(d, (size_t)l->n * (size_t)l->k);
	struct loss_sums total = {0};
	for (int from = 0; from < l->n; from += BLOCKS * ROW_BLOCK) {
		struct loss_sums part[BLOCKS];
		int left = l->n - from, blocks = left < BLOCKS * ROW_BLOCK ? (left + ROW_BLOCK - 1) / ROW_BLOCK : BLOCKS;
		if (alone) {
			for (int b = 0; b < blocks; b++)
				sum_block(k, l, from, b, &part[b]);
		} else {
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d))
			for (int b = 0; b < blocks; b++)
				sum_block(k, l, from, b, &part[b]);
		}
		for (int b = 0; b < blocks; b++)
			add(&total, &part[b]);
	}
	return total;
}

status cpu_loss(struct device *d, struct slots *s, const struct loss *l)
{
	struct loss placed = *l;
	placed.row = SLOT_NONE;
	placed.offset = slots_row(s, l->row, l->offset);
	struct loss_sums sums = sum_rows(d, &placed);
	kernels_of(d)->loss_params(&placed);
	slots_value(s, l->scale * sums.weighted, l->add_value, l->count);
	if (l->count) {
		s->value[SLOT_NLL_TOTAL] += sums.plain;
		s->value[SLOT_CORRECT_TOTAL] += sums.correct;
		s->value[SLOT_SEEN_TOTAL] += l->n;
	}
	return OK;
}
