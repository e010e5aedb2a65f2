/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "commands/resume.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/files/checkpoint.h"
#include "src/files/file.h"
#include "src/json_build.h"

static const char *const may_change[] = {"threads", "device", "log-every", "checkpoint-every", "data", "quiet", "progress",
                                         NULL};

static bool listed(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* The length may change where no step depends on it, and in the unit the run was given in. */
static status check_length(const struct opts *run, const char *name)
{
	if (strcmp(opts_text(run, "schedule"), "constant") != 0)
		return fail(ERR_USAGE, "--%s can't change on --resume: under --schedule %s every step depends on the length", name,
		            opts_text(run, "schedule"));
	if (!opts_given(run, name))
		return fail(ERR_USAGE, "--%s: this run's length was given by --%s", name,
		            strcmp(name, "steps") == 0 ? "epochs" : "steps");
	return OK;
}

/* Whether what is given says what the run has already, as a --config of the first command does. */
static status same_value(const json_t *was, const struct opts *run, const struct opts *given, const struct param *def,
                         bool *same)
{
	const char *name = def->name;
	if (def->type == PARAM_FLAG) {
		*same = opts_flag(run, name) == opts_flag(given, name);
	} else if (def->type == PARAM_COUNT) {
		*same = opts_count(run, name) == opts_count(given, name);
	} else if (def->type == PARAM_REAL) {
		*same = opts_real(run, name) == opts_real(given, name);
	} else {
		const char *a = json_string_value(json_object_get(was, name)), *b = opts_text(given, name);
		errno = 0;
		/* A run's paths are absolute. */
		char *absolute = def->type == PARAM_PATH ? realpath(b, NULL) : NULL;
		*same = a && (strcmp(a, b) == 0 || (absolute && strcmp(a, absolute) == 0));
		free(absolute);
		if (!absolute && errno == ENOMEM)
			return fail(ERR_MEMORY, "--%s %s: out of memory", name, b);
	}
	return OK;
}

static status apply(const json_t *was, struct opts *run, const struct opts *given, const struct param *def)
{
	bool same;
	if (!opts_given(given, def->name) || strcmp(def->name, "resume") == 0)
		return OK;
	TRY(same_value(was, run, given, def, &same));
	if (same)
		return OK;
	if (strcmp(def->name, "epochs") == 0 || strcmp(def->name, "steps") == 0)
		TRY(check_length(run, def->name));
	else if (!listed(may_change, def->name))
		return fail(ERR_USAGE, "--%s can't change on --resume; only threads, device, logging, checkpointing, the data path "
		            "and, under a constant schedule, the length can", def->name);
	char number[32];
	if (def->type == PARAM_FLAG)
		return opts_set(run, def->name, "yes");
	if (def->type == PARAM_COUNT) {
		snprintf(number, sizeof number, "%lld", opts_count(given, def->name));
		return opts_set(run, def->name, number);
	}
	return opts_set(run, def->name, opts_text(given, def->name));
}

/* Whether no chain is still to begin. */
static status all_begun(struct run *run, bool *out)
{
	*out = true;
	for (int k = 0; k < run->chains && *out; k++) {
		const char *path;
		TRY(run_file(run, k, "ckpt", &path));
		TRY(file_present(path, out));
	}
	return OK;
}

static status apply_all(struct run *run, const struct opts *given, struct opts *o)
{
	bool begun;
	TRY(all_begun(run, &begun));
	/* How much the first command had to say is not a property of the run. */
	const json_t *was = json_object_get(run->json, "options");
	json_t *options = json_object();
	if (json_is_object(was) && !json_add_missing(options, was)) {
		json_decref(options);
		return fail(ERR_MEMORY, "out of memory: the run's options");
	}
	json_object_del(options, "quiet");
	json_object_del(options, "progress");
	/* Initial parameters are needed for chains that are still to begin, and what they came from may be gone. */
	if (begun)
		json_object_del(options, "init");
	status s = opts_from_json(o, options);
	json_decref(options);
	if (s != OK)
		return fail_within(s, "%s/run.json: ", run->path);
	for (const struct opt_table *const *t = sample_tables; *t; t++)
		for (const struct param *def = opts_defs(*t); def->name; def++)
			TRY(apply(was, o, given, def));
	return OK;
}

status resume_options(struct run *run, const struct opts *given, struct opts **out)
{
	char *none[] = {(char[]){"sample"}, NULL};
	TRY(opts_parse(out, sample_tables, 1, none));
	status s = apply_all(run, given, *out);
	if (s != OK) {
		opts_free(*out);
		*out = NULL;
	}
	return s;
}

static const char *fact(const json_t *j, const char *object, const char *key)
{
	const char *text = json_string_value(json_object_get(json_object_get(j, object), key));
	return text ? text : "";
}

static status warn_where_bits_change(const struct run *run, const struct problem *p)
{
	json_t *now = p->device->ops->describe(p->device), *then = json_object_get(run->json, "device");
	if (!now)
		return fail(ERR_MEMORY, "out of memory: the device");
	static const char *const keys[][2] = {{"name", "on another device"}, {"instruction_set", "with another instruction set"},
	                                      {"threads", "with another number of threads"}, {"libraries", "with other libraries"}};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!json_equal(json_object_get(now, keys[i][0]), json_object_get(then, keys[i][0])))
			warning("the run was begun %s: from here on its numbers differ in their last bits", keys[i][1]);
	json_decref(now);
	return OK;
}

