/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options: --help. */
#include <string.h>

#include "src/options/opt_private.h"

enum { WIDTH = 80, COLUMN = 26, LINE_SIZE = 2048 };
enum { SHARED = 3 };   /* definitions in common, from which on they are shown once */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_def(const struct param *a, const struct param *b)
{
	return same_text(a->name, b->name) && a->type == b->type && same_text(a->arg, b->arg) &&
	       same_text(a->fallback, b->fallback) && a->min == b->min && a->max == b->max && a->above_min == b->above_min &&
	       same_text(a->unit, b->unit) && same_text(a->word, b->word) && same_text(a->help, b->help);
}

/* Tables under one selector that would read the same. */
static bool same_section(const struct opt_table *a, const struct opt_table *b)
{
	if (!a->selector || !b->selector || strcmp(a->selector, b->selector) != 0)
		return false;
	const struct param *x = opts_defs(a), *y = opts_defs(b);
	while (x->name && same_def(x, y))
		x++, y++;
	return !x->name && !y->name;
}

static bool has_same(const struct opt_table *t, const struct param *d)
{
	for (const struct param *x = opts_defs(t); x->name; x++)
		if (same_def(x, d))
			return true;
	return false;
}

/* Of the tables before tables[i], under its selector, the first with which it shares the most definitions, and SHARED at least. */
static const struct opt_table *alike(const struct opt_table *const *tables, int i)
{
	const struct opt_table *t = tables[i], *best = NULL;
	int most = SHARED - 1;
	for (int j = 0; j < i && t->selector; j++) {
		int n = 0;
		for (const struct param *d = opts_defs(t); d->name; d++)
			n += tables[j]->selector && strcmp(tables[j]->selector, t->selector) == 0 && has_same(tables[j], d);
		if (n > most) {
			best = tables[j];
			most = n;
		}
	}
	return best;
}

bool opt_section_shares(const struct opt_section *s, const struct param *d)
{
	return s->like && has_same(s->like, d);
}

void opt_section_shared(const struct opt_section *s, struct text *out)
{
	for (const struct param *d = opts_defs(s->table); d->name; d++)
		if (opt_section_shares(s, d))
			text_add(out, "%s--%s", out->n ? ", " : "", d->name);
}

bool opt_section_next(const struct opt_table *const *tables, int *i, struct opt_section *out)
{
	for (bool first; tables[*i]; ++*i) {
		first = opts_defs(tables[*i])->name != NULL;
		for (int j = 0; j < *i; j++)
			first &= !same_section(tables[j], tables[*i]);
		if (first)
			break;
	}
	const struct opt_table *t = tables[*i];
	if (!t)
		return false;
	out->table = t;
	out->like = alike(tables, *i);
	out->title = (struct text){.n = 0};
	text_add(&out->title, "%s", t->heading);
	for (int j = *i + 1; tables[j]; j++)
		if (same_section(t, tables[j]) && strcmp(t->heading, tables[j]->heading) != 0)
			text_add(&out->title, ", %s", tables[j]->heading);
	for (int j = *i; t->selector && tables[j]; j++)
		if (j == *i)
			text_add(&out->title, " (--%s %s", t->selector, t->owner);
		else if (same_section(t, tables[j]))
			text_add(&out->title, "|%s", tables[j]->owner);
	if (t->selector)
		text_add(&out->title, ")");
	++*i;
	return true;
}

/* Columns on a terminal: UTF-8's continuation bytes take none. */
static size_t columns(const char *text, size_t bytes)
{
	size_t n = 0;
	for (size_t i = 0; i < bytes; i++)
		n += ((unsigned char)text[i] & 0xC0) != 0x80;
	return n;
}

/* Wraps words between column COLUMN and WIDTH; the line so far has `at` columns. */
static void wrap(FILE *to, size_t at, const char *text)
{
	bool empty = true;
	if (at > COLUMN - 2) {
		fputc('\n', to);
		at = 0;
	}
	for (; at < COLUMN; at++)
		fputc(' ', to);
	while (*text) {
		size_t bytes = strcspn(text, " "), wide = columns(text, bytes);
		if (!empty && at + 1 + wide > WIDTH) {
			fprintf(to, "\n%*s", COLUMN, "");
			at = COLUMN;
			empty = true;
		}
		fprintf(to, "%s%.*s", empty ? "" : " ", (int)bytes, text);
		at += wide + !empty;
		empty = false;
		text += bytes + (text[bytes] == ' ');
	}
	fputc('\n', to);
}

