/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows of cells, each an example, one column the target. */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/csv_file.h"
#include "src/data/csv_plan.h"
#include "src/data/csv_rows.h"
#include "src/data/dataset_reader.h"
#include "src/data/survey.h"
#include "src/data/table_encode.h"
#include "src/data/table_learn.h"
#include "src/json_build.h"

/* In float32, and as they are: always, or only where float32 does not hold each of them (else NULL). */
static status keep(struct arena *a, const double *values, size_t count, bool always, const float **narrow,
                   const double **wide)
{
	float *f;
	double *d;
	bool exact = true;
	TRY(ARENA_NEW(a, count, &f));
	for (size_t i = 0; i < count; i++) {
		f[i] = (float)values[i];
		exact = exact && (double)f[i] == values[i];
	}
	*narrow = f;
	*wide = NULL;
	if (exact && !always)
		return OK;
	TRY(ARENA_NEW(a, count, &d));
	if (count)
		memcpy(d, values, count * sizeof *d);
	*wide = d;
	return OK;
}

/* ---- targets ---- */

/* Those that are numbers, of which a gap may be NaN. */
static status check_targets(const struct csv_rows *r, bool gaps)
{
	const size_t k = r->plan->width;
	for (size_t i = 0; r->text[k] && i < r->n; i++)
		if (csv_rows_text(r, i, k) && !(gaps && csv_rows_gap(r, i, k)))
			return csv_rows_refuse(r, i, k);
	return OK;
}

static status set_reals(const struct csv_rows *r, struct dataset *out)
{
	const float *y;
	const double *wide;
	TRY(keep(&out->arena, r->target, r->n, true, &y, &wide));
	dataset_reals(out, 1, y, wide);
	return OK;
}

static status set_numbered(const struct csv_rows *r, struct dataset *out)
{
	int32_t *label;
	int largest = 1;
	TRY(ARENA_NEW(&out->arena, r->n, &label));
	for (size_t i = 0; i < r->n; i++) {
		const double y = r->target[i];
		if (!isnan(y) && !(y >= 0 && y <= 999999 && y == floor(y)))
			return fail(ERR_INPUT, "%s: the target is '%.9g'; classes 0, 1, 2 … were expected (below 1,000,000)",
			            csv_rows_place(r, i, r->plan->width).at, y);
		label[i] = isnan(y) ? -1 : (int32_t)y;
		largest = label[i] > largest ? label[i] : largest;
	}
	out->label = label;
	out->n_classes = largest + 1;
	return OK;
}

static status set_named(const struct csv_rows *r, bool gaps, struct dataset *out)
{
	int32_t *label;
	TRY(ARENA_NEW(&out->arena, r->n, &label));
	TRY(table_encode_classes(r, &out->table, gaps, label));
	out->label = label;
	out->n_classes = (int)out->table.n_classes;
	out->class_names = out->table.class_name;
	return OK;
}

static status set_targets(const struct csv_rows *r, const struct dataset_request *q, struct dataset *out)
{
	const bool gaps = q->need == NEED_NOTHING;
	if (r->plan->target == r->plan->cells)
		return OK;
	if (out->table.n_classes)
		return set_named(r, gaps, out);
	TRY(check_targets(r, gaps));
	return q->class_targets ? set_numbered(r, out) : set_reals(r, out);
}

/* ---- features ---- */

/* A table of numbers is what it is. */
static status set_numbers(const struct csv_rows *r, struct dataset *out)
{
	const size_t width = r->plan->width;
	const float *x;
	const double *wide;
	for (size_t k = 0; k < width; k++)
		for (size_t i = 0; r->text[k] && i < r->n; i++)
			if (csv_rows_text(r, i, k))
				return csv_rows_refuse(r, i, k);
	TRY(keep(&out->arena, r->x, r->n * width, false, &x, &wide));
	dataset_table(out, r->n, (int)width, x, wide);
	return OK;
}

