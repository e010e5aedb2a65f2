/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/data_columns.h"

#include <stdio.h>

#include "commands/report.h"
#include "src/json_build.h"
#include "src/json_words.h"
#include "src/text.h"

enum { COLUMNS_SHOWN = 60, LEVELS_SHOWN = 8, INDENT = 26 };

static bool is_target(const struct survey *s, size_t k)
{
	return s->target && k + 1 == s->n_columns;
}

/* ---- for people ---- */

/* Up to LEVELS_SHOWN on lines of their own width; of more than those as many as one line has room for. */
static void print_levels(const struct survey_column *c, size_t at)
{
	enum { WIDTH = 80, REST = 18 };
	const bool many = c->n_levels > LEVELS_SHOWN;
	for (size_t i = 0; i < c->n_levels && i < LEVELS_SHOWN; i++) {
		struct text count = {.n = 0};
		text_add(&count, " %zu", c->level[i].n);
		const size_t wide = (size_t)report_width(c->level[i].word) + count.n + 2;
		const bool room = at + wide <= WIDTH - (many ? REST : 0);
		if (i && !room && many)
			break;
		if (i)
			fputs(room ? ", " : ",", stdout);
		if (!room && at > INDENT) {
			printf("\n%*s", INDENT, "");
			at = INDENT;
		}
		report_bytes(c->level[i].word, stdout);
		fputs(count.at, stdout);
		at += wide;
	}
	if (many)
		printf(", … %zu in all", c->n_levels);
}

static void print_column(const struct survey *s, size_t k)
{
	const struct survey_column *c = &s->column[k];
	struct text t = {.n = 0};
	printf("%-6zu %-8s %8zu  ", c->cell + 1, survey_kind_name(c->kind), c->gaps);
	if (c->name)
		text_add(&t, "%s%s: ", *c->name ? c->name : "(no name)", is_target(s, k) ? " (target)" : "");
	if (c->names)
		text_add(&t, "a name for each row%s", c->words ? "" : ", it seems");
	else if (c->comma)
		text_add(&t, "%zu numbers with a decimal comma, %zu without: ", c->words, c->numbers);
	else if (c->thousands)
		text_add(&t, "%zu numbers with commas between thousands, which are not read, %zu without: ", c->words, c->numbers);
	else if (c->words && c->numbers)
		text_add(&t, "%zu numbers and %zu words: ", c->numbers, c->words);
	else if (c->numbers)
		text_add(&t, "%.6g to %.6g", c->least, c->most);
	report_bytes(t.at, stdout);
	if (c->words && !c->names)
		print_levels(c, INDENT + (size_t)report_width(t.at));
	putchar('\n');
}

void data_columns_print(const struct survey *s)
{
	printf("\n%-6s %-8s %8s  %s\n", "column", "type", "gaps", "values");
	for (size_t k = 0; k < s->n_columns; k++)
		if (k < COLUMNS_SHOWN || is_target(s, k))
			print_column(s, k);
	if (s->n_columns > COLUMNS_SHOWN)
		printf("… and more, %zu in all (--json has them)\n", s->n_columns);
}

/* ---- for programs ---- */

static json_t *column_json(const struct survey *s, size_t k)
{
	const struct survey_column *c = &s->column[k];
	json_t *levels = c->names ? json_null() : json_array();
	for (size_t i = 0; !c->names && i < c->n_levels; i++)
		json_add(&levels, json_pack("{s:o, s:I}", "level", json_words(c->level[i].word), "n", (json_int_t)c->level[i].n));
	return json_pack("{s:o, s:I, s:b, s:s, s:I, s:I, s:I, s:o, s:o, s:b, s:o}", "name", c->name ? json_words(c->name) : json_null(),
	                 "column", (json_int_t)c->cell + 1, "target", (int)is_target(s, k), "type", survey_kind_name(c->kind), "numbers",
	                 (json_int_t)c->numbers, "words", (json_int_t)c->words, "gaps", (json_int_t)c->gaps, "least",
	                 c->numbers ? json_real(c->least) : json_null(), "most", c->numbers ? json_real(c->most) : json_null(),
	                 "id_like", (int)c->names, "levels", levels);
}

json_t *data_columns_json(const struct survey *s)
{
	json_t *all = json_array();
	for (size_t k = 0; k < s->n_columns; k++)
		json_add(&all, column_json(s, k));
	return all;
}
