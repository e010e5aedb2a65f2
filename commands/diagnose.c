/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin diagnose: whether the chains of a run can be believed. */
#include "commands/diagnose.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands/command.h"
#include "commands/network.h"
#include "commands/report.h"
#include "commands/select.h"
#include "commands/word_lists.h"
#include "predict/projection.h"
#include "src/json_build.h"

static const struct param diagnose_defs[] = {
	{.name = "data", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "data set whose examples' log-likelihoods are watched; without it the run's own"},
	{.name = "split", .type = PARAM_CHOICE, .arg = SPLIT_WORDS,
	 .help = "part of that set; without it test, or train where there is no test split"},
	{.name = "header", .type = PARAM_CHOICE, .arg = HEADER_WORDS,
	 .help = "whether the first line of a csv file holds names; without it its cells say so"},
	{.name = "probe", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "data set for whose inputs the network's outputs are watched too"},
	{.name = "points", .type = PARAM_COUNT, .arg = "N", .fallback = "32", .min = 1, .max = 1e4, .unit = "examples",
	 .help = "examples that are watched of each set, evenly spaced"},
	{.name = "directions", .type = PARAM_COUNT, .arg = "K", .fallback = "8", .min = 1, .max = DIRECTIONS_MAX,
	 .help = "random directions along which parameters are watched; where no more than K move, these are"},
	{.name = "gradients", .type = PARAM_COUNT, .arg = "N", .fallback = "100", .min = 0, .max = 1e9, .unit = "draws",
	 .help = "draws of a chain, evenly spaced, at which the gradient over all training data is taken for the temperature; 0: none"},
	{0},
};

static const struct param threshold_defs[] = {
	{.name = "max-rhat", .type = PARAM_REAL, .arg = "RHAT", .fallback = "1.01", .min = 1, .max = 1e6,
	 .help = "largest R̂ that is ok"},
	{.name = "min-ess", .type = PARAM_REAL, .arg = "DRAWS", .fallback = "100", .min = 0, .max = 1e12, .unit = "draws",
	 .help = "smallest effective number of draws of a chain that is ok, of the bulk and of the tails"},
	{.name = "max-temperature-error", .type = PARAM_REAL, .arg = "SHARE", .fallback = "0.1", .min = 0, .max = 1e6,
	 .help = "share of T by which a temperature may be off, where that is more than --max-mcse allows"},
	{.name = "max-mcse", .type = PARAM_REAL, .arg = "Z", .fallback = "4", .min = 0, .max = 1e6,
	 .help = "Monte Carlo standard errors by which a temperature may be off, and by which draws may drift"},
	{.name = "max-gradient-noise", .type = PARAM_REAL, .arg = "RATIO", .min = 0, .max = 1e12,
	 .help = "largest ratio of gradient noise to injected noise that is ok; without it that is shown and not judged"},
	{.name = "min-distance", .type = PARAM_REAL, .arg = "SHARE", .fallback = "1e-6", .min = 0, .max = 1,
	 .help = "share of the parameters' norm by which draws of a chain, and chains, must be apart"},
	{0},
};

static const struct opt_table table_diagnose = {.owner = "diagnose", .heading = "What is watched", .defs = diagnose_defs};
static const struct opt_table table_thresholds = {.owner = "thresholds", .heading = "Thresholds", .defs = threshold_defs};
static const struct opt_table *const tables[] = {&table_diagnose, &table_thresholds, &table_select,   &table_batch,
                                                 &table_device,   &table_report,     &table_progress, NULL};

/* ---- whether draws say anything of the whole ---- */

/* Whether λ, or whether noise is injected, changes between the first draw and the last. */
static bool schedule_varies(const struct diagnosis *d)
{
	const struct schedule *s = &d->schedule;
	uint64_t first = UINT64_MAX, last = 0;
	if (!d->sampler || (s->kind == SCHEDULE_CONSTANT && s->explore <= 0))
		return false;
	for (int k = 0; k < d->panel.chains; k++) {
		const struct choice *c = &d->chosen.choice[d->panel.first[k]];
		first = c[0].step < first ? c[0].step : first;
		last = c[d->panel.draws - 1].step > last ? c[d->panel.draws - 1].step : last;
	}
	/* The step that made draw k had number k − 1. */
	first -= first > 0;
	for (uint64_t k = first; k < last; k++)
		if (schedule_lr(s, k) != schedule_lr(s, first) || schedule_explores(s, k) != schedule_explores(s, first))
			return true;
	return false;
}

static bool same_target(const struct diagnosis *d)
{
	for (size_t i = 0; i < d->chosen.sources.n; i++)
		if (!json_equal(json_object_get(d->chosen.sources.source[i].header, "target"), json_object_get(d->header, "target")))
			return false;
	return true;
}

static void find_unjudged(struct diagnosis *d)
{
	char *to = d->unjudged;
	const size_t room = sizeof d->unjudged;
	if (d->panel.draws < JUDGED_DRAWS)
		snprintf(to, room, "%zu draw%s a chain, fewer than %d", d->panel.draws, d->panel.draws == 1 ? "" : "s", JUDGED_DRAWS);
	else if (!same_target(d))
		snprintf(to, room, "the chains are of different targets");
	else if (schedule_varies(d))
		snprintf(to, room, "the step size, or whether noise is injected, varies between the draws");
}

