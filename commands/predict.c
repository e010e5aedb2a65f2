/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin predict: averages the predictions of snapshots, or probabilities made elsewhere, and scores the average. */
#include "commands/command.h"
#include "commands/convergence.h"
#include "commands/network.h"
#include "commands/output.h"
#include "commands/report.h"
#include "commands/select.h"
#include "commands/word_lists.h"
#include "predict/guess.h"
#include "predict/stored.h"
#include "src/data/npy.h"
#include "src/json_build.h"
#include "src/likelihood.h"

static const struct param predict_defs[] = {
	{.name = "data", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "data set to predict; without it the run's own"},
	{.name = "split", .type = PARAM_CHOICE, .arg = SPLIT_WORDS,
	 .help = "part of the data set; without it test, or train where there is no test split"},
	{.name = "header", .type = PARAM_CHOICE, .arg = HEADER_WORDS,
	 .help = "whether the first line of a csv file holds names; without it its cells say so"},
	{.name = "decimal", .type = PARAM_CHOICE, .arg = DECIMAL_WORDS,
	 .help = "what decimals of a csv file begin with; without it a point, or in the run's own file what they did"},
	{.name = "curve", .type = PARAM_FLAG, .help = "also the figures of the first 1, 2, … snapshots"},
	{.name = "save-probs", .type = PARAM_PATH, .arg = "FILE.npy",
	 .help = "write the averaged probabilities, (examples, classes), float64"},
	{.name = "save-member-probs", .type = PARAM_PATH, .arg = "FILE.npy",
	 .help = "write every snapshot's probabilities, (snapshots, examples, classes), float32"},
	OUTPUT_OVERWRITE,
	{.name = "probs", .type = PARAM_PATH, .arg = "FILE.npy",
	 .help = "score these probabilities, (examples, classes) or (members, examples, classes), instead of a run's"},
	{.name = "labels", .type = PARAM_PATH, .arg = "FILE.npy", .help = "the classes, from 0, that belong to --probs"},
	{0},
};

static const struct opt_table table_predict = {.owner = "predict", .heading = "Data and output", .defs = predict_defs};
static const struct opt_table *const tables[] = {&table_predict, &table_select, &table_batch, &table_device,
                                                 &table_report,  &table_progress, NULL};

/* ---- output ---- */

enum { PROBS, MEMBERS, FILES };
static const char *const file_option[FILES] = {"save-probs", "save-member-probs"};

static status save_probs(FILE *to, const struct mixture *m, struct arena *a)
{
	double *p;
	int64_t shape[2] = {(int64_t)m->n, m->c};
	if (!to)
		return OK;
	TRY(ARENA_NEW(a, m->n * (size_t)m->c, &p));
	for (size_t i = 0; i < m->n; i++)
		mixture_mean(m, i, p + i * (size_t)m->c);
	npy_put(to, NPY_F8, 2, shape, p);
	return OK;
}

/* The members' own follow as they are made. */
static status begin_members(FILE *to, struct predictions *p)
{
	int64_t shape[3] = {(int64_t)p->members, (int64_t)p->mixture.n, p->mixture.c};
	p->each = to;
	return to ? npy_header(to, NPY_F4, 3, shape) : OK;
}

/* ---- from a run ---- */

static status score_members(const struct opts *o, const struct selection *chosen, const struct predictions *p, FILE *probs,
                            struct arena *a, json_t **figures)
{
	struct figures all;
	TRY(p->how->score(p, &all));
	guess_warn(p, chosen, &all);
	if (p->curve)
		json_put(figures, "curve", report_curve(p->curve, p->members));
	report_figures(figures, &all);
	TRY(report_convergence(o, chosen, p, p->draws, figures));
	return save_probs(probs, &p->mixture, a);
}

/* What can be told before the snapshots are gone through, which may take long. */
static status check_subject(const struct opts *o, const struct network *n, const struct dataset *d)
{
	const struct predictive *how = predictive_of(n->likelihood);
	status fits = how->check(n, d);
	if (fits != OK)
		return opts_text(o, "data") ? report_option(fits, "data") : fits;
	if (how->classes(n->model.outputs) == 0 && (opts_text(o, "save-probs") || opts_text(o, "save-member-probs")))
		return fail(ERR_USAGE, "--save-probs and --save-member-probs need class probabilities; this run's likelihood is %s",
		            n->likelihood->name);
	return OK;
}