/* What chain k's checkpoint says, NULL where there is none; the caller's to free. */
static status read_meta(struct run *run, int k, json_t **meta)
{
	const char *path;
	bool present;
	*meta = NULL;
	TRY(run_file(run, k, "ckpt", &path));
	TRY(file_present(path, &present));
	return present ? checkpoint_meta(path, meta) : OK;
}

static status add_choices(struct run *run, json_t *all)
{
	for (int k = 0; k < run->chains; k++) {
		const char *device;
		json_t *meta, *choices;
		TRY(read_meta(run, k, &meta));
		bool good = true;
		json_object_foreach(json_object_get(meta, "choices"), device, choices) {
			json_t *known = json_object_get(all, device);
			good = good && (known ? json_add_missing(known, choices) : json_object_set(all, device, choices) == 0);
		}
		json_decref(meta);
		if (!good)
			return fail(ERR_MEMORY, "out of memory");
	}
	return OK;
}

status resume_choices(struct run *run, json_t **out)
{
	*out = json_object();
	status s = *out ? add_choices(run, *out) : fail(ERR_MEMORY, "out of memory");
	if (s != OK) {
		json_decref(*out);
		*out = NULL;
	}
	return s;
}

static status steps_done(struct run *run, uint64_t *all, uint64_t *most)
{
	*all = *most = 0;
	for (int k = 0; k < run->chains; k++) {
		json_t *meta;
		TRY(read_meta(run, k, &meta));
		if (!meta)
			continue;
		uint64_t step = (uint64_t)json_integer_value(json_object_get(meta, "step"));
		json_decref(meta);
		*all += step;
		*most = step > *most ? step : *most;
	}
	return OK;
}

status resume_steps_done(struct run *run, uint64_t *done)
{
	uint64_t most;
	return steps_done(run, done, &most);
}

/* Steps that were taken can't be taken back. */
static status check_not_beyond(struct run *run, const struct problem *p, const char *name)
{
	uint64_t all, most, total = p->plan.schedule.total;
	TRY(steps_done(run, &all, &most));
	return most <= total ? OK
	     : fail(ERR_USAGE, "--%s: makes the run %llu steps long, and a chain of %s has taken %llu already", name,
	            (unsigned long long)total, run->path, (unsigned long long)most);
}

/* In what run.json holds already. */
static status set_fact(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value) == 0 ? OK
	     : fail(ERR_MEMORY, "out of memory, or text that is not UTF-8: %s of the run", name);
}

status resume_check(struct run *run, const struct problem *p, const struct opts *o)
{
	if (p->has_data) {
		const char *then = fact(run->json, "data", "fingerprint"), *now = fact(p->facts, "data", "fingerprint");
		if (strcmp(then, now) != 0)
			return fail(ERR_USAGE, "--data %s: not the data that the run %s was begun with (fingerprint %s there, %s here)",
			            p->data.spec, run->path, then, now);
	}
	TRY(warn_where_bits_change(run, p));
	json_t *options = json_object_get(run->json, "options");
	const char *name = opts_given(o, "epochs") ? "epochs" : "steps";
	bool same = json_integer_value(json_object_get(options, name)) == opts_count(o, name);
	if (!same) {
		TRY(check_not_beyond(run, p, name));
		TRY(set_fact(options, name, json_integer(opts_count(o, name))));
	}
	/* Where the data are now is where the next one will look for them. */
	if (p->has_data && strcmp(fact(run->json, "data", "spec"), p->data.spec) != 0) {
		same = false;
		TRY(set_fact(options, "data", json_string(p->data.spec)));
		TRY(set_fact(json_object_get(run->json, "data"), "spec", json_string(p->data.spec)));
	}
	return same ? OK : run_save(run);
}
