/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin info: what a run, a snapshot file or a data set holds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/command.h"
#include "commands/info_logs.h"
#include "commands/info_print.h"
#include "commands/report.h"
#include "commands/tensor_list.h"
#include "commands/word_lists.h"
#include "predict/sources.h"
#include "src/data/dataset.h"
#include "src/data/fingerprint.h"
#include "src/files/run.h"
#include "src/json_build.h"

static const struct param info_defs[] = {
	{.name = "tensors", .type = PARAM_FLAG, .help = "list the tensors with their shapes"},
	{.name = "verify", .type = PARAM_FLAG,
	 .help = "read every record and checkpoint and check its checksum; exit status 1 where one is damaged"},
	{0},
};

static const struct opt_table table_info = {.owner = "info", .heading = "What to show", .defs = info_defs};
static const struct opt_table *const tables[] = {&table_info, &table_report, NULL};
static const struct param arguments[] = {
	{.name = "of", .type = PARAM_PATH, .arg = "OF", .words = &words_data_sets_alone}, {0},
};

/* ---- snapshot files ---- */

/* What --verify has looked at. */
struct verified {
	bool wanted;
	size_t records, checkpoints;    /* whole ones */
	size_t damaged;
	char first[512];                /* what is said of the first damage */
	json_t *messages;               /* and of each */
};

static void add_damage(struct verified *v, const char *words)
{
	if (v->damaged++ == 0)
		snprintf(v->first, sizeof v->first, "%s", words);
	json_add(&v->messages, json_words(words));
}

/* Reads every record: counts the damaged ones, and keeps what is said of each. */
static status verify_records(struct snaps_reader *r, struct verified *v, uint64_t *damaged)
{
	*damaged = 0;
	for (size_t i = 0; i < snaps_count(r); i++) {
		struct snaps_record record;
		status s = snaps_read(r, i, &record);
		if (s != OK && s != ERR_DAMAGE)
			return s;
		v->records += s == OK;
		*damaged += s == ERR_DAMAGE;
		if (s == ERR_DAMAGE)
			add_damage(v, fail_words(s, "--"));
	}
	return OK;
}

static status describe_chain(struct sources *s, size_t i, struct verified *v, struct info_chain *row)
{
	struct snaps_reader *r;
	TRY(sources_reader(s, i, &r));
	TRY(info_chain_read(&s->source[i], r, row));
	TRY(info_logs_read(&s->source[i], row));
	if (!v->wanted)
		return OK;
	v->checkpoints += s->source[i].state.known;
	return verify_records(r, v, &row->damaged);
}

static status describe_chains(struct sources *s, struct verified *v, struct info_report *report)
{
	v->messages = v->wanted ? json_array() : NULL;
	for (size_t i = 0; v->wanted && i < s->n_damage; i++)
		add_damage(v, s->damage[i]);
	status st = ARENA_NEW(&s->arena, s->n, &report->chain);
	for (; st == OK && report->n < s->n; report->n++)
		st = describe_chain(s, report->n, v, &report->chain[report->n]);
	report->missing = s->missing;
	json_put(&report->json, "chains", json_null());
	if (!v->wanted)
		return st;
	json_put(&report->json, "verified", json_pack("{s:I, s:I, s:I}", "files", (json_int_t)s->n, "records",
	                                              (json_int_t)v->records, "checkpoints", (json_int_t)v->checkpoints));
	json_put(&report->json, "damage", v->messages);
	return st;
}

/* Those of the named members that an object has, as they stand there. */
static void put_known(json_t **into, const json_t *from, const char *const *names)
{
	for (; *names; names++)
		if (json_object_get(from, *names))
			json_put_shared(into, *names, json_object_get(from, *names));
}

/* Facts of the header, as they stand there. */
static void describe_header(const json_t *header, json_t **into)
{
	static const char *const facts[] = {"model", "likelihood", "data", "normalize", "standardize", "table", "classes", "sampler",
	                                    "seed", "dtype", NULL};
	put_known(into, header, facts);
	report_facts(into, header);
}

/* A run may be longer than it was begun, which its snapshots' header can't say. */
static void describe_length(const json_t *options, json_t **into)
{
	static const char *const lengths[] = {"steps", "epochs"};
	json_t *sampler = json_object();
	if (!json_add_missing(sampler, json_object_get(*into, "sampler"))) {
		json_decref(sampler);
		sampler = NULL;
	}
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		if (json_is_integer(json_object_get(options, lengths[i])))
			json_put_shared(&sampler, lengths[i], json_object_get(options, lengths[i]));
	json_put(into, "sampler", sampler);
}

/* A single snapshot file doesn't say what made it, and how long the run has become. */
static status describe_run(const char *path, const json_t *header, json_t **into)
{
	static const char *const facts[] = {"version", "started", "device", "fitted_to", NULL};
	struct stat st;
	struct run run;
	if (stat(path, &st) != 0)
		return fail(ERR_IO, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode)) {
		describe_header(header, into);
		return OK;
	}
	TRY(run_open(path, false, &run));
	put_known(into, run.json, facts);
	describe_header(header, into);
	describe_length(json_object_get(run.json, "options"), into);
	run_close(&run);
	return OK;
}

