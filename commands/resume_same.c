/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* run.json can be edited, and a bit of it can flip; a chain's file can be renamed. What the files were begun with is in their
 * headers, under a checksum. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands/facts.h"
#include "commands/resume.h"
#include "src/files/checkpoint.h"
#include "src/files/file.h"
#include "src/json_text.h"

enum { WORDS = 128 };

/* A value as one would type it. */
static void describe(const json_t *j, char out[WORDS])
{
	if (json_is_string(j))
		snprintf(out, WORDS, "%s", json_string_value(j));
	else if (json_is_integer(j))
		snprintf(out, WORDS, "%" JSON_INTEGER_FORMAT, json_integer_value(j));
	else if (json_is_real(j))
		snprintf(out, WORDS, "%.*g", json_digits(json_real_value(j)), json_real_value(j));
	else
		snprintf(out, WORDS, "%s", json_is_true(j) ? "yes" : json_is_false(j) ? "no" : "nothing");
}

/* Versions may write a number as an integer or not, and leave out what is not given. */
static bool same_value(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b) || ((!a || json_is_null(a)) && (!b || json_is_null(b)));
}

/* What no step's numbers depend on: words about the method, and a length that may be changed. */
static bool says_nothing(const struct problem *p, const char *name, const json_t *then, const json_t *now)
{
	if (strcmp(name, "name") == 0 || strcmp(name, "reference") == 0)
		return true;
	bool length = strcmp(name, "steps") == 0 || strcmp(name, "epochs") == 0;
	const struct schedule *s = &p->plan.schedule;
	return length && s->kind == SCHEDULE_CONSTANT && s->explore <= 0 && json_is_integer(then) && json_is_integer(now);
}

/* An option that only one of two versions has is no difference: a run of either is read. */
static status same_options(const struct run *run, const struct problem *p, const char *path, const json_t *header)
{
	const char *name;
	json_t *now;
	json_object_foreach(json_object_get(p->facts, "sampler"), name, now) {
		const json_t *then = json_object_get(json_object_get(header, "sampler"), name);
		char ours[WORDS], theirs[WORDS];
		if (!then || same_value(then, now) || says_nothing(p, name, then, now))
			continue;
		describe(now, ours);
		describe(then, theirs);
		return fail(ERR_INPUT, "%s/run.json: {%s} is %s, and %s was begun with %s; going on would mix the two: put back what "
		            "was there", run->path, name, ours, path, theirs);
	}
	return OK;
}

static const char *words_of(const json_t *fingerprint)
{
	return json_is_string(fingerprint) ? json_string_value(fingerprint) : "none";
}

static status same_chain(const struct run *run, const struct problem *p, int k, const char *path, const json_t *header)
{
	const json_t *chain = json_object_get(header, "chain");
	const json_t *then = json_object_get(json_object_get(header, "data"), "fingerprint");
	const json_t *now = json_object_get(json_object_get(run->json, "data"), "fingerprint");
	if (!json_is_integer(chain) || json_integer_value(chain) != k)
		return fail(ERR_INPUT, "%s: is the file of chain %" JSON_INTEGER_FORMAT "; put each chain's files back in their place",
		            path, json_integer_value(chain));
	TRY(same_options(run, p, path, header));
	if (standardize_was_single(json_object_get(header, "standardize")) !=
	    standardize_was_single(json_object_get(p->facts, "standardize")))
		return fail(ERR_INPUT, "%s/run.json: by its \"standardize\" another version began it than began %s; put back what was "
		            "there", run->path, path);
	/* Of other data resume_check tells by their fingerprint. */
	if (same_value(then, json_object_get(json_object_get(p->facts, "data"), "fingerprint")) &&
	    !standardize_alike(json_object_get(header, "standardize"), json_object_get(p->facts, "standardize")))
		return fail(ERR_USAGE, "--data %s: not the data that %s was begun with: a column's mean or deviation is another, by less than the "
		            "fingerprint, which is of float32 values, shows", p->data.spec, path);
	if (!same_value(json_object_get(header, "table"), json_object_get(p->facts, "table")))
		return fail(ERR_INPUT, "%s/run.json: its \"table\" is not what %s was begun with; put back what was there", run->path, path);
	return same_value(then, now) ? OK
	     : fail(ERR_INPUT, "%s/run.json: the data's fingerprint is %s, and %s was begun with %s", run->path, words_of(now), path,
	            words_of(then));
}

