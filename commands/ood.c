/* SPDX-License-Identifier: GPL-3.0-or-later */
/* basin ood: how well the ensemble's uncertainty tells a foreign data set from the test set. */
#include <string.h>

#include "commands/command.h"
#include "predict/ensemble.h"
#include "src/data/npy.h"
#include "src/files/output_file.h"
#include "commands/report.h"
#include "predict/stored.h"

static const struct opt_def ood_defs[] = {
	{.name = "ood", .type = OPT_TEXT, .arg = "KIND[:PATH]", .help = "the foreign data set: its test split, or all of it"},
	{.name = "id", .type = OPT_TEXT, .arg = "KIND[:PATH]",
	 .help = "in-distribution data set; without it the run's own"},
	{.name = "split", .type = OPT_CHOICE, .arg = "train|test|holdout",
	 .help = "part of the in-distribution set; without it test, or train where there is no test split"},
	{.name = "score", .type = OPT_CHOICE, .arg = "entropy|mi|msp|max-logit|energy", .fallback = "entropy",
	 .help = "what ranks the examples, rising with strangeness"},
	{.name = "ood-normalize", .type = OPT_TEXT, .arg = "id|MEAN:SD", .fallback = "id",
	 .help = "what is done to the foreign pixels in 0..1: the training set's transform, or this mean and deviation "
	         "(comma-separated by channel)"},
	{.name = "save-scores", .type = OPT_PATH, .arg = "FILE.npy",
	 .help = "write the scores, in-distribution examples first, float64"},
	{.name = "id-probs", .type = OPT_PATH, .arg = "FILE.npy",
	 .help = "take these in-distribution probabilities, (examples, classes) or (members, examples, classes), and no run"},
	{.name = "ood-probs", .type = OPT_PATH, .arg = "FILE.npy", .help = "the foreign set's probabilities, likewise"},
	{0},
};

static const struct opt_table table_ood = {.owner = "ood", .heading = "Data, scores and output", .defs = ood_defs};
static const struct opt_table *const tables[] = {&table_ood,    &table_select,   &table_batch, &table_device,
                                                 &table_report, &table_progress, NULL};

static status score(const struct mixture *id, const struct mixture *ood, const struct opts *o, struct arena *a,
                    json_t *figures)
{
	enum ood_score which;
	struct roc r;
	double *scores;
	int64_t shape = (int64_t)(id->n + ood->n);
	TRY(ood_score_find(opts_text(o, "score"), &which));
	TRY(ARENA_NEW(a, id->n + ood->n, &scores));
	TRY(ood_scores(id, which, scores));
	TRY(ood_scores(ood, which, scores + id->n));
	TRY(ood_roc(scores, id->n, scores + id->n, ood->n, &r));
	report_roc(figures, &r);
	json_object_set_new(figures, "score", json_string(opts_text(o, "score")));
	if (!opts_text(o, "save-scores"))
		return OK;
	status s = npy_write(opts_text(o, "save-scores"), NPY_F8, 1, &shape, scores);
	return s == OK ? OK : fail_within(s, "--save-scores ");
}

/* ---- from a run ---- */

static status score_subjects(const struct opts *o, struct selection *chosen, struct network *n, struct subject *id,
                             struct subject *ood, struct arena *a, json_t *figures)
{
	struct predictions p[2];
	TRY(output_check("save-scores", opts_text(o, "save-scores"), a));
	status s = predictions_open(a, n, id, chosen->n, &p[0]);
	status also = predictions_open(a, n, ood, chosen->n, &p[1]);
	s = s == OK ? also : s;
	if (s == OK)
		s = ensemble_run(chosen, n, p, 2, o, NULL, NULL);
	predictions_close(&p[0]);
	predictions_close(&p[1]);
	TRY(s);
	TRY(score(&p[0].mixture, &p[1].mixture, o, a, figures));
	json_object_set_new(figures, "ood_normalize", ood->data.image ? json_string(opts_text(o, "ood-normalize"))
	                                                              : json_null());
	json_object_set_new(figures, "id", json_string(id->data.spec));
	json_object_set_new(figures, "id_split", json_string(split_name(id->data.split)));
	json_object_set_new(figures, "ood", json_string(ood->data.spec));
	json_object_set_new(figures, "ood_split", json_string(split_name(ood->data.split)));
	return OK;
}

