/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A run's own options, and what of those given now may take their place. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/resume.h"
#include "src/files/file.h"
#include "src/json_build.h"
#include "src/net/model.h"

static const char *const may_change[] = {"threads", "device", "workers", "only", "log-every", "checkpoint-every", "data",
                                         "labels", "header", "decimal", "quiet", "progress", NULL};
/* How the first command ran, and what it told, is no property of the run. */
static const char *const no_property[] = {"quiet", "progress", "workers", "only", NULL};

/* How a table is read is said of the file that it stood with. */
static const char *const of_file[] = {"header", "decimal", NULL};

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
	if (opts_real(run, "explore") > 0)
		return fail(ERR_USAGE, "--%s can't change on --resume: with --explore %g every step depends on the length", name,
		            opts_real(run, "explore"));
	if (!opts_given(run, name))
		return fail(ERR_USAGE, "--%s: this run's length was given by --%s", name,
		            strcmp(name, "steps") == 0 ? "epochs" : "steps");
	return OK;
}

static status check_chains(const struct opts *run, const struct opts *given)
{
	long long were = opts_count(run, "chains"), are = opts_count(given, "chains");
	return are > were ? OK : fail(ERR_USAGE, "--chains %lld: the run has %lld, which can't become fewer", are, were);
}

/* The run has how many examples a batch is of, where 0 asked for all of its data. */
static bool same_count(const struct run *of, const struct opts *run, const struct opts *given, const char *name)
{
	const json_int_t n = json_integer_value(json_object_get(json_object_get(of->json, "data"), "n"));
	const long long was = opts_count(run, name), is = opts_count(given, name);
	return is == was || (strcmp(name, "batch") == 0 && is == 0 && was == n);
}

/* Whether what is given says what the run has already, as a --config of the first command does. */
static status same_value(const struct run *of, const json_t *was, const struct opts *run, const struct opts *given,
                         const struct param *def, bool *same)
{
	const char *name = def->name;
	if (def->type == PARAM_FLAG) {
		*same = opts_flag(run, name) == opts_flag(given, name);
	} else if (def->type == PARAM_COUNT) {
		*same = same_count(of, run, given, name);
	} else if (def->type == PARAM_REAL) {
		*same = opts_word(run, name) || opts_word(given, name) ? opts_word(run, name) && opts_word(given, name)
		                                                       : opts_real(run, name) == opts_real(given, name);
	} else {
		const json_t *a = json_object_get(was, name);
		const char *b = opts_text(given, name);
		errno = 0;
		/* A run's paths are absolute. */
		char *absolute = def->type == PARAM_PATH ? realpath(b, NULL) : NULL;
		*same = json_words_are(a, b) || (absolute && json_words_are(a, absolute)) ||
		        (!strcmp(name, "model") && json_is_string(a) && model_is(b, json_string_value(a)));
		free(absolute);
		if (!absolute && errno == ENOMEM)
			return fail(ERR_MEMORY, "--%s %s: out of memory", name, b);
	}
	return OK;
}

/* A run that was given β has a T that is nobody's: its default says nothing of it. What a method ties to a rival is in
 * run.json as if it was given, see check_tied. */
static status refuse_rival(const struct opts *run, const struct param *def)
{
	bool method = false;
	for (const struct opt_table *const *t = sample_tables; *t; t++)
		for (const struct param *p = opts_defs(*t); p->name && (*t)->selector; p++)
			method |= strcmp(p->name, def->name) == 0;
	if (method || !def->rival || opts_given(run, def->name) || !opts_given(run, def->rival))
		return OK;
	return fail(ERR_USAGE, "--%s can't be given on --resume: this run was begun with --%s", def->name, def->rival);
}

static status apply(const struct run *of, const json_t *was, struct opts *run, const struct opts *given, const struct param *def)
{
	bool same;
	if (!opts_given(given, def->name) || strcmp(def->name, "resume") == 0)
		return OK;
	TRY(refuse_rival(run, def));
	TRY(same_value(of, was, run, given, def, &same));
	if (same)
		return OK;
	if (strcmp(def->name, "epochs") == 0 || strcmp(def->name, "steps") == 0)
		TRY(check_length(run, def->name));
	else if (strcmp(def->name, "chains") == 0)
		TRY(check_chains(run, given));
	else if (!listed(may_change, def->name))
		return fail(ERR_USAGE, "--%s can't change on --resume; only threads, workers, device, logging, checkpointing, the paths of "
		            "data and labels, more chains and, under a constant schedule, the length can", def->name);
	char number[32];
	if (def->type == PARAM_FLAG)
		return opts_set(run, def->name, "yes");
	if (def->type == PARAM_COUNT) {
		snprintf(number, sizeof number, "%lld", opts_count(given, def->name));
		return opts_set(run, def->name, number);
	}
	return opts_set(run, def->name, opts_text(given, def->name));
}

static status apply_all(struct run *run, const struct opts *given, struct opts *o)
{
	bool begun;
	TRY(resume_all_begun(run, &begun));
	begun = begun && opts_count(given, "chains") <= run->chains;
	const json_t *was = json_object_get(run->json, "options");
	json_t *options = json_object();
	if (json_is_object(was) && !json_add_missing(options, was)) {
		json_decref(options);
		return fail(ERR_MEMORY, "out of memory: the run's options");
	}
	for (const char *const *name = no_property; *name; name++)
		json_object_del(options, *name);
	/* Initial parameters are needed for chains that are still to begin, and what they came from may be gone. */
	if (begun)
		json_object_del(options, "init");
	if (opts_given(given, "data") && !json_words_are(json_object_get(was, "data"), opts_text(given, "data")))
		for (const char *const *name = of_file; *name; name++)
			json_object_del(options, *name);
	status s = opts_from_json(o, options);
	json_decref(options);
	if (s != OK)
		return fail_within(s, "%s/run.json: ", run->path);
	for (const struct opt_table *const *t = sample_tables; *t; t++)
		for (const struct param *def = opts_defs(*t); def->name; def++)
			TRY(apply(run, was, o, given, def));
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
