/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin predict: averages the predictions of snapshots, or probabilities made elsewhere, and scores the average. */
#include "commands/command.h"
#include "commands/convergence.h"
#include "commands/csv_options.h"
#include "commands/equivalent.h"
#include "commands/network.h"
#include "commands/output.h"
#include "commands/pipe.h"
#include "commands/predict.h"
#include "commands/report.h"
#include "commands/scores.h"
#include "commands/select.h"
#include "commands/word_lists.h"
#include "predict/guess.h"
#include "src/data/npy.h"
#include "src/json_build.h"
#include "src/likelihood.h"

static const struct param predict_defs[] = {
	{.name = "data", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "data set to predict; without it the run's own"},
	{.name = "split", .type = PARAM_CHOICE, .arg = SPLIT_WORDS,
	 .help = "part of the data set; without it test, or train where there is no test split"},
	CSV_HEADER_OPTION,
	CSV_DECIMAL_OPTION,
	CSV_UNKNOWN_OPTION,
	{.name = "curve", .type = PARAM_FLAG, .help = "also the figures of the first 1, 2, … snapshots"},
	SCORES_OPTION,
	EQUIVALENT_OPTION,
	{.name = "csv", .type = PARAM_PATH, .arg = "FILE",
	 .help = "write a row for each example: its class, the classes' probabilities and entropies, or of a real target mean, deviation "
	         "and interval"},
	{.name = "level", .type = PARAM_REAL, .arg = "P", .fallback = "0.95", .min = 0, .above_min = true, .max = 0.999999,
	 .help = "probability with which the intervals of --csv hold a real target"},
	{.name = "save-probs", .type = PARAM_PATH, .arg = "FILE.npy",
	 .help = "write the averaged probabilities, (examples, classes), float64"},
	{.name = "save-member-probs", .type = PARAM_PATH, .arg = "FILE.npy",
	 .help = "write every snapshot's probabilities, (snapshots, examples, classes), float32, and beside them FILE.members.csv, which "
	         "says which snapshots they are"},
	OUTPUT_OVERWRITE,
	{.name = "decide", .type = PARAM_PATH, .arg = "FILE",
	 .help = "apply the rules of this file, which basin decide made: columns of --csv, and what becomes of the rows"},
	{.name = "probs", .type = PARAM_PATH, .arg = "FILE.npy",
	 .help = "score these probabilities, (examples, classes) or (members, examples, classes), instead of a run's"},
	{.name = "labels", .type = PARAM_PATH, .arg = "FILE.npy", .help = "the classes, from 0, that belong to --probs"},
	{0},
};

static const struct opt_table table_predict = {.owner = "predict", .heading = "Data and output", .defs = predict_defs};
static const struct opt_table *const tables[] = {&table_predict, &table_select, &table_batch, &table_device,
                                                 &table_report,  &table_progress, NULL};

/* ---- output ---- */

/* The members' own follow as they are made. */
static status begin_members(FILE *to, struct predictions *p)
{
	int64_t shape[3] = {(int64_t)p->members, (int64_t)p->mixture.n, p->mixture.c};
	p->each = to;
	return to ? npy_header(to, NPY_F4, 3, shape) : OK;
}

/* ---- from a run ---- */

static bool is_labelled(const struct predictions *p)
{
	return p->subject->data.unlabelled == 0;
}

static status score_labelled(const struct opts *o, const struct selection *chosen, const struct predictions *p, json_t **figures)
{
	struct figures all;
	TRY(p->how->score(p, &all));
	guess_warn(p, chosen, &all);
	if (p->curve)
		json_put(figures, "curve", report_curve(p->curve, p->members));
	report_figures(figures, &all);
	TRY(report_scores(o, p, figures));
	return report_convergence(o, chosen, p, p->draws, figures);
}

static status report_unlabelled(const struct opts *o, const struct predictions *p, struct arena *a, json_t **figures)
{
	const struct dataset *d = &p->subject->data;
	struct figures all;
	TRY(predict_figures_unlabelled(p, a, &all));
	predict_report_unlabelled(o, &all, d->n - d->unlabelled, figures);
	json_put(figures, "convergence", json_null());
	return OK;
}

static status report_members(const struct opts *o, const struct selection *chosen, const struct predictions *p,
                             const struct output_file file[PREDICT_FILES], struct arena *a, json_t **figures)
{
	TRY(is_labelled(p) ? score_labelled(o, chosen, p, figures) : report_unlabelled(o, p, a, figures));
	TRY(predict_rules_report_all(o, p, figures));
	TRY(predict_save_rows(o, file[PREDICT_CSV].to, p, a));
	return predict_save_probs(file[PREDICT_PROBS].to, &p->mixture, a);
}

static status check_unlabelled(const struct opts *o, const struct dataset *d)
{
	const char *what = opts_flag(o, "curve") ? "curve" : opts_given(o, "scores") ? "scores" : NULL;
	if (what)
		return fail(ERR_USAGE, "--%s needs the labels of all rows; %s has those of %zu of its %zu", what, d->spec,
		            d->n - d->unlabelled, d->n);
	if (opts_text(o, "ensemble"))
		return fail(ERR_USAGE, "--ensemble needs the labels of all rows, by which both ensembles are scored");
	return OK;
}

