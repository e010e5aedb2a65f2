/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin decide: learns rules of decision from labelled rows that the members were not trained on. */
#include "commands/decide.h"

#include <string.h>

#include "commands/command.h"
#include "commands/csv_options.h"
#include "commands/network.h"
#include "commands/output.h"
#include "commands/report.h"
#include "commands/select.h"
#include "commands/word_lists.h"
#include "predict/guess.h"
#include "predict/stored.h"
#include "predict/trained.h"
#include "src/data/fingerprint.h"
#include "src/json_build.h"
#include "src/likelihood.h"
#include "src/words.h"

static const struct param decide_defs[] = {
	{.name = "out", .type = PARAM_PATH, .arg = "FILE", .help = "the file to write, for basin predict --decide"},
	OUTPUT_OVERWRITE,
	{.name = "data", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "labelled data set that rules are learnt from; without it the run's own"},
	{.name = "split", .type = PARAM_CHOICE, .arg = SPLIT_WORDS,
	 .help = "part of the data set; without it holdout, or of --data test, or all where there is no test split"},
	CSV_HEADER_OPTION,
	CSV_UNKNOWN_OPTION,
	CSV_DECIMAL_OPTION,
	{.name = "probs", .type = PARAM_PATH, .arg = "FILE.npy",
	 .help = "learn from these probabilities, (examples, classes) or (members, examples, classes), instead of a run's"},
	{.name = "labels", .type = PARAM_PATH, .arg = "FILE.npy", .help = "the classes, from 0, that belong to --probs"},
	{0},
};

static const struct opt_table table_decide = {.owner = "decide", .heading = "Data and output", .defs = decide_defs};
static const struct opt_table *const tables[] = {&table_decide, &table_rules,  &table_select,   &table_batch,
                                                 &table_device, &table_report, &table_progress, NULL};

static const char *const file_option[] = {"out"}, *const read_option[] = {"config", "data", "probs", "labels", NULL};

/* ---- the file ---- */

static json_t *made_from(const struct opts *o, const struct selection *chosen, const struct dataset *rows)
{
	json_t *from = json_object();
	select_origin(o, chosen, &from);
	json_object_del(from, "version");
	json_put(&from, "probs", opts_text(o, "probs") ? json_words(opts_text(o, "probs")) : json_null());
	json_put(&from, "labels", opts_text(o, "labels") ? json_words(opts_text(o, "labels")) : json_null());
	json_put(&from, "data", rows ? json_words(rows->spec) : json_null());
	json_put(&from, "split", rows ? json_string(split_name(rows->split)) : json_null());
	json_put(&from, "members", chosen ? select_members(chosen) : json_null());
	return from;
}

/* The file's, and what is said of it. `rows`: NULL where probabilities are stored. */
static status tell(const struct opts *o, const struct selection *chosen, const struct dataset *rows, const struct decisions *d,
                   FILE *to, json_t **figures)
{
	json_put(figures, "n", json_integer((json_int_t)d->n));
	json_put(figures, "snapshots", json_integer((json_int_t)d->snapshots));
	if (opts_flag(o, "json"))
		json_put(figures, "rules", decisions_rules(d));
	else
		decide_report(d, figures);
	json_put(figures, "void", json_boolean(decisions_void(d)));
	return decisions_write(to, decisions_to_json(d, PACKAGE_VERSION, made_from(o, chosen, rows)));
}

/* ---- from a run ---- */

static const struct source *source_of(const struct selection *chosen, size_t i)
{
	return &chosen->sources.source[chosen->choice[i].source];
}

/* What is held out is what some snapshots were not trained on only where the rest is what all of them were: rows that came to the
 * file since, or another run's holdout, divide it differently. What a run was begun with has learnt from its own. */
static status check_held(const struct network *n, const struct selection *chosen, const struct dataset *d)
{
	const struct source *other = selection_trained_on_others(chosen, d->train_fingerprint);
	if (other)
		return fail(ERR_USAGE, "%s: %s was trained on other rows than those left beside what --holdout %s holds out of it now, and may have "
		            "seen these: the file has changed, or the run is another; name labelled rows that it has not seen by --data",
		            d->spec, other->path, n->origin.holdout);
	for (size_t i = 0; i < chosen->n; i++) {
		const struct source *source = source_of(chosen, i);
		if (trained_before_on_others(source->header, d->train_fingerprint))
			return fail(ERR_USAGE, "%s: what %s began with (--init) was trained on other rows than those left beside what --holdout %s holds "
			            "out of it, and may have seen these: name labelled rows that neither has seen by --data, or sample again with --init "
			            "of a run with this --holdout", d->spec, source->path, n->origin.holdout);
	}
	return OK;
}

