/* SPDX-License-Identifier: GPL-3.0-or-later */
/* basin predict: averages the predictions of snapshots, or probabilities made elsewhere, and scores the average. */
#include "commands/command.h"
#include "predict/ensemble.h"
#include "src/data/npy.h"
#include "src/files/output_file.h"
#include "commands/report.h"
#include "predict/stored.h"

static const struct opt_def predict_defs[] = {
	{.name = "data", .type = OPT_TEXT, .arg = "KIND[:PATH]", .help = "data set to predict; without it the run's own"},
	{.name = "split", .type = OPT_CHOICE, .arg = "train|test|holdout",
	 .help = "part of the data set; without it test, or train where there is no test split"},
	{.name = "curve", .type = OPT_FLAG, .help = "also the figures of the first 1, 2, … snapshots"},
	{.name = "save-probs", .type = OPT_PATH, .arg = "FILE.npy",
	 .help = "write the averaged probabilities, (examples, classes), float64"},
	{.name = "save-member-probs", .type = OPT_PATH, .arg = "FILE.npy",
	 .help = "write every snapshot's probabilities, (snapshots, examples, classes), float32"},
	{.name = "probs", .type = OPT_PATH, .arg = "FILE.npy",
	 .help = "score these probabilities, (examples, classes) or (members, examples, classes), instead of a run's"},
	{.name = "labels", .type = OPT_PATH, .arg = "FILE.npy", .help = "the classes, from 0, that belong to --probs"},
	{0},
};

static const struct opt_table table_predict = {.owner = "predict", .heading = "Data and output", .defs = predict_defs};
static const struct opt_table *const tables[] = {&table_predict, &table_select, &table_batch, &table_device,
                                                 &table_report,  &table_progress, NULL};

/* ---- curves ---- */

struct curve {
	json_t *rows;
	const int32_t *label;
};

static status curve_point(void *context, const struct mixture *m)
{
	static const char *const constant[] = {"n", "accuracy_se", "nll_se", NULL};
	struct curve *c = context;
	struct class_metrics figures;
	json_t *row = json_object();
	TRY(metrics_classes(m, c->label, false, &figures));
	report_classes(row, &figures);
	for (int i = 0; constant[i]; i++)
		json_object_del(row, constant[i]);
	return json_array_append_new(c->rows, row) == 0 ? OK : fail(ERR_MEMORY, "out of memory: the curve");
}

/* CRPS and coverage of every prefix would take S² work, and are left to the whole ensemble. */
static status curve_of_regression(const struct regression *r, const float *y, struct arena *a, json_t *rows)
{
	double *nll, *rmse;
	TRY(ARENA_NEW(a, r->members, &nll));
	TRY(ARENA_NEW(a, r->members, &rmse));
	TRY(regression_curve(r, y, nll, rmse));
	for (size_t s = 0; s < r->members; s++)
		json_array_append_new(rows, json_pack("{s:I, s:o, s:o}", "snapshots", (json_int_t)(s + 1), "nll",
		                                      report_number(nll[s]), "rmse", report_number(rmse[s])));
	return OK;
}

/* ---- output ---- */

static status save_probs(const struct mixture *m, struct arena *a, const char *path)
{
	double *p;
	int64_t shape[2] = {(int64_t)m->n, m->c};
	TRY(ARENA_NEW(a, m->n * (size_t)m->c, &p));
	for (size_t i = 0; i < m->n; i++)
		mixture_mean(m, i, p + i * (size_t)m->c);
	status s = npy_write(path, NPY_F8, 2, shape, p);
	return s == OK ? OK : fail_within(s, "--save-probs ");
}

static status print(const struct opts *o, json_t *figures)
{
	if (opts_flag(o, "json"))
		return report_json(json_incref(figures));
	TRY(report_print(figures));
	if (json_object_get(figures, "curve")) {
		putchar('\n');
		report_print_table(json_object_get(figures, "curve"));
	}
	return report_end();
}

static status score_classes(const struct mixture *m, const int32_t *label, const struct opts *o, struct arena *a,
                            json_t *figures)
{
	struct class_metrics metrics;
	TRY(metrics_classes(m, label, true, &metrics));
	report_classes(figures, &metrics);
	if (opts_text(o, "save-probs"))
		TRY(save_probs(m, a, opts_text(o, "save-probs")));
	return OK;
}

/* ---- from a run ---- */

static status score_regression(const struct network *n, const struct predictions *p, size_t members,
                               const struct opts *o, struct arena *a, json_t *figures, json_t *curve)
{
	const struct dataset *d = &p->subject->data;
	const struct regression r = {d->n, n->model.outputs, members, p->outputs,
	                             n->standardize.target_mean, n->standardize.target_sd, n->noise_sd};
	struct regression_metrics metrics;
	if (!d->target || d->n_targets != n->model.outputs)
		return fail(ERR_USAGE, "%s: the model predicts %d real target%s, and the set has %d", d->spec, n->model.outputs,
		            n->model.outputs == 1 ? "" : "s", d->target ? d->n_targets : 0);
	TRY(metrics_regression(&r, d->target, &metrics));
	report_regression(figures, &metrics);
	return opts_flag(o, "curve") ? curve_of_regression(&r, d->target, a, curve) : OK;
}

