/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin flatness: the curvature of the loss at snapshots. */
#include "commands/flatness.h"

#include <stdlib.h>

#include "commands/command.h"
#include "commands/csv_options.h"
#include "commands/report.h"
#include "commands/select.h"
#include "commands/word_lists.h"
#include "src/json_build.h"

static const struct param flatness_defs[] = {
	{.name = "top", .type = PARAM_COUNT, .arg = "K", .fallback = "5", .min = 0, .max = LANCZOS_TOP,
	 .help = "largest eigenvalues of the Hessian; 0: none"},
	{.name = "tolerance", .type = PARAM_REAL, .arg = "SHARE", .fallback = "1e-3", .min = 1e-6, .max = 1,
	 .help = "what an eigenvalue's residual may be, as a share of the largest magnitude"},
	{.name = "probes", .type = PARAM_COUNT, .arg = "M", .fallback = "10", .min = 0, .max = 1e6,
	 .help = "vectors of random signs from which the trace is estimated; 0: none"},
	{.name = "density", .type = PARAM_FLAG,
	 .help = "also the density of the eigenvalues, by --lanczos-steps products for each probe"},
	{.name = "lanczos-steps", .type = PARAM_COUNT, .arg = "N", .fallback = "80", .min = 2, .max = 1e4, .unit = "products",
	 .help = "steps of each probe of the density"},
	{.name = "decay", .type = PARAM_FLAG,
	 .help = "take the run's prior in: δ on the diagonal where it is Gaussian; without it the curvature is that of the loss alone"},
	{.name = "by", .type = PARAM_CHOICE, .arg = "net|tensor", .fallback = "net",
	 .help = "with tensor each tensor's own block of the Hessian too, by products of its own; with --top 0 their traces alone, from the "
	         "whole's"},
	{.name = "tensors", .type = PARAM_TEXT, .arg = "NAME[,NAME…]",
	 .help = "these tensors' block of the Hessian, all others being held; shell patterns are names too; without it all that are not "
	         "frozen"},
	{.name = "seed", .type = PARAM_COUNT, .arg = "SEED", .fallback = "1", .min = 0, .max = 4294967295.,
	 .help = "starts, probes and drawn examples follow from it"},
	{0},
};

static const struct param data_defs[] = {
	{.name = "data", .type = PARAM_TEXT, .arg = "KIND[:PATH]", .words = &words_data_sets_alone,
	 .help = "data set of the loss; without it the run's own"},
	{.name = "split", .type = PARAM_CHOICE, .arg = SPLIT_WORDS,
	 .help = "part of the data set; without it train, less what the run held out"},
	CSV_HEADER_OPTION,
	CSV_DECIMAL_OPTION,
	CSV_UNKNOWN_OPTION,
	{.name = "examples", .type = PARAM_COUNT, .arg = "N", .min = 1, .max = 1e9, .unit = "examples",
	 .help = "examples that are taken, drawn without replacement; without it all"},
	{.name = "batch", .type = PARAM_COUNT, .arg = "B", .min = 1, .max = 1e6, .unit = "examples",
	 .help = "examples at a time; without it the run's own, at most 1024"},
	{0},
};

static const struct param device_defs[] = {
	{.name = "device", .type = PARAM_TEXT, .arg = "cpu", .fallback = "cpu",
	 .help = "where to compute: the CPU alone has exact products with Hessians, whatever BASIN_DEVICE names"},
	{.name = "threads", .type = PARAM_COUNT, .arg = "N", .min = 1, .max = THREADS_MAX,
	 .help = "processor threads; by default all"},
	{0},
};

static const struct opt_table table_flatness = {.owner = "flatness", .heading = "What is measured", .defs = flatness_defs};
static const struct opt_table table_data = {.owner = "data", .heading = "Which examples", .defs = data_defs};
static const struct opt_table table_cpu = {.owner = "device", .heading = "Device options", .defs = device_defs};
static const struct opt_table *const tables[] = {&table_flatness, &table_data,     &table_select, &table_cpu,
                                                 &table_report,   &table_progress, NULL};

/* ---- the plan ---- */

static status take_plan(const struct opts *o, struct flatness_plan *p)
{
	*p = (struct flatness_plan){
		.options = o, .top = (size_t)opts_count(o, "top"), .probes = (size_t)opts_count(o, "probes"),
		.steps = (size_t)opts_count(o, "lanczos-steps"), .density = opts_flag(o, "density"), .decay = opts_flag(o, "decay"),
		.by_tensor = opts_choice(o, "by") == 1, .tolerance = opts_real(o, "tolerance"),
		.examples = opts_given(o, "examples") ? (size_t)opts_count(o, "examples") : 0, .seed = (uint32_t)opts_count(o, "seed"),
	};
	if (p->density && !p->probes)
		return fail(ERR_USAGE, "--density takes its probes from --probes, which is 0");
	if (opts_given(o, "lanczos-steps") && !p->density)
		return fail(ERR_USAGE, "--lanczos-steps belongs to --density");
	if (opts_given(o, "tolerance") && !p->top)
		return fail(ERR_USAGE, "--tolerance is of eigenvalues, of which --top 0 asks for none");
	if (p->by_tensor && !p->top && !p->probes)
		return fail(ERR_USAGE, "--by tensor has nothing to measure with --top 0 and --probes 0");
	return OK;
}

/* ---- the command ---- */

static status show(const struct flatness_plan *p, const struct flatness_target *t, const struct selection *chosen, json_t *list)
{
	json_t *report = json_object();
	flatness_facts(p, t, &report);
	report_facts(&report, t->header);
	if (opts_flag(p->options, "json"))
		select_origin(p->options, chosen, &report);
	select_report(chosen, &report);
	json_put(&report, "snapshots", list);
	if (opts_flag(p->options, "json"))
		return report_json(report);
	status s = flatness_print(p, t, report);
	json_decref(report);
	return s == OK ? report_end() : s;
}

/* After a signal or a failure what is done is shown all the same: it may have taken hours. */
static status measure(const struct flatness_plan *p, const struct flatness_target *t, struct selection *chosen)
{
	json_t *list = json_array();
	status s = flatness_measure(p, t, chosen, &list);
	const size_t done = json_array_size(list);
	if (s != OK && !done) {
		json_decref(list);
		return s;
	}
	char *why = s == OK ? NULL : fail_copy();
	const status shown = show(p, t, chosen, list);
	status ended = shown == OK ? s : shown;
	if (shown == OK && s == ERR_INTERRUPTED)
		ended = fail(s, "stopped by a signal: %zu of %zu snapshots are reported", done, chosen->n);
	else if (shown == OK && s != OK)
		ended = fail_within(fail_again(s, why), "%zu of %zu snapshots are reported; ", done, chosen->n);
	free(why);
	return ended;
}

static status run_flatness(const struct opts *o)
{
	struct flatness_plan plan;
	struct selection chosen;
	struct flatness_target target;
	TRY(take_plan(o, &plan));
	TRY(select_open_each(o, "theta", &chosen));
	status s = flatness_open(&plan, &chosen, &target);
	if (s == OK) {
		s = measure(&plan, &target, &chosen);
		flatness_close(&target);
	}
	selection_close(&chosen);
	return s;
}

const struct command command_flatness = {
	.name = "flatness",
	.synopsis = "RUN|FILE.snaps… [options]",
	.help = "measure the curvature of the loss at posterior samples",
	.computes = true,
	.tables = tables,
	.run = run_flatness,
};
