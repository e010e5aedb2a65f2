/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin ood: how well the ensemble's uncertainty tells a foreign data set from the test set. */
#include <string.h>

#include "commands/command.h"
#include "commands/convergence.h"
#include "commands/network.h"
#include "commands/output.h"
#include "commands/pipe.h"
#include "commands/report.h"
#include "commands/select.h"
#include "commands/word_lists.h"
#include "predict/stored.h"
#include "src/data/npy.h"
#include "src/json_build.h"
#include "src/likelihood.h"

static const struct param ood_defs[] = {
	{.name = "ood", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "the foreign data set: its test split, or all of it"},
	{.name = "id", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "in-distribution data set; without it the run's own"},
	{.name = "split", .type = PARAM_CHOICE, .arg = SPLIT_WORDS,
	 .help = "part of the in-distribution set; without it test, or train where there is no test split"},
	{.name = "header", .type = PARAM_CHOICE, .arg = HEADER_WORDS,
	 .help = "whether the first lines of csv files hold names; without it their cells say so"},
	{.name = "decimal", .type = PARAM_CHOICE, .arg = DECIMAL_WORDS,
	 .help = "what decimals of csv files begin with; without it what those of the run's own do"},
	{.name = "unknown", .type = PARAM_CHOICE, .arg = UNKNOWN_WORDS,
	 .help = "what is done about words of csv files that the run has not learnt, and cells without a value in columns that had one "
	         "everywhere; without it what the run's own --unknown says"},
	{.name = "score", .type = PARAM_CHOICE, .arg = OOD_SCORE_WORDS, .fallback = "entropy",
	 .help = "what ranks the examples, rising with strangeness"},
	{.name = "ood-normalize", .type = PARAM_TEXT, .arg = "id|MEAN:SD", .fallback = "id",
	 .help = "what is done to the foreign pixels in 0..1: the training set's transform, or this mean and deviation "
	         "(comma-separated by channel)"},
	{.name = "save-scores", .type = PARAM_PATH, .arg = "FILE.npy",
	 .help = "write the scores, in-distribution examples first, float64"},
	OUTPUT_OVERWRITE,
	{.name = "id-probs", .type = PARAM_PATH, .arg = "FILE.npy",
	 .help = "take these in-distribution probabilities, (examples, classes) or (members, examples, classes), and no run"},
	{.name = "ood-probs", .type = PARAM_PATH, .arg = "FILE.npy", .help = "the foreign set's probabilities, likewise"},
	{0},
};

static const struct opt_table table_ood = {.owner = "ood", .heading = "Data, scores and output", .defs = ood_defs};
static const struct opt_table *const tables[] = {&table_ood,    &table_select,   &table_batch, &table_device,
                                                 &table_report, &table_progress, NULL};

static const char *const file_option[] = {"save-scores"}, *const read_option[] = {"config", "id", "ood", "id-probs", "ood-probs", NULL};

/* `to` receives the scores; NULL: not wanted. */
static status score_mixtures(const struct mixture *id, const struct mixture *ood, const struct opts *o, FILE *to,
                             struct arena *a, json_t **figures)
{
	const enum ood_score which = (enum ood_score)opts_choice(o, "score");
	struct roc r;
	double *scores;
	int64_t shape = (int64_t)(id->n + ood->n);
	TRY(ARENA_NEW(a, id->n + ood->n, &scores));
	status s = ood_scores(id, which, scores);
	if (s == OK)
		s = ood_scores(ood, which, scores + id->n);
	if (s != OK)
		return fail_within(s, "--score %s: ", opts_text(o, "score"));
	TRY(ood_roc(scores, id->n, scores + id->n, ood->n, ROC_BOOTSTRAP, &r));
	report_roc(figures, &r);
	json_put(figures, "score", json_string(opts_text(o, "score")));
	if (to)
		npy_put(to, NPY_F8, 1, &shape, scores);
	return OK;
}

/* ---- from a run ---- */