static status set_features(const struct csv_rows *r, enum unknown unknown, struct dataset *out)
{
	const struct table *t = &out->table;
	const float *x;
	const double *wide;
	if (!t->n)
		return set_numbers(r, out);
	double *encoded = reallocarray(NULL, r->n + 1, t->width * sizeof *encoded);
	if (!encoded)
		return fail(ERR_MEMORY, "out of memory: %zu rows of %zu features", r->n, t->width);
	status s = table_encode(r, t, unknown, encoded);
	if (s == OK)
		s = keep(&out->arena, encoded, r->n * t->width, false, &x, &wide);
	if (s == OK)
		dataset_table(out, r->n, (int)t->width, x, wide);
	free(encoded);
	return s;
}

static status set_names(const struct csv_rows *r, struct dataset *out)
{
	const char **id;
	if (!r->id)
		return OK;
	TRY(ARENA_NEW(&out->arena, r->n, &id));
	for (size_t i = 0; i < r->n; i++) {
		json_t *words = json_words(r->id[i]);
		char *own;
		status s = words ? arena_text(&out->arena, &own, "%s", json_string_value(words))
		                 : fail(ERR_MEMORY, "out of memory: names of rows");
		json_decref(words);
		TRY(s);
		id[i] = own;
	}
	out->id = id;
	return OK;
}

/* Of a file the number of a row says where it is; of a stream's, not all rows are there. */
static status set_lines(const struct csv_rows *r, struct dataset *out)
{
	size_t *line;
	TRY(ARENA_NEW(&out->arena, r->n, &line));
	if (r->n)
		memcpy(line, r->line, r->n * sizeof *line);
	out->line = line;
	return OK;
}

static status set_rows(const struct csv_rows *r, const struct dataset_request *q, struct dataset *out)
{
	out->columns = r->plan->names;
	out->header = r->plan->header ? HEADER_YES : HEADER_NO;
	if (q->table && !q->table->n && q->unknown == UNKNOWN_OTHER)
		return fail(ERR_USAGE, "{unknown} other: the run learnt from numbers alone; of words and gaps it knows nothing");
	if (q->table)
		out->table = *q->table;
	else if (!q->text)
		TRY(table_learn(r, q, &out->arena, &out->table));
	if (out->table.width > INT_MAX)
		return fail(ERR_INPUT, "%s: its words make %zu features; at most %d are read", r->path, out->table.width, INT_MAX);
	TRY(set_features(r, q->unknown, out));
	TRY(set_targets(r, q, out));
	TRY(q->text ? set_lines(r, out) : OK);
	return set_names(r, out);
}

static status read_csv(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)split;
	struct csv_file c;
	if (!strcmp(path, CSV_PIPE) && !r->text)
		return fail(ERR_INPUT, "rows from a pipe can be predicted as they come, and nothing else; save them in a file");
	struct csv_plan plan = {.width = 0};
	struct csv_rows rows = {.plan = &plan};
	status s = r->text ? csv_open_text(r->text, &c) : csv_open(path, &c);
	if (s == OK)
		s = csv_next(&c);
	if (s == OK && !c.n)
		s = fail(ERR_INPUT, "%s: is empty; rows of numbers were expected", c.path);
	if (s == OK)
		s = csv_plan(&c, r, &out->arena, &plan);
	if (s == OK)
		s = csv_rows_read(&c, &plan, r, &rows);
	if (s == OK && r->survey)
		s = survey_rows(&rows, c.separator, r->survey);
	if (s == OK)
		s = set_rows(&rows, r, out);
	csv_rows_close(&rows);
	csv_close(&c);
	return s;
}

const struct dataset_reader reader_csv = {
	.kind = "csv", .path = "FILE", .has_test = false, .read = read_csv,
	.help = "rows of numbers and words with commas, semicolons or tabs between them; the last column, or {target} NAME, is the target",
};
