/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/csv_plan.h"

#include <limits.h>
#include <string.h>

#include "src/data/csv_cell.h"
#include "src/data/csv_view.h"

/* ---- the header ---- */

/* Whether the cells say that they are names; an empty one says nothing. */
static status header_by_cells(const struct csv_file *c, enum decimal d, bool *out)
{
	size_t names = 0, values = 0, name = 0, value = 0;
	for (size_t i = 0; i < c->n; i++) {
		enum cell_kind kind = csv_kind(c->cell[i], d);
		if (kind == CELL_TEXT && !names++)
			name = i;
		if ((kind == CELL_NUMBER || kind == CELL_MISSING) && !values++)
			value = i;
	}
	*out = names > 0;
	if (!names && !values)
		return fail(ERR_INPUT, "%s:%zu: all cells of the first line are empty; {header} yes says that they are names",
		            c->path, c->line);
	struct text where = {.n = 0};
	text_add(&where, "%s:%zu: column %zu", c->path, c->line, name + 1);
	if (names && values)
		TRY(csv_check_notation(where.at, c->cell[name], d));
	if (names && values)
		return fail(ERR_INPUT, "%s:%zu: column %zu: '%.40s' is no number, and column %zu, '%.40s', %s: the first line is "
		            "neither a header nor data; {header} yes or {header} no says which it is", c->path, c->line, name + 1,
		            c->cell[name], value + 1, c->cell[value],
		            csv_kind(c->cell[value], d) == CELL_NUMBER ? "is one" : "stands for a missing value");
	return OK;
}

/* Words are no names where the run has learnt words alone, from a file without a header. */
static status check_header(const struct csv_file *c, const struct table *t)
{
	bool words = t && t->n;
	for (size_t k = 0; words && k < t->n; k++)
		words = t->at[k].use == COLUMN_WORDS;
	return !words ? OK : fail(ERR_INPUT, "%s:%zu: the first line may hold names or words that the run has learnt, which knows its "
	                          "columns without names; {header} yes or {header} no says which it is", c->path, c->line);
}

/* ---- by names ---- */

static status refuse_names(const struct csv_file *c, const struct columns *file, const struct columns *run,
                           const char *why, const char *name)
{
	struct text here = {.n = 0}, there = {.n = 0};
	columns_list(file, &here);
	columns_list(run, &there);
	return fail(ERR_INPUT, "%s: %s '%.40s': its columns are %s; the run's are %s", c->path, why,
	            *name ? name : "(no name)", here.at, there.at);
}

static status plan_by_names(const struct csv_file *c, const struct dataset_request *r, const struct columns *file,
                            struct columns_match *m, struct arena *a, struct csv_plan *out)
{
	const struct columns *run = r->columns;
	size_t *feature, k = 0;
	if (m->missing)
		return refuse_names(c, file, run, "has no column", m->missing);
	if (m->twice)
		return refuse_names(c, file, run, "more than one column is called", m->twice);
	if (m->target_twice && r->need != NEED_FOREIGN)
		return refuse_names(c, file, run, "more than one column is called", run->name[run->target]);
	TRY(ARENA_NEW(a, run->n, &feature));
	for (size_t i = 0; i < run->n; i++)
		if (i != run->target)
			feature[k++] = m->at[i];
	/* Said once of a pipe. */
	if (m->extras && !(r->text && (r->text->again || r->text->told)))
		warning("%s: %zu column%s that the run does not know %s left out: %s", c->path, m->extras, m->extras == 1 ? "" : "s",
		        m->extras == 1 ? "is" : "are", m->extra.at);
	out->width = k;
	out->feature = feature;
	/* Where the file has none, that is the number of its cells. */
	out->target = r->need == NEED_FOREIGN ? c->n : m->at[run->target];
	return columns_copy(a, run, &out->names);
}

/* ---- by position ---- */

/* The cell of the target; `cells` where there is none, which is as well for what is not learnt from. */
static status find_target(const struct csv_file *c, const struct dataset_request *r, bool header, size_t *out)
{
	size_t found = 0;
	struct text list = {.n = 0};
	*out = c->n - 1;
	for (size_t i = 0; header && r->target && i < c->n; i++)
		if (!strcmp(c->cell[i], r->target)) {
			*out = i;
			found++;
		}
	if (found == 1)
		return OK;
	if (r->need != NEED_TARGETS && c->n == r->width) {
		*out = c->n;
		return OK;
	}
	if (!r->target)
		return OK;
	if (!header)
		return fail(ERR_USAGE, "{target} %s: %s has no header; the last column is the target there", r->target, c->path);
	columns_list(&(struct columns){.n = c->n, .name = (const char *const *)c->cell}, &list);
	return fail(ERR_USAGE, "{target} %s: %s has %s column of that name; its header has %s", r->target, c->path,
	            found ? "more than one" : "no", list.at);
}