void opt_words(const char *help, struct text *out)
{
	out->n = 0;
	/* Others are named in braces. */
	for (const char *c = help; *c; c++)
		if (*c == '{')
			text_add(out, "--");
		else if (*c != '}')
			text_add(out, "%c", *c);
}

bool opt_has_word(const struct param_words *words, const char *word)
{
	struct param_word w;
	const size_t n = strcspn(word, ":");
	for (int i = 0; words && words->at(i, &w); i++)
		if (strlen(w.name) == n && memcmp(w.name, word, n) == 0)
			return true;
	return !words;
}

void opt_describe(const struct param *d, struct text *out)
{
	char range[OPT_RANGE_SIZE];
	opt_range(d, range);
	const char *fallback = d->fallback && !d->fallback[0] ? "empty" : d->fallback;
	const char *const facts[] = {d->unit ? d->unit : "", fallback ? "default " : "", range};
	opt_words(d->help, out);
	bool any = false;
	for (int i = 0; i < 3; i++)
		if (facts[i][0]) {
			text_add(out, "%s%s%s", any ? "; " : " (", facts[i], i == 1 ? fallback : "");
			any = true;
		}
	text_add(out, "%s", any ? ")" : "");
}

/* The placeholder, or those of the alternatives that this build has. */
static void add_arg(const struct param *d, struct text *out)
{
	char words[LINE_SIZE], *rest = words, *word;
	snprintf(words, sizeof words, "%s", d->arg);
	if (!d->words || !strchr(words, '|')) {
		text_add(out, "%s", words);
		return;
	}
	const char *between = "";
	while ((word = strsep(&rest, "|")))
		if (opt_has_word(d->words, word)) {
			text_add(out, "%s%s", between, word);
			between = "|";
		}
}

/* What is said of each word that a value may be, below the help of its option. */
static void help_words(const struct param_words *words, FILE *to)
{
	struct param_word w;
	for (int i = 0; words && words->shown && words->at(i, &w); i++) {
		struct text label = {.n = 0}, help;
		text_add(&label, "    %s%s%s", w.name, w.rest ? ":" : "", w.rest ? w.rest : "");
		fputs(label.at, to);
		opt_words(w.help ? w.help : "", &help);
		wrap(to, columns(label.at, label.n), help.at);
	}
}

/* Alternatives behind `at` columns, broken behind a bar where the line is full. Returns the columns of the last line. */
static size_t put_arg(FILE *to, size_t at, const char *arg)
{
	const size_t left = at;
	while (*arg) {
		size_t bytes = strcspn(arg, "|");
		bytes += arg[bytes] == '|';
		const size_t wide = columns(arg, bytes);
		if (at > left && at + wide > WIDTH) {
			fprintf(to, "\n%*s", (int)left, "");
			at = left;
		}
		fprintf(to, "%.*s", (int)bytes, arg);
		at += wide;
		arg += bytes;
	}
	return at;
}

static void help_param(const struct param *d, const char *dashes, FILE *to)
{
	struct text line = {.n = 0}, arg = {.n = 0}, words;
	text_add(&line, "  %s%s%s", dashes, *dashes ? d->name : "", *dashes && d->arg ? " " : "");
	if (d->arg)
		add_arg(d, &arg);
	fputs(line.at, to);
	opt_describe(d, &words);
	wrap(to, put_arg(to, columns(line.at, line.n), arg.n ? arg.at : ""), words.at);
	help_words(d->words, to);
}

static void help_table(const struct opt_section *s, FILE *to)
{
	fprintf(to, "\n%s:\n", s->title.at);
	for (const struct param *d = opts_defs(s->table); d->name; d++)
		if (!opt_section_shares(s, d))
			help_param(d, "--", to);
	if (s->like) {
		struct text label = {.n = 0}, names = {.n = 0};
		text_add(&label, "  as with %s", s->like->owner);
		opt_section_shared(s, &names);
		fputs(label.at, to);
		wrap(to, columns(label.at, label.n), names.at);
	}
}

void opts_help_arguments(const struct param *arguments, FILE *to)
{
	for (const struct param *d = arguments; d && d->name; d++)
		if (d->help) {
			fputs("\nArguments:\n", to);
			help_param(d, "", to);
		}
}

void opts_help(const struct opt_table *const *tables, FILE *to)
{
	struct opt_section s = {.table = &opt_builtin};
	for (int i = 0; opt_section_next(tables, &i, &s);)
		help_table(&s, to);
	s = (struct opt_section){.table = &opt_builtin};
	text_add(&s.title, "%s", opt_builtin.heading);
	help_table(&s, to);
}
