/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/table_encode.h"

#include <math.h>

#include "src/data/csv_cell.h"

enum { LIST_MOST = 300 };    /* bytes of a list in a message */

static void list_words(const char *const *word, size_t n, struct text *to)
{
	for (size_t i = 0; i < n; i++) {
		if (to->n > LIST_MOST) {
			text_add(to, "… (%zu)", n);
			return;
		}
		text_add(to, "%s%.40s", i ? ", " : "", word[i]);
	}
}

static status refuse_word(const struct csv_rows *r, size_t i, size_t k, const struct column *c)
{
	struct text known = {.n = 0};
	const char *text = csv_rows_text(r, i, k);
	list_words(c->level, c->n_levels, &known);
	return fail(ERR_INPUT, "%s: '%.40s' is a word that the run has not learnt; it knows %s; {unknown} other takes it for none of "
	            "them", csv_rows_place(r, i, k).at, text, known.at);
}

static status refuse_gap(const struct csv_rows *r, size_t i, size_t k)
{
	const char *text = csv_rows_text(r, i, k);
	const struct csv_place place = csv_rows_place(r, i, k);
	if (*text)
		return fail(ERR_INPUT, "%s: '%.40s' stands for a missing value, and the run has learnt of none in this column; {unknown} other "
		            "goes on without", place.at, text);
	return fail(ERR_INPUT, "%s: is empty, and the run has learnt of no missing value in this column; {unknown} other goes on without",
	            place.at);
}

/* A cell without a value, in features that are 0. */
static status encode_gap(const struct csv_rows *r, size_t i, size_t k, const struct table *t, enum unknown unknown, double *x)
{
	const struct column *c = &t->at[k];
	const bool words = c->use == COLUMN_WORDS, filled = t->missing == MISSING_MEAN;
	if (c->marked)
		x[c->width - 1] = 1;
	else if (!filled && unknown == UNKNOWN_REFUSE)
		return refuse_gap(r, i, k);
	for (size_t j = 0; filled && words && j < c->n_levels; j++)
		x[j] = (double)NAN;
	if (!words)
		x[0] = (double)NAN;
	return OK;
}

static status encode_cell(const struct csv_rows *r, size_t i, size_t k, const struct table *t, enum unknown unknown, double *x)
{
	const struct column *c = &t->at[k];
	for (size_t j = 0; j < c->width; j++)
		x[j] = 0;
	if (csv_rows_gap(r, i, k))
		return encode_gap(r, i, k, t, unknown, x);
	const char *text = csv_rows_text(r, i, k);
	if (c->use == COLUMN_NUMBER) {
		x[0] = csv_rows_number(r, i, k);
		return text ? csv_rows_refuse(r, i, k) : OK;
	}
	const size_t at = table_find(c->level, c->n_levels, text);
	if (at == c->n_levels)
		return unknown == UNKNOWN_OTHER ? OK : refuse_word(r, i, k, c);
	x[at] = 1;
	return OK;
}

status table_encode(const struct csv_rows *r, const struct table *t, enum unknown unknown, double *x)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < t->n; k++)
			TRY(encode_cell(r, i, k, t, unknown, &x[i * t->width + t->at[k].first]));
	return OK;
}

status table_encode_classes(const struct csv_rows *r, const struct table *t, bool gaps, int32_t *label)
{
	const size_t k = r->plan->width;
	for (size_t i = 0; i < r->n; i++) {
		const bool gap = csv_rows_gap(r, i, k);
		const char *text = csv_rows_text(r, i, k);
		const size_t at = gap ? t->n_classes : table_find(t->class_name, t->n_classes, text);
		label[i] = at < t->n_classes ? (int32_t)at : -1;
		if (at < t->n_classes || (gap && gaps))
			continue;
		struct text known = {.n = 0};
		list_words(t->class_name, t->n_classes, &known);
		if (gap)
			return fail(ERR_INPUT, "%s: the target is %s; one of its classes was expected: %s", csv_rows_place(r, i, k).at,
			            *text ? "missing" : "empty", known.at);
		return fail(ERR_INPUT, "%s: the target is '%.40s', which is no class that the run knows; they are %s",
		            csv_rows_place(r, i, k).at, text, known.at);
	}
	return OK;
}
