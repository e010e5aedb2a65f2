/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin compare: how far the predictions of two ensembles are apart, and what that is worth. */
#include <math.h>
#include <stdio.h>

#include "commands/command.h"
#include "commands/comparison.h"
#include "commands/csv_options.h"
#include "commands/network.h"
#include "commands/report.h"
#include "commands/select.h"
#include "commands/word_lists.h"
#include "src/json_build.h"

static const struct param compare_defs[] = {
	{.name = "data", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "data set that both predict; without it the runs' own"},
	{.name = "split", .type = PARAM_CHOICE, .arg = SPLIT_WORDS,
	 .help = "part of the data set; without it test, or train where there is no test split"},
	CSV_HEADER_OPTION,
	CSV_DECIMAL_OPTION,
	CSV_UNKNOWN_OPTION,
	{.name = "labels", .type = PARAM_PATH, .arg = "FILE.npy",
	 .help = "the classes, from 0, where both ensembles are files of probabilities"},
	{0},
};

static const struct opt_table table_compare = {.owner = "compare", .heading = "Data", .defs = compare_defs};
static const struct opt_table *const tables[] = {&table_compare, &table_select, &table_batch, &table_device,
                                                 &table_report,  &table_progress, NULL};

/* ---- the report ---- */

/* A distance that there is, and of others a null for programs. */
static void put_estimate(json_t **into, const char *name, const struct estimate *e, bool json)
{
	char error[64];
	snprintf(error, sizeof error, "%s_se", name);
	if (!json && isnan(e->value))
		return;
	report_number(into, name, e->value);
	report_number(into, error, e->se);
}

static void put_distances(json_t **into, const struct comparison *c, bool json)
{
	const struct side *a = &c->side[0];
	put_estimate(into, "agreement", &c->apart.agreement, json);
	put_estimate(into, "total_variation", &c->apart.total_variation, json);
	put_estimate(into, "w1", &c->apart.w1, json);
	put_estimate(into, "w2", &c->apart.w2, json);
	json_put(into, "ceiling_by", a->half == 0 ? json_null() : json_string(a->chains > 1 ? "chains" : "draws"));
	put_estimate(into, "ceiling_agreement", &c->halves.agreement, json);
	put_estimate(into, "ceiling_total_variation", &c->halves.total_variation, json);
	put_estimate(into, "ceiling_w1", &c->halves.w1, json);
	put_estimate(into, "ceiling_w2", &c->halves.w2, json);
	if (a->half == 0)
		json_put(into, "ceiling_reason", json_string("A has one member, which has no halves"));
}

/* Examples to whose class either ensemble gives probability 0: then there is no mean loss. */
static size_t zeros_of(const struct paired_score *s, size_t n)
{
	size_t zeros = 0;
	for (size_t i = 0; i < n; i++)
		zeros += !isfinite(s->each[0][i]) || !isfinite(s->each[1][i]);
	return zeros;
}

static void put_difference(json_t **into, const struct paired_score *s, size_t n)
{
	char name[64];
	struct paired p = {NAN, NAN, NAN};
	if (s->each[0] && s->each[1])
		p = compare_paired(s->each[0], s->each[1], n);
	report_number(into, s->name, p.difference);
	snprintf(name, sizeof name, "%s_se", s->name);
	report_number(into, name, p.se);
	snprintf(name, sizeof name, "%s_detectable", s->name);
	report_number(into, name, p.detectable);
	if (s->each[0] && s->each[1] && isnan(p.difference)) {
		char words[80];
		snprintf(words, sizeof words, "probability 0 for the class of %zu of the examples", zeros_of(s, n));
		json_put(into, "nll_difference_reason", json_string(words));
	}
}

static void put_differences(json_t **into, const struct comparison *c, bool json)
{
	const size_t n = c->side[0].n;
	const bool scored = c->scores[0].each[0] && c->scores[0].each[1];
	for (int k = 0; k < SCORES && (json || scored); k++)
		put_difference(into, &c->scores[k], n);
	if (!scored)
		json_put(into, "difference_reason", json_string("there are no labels: --labels names them"));
	if (json) {
		report_number(into, "level", 0.05);
		report_number(into, "power", 0.8);
	}
}

/* Temperature and target of the runs, where they agree. */
static void put_facts(json_t **into, const struct comparison *c)
{
	static const char *const facts[] = {"temperature", "target", NULL};
	json_t *of[2] = {side_facts(&c->side[0]), side_facts(&c->side[1])};
	json_put(into, "units", json_string("nats"));
	for (const char *const *name = facts; *name; name++) {
		json_t *x = json_object_get(of[0], *name), *y = json_object_get(of[1], *name);
		json_put(into, *name, x && json_equal(x, y) ? json_incref(x) : json_null());
	}
	json_put(into, "a", of[0]);
	json_put(into, "b", of[1]);
}