/* Rows that a run was trained on make every rule look better than it is. */
static status check_unseen(const struct opts *o, const struct network *n, const struct selection *chosen, const struct subject *s)
{
	const struct dataset *d = &s->data;
	bool seen = s->trained || (n->origin.spec && strcmp(n->origin.spec, d->spec) == 0);
	if (d->split == SPLIT_HOLDOUT)
		return check_held(n, chosen, d);
	for (size_t i = 0; d->split == SPLIT_TRAIN && !seen && i < chosen->n; i++)
		seen = trained_on(source_of(chosen, i)->header, d->train_fingerprint);
	if (d->split != SPLIT_TRAIN || !seen)
		return OK;
	const char *rather = n->origin.holdout ? "take --split holdout" : "name other labelled rows by --data, or sample again with --holdout";
	return fail(ERR_USAGE, "--%s %s: the run was trained on rows of it, so no rule learnt from them would hold; %s",
	            opts_given(o, "split") ? "split" : "data", opts_given(o, "split") ? "train" : opts_text(o, "data"), rather);
}

static status check_holdout(const struct opts *o, const struct network *n)
{
	if (opts_given(o, "data") || opts_given(o, "split") || n->origin.holdout)
		return OK;
	return fail(ERR_USAGE, "nothing was held out of this run's training data, and rules need labelled rows that it was not trained on: "
	            "sample again with --holdout FRACTION, or name such rows by --data%s",
	            n->origin.spec && dataset_has_test(n->origin.spec) ? ", or take --split test" : "");
}

static status check_subject(const struct opts *o, const struct network *n, const struct selection *chosen, const struct subject *s)
{
	const struct predictive *how = predictive_of(n->likelihood);
	status fits = how->check(n, &s->data);
	if (fits != OK)
		return opts_text(o, "data") ? report_option(fits, "data") : fits;
	TRY(check_unseen(o, n, chosen, s));
	return decide_check(o, how->classes(n->model.outputs) > 0);
}

static status learn(const struct opts *o, struct selection *chosen, struct network *n, const struct subject *subject,
                    struct decisions *d, struct arena *a)
{
	struct predictions p;
	struct figures all;
	TRY(predictions_open(a, n, subject, chosen->n, SCORE_ALL, &p));
	TRY(network_predict(o, chosen, n, &p, 1));
	TRY(p.how->score(&p, &all));
	guess_warn(&p, chosen, &all);
	const struct regression real = p.mixture.c ? (struct regression){.n = 0} : predictions_regression(&p);
	const struct calibration c = {
		.mixture = p.mixture.c ? &p.mixture : NULL, .real = &real, .y = subject->data.target_wide, .n = subject->data.n,
	};
	d->likelihood = n->likelihood->name;
	d->classes = p.mixture.c;
	d->targets = p.mixture.c ? 0 : real.k;
	d->n = c.n;
	d->snapshots = chosen->n;
	d->data = subject->data.fingerprint;
	d->held_by_class = subject->data.split == SPLIT_HOLDOUT && subject->data.held_by_class;
	d->precision = words_at(PRECISION_WORDS, n->precision);
	TRY(selection_fingerprint(chosen, &d->ensemble));
	if (d->classes)
		TRY(network_class_names(n, d->classes, a, &d->class_name));
	return decide_rules(o, &c, a, d);
}

static status decide_subject(const struct opts *o, struct selection *chosen, struct network *n, const struct subject *subject,
                             struct decisions *d, struct arena *a, json_t **figures)
{
	struct output_file file;
	TRY(check_subject(o, n, chosen, subject));
	TRY(select_spare(o, chosen, read_option, file_option, 1));
	TRY(outputs_open(o, a, file_option, 1, &file));
	status s = learn(o, chosen, n, subject, d, a);
	if (s == OK && decisions_weakened(d))
		warning("%s: these rows were held out by class, and of rules learnt from such rows only sets {by-class} keep their promise; for the "
		        "others sample again with {holdout} %zu", subject->data.spec, d->n);
	if (s == OK)
		s = tell(o, chosen, &subject->data, d, file.to, figures);
	return outputs_close(&file, 1, s);
}