static status open_members(const struct opts *o, size_t members, struct arena *a, struct predictions *p,
                           struct output_file *file)
{
	const char *path = opts_text(o, "save-member-probs");
	int64_t shape[3] = {(int64_t)members, (int64_t)p->mixture.n, p->mixture.c};
	if (!path)
		return OK;
	status s = output_open(file, a, path, true);
	if (s != OK)
		return fail_within(s, "--save-member-probs ");
	p->members = file->to;
	return npy_header(file->to, NPY_F4, 3, shape);
}

/* What could not be written whole is not left behind. */
static status close_members(const struct predictions *p, struct output_file *file, status s)
{
	if (!p->members)
		return s;
	if (s == OK)
		return output_commit(file);
	output_abandon(file);
	return s;
}

/* Before the snapshots are gone through, which may take long. */
static status check_labels(const struct dataset *d, int classes, const struct opts *o)
{
	const char *option = opts_text(o, "data") ? "--data " : "";
	if (!d->label)
		return fail(ERR_USAGE, "%s%s: the model predicts classes, and the set has real targets", option, d->spec);
	for (size_t i = 0; i < d->n; i++)
		if (d->label[i] >= classes)
			return fail(ERR_USAGE, "%s%s: example %zu has label %d, and the model predicts %d classes, 0 to %d", option,
			            d->spec, i, d->label[i], classes, classes - 1);
	return OK;
}

static status predict_subject(const struct opts *o, struct selection *chosen, struct network *n, struct subject *subject,
                              struct arena *a, json_t *figures)
{
	struct predictions p;
	struct output_file file;
	struct curve curve = {NULL, subject->data.label};
	bool classes = network_classes(n) > 0, wants_curve = opts_flag(o, "curve");
	if (classes)
		TRY(check_labels(&subject->data, network_classes(n), o));
	if (!classes && (opts_text(o, "save-probs") || opts_text(o, "save-member-probs")))
		return fail(ERR_USAGE, "--save-probs and --save-member-probs need class probabilities; this run's likelihood is %s",
		            n->likelihood->name);
	TRY(output_check("save-probs", opts_text(o, "save-probs"), a));
	if (wants_curve)
		json_object_set_new(figures, "curve", curve.rows = json_array());
	status s = predictions_open(a, n, subject, chosen->n, &p);
	if (s == OK)
		s = open_members(o, chosen->n, a, &p, &file);
	if (s == OK)
		s = ensemble_run(chosen, n, &p, 1, o, classes && wants_curve ? curve_point : NULL, &curve);
	predictions_close(&p);
	TRY(close_members(&p, &file, s));
	return classes ? score_classes(&p.mixture, subject->data.label, o, a, figures)
	               : score_regression(n, &p, chosen->n, o, a, figures, curve.rows);
}

static status predict_network(const struct opts *o, struct selection *chosen, struct network *n, struct arena *a,
                              json_t *figures)
{
	struct subject subject;
	const struct subject_request request = {.spec = opts_text(o, "data"), .option = "--data",
	                                        .split = opts_text(o, "split"), .opts = o};
	TRY(subject_open(n, &request, &subject));
	if (subject.fell_back)
		warn("%s has no test split: the training examples are scored", subject.data.spec);
	status s = predict_subject(o, chosen, n, &subject, a, figures);
	json_object_set_new(figures, "data", json_string(subject.data.spec));
	json_object_set_new(figures, "split", json_string(split_name(subject.data.split)));
	subject_close(&subject);
	return s;
}

static status predict_runs(const struct opts *o, struct arena *a, json_t *figures)
{
	struct selection chosen;
	struct network n;
	TRY(select_open(o, &chosen));
	const json_t *header = chosen.source[chosen.choice[0].source].header;
	status s = network_open(header, o, &n);
	if (s == OK) {
		s = predict_network(o, &chosen, &n, a, figures);
		network_close(&n);
	}
	report_facts(figures, header);
	select_report(&chosen, figures);
	select_close(&chosen);
	return s;
}

/* ---- from stored probabilities ---- */

static status predict_stored(const struct opts *o, struct arena *a, json_t *figures)
{
	static const char *const of_runs[] = {"data", "split", "save-member-probs", "batch", "device", "threads", "precision",
	                                      "conv-algo", NULL};
	struct stored stored;
	const char *probs = opts_text(o, "probs"), *labels = opts_text(o, "labels");
	if (!probs || !labels)
		return fail(ERR_USAGE, "--probs and --labels go together: the probabilities and the classes they are scored by");
	TRY(select_refuse(o, "probs", of_runs));
	TRY(stored_open(a, "probs", probs, &stored));
	struct curve curve = {json_array(), NULL};
	bool wants_curve = opts_flag(o, "curve");
	status s = stored_labels(a, labels, &stored.mixture, &curve.label);
	if (s == OK)
		s = stored_fill(&stored, a, wants_curve ? curve_point : NULL, &curve);
	if (s == OK)
		s = score_classes(&stored.mixture, curve.label, o, a, figures);
	json_object_set_new(figures, "data", json_string(probs));
	json_object_set_new(figures, "split", json_null());
	report_facts(figures, NULL);
	json_object_set_new(figures, "roles", json_array());
	if (wants_curve)
		json_object_set(figures, "curve", curve.rows);
	json_decref(curve.rows);
	return s;
}

static status run_predict(const struct opts *o)
{
	struct arena arena = {0};
	json_t *figures = json_object();
	status s = opts_given(o, "probs") || opts_given(o, "labels") ? predict_stored(o, &arena, figures)
	                                                             : predict_runs(o, &arena, figures);
	if (s == OK)
		s = print(o, figures);
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