static status predict_to(const struct opts *o, struct selection *chosen, struct network *n, const struct subject *subject,
                         const struct output_file file[FILES], struct arena *a, json_t **figures)
{
	struct predictions p;
	struct member_draws draws;
	enum scoring scoring = opts_flag(o, "curve") ? SCORE_CURVE : SCORE_ALL;
	status s = predictions_open(a, n, subject, chosen->n, scoring, &p);
	if (s == OK)
		s = draws_open(a, &p, CONVERGENCE_POINTS, 0, &draws);
	if (s == OK)
		s = begin_members(file[MEMBERS].to, &p);
	if (s == OK)
		s = network_predict(o, chosen, n, &p, 1);
	if (s == OK)
		s = score_members(o, chosen, &p, file[PROBS].to, a, figures);
	return s;
}

static status predict_subject(const struct opts *o, struct selection *chosen, struct network *n,
                              const struct subject *subject, struct arena *a, json_t **figures)
{
	struct output_file file[FILES];
	TRY(check_subject(o, n, &subject->data));
	TRY(select_spare(o, chosen, file_option, FILES));
	TRY(outputs_open(o, a, file_option, FILES, file));
	return outputs_close(file, FILES, predict_to(o, chosen, n, subject, file, a, figures));
}

static status predict_network(const struct opts *o, struct selection *chosen, struct network *n, struct arena *a,
                              json_t **figures)
{
	struct subject subject;
	const struct subject_request request = {
		.spec = opts_text(o, "data"), .option = "--data", .split = opts_choice(o, "split"),
		.header = (enum header)(opts_choice(o, "header") + 1),
		.decimal = opts_choice(o, "decimal") + 1,
		.batch = opts_given(o, "batch") ? (int)opts_count(o, "batch") : 0,
	};
	TRY(subject_open(n, &request, &subject));
	if (subject.fell_back)
		warning("%s has no test split: the training examples are scored", subject.data.spec);
	status s = predict_subject(o, chosen, n, &subject, a, figures);
	json_put(figures, "data", json_words(subject.data.spec));
	json_put(figures, "split", json_string(split_name(subject.data.split)));
	if (opts_flag(o, "json")) {
		report_fingerprint(figures, "data_fingerprint", subject.data.fingerprint);
		json_put(figures, "members", select_members(chosen));
	}
	subject_close(&subject);
	return s;
}

/* ---- from stored probabilities ---- */

static status score_stored(const struct opts *o, FILE *probs, struct arena *a, json_t **figures, json_t **rows)
{
	struct stored stored;
	struct figures all, *curve = NULL;
	TRY(report_option(stored_open(a, opts_text(o, "probs"), &stored), "probs"));
	TRY(report_option(stored_labels(a, opts_text(o, "labels"), &stored.mixture), "labels"));
	if (opts_flag(o, "curve"))
		TRY(ARENA_NEW(a, stored.members, &curve));
	TRY(report_option(stored_fill(&stored, a, curve), "probs"));
	TRY(predictive_score_classes(&stored.mixture, true, &all));
	report_figures(figures, &all);
	json_put(figures, "convergence", json_null());
	if (curve)
		*rows = report_curve(curve, stored.members);
	return save_probs(probs, &stored.mixture, a);
}

static status predict_stored(const struct opts *o, struct arena *a, json_t **figures)
{
	static const char *const of_runs[] = {"data", "split", "header", "decimal", "save-member-probs", "batch", "device", "threads",
	                                      "precision", "conv-algo", "fast", NULL};
	if (!opts_text(o, "probs") || !opts_text(o, "labels"))
		return fail(ERR_USAGE, "--probs and --labels go together: the probabilities and the classes they are scored by");
	TRY(select_refuse(o, "probs", of_runs));
	struct output_file file;
	TRY(outputs_open(o, a, &file_option[PROBS], 1, &file));
	json_t *rows = NULL;
	status s = outputs_close(&file, 1, score_stored(o, file.to, a, figures, &rows));
	json_put(figures, "data", json_words(opts_text(o, "probs")));
	json_put(figures, "split", json_null());
	report_facts(figures, NULL);
	if (opts_flag(o, "json"))
		select_origin(o, NULL, figures);
	json_put(figures, "roles", json_array());
	if (opts_flag(o, "curve"))
		json_put(figures, "curve", rows);
	return s;
}

static status run_predict(const struct opts *o)
{
	struct arena arena = {0};
	json_t *figures = json_object();
	status s = opts_given(o, "probs") || opts_given(o, "labels") ? predict_stored(o, &arena, &figures)
	                                                             : network_run(o, predict_network, &arena, &figures);
	if (s == OK)
		s = report_show(o, figures);
	json_decref(figures);
	arena_free(&arena);
	return s;
}

const struct command command_predict = {
	.name = "predict",
	.synopsis = "RUN|FILE.snaps… [options]\n--probs FILE.npy --labels FILE.npy [options]",
	.help = "average the predictions of posterior samples and score them",
	.computes = true,
	.tables = tables,
	.run = run_predict,
};
