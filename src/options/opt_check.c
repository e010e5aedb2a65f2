/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options: what a value must be like. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "src/number.h"
#include "src/options/opt_private.h"
#include "src/options/suggest.h"
#include "src/text.h"

enum { TEXT_SIZE = 1024 };

/* Fails with "--batch 0: " or "FILE:3: batch = 0: " in front; ERR_USAGE or ERR_INPUT accordingly. */
__attribute__((format(printf, 2, 3)))
static status complain(const struct opt_value *v, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (v->file)
		return fail(ERR_INPUT, "%s:%d: %s = %s: %s", v->file, v->line, v->name, v->text, text);
	return fail(ERR_USAGE, "{%s} %s: %s", v->name, v->text, text);
}

static bool any_number(const struct param *d)
{
	return d->min == 0 && d->max == 0;
}

/* Bounds that no value reaches are no bounds: an integer has 64 bits. */
static double reach(const struct param *d)
{
	return d->type == PARAM_COUNT ? 9e18 : (double)INFINITY;
}

static bool open_above(const struct param *d)
{
	return d->max >= reach(d);
}

static bool open_below(const struct param *d)
{
	return d->min <= -reach(d);
}

/* As one would write it: 1e15, not 1e+15 or its zeros; 100000, not 1e+05; 1e-6, not 1e-06. */
static void bound(double x, char out[32])
{
	snprintf(out, 32, "%.0e", x);
	char *e = strchr(out, 'e');
	if (!e || out[0] != '1' || strtod(out, NULL) != x || atoi(e + 1) < 6)
		snprintf(out, 32, "%.10g", x);
	if ((e = strchr(out, 'e'))) {
		int power = atoi(e + 1);
		snprintf(e, 8, "e%d", power);
	}
}

void opt_range(const struct param *d, char out[OPT_RANGE_SIZE])
{
	char min[32], max[32];
	const char *from = d->above_min ? ">" : "≥";
	bound(d->min, min);
	bound(d->max, max);
	out[0] = 0;
	if (any_number(d) || (open_above(d) && open_below(d)))
		return;
	if (open_below(d))
		snprintf(out, OPT_RANGE_SIZE, "≤ %s", max);
	else if (open_above(d))
		snprintf(out, OPT_RANGE_SIZE, "%s %s", from, min);
	else if (d->above_min)
		snprintf(out, OPT_RANGE_SIZE, "> %s and ≤ %s", min, max);
	else
		snprintf(out, OPT_RANGE_SIZE, "%s to %s", min, max);
}

static bool in_range(const struct param *d, double x)
{
	return any_number(d) || ((d->above_min ? x > d->min : x >= d->min) && x <= d->max);
}

/* Digits are all that an integer is read from, but a range says 1e9: 1e9 itself is shown as it is to be typed. */
static void written_out(const struct opt_value *v, const struct param *d, char out[64])
{
	double x;
	bool decimal = number_whole(v->text, strlen(v->text), &x);
	out[0] = 0;
	if (d->type == PARAM_COUNT && decimal && strpbrk(v->text, "eE") && x == floor(x) && in_range(d, x) && fabs(x) < reach(d))
		snprintf(out, 64, ", written out: %.0f", x);
}

static status bad_number(const struct opt_value *v, const struct param *d)
{
	char range[OPT_RANGE_SIZE], integer[64];
	opt_range(d, range);
	written_out(v, d, integer);
	bool words = strstr(range, " to ") != NULL;
	return complain(v, "expected %s%s%s%s%s%s%s%s%s", d->type == PARAM_COUNT ? "an integer" : "a number",
	                range[0] ? words ? " from " : " " : "", range, d->unit ? " (" : "", d->unit ? d->unit : "",
	                d->unit ? ")" : "", d->word ? ", or " : "", d->word ? d->word : "", integer);
}

static status check_count(const struct opt_value *v, const struct param *d)
{
	const char *t = v->text;
	if (t[strspn(t, "0123456789+-")] || !t[0])
		return bad_number(v, d);
	char *end;
	errno = 0;
	long long n = strtoll(t, &end, 10);
	if (end == t || *end || errno == ERANGE || !in_range(d, (double)n))
		return bad_number(v, d);
	return OK;
}

static status check_real(const struct opt_value *v, const struct param *d)
{
	double x;
	if (opt_is_word(d, v->text))
		return OK;
	return number_whole(v->text, strlen(v->text), &x) && in_range(d, x) ? OK : bad_number(v, d);
}

