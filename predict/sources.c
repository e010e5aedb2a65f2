/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/sources.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/choices.h"
#include "src/files/checkpoint.h"
#include "src/files/file.h"
#include "src/files/run.h"
#include "src/json_build.h"

/* A header as a run has it, or a file that was named alone. */
struct source_header {
	struct source_header *next;
	struct snaps_shared *shared;
	bool owned;                    /* by this one: another path's files may have the same */
	size_t path;                   /* by which it was found, counted from 1 */
	json_t *json;
};

status sources_open(const struct sources *s, size_t i, struct snaps_reader **out)
{
	const struct source *source = &s->source[i];
	return snaps_open_shared(source->path, source->state.committed, source->shared, out);
}

status sources_reader(struct sources *s, size_t i, struct snaps_reader **out)
{
	if (!s->reader || s->reading != i) {
		snaps_reader_close(s->reader);
		s->reader = NULL;
		TRY(sources_open(s, i, &s->reader));
		s->reading = i;
	}
	*out = s->reader;
	return OK;
}

void sources_close(struct sources *s)
{
	snaps_reader_close(s->reader);
	for (struct source_header *h = s->headers; h; h = h->next) {
		json_decref(h->json);
		if (h->owned)
			snaps_shared_free(h->shared);
	}
	free(s->source);
	free(s->damage);
	json_decref(s->choices);
	arena_free(&s->arena);
	*s = (struct sources){.n = 0};
}

/* Room for one more element behind n in a list that realloc may move. */
static status list_grow(void *list, size_t n, size_t size, size_t *capacity)
{
	void **place = list;
	if (n < *capacity)
		return OK;
	size_t more = *capacity ? 2 * *capacity : 16;
	void *grown = realloc(*place, more * size);
	if (!grown)
		return fail(ERR_MEMORY, "out of memory: %zu snapshot files", more);
	*place = grown;
	*capacity = more;
	return OK;
}

/* ---- what is wrong with them ---- */

