/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/checks.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands/report.h"
#include "src/json_build.h"
#include "src/text.h"

void checks_add(struct checks *c, const struct check *check)
{
	assert(c->n < CHECKS_MAX);
	struct check *at = &c->at[c->n++];
	*at = *check;
	if (isnan(at->value) && !at->unjudged)
		at->unjudged = "it is undefined here";
}

static bool is_ok(const struct check *c)
{
	switch (c->kind) {
	case CHECK_AT_MOST:
		return c->value <= c->threshold;
	case CHECK_AT_LEAST:
		return c->value >= c->threshold;
	case CHECK_ABOVE:
		return c->value > c->threshold;
	default:
		return fabs(c->value - c->expected) <= c->threshold;
	}
}

int checks_failed(const struct checks *c)
{
	int failed = 0;
	for (int i = 0; i < c->n; i++)
		failed += !c->at[i].unjudged && !is_ok(&c->at[i]);
	return failed;
}

/* ---- for programs ---- */

static json_t *check_json(const struct check *c)
{
	json_t *j = json_object();
	json_put(&j, "name", json_string(c->name));
	report_number(&j, "value", c->value);
	report_number(&j, "threshold", c->threshold);
	json_put(&j, "ok", c->unjudged ? json_null() : json_boolean(is_ok(c)));
	if (c->unjudged)
		json_put(&j, "reason", json_words(c->unjudged));
	if (c->kind == CHECK_WITHIN)
		report_number(&j, "expected", c->expected);
	if (c->kind == CHECK_WITHIN && !isnan(c->mcse))
		report_number(&j, "mcse", c->mcse);
	if (c->of)
		json_put(&j, "of", json_words(c->of));
	return j;
}

json_t *checks_json(const struct checks *c)
{
	json_t *list = json_array();
	for (int i = 0; i < c->n; i++)
		json_add(&list, check_json(&c->at[i]));
	return list;
}

/* ---- for people ---- */

static void print_padded(const char *s, int columns)
{
	printf("%s%*s", s, columns > report_width(s) ? columns - report_width(s) : 0, "");
}

static void print_threshold(const struct check *c)
{
	static const char *const signs[] = {"≤ ", "≥ ", "> ", ""};
	struct text t = {.n = 0};
	if (isnan(c->threshold))
		text_add(&t, "-");
	else if (c->kind == CHECK_WITHIN)
		text_add(&t, "%.4g ± %.3g", c->expected, c->threshold);
	else
		text_add(&t, "%s%.4g", signs[c->kind], c->threshold);
	print_padded(t.at, 20);
	putchar(' ');
}

enum { TITLE = 33, VALUE = 12 };

/* A reason that several checks in a row share is said once, with the first. */
static void print_check(const struct check *c, const char *said)
{
	struct text value = {.n = 0};
	print_padded(c->title, TITLE);
	text_add(&value, isnan(c->value) ? "-" : isinf(c->value) ? "infinite" : "%.5g", c->value);
	print_padded(value.at, VALUE);
	print_threshold(c);
	fputs(c->unjudged ? "-" : is_ok(c) ? "ok" : "NOT OK", stdout);
	putchar('\n');
	if (c->unjudged && !(said && strcmp(said, c->unjudged) == 0))
		printf("  not judged: %s\n", c->unjudged);
	else if (c->of && !c->unjudged && !is_ok(c))
		printf("  %s\n", c->of);
}

void checks_print(const struct checks *c)
{
	print_padded("check", TITLE);
	print_padded("value", VALUE);
	print_padded("threshold", 16);
	puts("ok");
	for (int i = 0; i < c->n; i++)
		print_check(&c->at[i], i ? c->at[i - 1].unjudged : NULL);
}

status checks_conclude(const struct checks *c)
{
	struct text names = {.n = 0};
	const int failed = checks_failed(c);
	for (int i = 0; i < c->n; i++)
		if (!c->at[i].unjudged && !is_ok(&c->at[i]))
			text_list(&names, ", ", c->at[i].name);
	return failed ? fail(ERR_CHECK, "%d of %d checks failed: %s", failed, c->n, names.at) : OK;
}