static status check_choice(const struct opt_value *v, const struct param *d)
{
	char words[TEXT_SIZE], *rest = words;
	struct text list = {.n = 0};
	struct suggestion s = {.word = v->text};
	snprintf(words, sizeof words, "%s", d->arg);
	for (char *word; (word = strsep(&rest, "|"));) {
		if (strcmp(word, v->text) == 0)
			return OK;
		suggest_from(&s, word);
		text_list(&list, rest ? ", " : " or ", word);
	}
	return complain(v, "expected %s%s%s%s", list.at, s.best ? "; did you mean " : "", s.best ? s.best : "",
	                    s.best ? "?" : "");
}

static status check_text(const struct opt_value *v, const struct param *d)
{
	switch (d->type) {
	case PARAM_FLAG:
		if (strcmp(v->text, "yes") != 0 && strcmp(v->text, "no") != 0)
			return complain(v, "expected yes or no");
		return OK;
	case PARAM_COUNT:
		return check_count(v, d);
	case PARAM_REAL:
		return check_real(v, d);
	case PARAM_CHOICE:
		return check_choice(v, d);
	case PARAM_TEXT:
	case PARAM_PATH:
		break;
	}
	return OK;
}

/* "--sigma belongs to --sampler fsgld; this run has --sampler sgld". */
static status not_selected(const struct opts *o, const struct opt_value *v)
{
	struct text owners = {.n = 0};
	const char *selector = NULL;
	for (int i = 0; o->tables[i]; i++) {
		const struct opt_table *t = o->tables[i];
		if (!opt_in_table(t, v->name))
			continue;
		bool same = selector && strcmp(selector, t->selector) == 0;
		if (same)
			text_add(&owners, "|%s", t->owner);
		else
			text_add(&owners, "%s--%s %s", owners.n ? ", " : "", t->selector, t->owner);
		selector = t->selector;
	}
	const struct opt_value *resume = opt_find(o, "resume");
	if (resume && resume->text && !opt_find(o, selector)->text)
		return fail(ERR_USAGE, "{%s} belongs to %s: beside {resume} give the run's {%s} too", v->name, owners.at, selector);
	const char *now = opts_text(o, selector), *no = now ? "" : "no ", *gap = now ? " " : "";
	now = now ? now : "";
	if (v->file)
		return fail(ERR_INPUT, "%s:%d: %s belongs to %s; this run has %s{%s}%s%s", v->file, v->line, v->name, owners.at, no,
		            selector, gap, now);
	return fail(ERR_USAGE, "{%s} belongs to %s; this run has %s{%s}%s%s", v->name, owners.at, no, selector, gap, now);
}

status opt_check(const struct opts *o, const struct opt_value *v)
{
	if (!v->text)
		return OK;
	const struct param *d = opt_active(o, v->name);
	return d ? check_text(v, d) : not_selected(o, v);
}

status opt_check_rivals(const struct opts *o)
{
	for (int i = 0; i < o->n_values; i++) {
		const struct opt_value *v = &o->values[i];
		const struct param *d = v->text ? opt_active(o, v->name) : NULL;
		const struct opt_value *other = d && d->rival ? opt_find(o, d->rival) : NULL;
		if (!other || !other->text || (d->type == PARAM_FLAG && (!strcmp(v->text, "no") || !strcmp(other->text, "no"))))
			continue;
		if (v->file)
			return fail(ERR_INPUT, "%s:%d: %s and %s (%s:%d) exclude each other: give one", v->file, v->line, v->name, other->name,
			            other->file, other->line);
		return fail(ERR_USAGE, "{%s} and {%s} exclude each other: give one", v->name, other->name);
	}
	return OK;
}

/* Whether a name takes a value must not depend on what is switched on: the command line is cut up before that is known.
 * A default must pass its own check. Both are mistakes in a table, not in what was typed. */
void opt_check_tables(const struct opts *o)
{
	for (int i = 0; o->tables[i]; i++)
		for (const struct param *d = opts_defs(o->tables[i]); d->name; d++) {
			struct opt_value v = {.name = d->name, .text = d->fallback};
			assert(!d->fallback || check_text(&v, d) == OK);
			assert((d->type == PARAM_FLAG) == !d->arg && d->min <= d->max);
			for (int j = 0; j < i; j++) {
				const struct param *other = opt_in_table(o->tables[j], d->name);
				assert(!other || (other->type == PARAM_FLAG) == (d->type == PARAM_FLAG));
				(void)other;
			}
			(void)v;
		}
}