/* ---- checks of traces ---- */

struct words {
	const char *rhat, *bulk, *tail, *drift;            /* names */
	const char *rhat_title, *bulk_title, *tail_title, *drift_title;
};

static const struct words words_parameters = {
	"rhat_parameters", "ess_bulk_parameters", "ess_tail_parameters", "drift_parameters",
	"R̂, parameters", "bulk ESS a chain, parameters", "tail ESS a chain, parameters", "drift in MCSE, parameters",
};

/* Which trace has the worst of a figure. One that never moves, as the log-likelihood of an example that all draws are sure of,
 * says nothing where others do. */
static int worst_of(const struct traces *t, double (*figure)(const struct trace *))
{
	int worst = -1;
	for (int i = 0; i < t->n; i++)
		if (t->trace[i].all.sd != 0 && (worst < 0 || figure(&t->trace[i]) > figure(&t->trace[worst])))
			worst = i;
	return worst < 0 ? 0 : worst;
}

static double rhat_of(const struct trace *t)
{
	return t->all.rhat;
}

static double bulk_lack(const struct trace *t)
{
	return -t->all.ess_bulk;
}

static double tail_lack(const struct trace *t)
{
	return -t->all.ess_tail;
}

static double drift_of(const struct trace *t)
{
	return t->drift;
}

static void add_trace_check(struct diagnosis *d, const struct traces *t, const char *name, const char *title, enum check_kind kind,
                            double scale, double threshold, double (*figure)(const struct trace *))
{
	const int worst = worst_of(t, figure);
	checks_add(&d->checks, &(struct check){
		.name = name, .title = title, .kind = kind, .value = scale * figure(&t->trace[worst]), .threshold = threshold,
		.expected = (double)NAN, .mcse = (double)NAN, .of = t->name[worst], .unjudged = *d->unjudged ? d->unjudged : NULL,
	});
}

static void add_traces(struct diagnosis *d, const struct traces *t, const struct words *w)
{
	const struct opts *o = d->options;
	const double least = opts_real(o, "min-ess"), a_chain = -1. / d->panel.chains;
	add_trace_check(d, t, w->rhat, w->rhat_title, CHECK_AT_MOST, 1, opts_real(o, "max-rhat"), rhat_of);
	add_trace_check(d, t, w->bulk, w->bulk_title, CHECK_AT_LEAST, a_chain, least, bulk_lack);
	add_trace_check(d, t, w->tail, w->tail_title, CHECK_AT_LEAST, a_chain, least, tail_lack);
	add_trace_check(d, t, w->drift, w->drift_title, CHECK_AT_MOST, 1, opts_real(o, "max-mcse"), drift_of);
}

static void add_distances(struct diagnosis *d)
{
	const double least = opts_real(d->options, "min-distance") * d->distances.norm;
	checks_add(&d->checks, &(struct check){
		.name = "distance_within", .title = "distance of a chain's draws", .kind = CHECK_ABOVE, .value = d->distances.least_within,
		.threshold = least, .expected = (double)NAN, .mcse = (double)NAN,
		.unjudged = d->panel.draws < 2 ? "a chain has one draw" : NULL,
	});
	checks_add(&d->checks, &(struct check){
		.name = "distance_between", .title = "distance of the nearest chains", .kind = CHECK_ABOVE, .value = d->nearest,
		.threshold = least, .expected = (double)NAN, .mcse = (double)NAN,
		.unjudged = d->panel.chains < 2 ? "there is one chain" : NULL,
	});
}

/* ---- the report ---- */

static void put_report(struct diagnosis *d, json_t **to)
{
	json_put(to, "checks", checks_json(&d->checks));
	json_put(to, "chains", json_integer(d->panel.chains));
	json_put(to, "draws", json_integer((json_int_t)d->panel.draws));
	report_facts(to, d->header);
	if (opts_flag(d->options, "json"))
		select_origin(d->options, &d->chosen, to);
	select_report(&d->chosen, to);
}

static status show(struct diagnosis *d)
{
	json_t *report = json_object();
	put_report(d, &report);
	if (opts_flag(d->options, "json"))
		return report_json(report);
	checks_print(&d->checks);
	putchar('\n');
	status s = report_print(report);
	json_decref(report);
	return s == OK ? report_end() : s;
}

static status diagnose(struct diagnosis *d)
{
	TRY(panel_open(&d->chosen, &d->arena, &d->panel));
	d->header = selection_header(&d->chosen);
	TRY(diagnose_open_run(d));
	find_unjudged(d);
	TRY(diagnose_parameters(d));
	add_traces(d, &d->parameters, &words_parameters);
	add_distances(d);
	TRY(diagnose_gradients(d));
	TRY(show(d));
	return checks_conclude(&d->checks);
}

static status run_diagnose(const struct opts *o)
{
	struct diagnosis d = {.options = o};
	TRY(select_open_rather(o, "theta", &d.chosen));
	status s = diagnose(&d);
	opts_free(d.sampled);
	arena_free(&d.arena);
	selection_close(&d.chosen);
	return s;
}

const struct command command_diagnose = {
	.name = "diagnose",
	.synopsis = "RUN|FILE.snaps… [options]",
	.help = "say whether the chains of a run can be believed",
	.computes = true,
	.tables = tables,
	.run = run_diagnose,
};
