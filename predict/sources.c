/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/sources.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/files/checkpoint.h"
#include "src/files/file.h"
#include "src/files/run.h"
#include "src/json_build.h"

status sources_reader(struct sources *s, size_t i, struct snaps_reader **out)
{
	if (!s->reader || s->reading != i) {
		snaps_reader_close(s->reader);
		s->reader = NULL;
		TRY(snaps_open(s->source[i].path, s->source[i].committed, &s->reader));
		s->reading = i;
	}
	*out = s->reader;
	return OK;
}

void sources_close(struct sources *s)
{
	snaps_reader_close(s->reader);
	for (size_t i = 0; i < s->n; i++) {
		json_decref(s->source[i].header);
		json_decref(s->source[i].checkpoint);
	}
	arena_free(&s->arena);
	*s = (struct sources){.n = 0};
}

/* ---- what is wrong with them ---- */

static status sources_damage(struct sources *s, const char *words)
{
	const char **more;
	TRY(ARENA_NEW(&s->arena, s->n_damage + 1, &more));
	if (s->n_damage)
		memcpy(more, s->damage, s->n_damage * sizeof *more);
	more[s->n_damage++] = words;
	s->damage = more;
	return OK;
}

/* A chain's snapshots are gone where its checkpoint is still there. */
static status sources_lost(struct sources *s, const char *snaps, const char *checkpoint)
{
	char *words;
	TRY(arena_text(&s->arena, &words, "%s: is missing, while %s is there", snaps, checkpoint));
	warning("%s; the chain is left out", words);
	return sources_damage(s, words);
}

/* A run's file bears the name of another chain than the one it says. */
static status sources_check_chain(struct sources *s, const char *path, const json_t *object, int k)
{
	const json_t *chain = json_object_get(object, "chain");
	char *words;
	if (!json_is_integer(chain) || json_integer_value(chain) == k)
		return OK;
	TRY(arena_text(&s->arena, &words, "%s: is the file of chain %" JSON_INTEGER_FORMAT, path, json_integer_value(chain)));
	warning("%s; put each chain's files back in their place", words);
	return sources_damage(s, words);
}

/* A checkpoint that was written beside another file. */
static status sources_check_checkpoint(struct sources *s, const char *path, const struct source *source, uint64_t checksum)
{
	char *words;
	if (checkpoint_is_of(source->checkpoint, checksum))
		return OK;
	TRY(arena_text(&s->arena, &words, "%s: is not the checkpoint of %s", path, source->path));
	warning("%s; put back what was there", words);
	return sources_damage(s, words);
}

/* ---- finding them ---- */

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static status sources_reserve(struct sources *s, size_t more)
{
	struct source *larger;
	TRY(ARENA_NEW(&s->arena, s->n + more, &larger));
	if (s->n)
		memcpy(larger, s->source, s->n * sizeof *larger);
	s->source = larger;
	return OK;
}

/* Adds a file; room was reserved. checkpoint: its chain's, where that exists. */
static status sources_add_file(struct sources *s, const char *path, const char *checkpoint)
{
	struct source *source = &s->source[s->n];
	struct snaps_reader *r;
	char *copy;
	bool present;
	TRY(arena_text(&s->arena, &copy, "%s", path));
	*source = (struct source){.path = copy};
	TRY(file_present(checkpoint, &present));
	if (present) {
		status got = checkpoint_meta(checkpoint, &source->checkpoint);
		if (got == ERR_DAMAGE) {
			char *words;
			TRY(arena_text(&s->arena, &words, "%s", fail_message(got)));
			warning("%s; the chain's snapshots are read without it", words);
			TRY(sources_damage(s, words));
		} else {
			TRY(got);
		}
		source->committed = (uint64_t)json_integer_value(json_object_get(source->checkpoint, "snaps_length"));
	}
	s->n++;
	TRY(sources_reader(s, s->n - 1, &r));
	source->header = json_incref((json_t *)snaps_meta(r));
	return sources_check_checkpoint(s, checkpoint, source, snaps_header_checksum(r));
}

/* An object of the same members; NULL without memory. */
static json_t *copy_of(const json_t *object)
{
	json_t *copy = json_object();
	if (json_add_missing(copy, object))
		return copy;
	json_decref(copy);
	return NULL;
}

/* A run's own file says where its data are now, after a resume with another place, and how a table is read there; a snapshot
 * file, where they were when it was begun. Only of the same data it may say so. */
static status sources_move_data(struct source *source, const json_t *run)
{
	static const char *const places[] = {"spec", "labels", NULL};
	const json_t *now = json_object_get(run, "data"), *then = json_object_get(source->header, "data");
	const json_t *fingerprint = json_object_get(then, "fingerprint");
	if (!fingerprint || !json_equal(fingerprint, json_object_get(now, "fingerprint")))
		return OK;
	const json_t *names = json_object_get(json_object_get(run, "options"), "header");
	json_t *moved = copy_of(then), *header = copy_of(source->header);
	for (const char *const *place = places; *place; place++)
		if (json_is_string(json_object_get(now, *place)) && json_is_string(json_object_get(then, *place)))
			json_put_shared(&moved, *place, json_object_get(now, *place));
	if (names)
		json_put_shared(&moved, "header", names);
	json_put(&header, "data", moved);
	if (!header)
		return fail(ERR_MEMORY, "%s: out of memory: the header", source->path);
	json_decref(source->header);
	source->header = header;
	return OK;
}

/* Chains first up to last, which is not one of them: none has begun. */
static void warn_of_missing(const char *path, int first, int last)
{
	if (last - first == 1)
		warning("%s: chain %d has not begun and is left out", path, first);
	else if (last > first)
		warning("%s: chains %d to %d have not begun and are left out", path, first, last - 1);
}