static status score_network(const struct opts *o, struct selection *chosen, struct network *n, struct arena *a,
                            json_t *figures)
{
	struct subject id, ood;
	const char *transform = opts_text(o, "ood-normalize");
	const struct subject_request own = {.spec = opts_text(o, "id"), .option = "--id",
	                                    .split = opts_text(o, "split"), .opts = o};
	const struct subject_request foreign = {.spec = opts_text(o, "ood"), .option = "--ood", .foreign = true, .opts = o,
	                                        .normalize = strcmp(transform, "id") == 0 ? NULL : transform};
	if (network_classes(n) == 0)
		return fail(ERR_USAGE, "OOD scores need class probabilities; this run's likelihood is %s", n->likelihood->name);
	TRY(subject_open(n, &own, &id));
	if (id.fell_back)
		warn("%s has no test split: its training examples are the in-distribution set", id.data.spec);
	status s = subject_open(n, &foreign, &ood);
	if (s == OK) {
		if (foreign.normalize && !ood.data.image)
			s = fail(ERR_USAGE, "--ood-normalize %s is for images; %s is a table", transform, ood.data.spec);
		if (s == OK)
			s = score_subjects(o, chosen, n, &id, &ood, a, figures);
		subject_close(&ood);
	}
	subject_close(&id);
	return s;
}

static status score_runs(const struct opts *o, struct arena *a, json_t *figures)
{
	struct selection chosen;
	struct network n;
	if (!opts_text(o, "ood"))
		return fail(ERR_USAGE, "--ood KIND[:PATH] must be given: the foreign data set (for a start: --ood glyphs)");
	TRY(select_open(o, &chosen));
	const json_t *header = chosen.source[chosen.choice[0].source].header;
	status s = network_open(header, o, &n);
	if (s == OK) {
		s = score_network(o, &chosen, &n, a, figures);
		network_close(&n);
	}
	json_object_set_new(figures, "snapshots", json_integer((json_int_t)chosen.n));
	report_facts(figures, header);
	select_report(&chosen, figures);
	select_close(&chosen);
	return s;
}

/* ---- from stored probabilities ---- */

static status score_stored(const struct opts *o, struct arena *a, json_t *figures)
{
	const char *id_path = opts_text(o, "id-probs"), *ood_path = opts_text(o, "ood-probs");
	static const char *const of_runs[] = {"id", "ood", "split", "ood-normalize", "batch", "device", "threads",
	                                      "precision", "conv-algo", NULL};
	struct stored id, ood;
	if (!id_path || !ood_path)
		return fail(ERR_USAGE, "--id-probs and --ood-probs go together");
	TRY(select_refuse(o, "id-probs", of_runs));
	TRY(stored_open(a, "id-probs", id_path, &id));
	TRY(stored_open(a, "ood-probs", ood_path, &ood));
	if (id.mixture.c != ood.mixture.c || id.members != ood.members)
		return fail(ERR_INPUT, "--id-probs %s has %zu members of %d classes, --ood-probs %s %zu of %d", id_path,
		            id.members, id.mixture.c, ood_path, ood.members, ood.mixture.c);
	TRY(stored_fill(&id, a, NULL, NULL));
	TRY(stored_fill(&ood, a, NULL, NULL));
	TRY(score(&id.mixture, &ood.mixture, o, a, figures));
	json_object_set_new(figures, "ood_normalize", json_null());
	json_object_set_new(figures, "id", json_string(id_path));
	json_object_set_new(figures, "ood", json_string(ood_path));
	json_object_set_new(figures, "snapshots", json_integer((json_int_t)id.members));
	report_facts(figures, NULL);
	return OK;
}

static status run_ood(const struct opts *o)
{
	struct arena arena = {0};
	json_t *figures = json_object();
	status s = opts_given(o, "id-probs") || opts_given(o, "ood-probs") ? score_stored(o, &arena, figures)
	                                                                   : score_runs(o, &arena, figures);
	if (s == OK && opts_flag(o, "json")) {
		s = report_json(json_incref(figures));
	} else if (s == OK) {
		s = report_print(figures);
		s = s == OK ? report_end() : s;
	}
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
