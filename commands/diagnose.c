/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin diagnose: whether the chains of a run can be believed. */
#include "commands/diagnose.h"

#include <stdio.h>

#include "commands/command.h"
#include "commands/csv_options.h"
#include "commands/network.h"
#include "commands/select.h"
#include "commands/word_lists.h"
#include "predict/projection.h"

enum { JUDGE_AUTO, JUDGE_YES, JUDGE_NO };

static const struct param diagnose_defs[] = {
	{.name = "data", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "data set whose examples' log-likelihoods are watched; without it the run's own"},
	{.name = "split", .type = PARAM_CHOICE, .arg = SPLIT_WORDS,
	 .help = "part of that set; without it test, or where there is none what the run held out, or else train"},
	CSV_HEADER_OPTION,
	CSV_DECIMAL_OPTION,
	CSV_UNKNOWN_OPTION,
	{.name = "probe", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "data set for whose inputs the network's outputs are watched too"},
	{.name = "points", .type = PARAM_COUNT, .arg = "N", .fallback = "32", .min = 1, .max = 1e4, .unit = "examples",
	 .help = "examples that are watched of each set, evenly spaced"},
	{.name = "directions", .type = PARAM_COUNT, .arg = "K", .fallback = "8", .min = 1, .max = DIRECTIONS_MAX,
	 .help = "random directions along which parameters are watched; where no more than K move, these are"},
	{.name = "judge-parameters", .type = PARAM_CHOICE, .arg = "auto|yes|no", .fallback = "auto",
	 .help = "whether what parameters show is judged, or shown alone; auto judges where no hidden units can change places"},
	{.name = "gradients", .type = PARAM_COUNT, .arg = "N", .min = 0, .max = 1e9, .unit = "draws",
	 .help = "draws of a chain, evenly spaced, at which the gradient over all training data is taken for the temperature; 0: none; "
	         "without it 100, or where few parameters move 12800 over their number and that of chains"},
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
	{.name = "max-dead", .type = PARAM_COUNT, .arg = "N", .fallback = "0", .min = 0, .max = 1e9, .unit = "draws",
	 .help = "draws that may be dead: no better than guessing, or far worse than the others"},
	{.name = "min-distance", .type = PARAM_REAL, .arg = "SHARE", .fallback = "1e-6", .min = 0, .max = 1,
	 .help = "share of the parameters' norm by which draws of a chain, and chains, must be apart"},
	{0},
};

static const struct opt_table table_diagnose = {.owner = "diagnose", .heading = "What is watched", .defs = diagnose_defs};
static const struct opt_table table_thresholds = {.owner = "thresholds", .heading = "Thresholds", .defs = threshold_defs};
static const struct opt_table *const tables[] = {&table_diagnose, &table_thresholds, &table_select,   &table_batch,
                                                 &table_device,   &table_report,     &table_progress, NULL};

/* ---- whether draws say anything of the whole ---- */

static bool same_target(const struct diagnosis *d)
{
	for (size_t i = 0; i < d->chosen.sources.n; i++)
		if (!json_equal(json_object_get(d->chosen.sources.source[i].header, "target"), json_object_get(d->header, "target")))
			return false;
	return true;
}

/* What sets the runs apart; NULL: nothing does. The target's sentence names neither data nor a tensor's own prior, and gradients are
 * taken with the first run's. */
static const char *difference(const struct diagnosis *d)
{
	static const struct { const char *part, *name, *words; } facts[] = {
		{"data", "fingerprint", "the chains are of different training data"},
		{"sampler", "prior", "the chains are under different priors (--prior)"},
		{"sampler", "freeze", "the chains hold different tensors (--freeze)"},
		{"sampler", "batch", "the chains have minibatches of different sizes (--batch)"},
	};
	if (!same_target(d))
		return "the chains are of different targets";
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		if (selection_unlike(&d->chosen, facts[i].part, facts[i].name))
			return facts[i].words;
	return NULL;
}

static void find_unjudged(struct diagnosis *d)
{
	const char *apart = difference(d);
	char *to = d->unjudged;
	const size_t room = sizeof d->unjudged;
	if (d->panel.draws < PANEL_JUDGED)
		snprintf(to, room, "%zu draw%s a chain, fewer than %d", d->panel.draws, d->panel.draws == 1 ? "" : "s", PANEL_JUDGED);
	else if (apart)
		snprintf(to, room, "%s", apart);
	else if (d->varies)
		snprintf(to, room, "λ, or whether noise is injected, varies between the draws");
	const bool shown = opts_choice(d->options, "judge-parameters") == JUDGE_NO;
	const bool moot = d->hidden_units && opts_choice(d->options, "judge-parameters") == JUDGE_AUTO;
	d->predictions.unjudged = *to ? to : NULL;
	d->parameters.unjudged = *to    ? to
	                         : moot  ? "hidden units can change places; --judge-parameters yes judges them"
	                         : shown ? "--judge-parameters no" : NULL;
}

/* ---- the command ---- */

/* An analytic target predicts nothing. */
static status refuse_data(const struct opts *o)
{
	static const char *const names[] = {"data", "split", "header", "decimal", "unknown", "probe", "points", "batch", "precision",
	                                    "conv-algo", "fast", NULL};
	for (const char *const *name = names; *name; name++)
		if (opts_given(o, *name))
			return fail(ERR_USAGE, "--%s: the run's target is analytic and predicts nothing; its parameters are watched", *name);
	return OK;
}

static status diagnose(struct diagnosis *d)
{
	const struct opts *o = d->options;
	TRY(panel_open(&d->chosen, &d->arena, &d->panel));
	d->header = selection_header(&d->chosen);
	TRY(diagnose_open_run(d));
	find_unjudged(d);
	TRY(diagnose_parameters(d));
	if (d->analytic)
		TRY(refuse_data(o));
	else
		TRY(diagnose_predictions(d));
	diagnose_check(d);
	TRY(diagnose_configurational(d));
	TRY(diagnose_kinetic(d));
	TRY(diagnose_show(d));
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
