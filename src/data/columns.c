/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/columns.h"

#include <stdlib.h>
#include <string.h>

#include "src/json_build.h"

enum { LIST_LENGTH = 300 };  /* bytes of a list in a message */

/* Copies a name to `to`, where that is not NULL; *length is what it takes with its end. raw: it is yet to be made
 * JSON's. */
static status copy_name(const char *name, bool raw, char *to, size_t *length)
{
	json_t *j = raw ? json_words(name) : NULL;
	if (raw && !j)
		return fail(ERR_MEMORY, "out of memory: the names of columns");
	const char *text = raw ? json_string_value(j) : name;
	*length = strlen(text) + 1;
	if (to)
		memcpy(to, text, *length);
	json_decref(j);
	return OK;
}

static status copy_names(struct arena *a, size_t n, const char *const *name, bool raw, const char *const **out)
{
	size_t all = 0, length;
	const char **list;
	char *to;
	for (size_t i = 0; i < n; i++, all += length)
		TRY(copy_name(name[i], raw, NULL, &length));
	TRY(ARENA_NEW(a, n, &list));
	TRY(ARENA_NEW(a, all, &to));
	for (size_t i = 0; i < n; i++, to += length) {
		TRY(copy_name(name[i], raw, to, &length));
		list[i] = to;
	}
	*out = list;
	return OK;
}

status columns_of_cells(struct arena *a, size_t n, char *const *cell, struct columns *out)
{
	*out = (struct columns){.n = n, .target = n};
	return copy_names(a, n, (const char *const *)cell, true, &out->name);
}

status columns_copy(struct arena *a, const struct columns *from, struct columns *out)
{
	*out = *from;
	return copy_names(a, from->n, from->name, false, &out->name);
}

static bool list_add(struct text *to, const char *name)
{
	if (to->n + strlen(name) > LIST_LENGTH)
		return false;
	text_list(to, ", ", *name ? name : "(no name)");
	return true;
}

void columns_list(const struct columns *c, struct text *to)
{
	for (size_t i = 0; i < c->n; i++)
		if (!list_add(to, c->name[i])) {
			text_add(to, "%s… (%zu columns)", to->n ? ", " : "", c->n);
			return;
		}
}

/* ---- matching ---- */

struct place {
	const char *name;
	size_t at;
};

static int by_name(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int name_only(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	return strcmp(x->name, y->name);
}

static bool same_order(const struct columns *a, const struct columns *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = strcmp(a->name[i], b->name[i]) == 0;
	return same;
}

/* Finds the run's column i among the file's, which are sorted. */
static void find_one(const struct columns *run, size_t i, const struct place *sorted, size_t n, bool without_target,
                     bool *used, struct columns_match *m)
{
	const struct place wanted = {run->name[i], 0};
	const struct place *found = bsearch(&wanted, sorted, n, sizeof *sorted, name_only);
	m->at[i] = n;
	if (!found) {
		if (!(without_target && i == run->target) && !m->missing)
			m->missing = run->name[i];
		return;
	}
	bool neighbours = (found > sorted && !name_only(found - 1, found)) ||
		(found + 1 < sorted + n && !name_only(found + 1, found));
	const bool twice = neighbours || used[found->at];
	/* A target that may be missing need not be read. */
	if (twice && without_target && i == run->target)
		m->target_twice = true;
	else if (twice)
		m->twice = run->name[i];
	used[found->at] = true;
	m->at[i] = found->at;
}

status columns_find(const struct columns *file, const struct columns *run, bool without_target, struct arena *a,
                    struct columns_match *m)
{
	struct place *sorted;
	bool *used;
	*m = (struct columns_match){.at = NULL};
	TRY(ARENA_NEW(a, run->n, &m->at));
	TRY(ARENA_NEW(a, file->n, &sorted));
	TRY(ARENA_NEW(a, file->n, &used));
	/* Then a name may also come twice. */
	if (same_order(file, run)) {
		for (size_t i = 0; i < run->n; i++)
			m->at[i] = i;
		return OK;
	}
	for (size_t i = 0; i < file->n; i++)
		sorted[i] = (struct place){file->name[i], i};
	qsort(sorted, file->n, sizeof *sorted, by_name);
	for (size_t i = 0; i < run->n; i++)
		find_one(run, i, sorted, file->n, without_target, used, m);
	for (size_t i = 0; i < file->n; i++)
		if (!used[i]) {
			m->extras++;
			list_add(&m->extra, file->name[i]);
		}
	return OK;
}

/* ---- in a run ---- */

void columns_to_json(const struct columns *c, json_t **facts)
{
	json_t *list = c->n ? json_array() : json_null();
	for (size_t i = 0; i < c->n; i++)
		json_add(&list, json_string(c->name[i]));
	json_put(facts, "columns", list);
	json_put(facts, "target_column", c->n ? json_string(c->name[c->target]) : json_null());
}

status columns_from_json(const json_t *facts, struct arena *a, struct columns *out)
{
	const json_t *list = json_object_get(facts, "columns");
	const char *target = json_string_value(json_object_get(facts, "target_column")), **name;
	size_t n = json_array_size(list), targets = 0;
	*out = (struct columns){.n = 0};
	if (!list || json_is_null(list))
		return OK;
	TRY(ARENA_NEW(a, n, &name));
	for (size_t i = 0; i < n; i++) {
		name[i] = json_string_value(json_array_get(list, i));
		if (!name[i])
			return fail(ERR_INPUT, "the names of the run's columns are not a list of texts");
		if (target && !strcmp(name[i], target)) {
			out->target = i;
			targets++;
		}
	}
	if (targets != 1)
		return fail(ERR_INPUT, "the run's target column is not one of its columns");
	out->n = n;
	out->name = name;
	return OK;
}
