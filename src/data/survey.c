/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/survey.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "src/data/csv_cell.h"
#include "src/data/summary.h"
#include "src/data/table_learn.h"

enum { FEW = 10 };   /* rows whose numbers may all differ by chance */

const char *survey_kind_name(enum survey_kind k)
{
	static const char *const names[] = {[SURVEY_NUMBER] = "number", [SURVEY_WORDS] = "words", [SURVEY_MIXED] = "mixed",
	                                    [SURVEY_EMPTY] = "empty"};
	return names[k];
}

/* ---- numbers ---- */

static status count_distinct(const struct csv_rows *r, size_t k, size_t *out)
{
	double *x = malloc((r->n + 1) * sizeof *x);
	size_t n = 0;
	if (!x)
		return fail(ERR_MEMORY, "out of memory: %zu numbers", r->n);
	for (size_t i = 0; i < r->n; i++)
		if (!isnan(csv_rows_number(r, i, k)))
			x[n++] = csv_rows_number(r, i, k);
	*out = summary_unique(x, n);
	free(x);
	return OK;
}

/* Whether a column is called id, or patient_id, or PatientID. */
static bool is_called_id(const char *name)
{
	size_t n = name ? strlen(name) : 0;
	if (n < 2 || strcasecmp(name + n - 2, "id") != 0)
		return false;
	return n == 2 || strchr("_-. ", name[n - 3]) || (name[n - 2] == 'I' && islower((unsigned char)name[n - 3]));
}

/* Whether they are the rows' own numbers. */
static bool is_counter(const struct csv_rows *r, size_t k)
{
	const double first = csv_rows_number(r, 0, k);
	bool counts = first == 0 || first == 1;
	for (size_t i = 0; counts && i < r->n; i++)
		counts = csv_rows_number(r, i, k) == first + (double)i;
	return counts;
}

static status look_at_numbers(const struct csv_rows *r, size_t k, struct survey_column *c)
{
	const bool target = k == r->plan->width;
	bool whole = true;
	for (size_t i = 0; i < r->n; i++) {
		const double x = csv_rows_number(r, i, k);
		if (isnan(x))
			continue;
		c->least = c->numbers ? fmin(c->least, x) : x;
		c->most = c->numbers ? fmax(c->most, x) : x;
		whole = whole && x == rint(x);
		c->numbers++;
	}
	c->whole = whole && c->numbers;
	if (target || (c->words && c->numbers) || (c->whole && is_called_id(c->name)))
		TRY(count_distinct(r, k, &c->distinct));
	if (!target && !c->words && !c->gaps && c->whole && r->n >= FEW)
		c->names = is_counter(r, k) || c->distinct == r->n;
	return OK;
}

/* ---- words ---- */

static status count_levels(const struct csv_rows *r, size_t k, struct arena *a, struct survey_column *c)
{
	const char *const *word;
	struct survey_level *level;
	TRY(table_levels(r, k, a, &c->n_levels, &word));
	TRY(ARENA_NEW(a, c->n_levels, &level));
	for (size_t j = 0; j < c->n_levels; j++)
		level[j].word = word[j];
	for (size_t i = 0; i < r->n; i++)
		if (csv_rows_text(r, i, k) && !csv_rows_gap(r, i, k))
			level[table_find(word, c->n_levels, csv_rows_text(r, i, k))].n++;
	c->level = level;
	return OK;
}

/* Where commas stand between cells as well, or several in a number, three digits behind each are thousands; elsewhere 51,494 is a
 * decimal number. */
static status look_at_words(const struct csv_rows *r, size_t k, struct survey *s, struct survey_column *c)
{
	size_t commas = 0, thousands = 0;
	double unused;
	if (!r->text[k])
		return OK;
	TRY(count_levels(r, k, &s->arena, c));
	for (size_t i = 0; i < r->n; i++) {
		const char *text = csv_rows_text(r, i, k);
		const bool gap = csv_rows_gap(r, i, k);
		c->gaps += gap;
		c->words += text && !gap;
		commas += text && !gap && csv_number(text, DECIMAL_COMMA, &unused);
		thousands += text && !gap && csv_has_thousands(text);
	}
	c->names = !r->plan->words[k] && table_words_are_names(c->words, c->n_levels);
	const bool notation = r->decimal == DECIMAL_POINT && !r->plan->words[k] && c->words;
	c->thousands = notation && thousands == c->words && (s->separator == ',' || commas < c->words);
	c->comma = notation && commas == c->words && !c->thousands;
	c->names = c->names && !c->thousands && !c->comma;
	s->comma |= c->comma;
	return OK;
}

/* ---- columns ---- */

static status look_at_column(const struct csv_rows *r, size_t k, struct survey *s, struct survey_column *c)
{
	char *name = NULL;
	if (r->name)
		TRY(arena_text(&s->arena, &name, "%s", r->name[k]));
	*c = (struct survey_column){.name = name, .cell = k < r->plan->width ? r->plan->feature[k] : r->plan->target};
	TRY(look_at_words(r, k, s, c));
	TRY(look_at_numbers(r, k, c));
	c->names = c->names && !(c->words && c->numbers);
	c->kind = c->words ? c->numbers ? SURVEY_MIXED : SURVEY_WORDS : c->numbers ? SURVEY_NUMBER : SURVEY_EMPTY;
	return OK;
}

status survey_rows(const struct csv_rows *r, char separator, struct survey *out)
{
	const struct csv_plan *p = r->plan;
	*out = (struct survey){.n = r->n, .separator = separator, .header = p->header ? HEADER_YES : HEADER_NO,
	                       .target = p->target < p->cells};
	const size_t n = p->width + out->target;
	TRY(ARENA_NEW(&out->arena, n, &out->column));
	for (size_t k = 0; k < n; k++) {
		TRY(look_at_column(r, k, out, &out->column[k]));
		out->n_columns++;
	}
	return OK;
}

void survey_close(struct survey *s)
{
	arena_free(&s->arena);
	*s = (struct survey){.n = 0};
}