static status decide_network(const struct opts *o, struct selection *chosen, struct network *n, struct arena *a, json_t **figures)
{
	struct subject subject;
	struct decisions d = {.n = 0};
	const struct subject_request request = {
		.spec = opts_text(o, "data"), .option = "--data",
		.split = opts_given(o, "split") || opts_given(o, "data") ? opts_choice(o, "split") : SPLIT_HOLDOUT,
		.header = (enum header)(opts_choice(o, "header") + 1), .unknown = opts_choice(o, "unknown") + 1,
		.decimal = opts_choice(o, "decimal") + 1,
		.batch = opts_given(o, "batch") ? (int)opts_count(o, "batch") : 0,
	};
	TRY(check_holdout(o, n));
	TRY(subject_open(n, &request, &subject));
	status s = decide_subject(o, chosen, n, &subject, &d, a, figures);
	report_examples(figures, &subject, opts_flag(o, "json"));
	subject_close(&subject);
	return s;
}

/* ---- from stored probabilities ---- */

static status learn_stored(const struct opts *o, struct decisions *d, struct arena *a)
{
	struct stored stored;
	TRY(report_option(stored_open(a, opts_text(o, "probs"), &stored), "probs"));
	TRY(report_option(stored_labels(a, opts_text(o, "labels"), &stored.mixture), "labels"));
	TRY(report_option(stored_fill(&stored, a, NULL), "probs"));
	const struct calibration c = {.mixture = &stored.mixture, .n = stored.mixture.n};
	d->classes = stored.mixture.c;
	d->n = c.n;
	d->snapshots = stored.members;
	return decide_rules(o, &c, a, d);
}

static status decide_stored(const struct opts *o, struct arena *a, json_t **figures)
{
	static const char *const of_runs[] = {"data", "split", "header", "unknown", "decimal", "batch", "device", "threads", "precision", "conv-algo",
	                                      "fast", NULL};
	struct decisions d = {.n = 0};
	struct output_file file;
	if (!opts_text(o, "probs") || !opts_text(o, "labels"))
		return fail(ERR_USAGE, "--probs and --labels go together: rules are learnt from probabilities and the classes that were right");
	TRY(select_refuse(o, "probs", of_runs));
	TRY(decide_check(o, true));
	TRY(select_spare(o, NULL, read_option, file_option, 1));
	TRY(outputs_open(o, a, file_option, 1, &file));
	status s = learn_stored(o, &d, a);
	if (s == OK)
		s = tell(o, NULL, NULL, &d, file.to, figures);
	s = outputs_close(&file, 1, s);
	select_stored(o, figures);
	if (opts_flag(o, "json"))
		json_put(figures, "data_fingerprint", json_null());
	return s;
}

/* ---- the command ---- */

static status run_decide(const struct opts *o)
{
	static const char *const unsaid[] = {"void", "temperature", "target", "note", "roles", NULL}, *const none[] = {NULL};
	struct arena arena = {0};
	if (!opts_text(o, "out"))
		return fail(ERR_USAGE, "--out FILE is missing: the file to write, for basin predict --decide");
	json_t *figures = json_object();
	status s = opts_given(o, "probs") || opts_given(o, "labels") ? decide_stored(o, &arena, &figures)
	                                                             : network_run(o, decide_network, &arena, &figures);
	const bool void_rules = json_is_true(json_object_get(figures, "void"));
	/* How the snapshots were drawn is said by basin predict and basin info. */
	for (const char *const *name = opts_flag(o, "json") ? none : unsaid; *name; name++)
		json_object_del(figures, *name);
	if (s == OK)
		s = report_show(o, figures);
	if (s == OK && void_rules)
		s = fail(ERR_CHECK, "%s: a rule in it decides nothing, as these rows are too few or too many of them are predicted wrong: the "
		         "report says which and what it takes", opts_text(o, "out"));
	json_decref(figures);
	arena_free(&arena);
	return s;
}

const struct command command_decide = {
	.name = "decide",
	.synopsis = "RUN|FILE.snaps… --out FILE [options]\n--probs FILE.npy --labels FILE.npy --out FILE [options]",
	.help = "learn rules of decision, with guarantees, from held-out rows",
	.computes = true,
	.tables = tables,
	.run = run_decide,
};