/* What can be told before the snapshots are gone through, which may take long. */
static status check_subject(const struct opts *o, const struct network *n, const struct dataset *d)
{
	const struct predictive *how = predictive_of(n->likelihood);
	status fits = d->unlabelled ? OK : how->check(n, d);
	if (fits != OK)
		return opts_text(o, "data") ? report_option(fits, "data") : fits;
	TRY(d->unlabelled ? check_unlabelled(o, d) : OK);
	TRY(predict_check_level(o, n));
	if (how->classes(n->model.outputs) == 0 && (opts_text(o, "save-probs") || opts_text(o, "save-member-probs")))
		return fail(ERR_USAGE, "--save-probs and --save-member-probs need class probabilities; this run's likelihood is %s",
		            n->likelihood->name);
	return equivalent_check(o, n, predict_file, PREDICT_FILES);
}

static enum scoring scoring_of(const struct opts *o, const struct dataset *d)
{
	if (d->unlabelled)
		return SCORE_NOTHING;
	return opts_flag(o, "curve") ? SCORE_CURVE : SCORE_ALL;
}

static status predict_to(const struct opts *o, struct selection *chosen, struct network *n, const struct subject *subject,
                         const struct subject_request *request, const struct output_file file[PREDICT_FILES], struct arena *a,
                         json_t **figures)
{
	struct predictions p;
	struct member_draws draws;
	struct member_logs logs;
	TRY(predictions_open(a, n, subject, chosen->n, scoring_of(o, &subject->data), &p));
	if (is_labelled(&p)) {
		TRY(draws_open(a, &p, CONVERGENCE_POINTS, 0, &draws));
		TRY(member_logs_open(a, subject->data.n, &logs));
		draws.logs = &logs;
	}
	TRY(predict_rules_open(o, n, chosen, subject, a, &p.rules));
	TRY(begin_members(file[PREDICT_MEMBERS].to, &p));
	TRY(network_predict(o, chosen, n, &p, 1));
	TRY(report_members(o, chosen, &p, file, a, figures));
	return opts_text(o, "ensemble") ? report_equivalent(o, request, &p, figures) : OK;
}

static status predict_subject(const struct opts *o, struct selection *chosen, struct network *n,
                              const struct subject *subject, const struct subject_request *request, struct arena *a,
                              json_t **figures)
{
	struct output_file file[PREDICT_FILES], members;
	TRY(check_subject(o, n, &subject->data));
	TRY(select_spare(o, chosen, predict_read, predict_file, PREDICT_FILES));
	TRY(outputs_open(o, a, predict_file, PREDICT_FILES, file));
	status s = predict_members_open(o, chosen, a, file, &members);
	if (s == OK)
		s = predict_to(o, chosen, n, subject, request, file, a, figures);
	if (s == OK)
		s = predict_members_put(members.to, chosen);
	return output_close(&members, outputs_close(file, PREDICT_FILES, s));
}

static status predict_request(const struct opts *o, struct selection *chosen, struct network *n,
                              const struct subject_request *request, struct arena *a, json_t **figures)
{
	struct subject subject;
	TRY(subject_open(n, request, &subject));
	if (subject.fell_back)
		warning("%s has no test split: the training examples are scored%s", subject.data.spec, report_rather(n));
	select_warn_seen(chosen, &subject.data);
	status s = predict_subject(o, chosen, n, &subject, request, a, figures);
	report_examples(figures, &subject, opts_flag(o, "json"));
	if (opts_flag(o, "json"))
		json_put(figures, "members", select_members(chosen));
	subject_close(&subject);
	return s;
}

static status predict_network(const struct opts *o, struct selection *chosen, struct network *n, struct arena *a,
                              json_t **figures)
{
	struct subject_request request = {
		.spec = opts_text(o, "data"), .option = "--data", .split = opts_choice(o, "split"), .need = NEED_NOTHING,
		.header = (enum header)(opts_choice(o, "header") + 1),
		.decimal = opts_choice(o, "decimal") + 1, .unknown = opts_choice(o, "unknown") + 1,
		.batch = opts_given(o, "batch") ? (int)opts_count(o, "batch") : 0,
	};
	struct pipe pipe;
	/* Rows go as they come where those of the table are read so too. */
	if (pipe_is(request.spec) && opts_text(o, "csv") && output_is_standard(opts_text(o, "csv")))
		return predict_stream(o, chosen, n, &request, figures);
	status s = pipe_read(&pipe, &request);
	if (s == OK)
		s = predict_request(o, chosen, n, &request, a, figures);
	pipe_close(&pipe);
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
	.synopsis = "RUN|FILE.snaps… [options]\n--probs FILE.npy [--labels FILE.npy] [options]",
	.help = "average the predictions of posterior samples and score them",
	.computes = true,
	.tables = tables,
	.run = run_predict,
};
