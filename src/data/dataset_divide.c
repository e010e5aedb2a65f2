/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training set and held-out set, and the standardisation of tables by the training rows of the two. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/dataset_reader.h"
#include "src/rng.h"

/* Reads FRACTION|COUNT: a number with a point or an exponent, or below 1, is a fraction of n. */
static status holdout_count(const struct dataset *d, const char *text, size_t *count)
{
	char *end;
	errno = 0;
	double value = strtod(text, &end);
	bool whole = text[0] && text[strspn(text, "0123456789")] == 0 && value >= 1;
	if (end == text || *end || text[strspn(text, "+-0123456789.eE")] || !(value > 0) || errno)
		return fail(ERR_USAGE, "{holdout} %s: a fraction between 0 and 1, or a number of examples, was expected", text);
	if (!whole && value >= 1)
		return fail(ERR_USAGE, "{holdout} %s: a fraction must be below 1, and a number of examples has no point", text);
	double rows = whole ? value : round(value * (double)d->n);
	if (rows < 1 || rows >= (double)d->n)
		return fail(ERR_USAGE, "{holdout} %s: that is %.0f of %zu training examples; at least one must be held out, and "
		            "one left", text, rows, d->n);
	*count = (size_t)rows;
	return OK;
}

/* held[i] = 1 for the rows that are set aside. */
static status draw(struct dataset *d, const char *holdout, uint8_t **held)
{
	uint32_t *order;
	size_t count = 0;
	TRY(ARENA_NEW(&d->arena, d->n, held));
	if (!holdout)
		return OK;
	TRY(holdout_count(d, holdout, &count));
	order = malloc(d->n * sizeof *order);
	if (!order)
		return fail(ERR_MEMORY, "out of memory: the order of %zu examples", d->n);
	rng_permutation((struct rng_key){0, 0}, STREAM_HOLDOUT, 0, order, d->n);
	for (size_t i = 0; i < count; i++)
		(*held)[order[i]] = 1;
	free(order);
	return OK;
}

/* Moves the rows with held[i] == keep to the front, in their order; returns how many. */
static size_t compact(void *rows, size_t bytes, size_t n, const uint8_t *held, uint8_t keep)
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

/* Mean and population deviation of each column over the rows that are not held out, in two passes of double. */
static status moments(struct arena *a, const float *x, size_t n, size_t columns, const uint8_t *held, const double **mean,
                      const double **sd)
{
	double *m, *v;
	size_t rows = 0;
	TRY(ARENA_NEW(a, columns, &m));
	TRY(ARENA_NEW(a, columns, &v));
	for (size_t i = 0; i < n; i++)
		if (!held[i]) {
			rows++;
			for (size_t j = 0; j < columns; j++)
				m[j] += (double)x[i * columns + j];
		}
	for (size_t j = 0; j < columns; j++)
		m[j] /= (double)rows;
	for (size_t i = 0; i < n; i++)
		if (!held[i])
			for (size_t j = 0; j < columns; j++) {
				double r = (double)x[i * columns + j] - m[j];
				v[j] += r * r;
			}
	for (size_t j = 0; j < columns; j++) {
		v[j] = sqrt(v[j] / (double)rows);
		v[j] = v[j] > 0 ? v[j] : 1;
	}
	*mean = m;
	*sd = v;
	return OK;
}

static void standardize_rows(float *x, size_t n, size_t columns, const double *mean, const double *sd)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < columns; j++)
			x[i * columns + j] = (float)(((double)x[i * columns + j] - mean[j]) / sd[j]);
}

status dataset_divide(struct dataset *out, const char *holdout, bool standardize)
{
	uint8_t *held;
	size_t columns = (size_t)out->w, per_row = (size_t)out->c * (size_t)out->h * columns, targets = (size_t)out->n_targets;
	/* The set is still this function's to change: nobody else has seen it. */
	void *x = (void *)out->x, *label = (void *)out->label;
	float *target = (void *)out->target;
	if (standardize && out->image)
		return fail(ERR_USAGE, "{standardize}: %s holds images; {normalize} is theirs", out->spec);
	TRY(draw(out, holdout, &held));
	if (standardize) {
		TRY(moments(&out->arena, x, out->n, columns, held, &out->x_mean, &out->x_sd));
		if (target)
			TRY(moments(&out->arena, target, out->n, targets, held, &out->target_mean, &out->target_sd));
	}
	TRY(dataset_fingerprint(out, held, &out->train_fingerprint));
	if (holdout) {
		uint8_t keep = out->split == SPLIT_HOLDOUT;
		size_t n = compact(x, per_row * (out->element == ELEMENT_U8 ? 1 : sizeof(float)), out->n, held, keep);
		if (label)
			compact(label, sizeof *out->label, out->n, held, keep);
		if (target)
			compact(target, targets * sizeof *target, out->n, held, keep);
		out->n = n;
	}
	out->fingerprint = out->train_fingerprint;
	if (out->split == SPLIT_HOLDOUT)
		TRY(dataset_fingerprint(out, NULL, &out->fingerprint));
	if (standardize) {
		standardize_rows(x, out->n, columns, out->x_mean, out->x_sd);
		if (target)
			standardize_rows(target, out->n, targets, out->target_mean, out->target_sd);
	}
	return OK;
}
