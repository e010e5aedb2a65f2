/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Training set and held-out set, and the standardisation of tables by the training rows of the two. */
#include <string.h>

#include "src/data/dataset_reader.h"
#include "src/data/fingerprint.h"
#include "src/data/holdout.h"
#include "src/data/summary.h"
#include "src/data/table_fill.h"

/* Moves the rows with held[i] == keep to the front, in their order; returns how many. */
static size_t rows_keep(void *rows, size_t bytes, size_t n, const uint8_t *held, uint8_t keep)
{
	char *at = rows;
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (held[i] == keep) {
			if (kept != i)
				memmove(at + kept * bytes, at + i * bytes, bytes);
			kept++;
		}
	return kept;
}

status dataset_standardize(struct dataset *d, const struct standardize *s)
{
	size_t columns = (size_t)d->c * (size_t)d->h * (size_t)d->w;
	if (d->element != ELEMENT_F32)
		return fail(ERR_USAGE, "%s: the run standardised a table, and these are images", d->spec);
	/* The set is still its loader's to change: nobody else has seen it. */
	standardize_rows((float *)d->x, d->x_wide, d->n, columns, s->x_mean, s->x_sd);
	d->x_wide = NULL;
	if (d->target && s->target_mean) {
		standardize_rows((float *)d->target, d->target_wide, d->n, (size_t)d->n_targets, s->target_mean, s->target_sd);
		d->target_wide = NULL;
	}
	return OK;
}

/* Keeps the rows with held[i] == keep. */
static void divide_rows(struct dataset *d, const uint8_t *held, uint8_t keep)
{
	size_t values = (size_t)d->c * (size_t)d->h * (size_t)d->w, targets = (size_t)d->n_targets;
	const struct {
		const void *rows;
		size_t bytes;
	} parts[] = {
		{d->x, values * (d->element == ELEMENT_U8 ? 1 : sizeof(float))}, {d->x_wide, values * sizeof *d->x_wide},
		{d->label, sizeof *d->label}, {d->target, targets * sizeof *d->target},
		{d->target_wide, targets * sizeof *d->target_wide}, {d->id, sizeof *d->id},
		{d->number, sizeof *d->number}, {d->line, sizeof *d->line},
	};
	size_t n = d->n;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].rows)
			n = rows_keep((void *)parts[i].rows, parts[i].bytes, d->n, held, keep);
	d->n = n;
}

/* By the rows that are not held out. */
static status measure(struct dataset *d, bool single, const uint8_t *held)
{
	struct standardize *s = &d->standardize;
	double *mean, *sd;
	const size_t columns = (size_t)d->w, targets = (size_t)d->n_targets;
	s->single = single;
	TRY(standardize_measure(&d->arena, d->x, d->x_wide, d->n, columns, held, &mean, &sd));
	table_keep_indicators(&d->table, mean, sd);
	s->x_mean = mean;
	s->x_sd = sd;
	if (!d->target)
		return OK;
	TRY(standardize_measure(&d->arena, d->target, d->target_wide, d->n, targets, held, &mean, &sd));
	s->target_mean = mean;
	s->target_sd = sd;
	return OK;
}

static status number_rows(struct dataset *d)
{
	size_t *number;
	TRY(ARENA_NEW(&d->arena, d->n, &number));
	for (size_t i = 0; i < d->n; i++)
		number[i] = i + 1;
	d->number = number;
	return OK;
}

status dataset_divide(struct dataset *out, const struct dataset_request *r)
{
	uint8_t *held;
	const bool mixed = r->standardize == STANDARDIZE_AUTO && table_is_mixed(&out->table);
	const bool standardize = r->standardize == STANDARDIZE_YES || mixed;
	if (standardize && out->image)
		return fail(ERR_USAGE, "{standardize}: %s holds images; {normalize} is theirs", out->spec);
	TRY(holdout_draw(out, r->holdout, &held));
	TRY(table_fill(out, held));
	if (standardize)
		TRY(measure(out, r->single, held));
	TRY(dataset_fingerprint(out, held, 0, &out->train_fingerprint));
	if (r->holdout)
		TRY(dataset_fingerprint(out, held, 1, &out->held_fingerprint));
	if (r->holdout && (r->need == NEED_NOTHING || r->held))
		TRY(number_rows(out));
	if (r->holdout)
		divide_rows(out, held, out->split == SPLIT_HOLDOUT);
	if (r->distinct && out->n_targets == 1)
		TRY(summary_distinct(out, &out->distinct, &out->whole));
	out->fingerprint = out->train_fingerprint;
	if (out->split == SPLIT_HOLDOUT)
		TRY(dataset_fingerprint(out, NULL, 0, &out->fingerprint));
	return standardize ? dataset_standardize(out, &out->standardize) : OK;
}