static status sources_damage(struct sources *s, const char *words)
{
	TRY(list_grow(&s->damage, s->n_damage, sizeof *s->damage, &s->damage_capacity));
	s->damage[s->n_damage++] = words;
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

/* A run's file that says it is chain `chain`'s, and bears the name of chain k. */
static status sources_check_chain(struct sources *s, const char *path, json_int_t chain, int k)
{
	char *words;
	if (chain == k)
		return OK;
	TRY(arena_text(&s->arena, &words, "%s: is the file of chain %" JSON_INTEGER_FORMAT, path, chain));
	warning("%s; put each chain's files back in their place", words);
	return sources_damage(s, words);
}

/* A checkpoint that was written beside another file. */
static status sources_check_checkpoint(struct sources *s, const char *path, const json_t *facts, const char *snaps,
                                       uint64_t checksum)
{
	char *words;
	if (checkpoint_is_of(facts, checksum))
		return OK;
	TRY(arena_text(&s->arena, &words, "%s: is not the checkpoint of %s", path, snaps));
	warning("%s; put back what was there", words);
	return sources_damage(s, words);
}

/* ---- finding them ---- */

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
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
static void move_data(json_t **header, const json_t *run)
{
	static const char *const places[] = {"spec", "labels", NULL}, *const said[] = {"header", "decimal", NULL};
	const json_t *now = json_object_get(run, "data"), *then = json_object_get(*header, "data");
	const json_t *fingerprint = json_object_get(then, "fingerprint");
	if (!fingerprint || !json_equal(fingerprint, json_object_get(now, "fingerprint")))
		return;
	json_t *moved = copy_of(then);
	for (const char *const *place = places; *place; place++)
		if (json_is_string(json_object_get(now, *place)) && json_is_string(json_object_get(then, *place)))
			json_put_shared(&moved, *place, json_object_get(now, *place));
	for (const char *const *name = said; *name; name++)
		if (json_object_get(json_object_get(run, "options"), *name))
			json_put_shared(&moved, *name, json_object_get(json_object_get(run, "options"), *name));
	json_put(header, "data", moved);
}

/* A header for the files of one path, whose own run.json, or NULL, has its say. Takes a new one over, `fresh`, also where it
 * fails. */
static status sources_add_header(struct sources *s, struct snaps_shared *shared, bool fresh, const json_t *run)
{
	struct source_header *h;
	status got = ARENA_NEW(&s->arena, 1, &h);
	if (got != OK) {
		if (fresh)
			snaps_shared_free(shared);
		return got;
	}
	*h = (struct source_header){s->headers, shared, fresh, s->paths, copy_of(snaps_shared_meta(shared))};
	s->headers = h;
	json_object_del(h->json, "chain");
	if (run)
		move_data(&h->json, run);
	return h->json ? OK : fail(ERR_MEMORY, "out of memory: a header");
}

static status sources_read_header(struct sources *s, struct source *source, const json_t *run, uint64_t *checksum)
{
	const struct source_header *last = s->headers;
	struct snaps_shared *known = last ? last->shared : NULL, *shared;
	struct snaps_own own;
	TRY(snaps_shared_read(source->path, known, &shared, &own));
	if (!last || shared != known || last->path != s->paths)
		TRY(sources_add_header(s, shared, shared != known, run));
	source->shared = shared;
	source->header = s->headers->json;
	source->chain = own.chain;
	source->numbered = own.numbered;
	*checksum = own.checksum;
	return OK;
}

/* *facts: the checkpoint's, the caller's to free; NULL where it is damaged, which is told and nothing more. */
static status sources_read_checkpoint(struct sources *s, const char *path, json_t **facts)
{
	char *words;
	status got = s->whole ? checkpoint_meta(path, facts) : checkpoint_facts(path, facts);
	if (got != ERR_DAMAGE)
		return got;
	TRY(arena_text(&s->arena, &words, "%s", fail_message(got)));
	warning("%s; the chain's snapshots are read without it", words);
	return sources_damage(s, words);
}

/* The state, in memory that stays; NULL for what is no word. */
static status sources_state(struct sources *s, const char *word, const char **out)
{
	static const char *const usual[] = {"running", "done", "failed"};
	char *copy;
	*out = NULL;
	if (!word || word[strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-_")])
		return OK;
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (strcmp(word, usual[i]) == 0)
			*out = usual[i];
	if (*out)
		return OK;
	TRY(arena_text(&s->arena, &copy, "%s", word));
	*out = copy;
	return OK;
}

/* What is used of a checkpoint's facts, which may be NULL. */
static status sources_take_facts(struct sources *s, const json_t *facts, struct source_state *state)
{
	const json_t *step = json_object_get(facts, "step");
	*state = (struct source_state){
		.known = facts, .step = json_integer_value(step), .has_step = json_is_integer(step),
		.committed = (uint64_t)json_integer_value(json_object_get(facts, "snaps_length")),
	};
	return sources_state(s, json_string_value(json_object_get(facts, "state")), &state->word);
}

/* Where a file was found: in a run, by its name chain k's, or alone. */
struct finding {
	const char *snaps, *checkpoint;
	bool has_checkpoint;
	const json_t *run;      /* the run.json in whose folder it lies, which knows where the data are; NULL: none that can be read */
	int k;                  /* −1: it was named alone */
};

/* The source behind a checkpoint's facts, and what is wrong between its files. */
static status sources_fill(struct sources *s, const struct finding *f, const json_t *facts, struct source *source)
{
	uint64_t checksum;
	TRY(sources_take_facts(s, facts, &source->state));
	TRY(sources_read_header(s, source, f->run, &checksum));
	TRY(sources_check_checkpoint(s, f->checkpoint, facts, source->path, checksum));
	if (f->k < 0)
		return OK;
	if (source->numbered)
		TRY(sources_check_chain(s, source->path, source->chain, f->k));
	/* By its number alone an earlier version's can be told. */
	const json_t *chain = json_object_get(facts, "chain");
	return json_object_get(facts, "snaps_header") || !json_is_integer(chain) ? OK
	     : sources_check_chain(s, f->checkpoint, json_integer_value(chain), f->k);
}

static status sources_add_file(struct sources *s, const struct finding *f)
{
	json_t *facts = NULL;
	char *path;
	TRY(list_grow(&s->source, s->n, sizeof *s->source, &s->capacity));
	TRY(arena_text(&s->arena, &path, "%s", f->snaps));
	if (f->has_checkpoint)
		TRY(sources_read_checkpoint(s, f->checkpoint, &facts));
	struct source source = {.path = path};
	status got = sources_fill(s, f, facts, &source);
	json_decref(facts);
	if (got == OK)
		s->source[s->n++] = source;
	return got;
}

/* Chains first up to last, which is not one of them: none has begun. */
static void warn_of_missing(const char *path, int first, int last)
{
	if (last - first == 1)
		warning("%s: chain %d has not begun and is left out", path, first);
	else if (last > first)
		warning("%s: chains %d to %d have not begun and are left out", path, first, last - 1);
}

/* Whether a file is all that a process left which died, or is, at a chain's very beginning: then nothing was promised yet. */
static bool is_empty(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

/* Chain k of a run, if it has begun; its paths go into the arena. */
static status sources_add_chain(struct sources *s, const struct run *run, int k, struct arena *names, bool *begun)
{
	struct finding f = {.run = run->json, .k = k};
	bool present;
	TRY(run_file(run, names, k, "snaps", &f.snaps));
	TRY(run_file(run, names, k, "ckpt", &f.checkpoint));
	TRY(file_present(f.snaps, &present));
	TRY(file_present(f.checkpoint, &f.has_checkpoint));
	present = present && (f.has_checkpoint || !is_empty(f.snaps));
	*begun = present || f.has_checkpoint;
	s->missing += !*begun;
	if (present)
		return sources_add_file(s, &f);
	return *begun ? sources_lost(s, f.snaps, f.checkpoint) : OK;
}

static status sources_add_run(struct sources *s, const char *path, const struct run *run)
{
	size_t before = s->n;
	int next = 0;   /* after the last chain that has begun */
	for (int k = 0; k < run->chains; k++) {
		struct arena names = {0};
		bool begun;
		status got = sources_add_chain(s, run, k, &names, &begun);
		arena_free(&names);
		TRY(got);
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

static status sources_add_alone(struct sources *s, const char *path)
{
	struct arena names = {0};
	struct run run = {.lock = -1};
	char *checkpoint, *folder;
	const char *slash = strrchr(path, '/');
	size_t stem = strlen(path);
	stem -= stem > 6 && strcmp(path + stem - 6, ".snaps") == 0 ? 6 : 0;
	TRY(arena_text(&names, &checkpoint, "%.*s.ckpt", (int)stem, path));
	status got = arena_text(&names, &folder, "%.*s.", slash ? (int)(slash + 1 - path) : 0, path);
	struct finding f = {.snaps = path, .checkpoint = checkpoint, .k = -1};
	if (got == OK)
		got = file_present(checkpoint, &f.has_checkpoint);
	if (got == OK && run_open(folder, false, &run) == OK)
		f.run = run.json;
	if (got == OK)
		got = sources_add_file(s, &f);
	run_close(&run);
	arena_free(&names);
	return got;
}

static status sources_add_choices(struct sources *s, const json_t *run)
{
	const json_t *choices = json_object_get(run, "choices");
	if (!choices)
		return OK;
	if (!s->choices)
		s->choices = json_object();
	return choices_join(s->choices, choices);
}

status sources_add(struct sources *s, const char *path)
{
	s->paths++;
	if (is_folder(path)) {
		struct run run;
		TRY(run_open(path, false, &run));
		status st = sources_add_run(s, path, &run);
		if (st == OK)
			st = sources_add_choices(s, run.json);
		run_close(&run);
		return st;
	}
	bool present;
	TRY(file_present(path, &present));
	return present ? sources_add_alone(s, path) : fail(ERR_INPUT, "%s: there is no such run or snapshot file", path);
}