/* Chain k of a run, if it has begun. */
static status sources_add_chain(struct sources *s, struct run *run, int k, bool *begun)
{
	const char *snaps, *checkpoint;
	bool present;
	TRY(run_file(run, &run->arena, k, "snaps", &snaps));
	TRY(run_file(run, &run->arena, k, "ckpt", &checkpoint));
	TRY(file_present(snaps, &present));
	TRY(file_present(checkpoint, begun));
	*begun |= present;
	if (!present)
		return *begun ? sources_lost(s, snaps, checkpoint) : OK;
	TRY(sources_add_file(s, snaps, checkpoint));
	struct source *source = &s->source[s->n - 1];
	TRY(sources_check_chain(s, snaps, source->header, k));
	/* By its number alone an earlier version's can be told. */
	if (!json_object_get(source->checkpoint, "snaps_header"))
		TRY(sources_check_chain(s, checkpoint, source->checkpoint, k));
	return sources_move_data(source, run->json);
}

static status sources_add_run(struct sources *s, const char *path, struct run *run)
{
	size_t before = s->n;
	int next = 0;   /* after the last chain that has begun */
	TRY(sources_reserve(s, (size_t)run->chains));
	for (int k = 0; k < run->chains; k++) {
		bool begun;
		TRY(sources_add_chain(s, run, k, &begun));
		if (!begun)
			continue;
		warn_of_missing(path, next, k);
		next = k + 1;
	}
	if (s->n == before)
		return fail(ERR_INPUT, "%s: the run holds no snapshot file yet", path);
	warn_of_missing(path, next, run->chains);
	return OK;
}

status sources_add(struct sources *s, const char *path)
{
	if (is_folder(path)) {
		struct run run;
		TRY(run_open(path, false, &run));
		status st = sources_add_run(s, path, &run);
		run_close(&run);
		return st;
	}
	bool present;
	TRY(file_present(path, &present));
	if (!present)
		return fail(ERR_INPUT, "%s: there is no such run or snapshot file", path);
	char *checkpoint;
	size_t stem = strlen(path);
	stem -= stem > 6 && strcmp(path + stem - 6, ".snaps") == 0 ? 6 : 0;
	TRY(arena_text(&s->arena, &checkpoint, "%.*s.ckpt", (int)stem, path));
	TRY(sources_reserve(s, 1));
	return sources_add_file(s, path, checkpoint);
}

/* ---- do they belong together? ---- */

static const json_t *fact_of(const struct source *source, const char *part, const char *name)
{
	return json_object_get(part ? json_object_get(source->header, part) : source->header, name);
}

/* A fact that neither has is the same in both. */
static bool same_fact(const json_t *a, const json_t *b)
{
	return json_equal(a, b) || (!a && !b);
}

static status check_alike(const struct source *a, const struct source *b)
{
	static const char *const facts[] = {"model", "likelihood", "normalize", "standardize", NULL};
	static const char *const words[] = {"models", "likelihoods", "input normalisations", "standardisations"};
	for (int i = 0; facts[i]; i++) {
		const json_t *x = json_object_get(a->header, facts[i]), *y = json_object_get(b->header, facts[i]);
		if (same_fact(x, y))
			continue;
		const char *spec_x = json_string_value(json_object_get(x, "spec"));
		const char *spec_y = json_string_value(json_object_get(y, "spec"));
		return fail(ERR_USAGE, "%s and %s can't be pooled: their %s differ%s%s%s%s%s", a->path, b->path, words[i],
		            spec_x && spec_y ? " (" : "", spec_x && spec_y ? spec_x : "", spec_x && spec_y ? ", " : "",
		            spec_x && spec_y ? spec_y : "", spec_x && spec_y ? ")" : "");
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
	const char *path;
};

static int by_origin(const void *a, const void *b)
{
	const struct origin *x = a, *y = b;
	return x->seed != y->seed ? (x->seed > y->seed) - (x->seed < y->seed)
	                          : (x->chain > y->chain) - (x->chain < y->chain);
}

static status warn_of_twins(const struct sources *s)
{
	struct origin *origin = malloc(s->n * sizeof *origin);
	if (!origin)
		return fail(ERR_MEMORY, "out of memory: %zu snapshot files", s->n);
	for (size_t i = 0; i < s->n; i++) {
		const json_t *h = s->source[i].header;
		origin[i] = (struct origin){json_integer_value(json_object_get(h, "seed")),
		                            json_integer_value(json_object_get(h, "chain")), s->source[i].path};
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
static void warn_of_differences(const struct sources *s)
{
	static const struct {
		const char *part, *fact, *words;
	} known[] = {
		{NULL, "target", "sample different targets: what is averaged is a mixture of them"},
		{"sampler", "precision", "ran in different precisions; predictions take the first's where none is named"},
		{"data", "fingerprint", "were trained on different data; those of the first are taken where none are named"},
	};
	for (size_t k = 0; k < sizeof known / sizeof *known; k++)
		for (size_t i = 1; i < s->n; i++)
			if (!same_fact(fact_of(&s->source[0], known[k].part, known[k].fact),
			               fact_of(&s->source[i], known[k].part, known[k].fact))) {
				warning("%s and %s %s", s->source[0].path, s->source[i].path, known[k].words);
				break;
			}
}

status sources_check(const struct sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const json_t *checkpoint = s->source[i].checkpoint;
		const char *state = json_string_value(json_object_get(checkpoint, "state"));
		if (state && strcmp(state, "done") != 0)
			warning("%s: the chain %s; what it kept so far is read", s->source[i].path,
			     strcmp(state, "failed") == 0 ? "failed" : "is not finished");
		if (i)
			TRY(check_alike(&s->source[0], &s->source[i]));
	}
	warn_of_differences(s);
	return warn_of_twins(s);
}