static status describe_snapshots(const struct opts *o, struct sources *s, const char *path, struct verified *v,
                                 struct info_report *report)
{
	json_t **into = &report->json;
	struct snaps_reader *r;
	json_put(into, "path", json_words(path));
	TRY(describe_run(path, s->source[0].header, into));
	TRY(describe_chains(s, v, report));
	TRY(sources_reader(s, 0, &r));
	json_put(into, "n_params", json_integer((json_int_t)snaps_params(r)->count));
	json_put(into, "n_stats", json_integer((json_int_t)snaps_stats(r)->count));
	if (opts_flag(o, "tensors")) {
		json_put(into, "tensors", tensor_list(snaps_params(r)));
		json_put(into, "statistics", tensor_list(snaps_stats(r)));
	}
	return OK;
}

static uint64_t seen_damaged(const struct info_report *r)
{
	uint64_t damaged = 0;
	for (size_t i = 0; i < r->n; i++)
		damaged += r->chain[i].damaged;
	return damaged;
}

static status info_snapshots(const struct opts *o, const char *path)
{
	struct verified verified = {.wanted = opts_flag(o, "verify")};
	struct sources s = {.whole = verified.wanted};
	struct info_report report = {.json = json_object()};
	status st = sources_add(&s, path);
	if (st == OK)
		st = describe_snapshots(o, &s, path, &verified, &report);
	if (st == OK)
		st = opts_flag(o, "json") ? info_print_json(&report) : info_print(&report);
	json_decref(report.json);
	const uint64_t damaged = verified.wanted ? 0 : seen_damaged(&report);
	sources_close(&s);
	if (st == OK && damaged)
		return fail(ERR_CHECK, "%s: %llu damaged record%s; --verify names each", path, (unsigned long long)damaged, damaged > 1 ? "s" : "");
	if (st == OK && verified.damaged)
		return fail(ERR_CHECK, "%zu damaged record%s or file%s: %s", verified.damaged, verified.damaged > 1 ? "s" : "",
		            verified.damaged > 1 ? "s" : "", verified.first);
	return st;
}

/* ---- data sets ---- */

/* How a csv file can be read is advised by options that this command has not. */
static status place_options(status s, const char *spec)
{
	const char *why = fail_words(s, "--");
	if (!dataset_is_csv(spec) || !strstr(why, "--"))
		return s;
	return fail(s, "%s; these are options of basin data info", why);
}

static status open_data(const char *spec, struct dataset *d)
{
	status s = dataset_open(&(struct dataset_request){.spec = spec, .split = SPLIT_TRAIN}, d);
	/* A publisher's test files alone are a set to look at, too: SVHN's are often fetched without the rest. */
	char *why = s == OK ? NULL : strdup(fail_words(s, "--"));
	if (s == ERR_INPUT && dataset_open(&(struct dataset_request){.spec = spec, .split = SPLIT_TEST}, d) == OK) {
		warning("%s; its test split is described", why ? why : spec);
		s = OK;
	} else if (s == ERR_INPUT) {
		s = fail(s, "%s", why ? why : fail_message(s));
	}
	free(why);
	if (s == OK)
		return OK;
	return strchr(spec, ':') ? place_options(s, spec) : fail_within(s, "no such run or file; as a data set, ");
}

static status info_data(const struct opts *o, const char *spec)
{
	struct dataset d;
	TRY(open_data(spec, &d));
	/* What is no data set may be a run whose name is mistyped. */
	if (opts_flag(o, "tensors") || opts_flag(o, "verify")) {
		dataset_close(&d);
		return fail(ERR_USAGE, "--tensors and --verify are about snapshots; %s is a data set", spec);
	}
	json_t *report = json_pack("{s:o, s:s, s:s, s:I, s:[i, i, i], s:s, s:i, s:i, s:b, s:s}", "data", json_words(d.spec),
	                           "kind", d.kind, "split", split_name(d.split), "n", (json_int_t)d.n, "shape", d.c, d.h, d.w, "element",
	                           d.element == ELEMENT_U8 ? "uint8" : "float32", "n_classes", d.n_classes, "n_targets",
	                           d.n_targets, "has_test", (int)d.has_test, "fingerprint", fingerprint_text(d.fingerprint).at);
	dataset_close(&d);
	if (opts_flag(o, "json"))
		return report_json(report);
	status s = report_print(report);
	json_decref(report);
	return s == OK ? report_end() : s;
}

static status run_info(const struct opts *o)
{
	const char *const *path;
	struct stat st;
	if (opts_positionals(o, &path) != 1)
		return fail(ERR_USAGE, "name one run, snapshot file or data set");
	/* A data set's KIND:PATH is no file's name; a built-in one's name may be, and then the file is meant. */
	return stat(path[0], &st) != 0 && (strchr(path[0], ':') || !strchr(path[0], '/')) ? info_data(o, path[0])
	                                                                                  : info_snapshots(o, path[0]);
}

const struct command command_info = {
	.name = "info",
	.synopsis = "RUN|FILE.snaps|KIND[:PATH] [options]",
	.help = "say what a run, a snapshot file or a data set holds",
	.arguments = arguments,
	.tables = tables,
	.run = run_info,
};