/* A checkpoint of another run would go on there, and its snapshots be added to this one's. */
static status same_checkpoint(const char *path, const char *snaps, uint64_t checksum)
{
	json_t *meta;
	TRY(checkpoint_facts(path, &meta));
	bool same = checkpoint_is_of(meta, checksum);
	json_decref(meta);
	return same ? OK : fail(ERR_INPUT, "%s: is not the checkpoint of %s; put back what was there", path, snaps);
}

/* Options that processes which share a run may have of their own: where they run and what they tell. Data are known by their
 * fingerprint. */
static bool is_own(const char *name)
{
	static const char *const own[] = {"out", "resume", "only", "workers", "threads", "device", "log-every", "checkpoint-every",
	                                  "quiet", "progress", "data", "labels", "header", "decimal", NULL};
	for (const char *const *o = own; *o; o++)
		if (strcmp(*o, name) == 0)
			return true;
	return false;
}

/* A run that has grown is still that of whoever began it, and has chains beyond those. */
static bool has_grown(const char *name, const json_t *then, const json_t *now)
{
	return strcmp(name, "chains") == 0 && json_integer_value(now) < json_integer_value(then);
}

status resume_equal(const struct run *run, const struct problem *p, const struct opts *o)
{
	const char *name;
	json_t *now, *facts = facts_run(p, o), *then = json_object_get(run->json, "options");
	status s = facts ? OK : fail(ERR_MEMORY, "out of memory: the facts of a run");
	json_object_foreach(json_object_get(facts, "options"), name, now) {
		char ours[WORDS], theirs[WORDS];
		const json_t *was = json_object_get(then, name);
		if (s != OK || is_own(name) || same_value(was, now) || has_grown(name, was, now))
			continue;
		describe(now, ours);
		describe(was, theirs);
		s = fail(ERR_USAGE, "--%s is %s here, and %s was begun with %s; only a run of equal options is joined", name, ours, run->path,
		         theirs);
	}
	json_decref(facts);
	return s;
}

/* Of a chain that has begun; one without a checkpoint begins anew. */
static status same_files(struct run *run, const struct problem *p, int k)
{
	const char *snaps, *checkpoint;
	json_t *header;
	uint64_t checksum;
	bool begun;
	TRY(run_file(run, &run->arena, k, "snaps", &snaps));
	TRY(run_file(run, &run->arena, k, "ckpt", &checkpoint));
	TRY(file_present(checkpoint, &begun));
	if (!begun)
		return OK;
	TRY(snaps_header(snaps, &header, &checksum));
	status s = same_chain(run, p, k, snaps, header);
	json_decref(header);
	TRY(s);
	return same_checkpoint(checkpoint, snaps, checksum);
}

status resume_same(struct run *run, const struct problem *p, const struct share *share)
{
	const json_t *chains = json_object_get(json_object_get(run->json, "options"), "chains");
	if (json_is_integer(chains) && json_integer_value(chains) != run->chains)
		return fail(ERR_INPUT, "%s/run.json: {chains} is %" JSON_INTEGER_FORMAT ", and the run's number of chains %d; put back what "
		            "was there", run->path, json_integer_value(chains), run->chains);
	for (int k = 0; k < run->chains; k++) {
		status s = share_has(share, k) ? same_files(run, p, k) : OK;
		/* A damaged file is its chain's failure, when that is opened. */
		if (s != ERR_DAMAGE)
			TRY(s);
	}
	return OK;
}
