/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/table_learn.h"

#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/csv_cell.h"
#include "src/data/dataset_reader.h"

/* What a column's cells are. */
struct cells {
	size_t numbers, words, gaps;
	size_t number, word;     /* rows of the first of them */
	bool readable;           /* a word that is no number in a notation of its own */
};

static struct cells count_cells(const struct csv_rows *r, size_t k)
{
	struct cells c = {.numbers = r->text[k] ? 0 : r->n};
	for (size_t i = 0; r->text[k] && i < r->n; i++) {
		const char *text = csv_rows_text(r, i, k);
		if (!text && !c.numbers++)
			c.number = i;
		if (!text)
			continue;
		if (csv_rows_gap(r, i, k)) {
			c.gaps++;
			continue;
		}
		c.readable = c.readable || !csv_is_foreign(text, r->decimal);
		if (!c.words++)
			c.word = i;
	}
	return c;
}

/* ---- levels ---- */

struct levels {
	void *tree;              /* of the words, */
	const char **word;       /* and a list of them */
	size_t n, room;
};

static int by_bytes(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int by_word(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void keep_word(void *word)
{
	(void)word;
}

static status add_level(struct levels *l, const char *word)
{
	const char *const *node = tsearch(word, &l->tree, by_bytes);
	if (node && *node != word)
		return OK;
	if (node && l->n == l->room) {
		l->room = l->room ? 2 * l->room : 16;
		const char **larger = reallocarray(l->word, l->room, sizeof *larger);
		l->word = larger ? larger : l->word;
		node = larger ? node : NULL;
	}
	if (!node)
		return fail(ERR_MEMORY, "out of memory: the words of a column");
	l->word[l->n++] = word;
	return OK;
}

static status copy_levels(struct levels *l, struct arena *a, const char *const **out)
{
	const char **word;
	if (l->n)
		qsort(l->word, l->n, sizeof *l->word, by_word);
	TRY(ARENA_NEW(a, l->n, &word));
	for (size_t i = 0; i < l->n; i++) {
		char *own;
		TRY(arena_text(a, &own, "%s", l->word[i]));
		word[i] = own;
	}
	*out = word;
	return OK;
}

status table_levels(const struct csv_rows *r, size_t k, struct arena *a, size_t *n, const char *const **out)
{
	struct levels l = {.n = 0};
	status s = OK;
	for (size_t i = 0; s == OK && i < r->n; i++)
		if (csv_rows_text(r, i, k) && !csv_rows_gap(r, i, k))
			s = add_level(&l, csv_rows_text(r, i, k));
	if (s == OK)
		s = copy_levels(&l, a, out);
	*n = l.n;
	tdestroy(l.tree, keep_word);
	free(l.word);
	return s;
}

/* ---- refusals ---- */

/* A name as an option of a command takes it. */
struct name {
	char at[80];
};

static struct name name_of(const struct csv_rows *r, size_t k)
{
	struct name to = {"NAME"};
	struct text word = {.n = 0};
	if (r->name && text_word(&word, r->name[k]) && word.n < sizeof to.at)
		memcpy(to.at, word.at, word.n + 1);
	return to;
}

/* Names are what options know columns by. */
static const char *without_names(const struct csv_rows *r)
{
	return r->name ? "" : ", once the first line holds names";
}

static status refuse_mixed_target(const struct csv_rows *r, size_t k, const struct csv_place *place, const char *word, double number)
{
	return fail(ERR_INPUT, "%s: the target has words, '%.40s', and numbers, %.9g; {category} %s takes all of it for classes%s", place->at,
	            word, number, name_of(r, k).at, without_names(r));
}

/* What is fewer is the mistake. */
static status refuse_mixed(const struct csv_rows *r, size_t k, const struct cells *c)
{
	const bool word = c->words <= c->numbers;
	const size_t row = word ? c->word : c->number, other = word ? c->number : c->word;
	const struct csv_place place = csv_rows_place(r, row, k);
	if (!c->readable)
		return csv_rows_refuse(r, c->word, k);
	const struct name name = name_of(r, k);
	if (k == r->plan->width)
		return refuse_mixed_target(r, k, &place, csv_rows_text(r, c->word, k), csv_rows_number(r, c->number, k));
	if (word)
		return fail(ERR_INPUT, "%s: '%.40s' is not a number, as line %zu has one: a column is of numbers or of words; {category} %s "
		            "takes all of it for words, {drop} %s leaves it out%s", place.at, csv_rows_text(r, row, k), r->line[other], name.at,
		            name.at, without_names(r));
	return fail(ERR_INPUT, "%s: is a number, %.9g, where line %zu has a word, '%.40s': a column is of numbers or of words; {category} "
	            "%s takes all of it for words, {drop} %s leaves it out%s", place.at, csv_rows_number(r, row, k), r->line[other],
	            csv_rows_text(r, other, k), name.at, name.at, without_names(r));
}

static status refuse_names(const struct csv_rows *r, size_t k, const struct cells *c, size_t n)
{
	const struct csv_place place = csv_rows_place(r, 0, k);
	const struct name name = name_of(r, k);
	if (k == r->plan->width)
		return fail(ERR_INPUT, "%s: the target has %zu different words in %zu rows, and so no classes; {target} NAME says which column "
		            "it is, {category} %s that they are classes all the same%s", place.at, n, c->words, name.at, without_names(r));
	return fail(ERR_INPUT, "%s: the column has %zu different words in %zu rows, as names of the rows have; {id} %s says that it is "
	            "them, {drop} %s leaves it out, {category} %s keeps it%s", place.at, n, c->words, name.at, name.at, name.at,
	            without_names(r));
}

/* "FILE:3: column 2 (age): is empty", and the two that follow. */
static status refuse_gaps(const struct csv_rows *r, size_t first, size_t end, size_t n)
{
	enum { NAMED = 3 };
	struct text list = {.n = 0};
	size_t named = 0;
	for (size_t i = 0; i < r->n && named < NAMED; i++)
		for (size_t k = first; k < end && named < NAMED; k++)
			if (csv_rows_gap(r, i, k)) {
				const struct csv_place place = csv_rows_place(r, i, k);
				const char *text = csv_rows_text(r, i, k);
				text_add(&list, "%s%s: ", named++ ? ", " : "", place.at);
				if (*text)
					text_add(&list, "'%.40s' stands for a missing value", text);
				else
					text_add(&list, "is empty");
			}
	if (n > NAMED)
		text_add(&list, ", and %zu more", n - NAMED);
	if (first == r->plan->width && n == r->n && n > 1)
		return fail(ERR_INPUT, "%s: no row has a target there: {target} names the column that does; where each line ends with what "
		            "separates cells, save the table without that", csv_rows_place(r, 0, first).at);
	if (first == r->plan->width)
		return fail(ERR_INPUT, "%s; a training example needs its target: leave such rows out", list.at);
	return fail(ERR_INPUT, "%s; a value was expected: {missing} mean fills such cells with their column's mean, {missing} indicator "
	            "also gives the column a feature that marks them, {drop} leaves a column out", list.at);
}

/* ---- a column ---- */

static status learn_use(const struct csv_rows *r, size_t k, const struct cells *c, enum column_use *out)
{
	*out = r->plan->words[k] || (c->words && !c->numbers) ? COLUMN_WORDS : COLUMN_NUMBER;
	if (!c->words && !c->numbers)
		return fail(ERR_INPUT, "%s: none of the column's cells holds a value; {drop} %s leaves it out%s", csv_rows_place(r, 0, k).at,
		            name_of(r, k).at, without_names(r));
	if (r->plan->words[k])
		return OK;
	if (c->words && c->numbers)
		return refuse_mixed(r, k, c);
	return c->words && !c->readable ? csv_rows_refuse(r, c->word, k) : OK;
}

bool table_words_are_names(size_t words, size_t levels)
{
	enum { FEW = 10, LEVELS_MOST = 1000 };
	/* Nine in ten rows have a word of their own. */
	return levels > LEVELS_MOST || (words >= FEW && levels * 10 > words * 9);
}

static status learn_words(const struct csv_rows *r, size_t k, const struct cells *c, struct arena *a, size_t *n,
                          const char *const **out)
{
	TRY(table_levels(r, k, a, n, out));
	return !r->plan->words[k] && table_words_are_names(c->words, *n) ? refuse_names(r, k, c, *n) : OK;
}

static status learn_column(const struct csv_rows *r, size_t k, enum missing missing, struct arena *a, struct column *out)
{
	const struct cells c = count_cells(r, k);
	*out = (struct column){.gaps = c.gaps};
	TRY(learn_use(r, k, &c, &out->use));
	if (out->use == COLUMN_WORDS)
		TRY(learn_words(r, k, &c, a, &out->n_levels, &out->level));
	out->marked = missing == MISSING_INDICATOR && out->gaps;
	out->width = (out->use == COLUMN_WORDS ? out->n_levels : 1) + out->marked;
	return OK;
}

static status learn_target(const struct csv_rows *r, const struct dataset_request *q, struct arena *a, struct table *out)
{
	const size_t k = r->plan->width;
	const struct cells c = count_cells(r, k);
	enum column_use use;
	if (r->plan->target == r->plan->cells)
		return OK;
	if (c.gaps && q->need == NEED_TARGETS)
		return refuse_gaps(r, k, k + 1, c.gaps);
	TRY(learn_use(r, k, &c, &use));
	if (use == COLUMN_NUMBER)
		return OK;
	TRY(learn_words(r, k, &c, a, &out->n_classes, &out->class_name));
	for (size_t i = 0; i < r->n; i++) {
		const char *name = csv_rows_text(r, i, k);
		const status s = csv_rows_gap(r, i, k) ? OK : class_name_check((const uint8_t *)name, strlen(name));
		if (s != OK)
			return fail_within(s, "%s: the class name '%.40s' ", csv_rows_place(r, i, k).at, name);
	}
	return OK;
}

status table_learn(const struct csv_rows *r, const struct dataset_request *q, struct arena *a, struct table *out)
{
	const size_t width = r->plan->width;
	struct column *at;
	size_t gaps = 0;
	*out = (struct table){.n = 0};
	/* What comes from a pipe may be still to come. */
	if (!r->n)
		return OK;
	*out = (struct table){.missing = q->missing, .unknown = q->unknown};
	TRY(ARENA_NEW(a, width, &at));
	for (size_t k = 0; k < width; k++) {
		TRY(learn_column(r, k, q->missing, a, &at[k]));
		at[k].first = out->width;
		out->width += at[k].width;
		gaps += at[k].gaps;
	}
	if (gaps && q->missing == MISSING_REFUSE)
		return refuse_gaps(r, 0, width, gaps);
	out->n = width;
	out->at = at;
	out->id = r->plan->id_name;
	out->n_dropped = r->plan->n_dropped;
	out->dropped = r->plan->dropped;
	TRY(learn_target(r, q, a, out));
	if (!table_is_mixed(out) && !out->id && !out->n_dropped && !q->missing && !q->unknown)
		*out = (struct table){.n = 0};
	return OK;
}
