/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdlib.h>
#include <string.h>

#include "predict/sources.h"
#include "src/text.h"

static const json_t *fact_of(const struct source *source, const char *part, const char *name)
{
	return json_object_get(part ? json_object_get(source->header, part) : source->header, name);
}

/* A fact that neither has is the same in both. */
static bool same_fact(const json_t *a, const json_t *b)
{
	return json_equal(a, b) || (!a && !b);
}

/* " (mlp:3-4-1, mlp:3-5-1)", or of one specification " (linear; outputs 1, 2)"; nothing of what is no model. */
static const char *models_differ(const json_t *a, const json_t *b, struct text *to)
{
	static const char *const names[] = {"norm", "activation", NULL};
	const char *x = json_string_value(json_object_get(a, "spec")), *y = json_string_value(json_object_get(b, "spec"));
	if (!x || !y)
		return "";
	text_add(to, " (%s", x);
	if (strcmp(x, y) != 0)
		text_add(to, ", %s", y);
	for (const char *const *name = names; *name && strcmp(x, y) == 0; name++) {
		const char *own = json_string_value(json_object_get(a, *name)), *other = json_string_value(json_object_get(b, *name));
		if (own && other && strcmp(own, other) != 0)
			text_add(to, "; %s %s, %s", *name, own, other);
	}
	const json_t *own = json_object_get(a, "outputs"), *other = json_object_get(b, "outputs");
	if (strcmp(x, y) == 0 && json_is_integer(own) && !same_fact(own, other))
		text_add(to, "; outputs %lld, %lld", (long long)json_integer_value(own), (long long)json_integer_value(other));
	if (strcmp(x, y) == 0 && !same_fact(json_object_get(a, "input"), json_object_get(b, "input")))
		text_add(to, "; inputs of other sizes");
	text_add(to, ")");
	return to->at;
}

static status check_alike(const struct source *a, const struct source *b)
{
	static const char *const facts[] = {"model", "likelihood", "normalize", "standardize", "table", NULL};
	static const char *const words[] = {"models", "likelihoods", "input normalisations", "standardisations",
	                                     "ways to read a table's words and gaps"};
	if (a->header == b->header)
		return OK;
	for (int i = 0; facts[i]; i++) {
		const json_t *x = json_object_get(a->header, facts[i]), *y = json_object_get(b->header, facts[i]);
		if (same_fact(x, y))
			continue;
		return fail(ERR_USAGE, "%s and %s can't be pooled: their %s differ%s", a->path, b->path, words[i],
		            models_differ(x, y, &(struct text){.n = 0}));
	}
	/* One file is read for all, by the first's names. */
	const json_t *x = fact_of(a, "data", "columns"), *y = fact_of(b, "data", "columns");
	if (json_is_array(x) && json_is_array(y) &&
	    !(json_equal(x, y) && json_equal(fact_of(a, "data", "target_column"), fact_of(b, "data", "target_column"))))
		return fail(ERR_USAGE, "%s and %s can't be pooled: the names or the order of their tables' columns differ", a->path,
		            b->path);
	return OK;
}

struct origin {
	json_int_t seed, chain;
	bool fitted;             /* drawn from a Gaussian, by streams of its own */
	const char *path;
};

static int by_origin(const void *a, const void *b)
{
	const struct origin *x = a, *y = b;
	if (x->fitted != y->fitted)
		return x->fitted - y->fitted;
	return x->seed != y->seed ? (x->seed > y->seed) - (x->seed < y->seed)
	                          : (x->chain > y->chain) - (x->chain < y->chain);
}

static status warn_of_twins(const struct sources *s)
{
	struct origin *origin = malloc(s->n * sizeof *origin);
	if (!origin)
		return fail(ERR_MEMORY, "out of memory: %zu snapshot files", s->n);
	for (size_t i = 0; i < s->n; i++) {
		const struct source *source = &s->source[i];
		const char *method = json_string_value(fact_of(source, "sampler", "name"));
		origin[i] = (struct origin){
			.seed = json_integer_value(fact_of(source, NULL, "seed")), .chain = source->chain,
			.fitted = method && strcmp(method, "swag") == 0, .path = source->path,
		};
	}
	qsort(origin, s->n, sizeof *origin, by_origin);
	for (size_t i = 1; i < s->n; i++)
		if (by_origin(&origin[i - 1], &origin[i]) == 0)
			warning("%s and %s share seed %lld and chain %lld: their draws are not independent", origin[i - 1].path,
			     origin[i].path, (long long)origin[i].seed, (long long)origin[i].chain);
	free(origin);
	return OK;
}

/* Pools that are allowed, and whose members one would still want to know apart. */
static void warn_of_differences(const struct sources *s, bool apart)
{
	static const struct {
		const char *part, *fact, *words;
		bool apart;
	} known[] = {
		{NULL, "target", "sample different targets: what is averaged is a mixture of them", false},
		{"sampler", "precision", "ran in different precisions; predictions take the first's where none is named", false},
		{"data", "fingerprint", "were trained on different data; those of the first are taken where none are named", true},
	};
	for (size_t k = 0; k < sizeof known / sizeof *known; k++)
		for (size_t i = 1; i < s->n && (known[k].apart || !apart); i++)
			if (s->source[0].header != s->source[i].header &&
			    !same_fact(fact_of(&s->source[0], known[k].part, known[k].fact),
			               fact_of(&s->source[i], known[k].part, known[k].fact))) {
				warning("%s and %s %s", s->source[0].path, s->source[i].path, known[k].words);
				break;
			}
}

/* Chains that are not done, the first few by name: all of a long run's may be. */
static void warn_of_unfinished(const struct sources *s, bool failed)
{
	enum { NAMED_MOST = 4 };
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++) {
		const char *word = s->source[i].state.word;
		if (!word || strcmp(word, "done") == 0 || (strcmp(word, "failed") == 0) != failed)
			continue;
		if (n++ < NAMED_MOST)
			warning("%s: the chain %s; what it kept so far is read", s->source[i].path, failed ? "failed" : "is not finished");
	}
	if (n > NAMED_MOST)
		warning("%zu more chain%s; what %s kept so far is read", n - NAMED_MOST,
		        failed ? n - NAMED_MOST > 1 ? "s failed" : " failed" : n - NAMED_MOST > 1 ? "s are not finished" : " is not finished",
		        n - NAMED_MOST > 1 ? "they" : "it");
}

status sources_check(const struct sources *s, bool apart)
{
	warn_of_unfinished(s, false);
	warn_of_unfinished(s, true);
	for (size_t i = 1; i < s->n; i++)
		TRY(check_alike(&s->source[0], &s->source[i]));
	warn_of_differences(s, apart);
	return apart ? OK : warn_of_twins(s);
}