/* The run's columns in its own file's order or, where that is not known, all but the target. */
static status plan_by_position(const struct csv_file *c, const struct dataset_request *r, struct arena *a,
                               struct csv_plan *out, size_t *target)
{
	const struct columns *run = r->columns;
	size_t *feature, k = 0;
	if (run && run->n && c->n != run->n && !(r->need != NEED_TARGETS && c->n + 1 == run->n))
		return fail(ERR_INPUT, "%s:%zu: %zu cells; the run's file had %zu columns%s", c->path, c->line, c->n, run->n,
		            r->table && (r->table->id || r->table->n_dropped) ? " besides those that it left out" : "");
	if (run && run->n)
		*target = c->n == run->n ? run->target : c->n;
	else
		TRY(find_target(c, r, out->header, target));
	if (!(c->n - (*target < c->n)) && out->cells > c->n)
		return fail(ERR_USAGE, "{drop}, {id}: leave one column of %s, '%.40s'; a target needs one besides", c->path, c->cell[0]);
	if (!(c->n - (*target < c->n)))
		return fail(ERR_INPUT, "%s:%zu: one column; at least two were expected, with commas, semicolons or tabs between them", c->path, c->line);
	TRY(ARENA_NEW(a, c->n, &feature));
	for (size_t i = 0; i < c->n; i++)
		if (i != *target)
			feature[k++] = i;
	out->width = k;
	out->feature = feature;
	out->target = r->need == NEED_FOREIGN ? c->n : *target;
	return OK;
}

/* A run finds its target again by its name, which therefore has to be one column's. */
static status check_target(const struct csv_file *c, const struct columns *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (names->target < names->n && i != names->target && !strcmp(names->name[i], names->name[names->target]))
			return fail(ERR_INPUT, "%s: columns %zu and %zu are both called '%.40s', which is the target; give one another name",
			            c->path, names->target + 1, i + 1, names->name[i]);
	return OK;
}

static status plan_without_names(const struct csv_file *c, const struct dataset_request *r, struct arena *a,
                                 struct csv_plan *out)
{
	size_t target;
	TRY(plan_by_position(c, r, a, out, &target));
	if (!out->header)
		return OK;
	TRY(columns_of_cells(a, c->n, c->cell, &out->names));
	out->names.target = target;
	return r->need == NEED_TARGETS ? check_target(c, &out->names) : OK;
}

/* all: the first line with the cells that are left out. */
static status plan_with_names(const struct csv_file *c, const struct csv_file *all, const struct dataset_request *r,
                              struct arena *a, struct csv_plan *out)
{
	struct columns file;
	struct columns_match m;
	size_t target;
	TRY(columns_of_cells(a, c->n, c->cell, &file));
	TRY(columns_find(&file, r->columns, r->need != NEED_TARGETS, a, &m));
	/* Names that the run knows are names, also where they look like numbers. */
	if (r->header == HEADER_AUTO && !m.missing && !m.twice)
		out->header = true;
	else if (r->header == HEADER_AUTO)
		TRY(header_by_cells(all, r->decimal, &out->header));
	if (out->header)
		return plan_by_names(c, r, &file, &m, a, out);
	if (r->header != HEADER_NO) {
		struct text list = {.n = 0};
		columns_list(r->columns, &list);
		return fail(ERR_INPUT, "%s: has no header, and the run knows its columns by name: %s; {header} no takes them in "
		            "this order", c->path, list.at);
	}
	TRY(plan_by_position(c, r, a, out, &target));
	return columns_copy(a, r->columns, &out->names);
}

status csv_plan(const struct csv_file *c, const struct dataset_request *r, struct arena *a, struct csv_plan *out)
{
	const bool known = r->columns && r->columns->n;
	struct csv_view view;
	*out = (struct csv_plan){.header = r->header == HEADER_YES, .cells = c->n};
	if (c->n > INT_MAX)
		return fail(ERR_INPUT, "%s:%zu: %zu columns; at most %d are read", c->path, c->line, c->n, INT_MAX);
	if (!known && r->header == HEADER_AUTO)
		TRY(header_by_cells(c, r->decimal, &out->header));
	if (!known && r->header == HEADER_AUTO && out->header)
		TRY(check_header(c, r->table));
	TRY(csv_view_open(c, r, known ? r->header != HEADER_NO : out->header, a, &view));
	TRY(known ? plan_with_names(&view.seen, c, r, a, out) : plan_without_names(&view.seen, r, a, out));
	return csv_view_plan(&view, r, a, out);
}
