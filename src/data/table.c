/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/table.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/json_build.h"
#include "src/json_numbers.h"
#include "src/words.h"

bool table_is_mixed(const struct table *t)
{
	bool mixed = t->n_classes > 0;
	for (size_t k = 0; k < t->n; k++)
		mixed |= t->at[k].use == COLUMN_WORDS || t->at[k].gaps;
	return mixed;
}

size_t table_column_of(const struct table *t, size_t j)
{
	size_t low = 0, high = t->n;
	while (high - low > 1) {
		const size_t middle = (low + high) / 2;
		if (j < t->at[middle].first)
			high = middle;
		else
			low = middle;
	}
	return low;
}

bool table_is_indicator(const struct table *t, size_t j)
{
	const struct column *c = &t->at[table_column_of(t, j)];
	return c->use == COLUMN_WORDS || j > c->first;
}

void table_feature(const struct table *t, const struct columns *names, size_t j, struct text *to)
{
	const size_t k = table_column_of(t, j), at = j - t->at[k].first;
	const struct column *c = &t->at[k];
	if (names->n && *names->name[k + (k >= names->target)])
		text_add(to, "%s", names->name[k + (k >= names->target)]);
	else
		text_add(to, "column %zu", k + 1);
	if (c->marked && at == c->width - 1)
		text_add(to, " (missing)");
	else if (c->use == COLUMN_WORDS)
		text_add(to, " = %s", c->level[at]);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t table_find(const char *const *sorted, size_t n, const char *word)
{
	const char *const *found = n ? bsearch(&word, sorted, n, sizeof *sorted, by_bytes) : NULL;
	return found ? (size_t)(found - sorted) : n;
}

/* ---- in a run ---- */

static json_t *words_to_json(const char *const *word, size_t n, bool raw)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_add(&list, raw ? json_words(word[i]) : json_string(word[i]));
	return list;
}

static json_t *column_to_json(const struct column *c, const char *name)
{
	json_t *j = json_pack("{s:o, s:s, s:I, s:b}", "name", name ? json_string(name) : json_null(), "use",
	                      c->use == COLUMN_WORDS ? "words" : "number", "gaps", (json_int_t)c->gaps, "marked", (int)c->marked);
	if (c->use == COLUMN_WORDS)
		json_put(&j, "levels", words_to_json(c->level, c->n_levels, true));
	return j;
}

json_t *table_to_json(const struct table *t, const struct columns *names)
{
	if (!t->n)
		return NULL;
	json_t *columns = json_array();
	for (size_t k = 0; k < t->n; k++)
		json_add(&columns, column_to_json(&t->at[k], names->n ? names->name[k + (k >= names->target)] : NULL));
	json_t *j = json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o}", "columns", columns, "fill",
	                      t->fill ? json_numbers(t->fill, (int)t->width) : json_null(), "missing", words_at(MISSING_WORDS, (int)t->missing).at,
	                      "unknown", words_at(UNKNOWN_WORDS, (int)t->unknown).at, "classes",
	                      t->n_classes ? words_to_json(t->class_name, t->n_classes, true) : json_null(), "id",
	                      t->id ? json_string(t->id) : json_null(), "dropped", words_to_json(t->dropped, t->n_dropped, false));
	return j;
}

/* A list of texts; raw: of their bytes, by which they are sorted. */
static status words_from_json(const json_t *list, struct arena *a, bool raw, size_t *n, const char *const **out)
{
	const char **word;
	*n = json_array_size(list);
	TRY(ARENA_NEW(a, *n, &word));
	for (size_t i = 0; i < *n; i++) {
		const json_t *text = json_array_get(list, i);
		if (raw)
			TRY(json_words_read(text, a, &word[i]));
		else
			word[i] = json_string_value(text);
		if (!word[i] || (raw && i && strcmp(word[i - 1], word[i]) >= 0))
			return fail(ERR_INPUT, "the words of the run's table are not texts in the order of their bytes");
	}
	*out = word;
	return OK;
}

static status column_from_json(const json_t *j, struct arena *a, size_t first, struct column *out)
{
	const int use = words_find(COLUMN_USE_WORDS, json_string_value(json_object_get(j, "use")));
	const json_t *levels = json_object_get(j, "levels");
	if (use < 0 || json_array_size(levels) > INT_MAX)
		return fail(ERR_INPUT, "a column of the run's table is neither numbers nor words");
	*out = (struct column){.use = (enum column_use)use, .first = first, .marked = json_is_true(json_object_get(j, "marked")),
	                       .gaps = (size_t)json_integer_value(json_object_get(j, "gaps"))};
	if (out->use == COLUMN_WORDS)
		TRY(words_from_json(levels, a, true, &out->n_levels, &out->level));
	out->width = (out->use == COLUMN_WORDS ? out->n_levels : 1) + out->marked;
	return OK;
}

static status columns_from(const json_t *list, struct arena *a, struct table *t)
{
	struct column *at;
	t->n = json_array_size(list);
	if (!t->n)
		return fail(ERR_INPUT, "the run's table has no columns");
	TRY(ARENA_NEW(a, t->n, &at));
	for (size_t k = 0; k < t->n; k++) {
		TRY(column_from_json(json_array_get(list, k), a, t->width, &at[k]));
		t->width += at[k].width;
	}
	t->at = at;
	return t->width <= INT_MAX ? OK : fail(ERR_INPUT, "the run's table has more features than a network may");
}

status table_from_json(const json_t *j, struct arena *a, struct table *out)
{
	double *fill;
	bool found;
	*out = (struct table){.n = 0};
	if (!j || json_is_null(j))
		return OK;
	const int missing = words_find(MISSING_WORDS, json_string_value(json_object_get(j, "missing")));
	const int unknown = words_find(UNKNOWN_WORDS, json_string_value(json_object_get(j, "unknown")));
	if (missing < 0 || unknown < 0)
		return fail(ERR_INPUT, "the run's table does not say what is done about gaps and unknown words");
	TRY(columns_from(json_object_get(j, "columns"), a, out));
	TRY(ARENA_NEW(a, out->width, &fill));
	TRY(json_numbers_read(j, "fill", out->width, fill, &found));
	if (!found)
		return fail(ERR_INPUT, "the run's table has no means");
	out->fill = fill;
	out->missing = (enum missing)missing;
	out->unknown = (enum unknown)unknown;
	TRY(words_from_json(json_object_get(j, "classes"), a, true, &out->n_classes, &out->class_name));
	out->id = json_string_value(json_object_get(j, "id"));
	return words_from_json(json_object_get(j, "dropped"), a, false, &out->n_dropped, &out->dropped);
}