/* Of the in-distribution set draws are taken, where it has labels that the model can be asked about. */
static status predict_both(const struct opts *o, struct selection *chosen, struct network *n, struct predictions sets[2],
                           struct member_draws *draws, const struct subject *subject, FILE *scores, struct arena *a,
                           json_t **figures)
{
	const bool labelled = !subject[0].data.unlabelled && predictive_of(n->likelihood)->check(n, &subject[0].data) == OK;
	TRY(predictions_open(a, n, &subject[0], chosen->n, labelled ? SCORE_MEMBERS : SCORE_NOTHING, &sets[0]));
	TRY(predictions_open(a, n, &subject[1], chosen->n, SCORE_NOTHING, &sets[1]));
	if (labelled)
		TRY(draws_open(a, &sets[0], CONVERGENCE_POINTS, 0, draws));
	TRY(network_predict(o, chosen, n, sets, 2));
	return score_mixtures(&sets[0].mixture, &sets[1].mixture, o, scores, a, figures);
}

/* The in-distribution set and the foreign one. */
static status score_subjects(const struct opts *o, struct selection *chosen, struct network *n,
                             const struct subject subject[2], struct arena *a, json_t **figures)
{
	const struct dataset *id = &subject[0].data, *ood = &subject[1].data;
	struct predictions sets[2];
	struct member_draws draws;
	struct output_file file;
	TRY(select_spare(o, chosen, read_option, file_option, 1));
	TRY(outputs_open(o, a, file_option, 1, &file));
	status s = outputs_close(&file, 1, predict_both(o, chosen, n, sets, &draws, subject, file.to, a, figures));
	TRY(s);
	json_put(figures, "ood_normalize", ood->image ? json_string(opts_text(o, "ood-normalize")) : json_null());
	json_put(figures, "id", json_words(id->spec));
	json_put(figures, "id_split", json_string(split_name(id->split)));
	json_put(figures, "ood", json_words(ood->spec));
	json_put(figures, "ood_split", json_string(split_name(ood->split)));
	if (opts_flag(o, "json")) {
		report_fingerprint(figures, "id_fingerprint", id->fingerprint);
		report_fingerprint(figures, "ood_fingerprint", ood->fingerprint);
	}
	json_put(figures, "snapshots", json_integer((json_int_t)chosen->n));
	return report_convergence(o, chosen, &sets[0], sets[0].draws, figures);
}

/* What --header, --decimal or --unknown says of the set that one option names: where neither is a csv file, the set refuses it. The run's own
 * file is read as the run says. */
static int said_of(const struct opts *o, const char *what, const char *option, const char *other)
{
	bool meant = dataset_is_csv(opts_text(o, option)) || (opts_given(o, option) && !dataset_is_csv(opts_text(o, other)));
	return meant ? opts_choice(o, what) + 1 : 0;
}

static status score_requests(const struct opts *o, struct selection *chosen, struct network *n, const struct subject_request *own,
                             const struct subject_request *foreign, struct arena *a, json_t **figures)
{
	struct subject subject[2];
	TRY(subject_open(n, own, &subject[0]));
	if (subject[0].fell_back)
		warning("%s has no test split: its training examples are the in-distribution set%s", subject[0].data.spec, report_rather(n));
	select_warn_seen(chosen, &subject[0].data);
	status s = subject_open(n, foreign, &subject[1]);
	if (s == OK) {
		s = score_subjects(o, chosen, n, subject, a, figures);
		subject_close(&subject[1]);
	}
	subject_close(&subject[0]);
	return s;
}

static status score_network(const struct opts *o, struct selection *chosen, struct network *n, struct arena *a,
                            json_t **figures)
{
	const char *transform = opts_text(o, "ood-normalize");
	const int batch = opts_given(o, "batch") ? (int)opts_count(o, "batch") : 0;
	struct subject_request own = {.spec = opts_text(o, "id"), .option = "--id", .split = opts_choice(o, "split"),
	                              .need = NEED_NOTHING, .header = (enum header)said_of(o, "header", "id", "ood"),
	                              .decimal = said_of(o, "decimal", "id", "ood"), .unknown = said_of(o, "unknown", "id", "ood"),
	                              .batch = batch};
	struct subject_request foreign = {.spec = opts_text(o, "ood"), .option = "--ood", .split = -1, .need = NEED_FOREIGN,
	                                  .header = (enum header)said_of(o, "header", "ood", "id"),
	                                  .decimal = said_of(o, "decimal", "ood", "id"),
	                                  .unknown = said_of(o, "unknown", "ood", "id"),
	                                  .normalize = strcmp(transform, "id") == 0 ? NULL : transform, .batch = batch};
	struct pipe pipe;
	if (predictive_of(n->likelihood)->classes(n->model.outputs) == 0)
		return fail(ERR_USAGE, "OOD scores need class probabilities; this run's likelihood is %s", n->likelihood->name);
	if (pipe_is(own.spec) && pipe_is(foreign.spec))
		return fail(ERR_USAGE, "--id and --ood: both would be read from standard input; name a file for one of them");
	status s = pipe_read(&pipe, pipe_is(own.spec) ? &own : &foreign);
	if (s == OK)
		s = score_requests(o, chosen, n, &own, &foreign, a, figures);
	pipe_close(&pipe);
	return s;
}

