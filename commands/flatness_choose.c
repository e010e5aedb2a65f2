/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which examples and which tensors of what was opened are measured. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "commands/flatness.h"
#include "src/text.h"

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* In order, so that neighbouring rows are read together. No chain has this number: the rows are not those that one saw first. */
static status draw_rows(const struct flatness_plan *p, struct flatness_target *t)
{
	const size_t n = t->potential->n;
	uint32_t *order;
	if (p->examples > n)
		return fail(ERR_USAGE, "--examples %zu: there are %zu", p->examples, n);
	t->n_rows = p->examples ? p->examples : n;
	if (t->n_rows == n)
		return OK;
	TRY(ARENA_NEW(&t->arena, n, &order));
	rng_permutation((struct rng_key){p->seed, 0}, STREAM_SUBSET, 0, order, n);
	qsort(order, t->n_rows, sizeof *order, by_number);
	t->rows = order;
	return OK;
}

static status no_tensor(const struct segments *s, const char *value, size_t length)
{
	enum { ENOUGH = 500 };
	struct text names = {.n = 0};
	for (int i = 0; i < s->n && names.n < ENOUGH; i++)
		text_list(&names, ", ", names.n + strlen(s->at[i].name) < ENOUGH ? s->at[i].name : "…");
	return fail(ERR_USAGE, "--tensors: no tensor's name matches “%.*s”; there are %s", (int)length, value, names.at);
}

/* Marks the tensors of one name or pattern, those that are frozen aside. */
static status choose_by(struct flatness_target *t, const char *word, size_t length)
{
	const struct segments *s = t->potential->params;
	char *pattern;
	bool found = false;
	TRY(arena_text(&t->arena, &pattern, "%.*s", (int)length, word));
	for (int i = 0; i < s->n; i++) {
		if (fnmatch(pattern, s->at[i].name, 0) != 0)
			continue;
		if (s->at[i].frozen && strcmp(pattern, s->at[i].name) == 0)
			return fail(ERR_USAGE, "--tensors %s: the run has it frozen", pattern);
		found = true;
		t->tensor[i] = !s->at[i].frozen;
	}
	return found ? OK : no_tensor(s, word, length);
}

static status choose_tensors(const struct flatness_plan *p, struct flatness_target *t)
{
	const struct segments *s = t->potential->params;
	const char *text = opts_text(p->options, "tensors");
	TRY(ARENA_NEW(&t->arena, (size_t)s->n, &t->tensor));
	for (int i = 0; i < s->n && !text; i++)
		t->tensor[i] = !s->at[i].frozen;
	for (const char *at = text; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		TRY(choose_by(t, at, strcspn(at, ",")));
	for (int i = 0; i < s->n; i++)
		t->n += t->tensor[i] ? s->at[i].count : 0;
	return t->n ? OK : fail(ERR_USAGE, "--tensors %s: all of these are frozen", text);
}

status flatness_choose(const struct flatness_plan *p, struct flatness_target *t)
{
	TRY(draw_rows(p, t));
	return choose_tensors(p, t);
}
