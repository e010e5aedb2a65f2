/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/tensor.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/number.h"
#include "src/text.h"

status segments_add(struct segments *s, struct arena *a, const char *name, int ndim, const int64_t *shape,
                    enum init_kind init, double init_scale, int *index)
{
	if (s->n == s->capacity) {
		int capacity = s->capacity ? 2 * s->capacity : 16;
		struct segment *grown;
		TRY(ARENA_NEW(a, (size_t)capacity, &grown));
		if (s->n)
			memcpy(grown, s->at, (size_t)s->n * sizeof *grown);
		s->at = grown;
		s->capacity = capacity;
	}
	char *copy;
	TRY(arena_text(a, &copy, "%s", name));
	struct segment *seg = &s->at[s->n];
	*seg = (struct segment){.name = copy, .ndim = ndim, .offset = s->count, .count = 1, .init = init,
	                        .init_scale = init_scale, .prior = 1};
	for (int i = 0; i < ndim; i++) {
		seg->shape[i] = shape[i];
		seg->count *= (size_t)shape[i];
	}
	s->count += seg->count;
	if (index)
		*index = s->n;
	s->n++;
	return OK;
}

const struct segment *segments_find(const struct segments *s, const char *name)
{
	for (int i = 0; i < s->n; i++)
		if (!strcmp(s->at[i].name, name))
			return &s->at[i];
	return NULL;
}

/* ---- patterns over names ---- */

/* Cuts the next comma-separated word off *rest (modified); NULL at the end. */
static char *next_word(char **rest)
{
	return *rest ? strsep(rest, ",") : NULL;
}

static status no_match(const struct segments *s, const char *param, const char *value, const char *pattern)
{
	enum { ENOUGH = 500 };
	struct text names = {.n = 0};
	for (int i = 0; i < s->n && names.n < ENOUGH; i++)
		text_list(&names, ", ", names.n + strlen(s->at[i].name) < ENOUGH ? s->at[i].name : "…");
	return fail(ERR_USAGE, "{%s} %s: no tensor's name matches “%s”; there are %s", param, value, pattern, names.at);
}

static status freeze_each(struct segments *s, const char *patterns, char *rest)
{
	for (char *word; (word = next_word(&rest));) {
		bool found = false;
		for (int i = 0; i < s->n; i++)
			if (!fnmatch(word, s->at[i].name, 0))
				s->at[i].frozen = found = true;
		if (!found)
			return no_match(s, "freeze", patterns, word);
	}
	for (int i = 0; i < s->n; i++)
		if (!s->at[i].frozen)
			return OK;
	return fail(ERR_USAGE, "{freeze} %s: freezes every tensor; at least one must be left to sample", patterns);
}

status segments_freeze(struct segments *s, const char *patterns)
{
	char *copy = strdup(patterns);
	if (!copy)
		return fail(ERR_MEMORY, "out of memory");
	status result = freeze_each(s, patterns, copy);
	free(copy);
	return result;
}

/* Beyond it float32 tells no difference from the Gaussian. */
static const double NU_MAX = 1e6;

/* The kind of prior that `word` names, and its ν. */
static status prior_kind_read(const char *text, const char *word, enum prior_kind *kind, double *nu)
{
	*nu = 0;
	for (*kind = PRIOR_GAUSSIAN; *kind < PRIOR_STUDENT_T; (*kind)++)
		if (!strcmp(word, prior_name(*kind)))
			return OK;
	size_t n = strlen(prior_name(*kind));
	if (strncmp(word, prior_name(*kind), n) != 0 || word[n] != ':')
		return fail(ERR_USAGE, "{prior} %s: expected “gaussian”, “laplace” or “student-t:NU”, then perhaps "
		            "“,PATTERN=FACTOR,…”", text);
	if (!number_whole(word + n + 1, strlen(word + n + 1), nu) || *nu <= 2 || *nu > NU_MAX)
		return fail(ERR_USAGE, "{prior} %s: “%s” is not a number above 2, where student-t has a variance, and up to 1e6", text,
		            word + n + 1);
	return OK;
}

/* "PATTERN=FACTOR". */
static status prior_factor_read(struct segments *s, const char *text, char *word)
{
	char *equals = strrchr(word, '=');
	if (!equals || equals == word)
		return fail(ERR_USAGE, "{prior} %s: expected PATTERN=FACTOR, not “%s”", text, word);
	*equals = 0;
	double factor;
	if (!number_whole(equals + 1, strlen(equals + 1), &factor) || factor < 0)
		return fail(ERR_USAGE, "{prior} %s: “%s” is not a factor: expected a number, 0 or more", text, equals + 1);
	bool found = false;
	for (int i = 0; i < s->n; i++)
		if (!fnmatch(word, s->at[i].name, 0)) {
			s->at[i].prior = factor;
			found = true;
		}
	return found ? OK : no_match(s, "prior", text, word);
}