static status score_runs(const struct opts *o, struct arena *a, json_t **figures)
{
	if (!opts_text(o, "ood"))
		return fail(ERR_USAGE, "--ood KIND[:PATH] must be given: the foreign data set (for a start: --ood glyphs)");
	return network_run(o, score_network, a, figures);
}

/* ---- from stored probabilities ---- */

static status score_probs(const struct opts *o, FILE *scores, struct arena *a, json_t **figures)
{
	const char *id_path = opts_text(o, "id-probs"), *ood_path = opts_text(o, "ood-probs");
	struct stored id, ood;
	TRY(report_option(stored_open(a, id_path, &id), "id-probs"));
	TRY(report_option(stored_open(a, ood_path, &ood), "ood-probs"));
	if (id.mixture.c != ood.mixture.c || id.members != ood.members)
		return fail(ERR_INPUT, "--id-probs %s has %zu member%s of %d classes, --ood-probs %s %zu of %d", id_path,
		            id.members, id.members == 1 ? "" : "s", id.mixture.c, ood_path, ood.members, ood.mixture.c);
	TRY(report_option(stored_fill(&id, a, NULL), "id-probs"));
	TRY(report_option(stored_fill(&ood, a, NULL), "ood-probs"));
	TRY(score_mixtures(&id.mixture, &ood.mixture, o, scores, a, figures));
	json_put(figures, "ood_normalize", json_null());
	json_put(figures, "id", json_words(id_path));
	json_put(figures, "ood", json_words(ood_path));
	json_put(figures, "snapshots", json_integer((json_int_t)id.members));
	json_put(figures, "convergence", json_null());
	report_facts(figures, NULL);
	if (opts_flag(o, "json"))
		select_origin(o, NULL, figures);
	return OK;
}

static status score_stored(const struct opts *o, struct arena *a, json_t **figures)
{
	static const char *const of_runs[] = {"id", "ood", "split", "header", "decimal", "unknown", "ood-normalize", "batch", "device", "threads",
	                                      "precision", "conv-algo", "fast", NULL};
	struct output_file file;
	if (!opts_text(o, "id-probs") || !opts_text(o, "ood-probs"))
		return fail(ERR_USAGE, "--id-probs and --ood-probs go together");
	TRY(select_refuse(o, "id-probs", of_runs));
	TRY(select_spare(o, NULL, read_option, file_option, 1));
	TRY(outputs_open(o, a, file_option, 1, &file));
	return outputs_close(&file, 1, score_probs(o, file.to, a, figures));
}

static status run_ood(const struct opts *o)
{
	struct arena arena = {0};
	json_t *figures = json_object();
	status s = opts_given(o, "id-probs") || opts_given(o, "ood-probs") ? score_stored(o, &arena, &figures)
	                                                                   : score_runs(o, &arena, &figures);
	if (s == OK)
		s = report_show(o, figures);
	json_decref(figures);
	arena_free(&arena);
	return s;
}

const struct command command_ood = {
	.name = "ood",
	.synopsis = "RUN|FILE.snaps… --ood KIND[:PATH] [options]\n--id-probs FILE.npy --ood-probs FILE.npy [options]",
	.help = "tell a foreign data set from the test set by the ensemble's uncertainty",
	.computes = true,
	.tables = tables,
	.run = run_ood,
};
