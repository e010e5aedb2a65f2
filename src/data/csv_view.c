/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/csv_view.h"

#include <string.h>

#include "src/json_build.h"

/* ---- options that name columns ---- */

/* How many cells are called so, and one of them. */
static size_t count_cells(const struct csv_file *c, const char *name, size_t length, size_t *at)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++)
		if (strlen(c->cell[i]) == length && !memcmp(c->cell[i], name, length)) {
			*at = i;
			n++;
		}
	return n;
}

static status find_cell(const struct csv_file *c, const char *option, const char *name, size_t length, size_t *at)
{
	struct text list = {.n = 0};
	const size_t n = count_cells(c, name, length, at);
	if (n == 1)
		return OK;
	columns_list(&(struct columns){.n = c->n, .name = (const char *const *)c->cell}, &list);
	return fail(ERR_USAGE, "{%s} %.*s: %s has %s column of that name; its header has %s", option, (int)length, name, c->path,
	            n ? "more than one" : "no", list.at);
}

/* The length of a list's first name: of the longest cell with a comma or the list's end behind it, since a name may hold commas as
 * well; where there is none, of what stands before the next comma. */
static size_t name_length(const struct csv_file *c, const char *list)
{
	size_t longest = 0, length = strcspn(list, ",");
	for (size_t i = 0; i < c->n; i++) {
		const size_t n = strlen(c->cell[i]);
		if (n > longest && strncmp(list, c->cell[i], n) == 0 && strchr(",", list[n + strspn(list + n, " \t")]))
			longest = n;
	}
	while (length && strchr(" \t", list[length - 1]))
		length--;
	return longest ? longest : length;
}

/* Marks the cells of a list of names. */
static status mark_cells(const struct csv_file *c, const char *option, const char *list, bool *mark)
{
	size_t at;
	for (;; list++) {
		list += strspn(list, " \t");
		const size_t length = name_length(c, list);
		TRY(find_cell(c, option, list, length, &at));
		mark[at] = true;
		list += length + strspn(list + length, " \t");
		if (!*list)
			return OK;
	}
}

/* Nothing else is said of a column that is left out. */
static status check_once(const struct csv_view *v, const struct dataset_request *r, size_t i, const char *name)
{
	const bool named = v->id == i;
	if (v->dropped[i] && (v->category[i] || named))
		return fail(ERR_USAGE, "{%s} %s: is dropped", v->category[i] ? "category" : "id", name);
	if (v->category[i] && named)
		return fail(ERR_USAGE, "{category} %s: names the rows", name);
	if (r->target && !strcmp(name, r->target) && (v->dropped[i] || named))
		return fail(ERR_USAGE, "{%s} %s: is the {target}", v->dropped[i] ? "drop" : "id", name);
	return OK;
}

static status mark_asked(const struct csv_file *c, const struct dataset_request *r, struct csv_view *v)
{
	const char *const options[][2] = {{"drop", r->drop}, {"id", r->id}, {"category", r->category}};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		if (options[i][1] && !v->named)
			return fail(ERR_USAGE, "{%s} %s: %s has no header, and no names", options[i][0], options[i][1], c->path);
	if (r->drop)
		TRY(mark_cells(c, "drop", r->drop, v->dropped));
	if (r->category)
		TRY(mark_cells(c, "category", r->category, v->category));
	if (r->id)
		TRY(find_cell(c, "id", r->id, strlen(r->id), &v->id));
	for (size_t i = 0; i < c->n; i++)
		TRY(check_once(v, r, i, c->cell[i]));
	return OK;
}

/* ---- what a run left out ---- */

/* A later file need not have them. */
static status mark_known(const struct csv_file *c, const struct table *t, struct arena *a, struct csv_view *v)
{
	struct columns file;
	TRY(columns_of_cells(a, c->n, c->cell, &file));
	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = 0; k < t->n_dropped; k++)
			v->dropped[i] |= !strcmp(file.name[i], t->dropped[k]);
		if (t->id && v->id == c->n && !strcmp(file.name[i], t->id))
			v->id = i;
	}
	return OK;
}

status csv_view_open(const struct csv_file *first, const struct dataset_request *r, bool named, struct arena *a,
                     struct csv_view *out)
{
	size_t *cell, n = 0;
	char **text;
	*out = (struct csv_view){.seen = *first, .all = first, .id = first->n, .named = named};
	TRY(ARENA_NEW(a, first->n, &out->category));
	TRY(ARENA_NEW(a, first->n, &out->dropped));
	TRY(ARENA_NEW(a, first->n, &cell));
	TRY(ARENA_NEW(a, first->n, &text));
	if (!r->table)
		TRY(mark_asked(first, r, out));
	else if (named)
		TRY(mark_known(first, r->table, a, out));
	for (size_t i = 0; i < first->n; i++)
		if (!out->dropped[i] && i != out->id) {
			text[n] = first->cell[i];
			cell[n++] = i;
		}
	if (!n)
		return fail(ERR_USAGE, "{drop}: leaves no column of %s", first->path);
	out->seen.n = n;
	out->seen.cell = text;
	out->cell = cell;
	return OK;
}

/* ---- the plan ---- */

static status learn_names(const struct csv_view *v, struct arena *a, struct csv_plan *plan)
{
	struct columns all;
	const char **dropped;
	TRY(columns_of_cells(a, v->all->n, v->all->cell, &all));
	TRY(ARENA_NEW(a, v->all->n, &dropped));
	for (size_t i = 0; i < v->all->n; i++)
		if (v->dropped[i])
			dropped[plan->n_dropped++] = all.name[i];
	plan->dropped = dropped;
	plan->id_name = v->id < v->all->n ? all.name[v->id] : NULL;
	return OK;
}

status csv_view_plan(const struct csv_view *v, const struct dataset_request *r, struct arena *a, struct csv_plan *plan)
{
	const struct table *t = r->table;
	const bool known = t && t->n, target = plan->target < v->seen.n;
	size_t *feature;
	bool *words;
	if (known && t->n != plan->width)
		return fail(ERR_INPUT, "%s:%zu: %zu columns besides the target; the run's table has %zu", v->all->path, v->all->line,
		            plan->width, t->n);
	TRY(ARENA_NEW(a, plan->width, &feature));
	TRY(ARENA_NEW(a, plan->width + 1, &words));
	for (size_t k = 0; k < plan->width; k++) {
		feature[k] = v->cell[plan->feature[k]];
		words[k] = known ? t->at[k].use == COLUMN_WORDS : v->category[feature[k]];
	}
	plan->feature = feature;
	plan->target = target ? v->cell[plan->target] : plan->cells;
	words[plan->width] = known ? t->n_classes > 0 : target && v->category[plan->target];
	plan->words = words;
	plan->id = v->id;
	return v->named && !t ? learn_names(v, a, plan) : OK;
}