static void put_origin(const struct opts *o, json_t **into, const struct comparison *c)
{
	json_t *trained = json_array();
	for (int i = 0; i < 2; i++)
		if (!c->side[i].stored)
			select_trained(&c->side[i].chosen, &trained);
	select_origin_of(o, trained, into);
}

static void put_data(json_t **into, const struct comparison *c, bool json)
{
	const struct side *of = c->side[0].stored ? &c->side[1] : &c->side[0];
	if (!of->stored) {
		report_examples(into, &of->subject, json);
		return;
	}
	json_put(into, "data", json_null());
	json_put(into, "split", json_null());
	if (json)
		json_put(into, "data_fingerprint", json_null());
}

static void put_comparison(const struct opts *o, json_t **into, const struct comparison *c)
{
	const bool json = opts_flag(o, "json");
	json_put(into, "n", json_integer((json_int_t)c->side[0].n));
	if (!json) {
		json_put(into, "a", side_words(&c->side[0]));
		json_put(into, "b", side_words(&c->side[1]));
	}
	put_distances(into, c, json);
	put_differences(into, c, json);
	put_data(into, c, json);
	if (json) {
		put_facts(into, c);
		put_origin(o, into, c);
	}
}

/* ---- the command ---- */

/* What is given for runs alone, or for files alone. */
static status check_options(const struct opts *o, const struct comparison *c)
{
	static const char *const of_runs[] = {"data", "split", "header", "decimal", "unknown", "batch", "device", "threads", "precision", "conv-algo",
	                                      "fast", NULL};
	const bool stored = c->side[0].stored && c->side[1].stored;
	if (stored)
		return select_refuse_options(o, "two files of probabilities", of_runs);
	if (opts_text(o, "labels"))
		return fail(ERR_USAGE, "--labels is for two files of probabilities; %s brings its own",
		            c->side[0].stored ? c->side[1].path : c->side[0].path);
	return OK;
}

static status open_sides(const struct opts *o, const char *const *path, struct comparison *c, struct arena *a)
{
	TRY(side_open(o, path[0], NULL, a, &c->side[0]));
	TRY(side_open(o, path[1], &c->side[0], a, &c->side[1]));
	TRY(check_options(o, c));
	TRY(side_check(&c->side[0], &c->side[1]));
	for (int i = 0; i < 2; i++)
		if (c->side[i].subject.fell_back) {
			warning("%s has no test split: the training examples are compared%s", c->side[i].subject.data.spec,
			        report_rather(&c->side[i].network));
			break;
		}
	return OK;
}

/* The classes that both are scored by; NULL: none are known, or the targets are real. */
static status find_labels(const struct opts *o, struct comparison *c, struct arena *a, const int32_t **out)
{
	const struct side *s = c->side;
	*out = s[0].stored ? s[1].subject.data.label : s[0].subject.data.label;
	if (!s[0].stored || !s[1].stored || !opts_text(o, "labels"))
		return OK;
	TRY(report_option(stored_labels(a, opts_text(o, "labels"), s[0].mixture), "labels"));
	*out = s[0].mixture->label;
	return OK;
}

static status compare(const struct opts *o, const char *const *path, struct comparison *c, struct arena *a, json_t **figures)
{
	const int32_t *label;
	TRY(open_sides(o, path, c, a));
	TRY(find_labels(o, c, a, &label));
	for (int i = 0; i < 2; i++)
		TRY(side_predict(o, &c->side[i], a));
	for (int i = 0; i < 2; i++)
		TRY(side_score(&c->side[i], label, a));
	TRY(comparison_make(c, a));
	put_comparison(o, figures, c);
	return OK;
}

static status run_compare(const struct opts *o)
{
	struct arena arena = {0};
	struct comparison c = {0};
	const char *const *path;
	const int n = opts_positionals(o, &path);
	if (n != 2)
		return fail(ERR_USAGE, "two ensembles are compared, each a run, a .snaps file or a .npy file of probabilities; %d %s given",
		            n, n == 1 ? "was" : "were");
	json_t *figures = json_object();
	status s = compare(o, path, &c, &arena, &figures);
	for (int i = 0; i < 2; i++)
		side_close(&c.side[i]);
	if (s == OK)
		s = report_show(o, figures);
	json_decref(figures);
	arena_free(&arena);
	return s;
}

const struct command command_compare = {
	.name = "compare",
	.synopsis = "A B [options]\nA.npy B.npy [--labels FILE.npy] [options]",
	.help = "say how far the predictions of two ensembles are apart",
	.computes = true,
	.tables = tables,
	.run = run_compare,
};