static status prior_each(struct segments *s, const char *text, char *rest)
{
	enum prior_kind kind;
	double nu;
	TRY(prior_kind_read(text, next_word(&rest), &kind, &nu));
	for (int i = 0; i < s->n; i++) {
		s->at[i].kind = kind;
		s->at[i].nu = nu;
	}
	for (char *word; (word = next_word(&rest));)
		TRY(prior_factor_read(s, text, word));
	return OK;
}

status segments_prior(struct segments *s, const char *text)
{
	char *copy = strdup(text);
	if (!copy)
		return fail(ERR_MEMORY, "out of memory");
	status result = prior_each(s, text, copy);
	free(copy);
	return result;
}

/* ---- first values ---- */

static void init_uniform(const struct segment *seg, struct rng_key key, float *x)
{
	uint32_t words[4];
	size_t have = SIZE_MAX;
	for (size_t e = seg->offset; e < seg->offset + seg->count; e++) {
		if (e / 4 != have) {
			have = e / 4;
			rng_words(key, STREAM_INIT, 0, (uint32_t)have, words);
		}
		/* rng_uniform's value, four elements for one block of random words. */
		double u = (words[e % 4] + 0.5) * 0x1p-32;
		x[e] = (float)(seg->init_scale * (2 * u - 1));
	}
}

void segments_init(const struct segments *s, struct rng_key key, float *x)
{
	for (int i = 0; i < s->n; i++) {
		const struct segment *seg = &s->at[i];
		switch (seg->init) {
		case INIT_CONSTANT:
			for (size_t e = 0; e < seg->count; e++)
				x[seg->offset + e] = (float)seg->init_scale;
			break;
		case INIT_UNIFORM:
			init_uniform(seg, key, x);
			break;
		case INIT_NORMAL:
			for (size_t e = 0; e < seg->count; e++)
				x[seg->offset + e] = (float)(seg->init_scale * rng_normal(key, STREAM_INIT, 0, seg->offset + e));
			break;
		}
	}
}

/* ---- the order of files ---- */

/* Both orders of a 4-D weight (out, in, height, width): element (o, i, h, w) lies at file = ((o·I + i)·H + h)·W + w and at
 * memory = ((o·H + h)·W + w)·I + i. */
static void permute(const struct segment *seg, const float *from, float *to, bool to_file)
{
	if (seg->ndim != 4) {
		memcpy(to, from, seg->count * sizeof *to);
		return;
	}
	size_t in = (size_t)seg->shape[1], plane = (size_t)seg->shape[2] * (size_t)seg->shape[3];
	for (size_t o = 0; o < (size_t)seg->shape[0]; o++)
		for (size_t i = 0; i < in; i++)
			for (size_t hw = 0; hw < plane; hw++) {
				size_t file = (o * in + i) * plane + hw, memory = (o * plane + hw) * in + i;
				if (to_file)
					to[file] = from[memory];
				else
					to[memory] = from[file];
			}
}

void segment_to_file(const struct segment *seg, const float *from, float *to)
{
	permute(seg, from, to, true);
}

void segment_from_file(const struct segment *seg, const float *from, float *to)
{
	permute(seg, from, to, false);
}

/* ---- pieces ---- */

static bool ends_in(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);
	return n >= m && strcmp(name + n - m, ending) == 0;
}

/* With an ending, segments whose name has it are frozen, or (`others`) all but those. */
static status collect(const struct segments *s, struct arena *a, const char *ending, bool others, struct pieces *out)
{
	struct piece *at, *last = NULL;
	*out = (struct pieces){.count = s->count};
	TRY(ARENA_NEW(a, (size_t)s->n, &at));
	out->at = at;
	for (int i = 0; i < s->n; i++) {
		const struct segment *seg = &s->at[i];
		bool frozen = seg->frozen || (ending && ends_in(seg->name, ending) != others);
		if (last && last->frozen == frozen && last->prior == seg->prior && last->kind == seg->kind && last->nu == seg->nu) {
			last->count += seg->count;
			continue;
		}
		last = &at[out->n++];
		*last = (struct piece){seg->offset, seg->count, seg->prior, frozen, seg->kind, seg->nu};
	}
	return OK;
}

status pieces_of(const struct segments *s, struct arena *a, struct pieces *out)
{
	return collect(s, a, NULL, false, out);
}

status pieces_ending(const struct segments *s, struct arena *a, const char *ending, struct pieces *those, struct pieces *others)
{
	TRY(collect(s, a, ending, true, those));
	return collect(s, a, ending, false, others);
}

size_t pieces_moving(const struct pieces *p)
{
	size_t n = 0;
	for (int i = 0; i < p->n; i++)
		n += p->at[i].frozen ? 0 : p->at[i].count;
	return n;
}

bool pieces_gaussian(const struct pieces *p)
{
	for (int i = 0; i < p->n; i++)
		if (!p->at[i].frozen && p->at[i].kind != PRIOR_GAUSSIAN)
			return false;
	return true;
}
