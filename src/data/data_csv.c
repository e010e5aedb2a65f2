/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Numbers in cells, a row an example, one column the target. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/csv_cell.h"
#include "src/data/csv_file.h"
#include "src/data/csv_plan.h"
#include "src/data/csv_separator.h"
#include "src/data/dataset_reader.h"

/* Values as they are read: `width` a row in x, the target apart. */
struct rows {
	double *x, *target;
	size_t n, room;
	bool classes;        /* targets are to be 0, 1, 2 … */
	bool gaps;           /* they may be missing: NaN */
	enum decimal decimal;
};

static status add_room(const struct csv_file *c, size_t width, struct rows *t)
{
	enum { FIRST = 4096 };   /* values; then as many again as were read */
	size_t room = t->room ? 2 * t->room : width < FIRST ? FIRST / width : 1;
	double *x = realloc(t->x, room * width * sizeof *x), *y;
	if (!x)
		return fail(ERR_MEMORY, "out of memory: %zu rows of %s", room, c->path);
	t->x = x;
	y = realloc(t->target, room * sizeof *y);
	if (!y)
		return fail(ERR_MEMORY, "out of memory: %zu rows of %s", room, c->path);
	t->target = y;
	t->room = room;
	return OK;
}

static status read_cell(const struct csv_file *c, size_t i, enum decimal d, double *out)
{
	if (csv_number(c->cell[i], d, out))
		return OK;
	enum cell_kind kind = csv_kind(c->cell[i], d);
	if (kind == CELL_EMPTY)
		return fail(ERR_INPUT, "%s:%zu: column %zu: is empty; a number was expected", c->path, c->line, i + 1);
	if (kind == CELL_MISSING)
		return fail(ERR_INPUT, "%s:%zu: column %zu: '%.40s' stands for a missing value; a number was expected", c->path,
		            c->line, i + 1, c->cell[i]);
	TRY(csv_check_notation(c->path, c->line, i + 1, c->cell[i], d));
	return fail(ERR_INPUT, "%s:%zu: column %zu: '%.40s' is not a number (decimal, within ±3.4e38)", c->path, c->line,
	            i + 1, c->cell[i]);
}

static status check_class(const struct csv_file *c, size_t i, double y)
{
	if (y >= 0 && y <= 999999 && y == floor(y))
		return OK;
	return fail(ERR_INPUT, "%s:%zu: column %zu: the target is '%.40s'; classes 0, 1, 2 … were expected (below 1,000,000)",
	            c->path, c->line, i + 1, c->cell[i]);
}

static status read_target(const struct csv_file *c, size_t i, const struct rows *t, double *out)
{
	const enum cell_kind kind = csv_kind(c->cell[i], t->decimal);
	*out = (double)NAN;
	if (t->gaps && (kind == CELL_EMPTY || kind == CELL_MISSING))
		return OK;
	TRY(read_cell(c, i, t->decimal, out));
	return t->classes ? check_class(c, i, *out) : OK;
}

static status add_row(const struct csv_file *c, const struct csv_plan *plan, struct rows *t)
{
	if (c->n != plan->cells)
		return fail(ERR_INPUT, "%s:%zu: %zu cell%s; %zu were expected, as on the first line, with %ss between them", c->path,
		            c->line, c->n, c->n == 1 ? "" : "s", plan->cells, csv_separator_word(c->separator));
	if (t->n == t->room)
		TRY(add_room(c, plan->width, t));
	double value = 0;
	for (size_t k = 0; k < plan->width; k++) {
		TRY(read_cell(c, plan->feature[k], t->decimal, &value));
		t->x[t->n * plan->width + k] = value;
	}
	value = 0;
	if (plan->target < plan->cells)
		TRY(read_target(c, plan->target, t, &value));
	t->target[t->n++] = value;
	return OK;
}

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
	memcpy(d, values, count * sizeof *d);
	*wide = d;
	return OK;
}

static status set_targets(const struct rows *t, struct dataset *out)
{
	const float *y;
	const double *wide;
	TRY(keep(&out->arena, t->target, t->n, true, &y, &wide));
	dataset_reals(out, 1, y, wide);
	return OK;
}

static status set_classes(const struct rows *t, struct dataset *out)
{
	int32_t *label;
	int largest = 1;
	TRY(ARENA_NEW(&out->arena, t->n, &label));
	for (size_t i = 0; i < t->n; i++) {
		label[i] = isnan(t->target[i]) ? -1 : (int32_t)t->target[i];
		largest = label[i] > largest ? label[i] : largest;
	}
	out->label = label;
	out->n_classes = largest + 1;
	return OK;
}

static status read_rows(struct csv_file *c, const struct dataset_request *r, struct rows *t, struct dataset *out)
{
	struct csv_plan plan;
	const float *x;
	const double *wide;
	TRY(csv_next(c));
	if (!c->n)
		return fail(ERR_INPUT, "%s: is empty; rows of numbers were expected", c->path);
	TRY(csv_plan(c, r, &out->arena, &plan));
	out->columns = plan.names;
	out->header = plan.header ? HEADER_YES : HEADER_NO;
	if (plan.header || (r->text && r->text->again))
		TRY(csv_next(c));
	while (c->n) {
		TRY(add_row(c, &plan, t));
		TRY(csv_next(c));
	}
	if (!t->n && !r->text)
		return fail(ERR_INPUT, "%s: holds a header, but no rows of numbers", c->path);
	TRY(keep(&out->arena, t->x, t->n * plan.width, false, &x, &wide));
	dataset_table(out, t->n, (int)plan.width, x, wide);
	if (plan.target == plan.cells)
		return OK;
	return t->classes ? set_classes(t, out) : set_targets(t, out);
}

static status read_csv(const struct dataset_request *r, const char *path, enum split split, struct dataset *out)
{
	(void)split;
	struct csv_file c;
	struct rows t = {.classes = r->class_targets, .gaps = r->need == NEED_NOTHING, .decimal = r->decimal};
	if (!strcmp(path, CSV_PIPE) && !r->text)
		return fail(ERR_INPUT, "rows from a pipe can be predicted as they come, and nothing else; save them in a file");
	status s = r->text ? csv_open_text(r->text, &c) : csv_open(path, &c);
	if (s == OK)
		s = read_rows(&c, r, &t, out);
	free(t.x);
	free(t.target);
	csv_close(&c);
	return s;
}

const struct dataset_reader reader_csv = {
	.kind = "csv", .path = "FILE", .has_test = false, .read = read_csv,
	.help = "rows of numbers separated by commas, semicolons or tabs; the last column, or {target} NAME, is the target",
};
