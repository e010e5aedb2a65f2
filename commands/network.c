/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/network.h"

#include "commands/command.h"
#include "commands/progress.h"
#include "commands/report.h"
#include "commands/select.h"
#include "src/choices.h"

static const struct param batch_defs[] = {
	{.name = "batch", .type = PARAM_COUNT, .arg = "B", .min = 1, .max = 1e6, .unit = "examples",
	 .help = "examples predicted at a time; without it the run's own, at most 1024"},
	{.name = "precision", .type = PARAM_CHOICE, .arg = PRECISION_WORDS,
	 .help = "arithmetic of convolutions and matrix products; without it the run's own"},
	{.name = "conv-algo", .type = PARAM_CHOICE, .arg = CONV_ALGO_WORDS, .fallback = "auto",
	 .help = "how convolutions are computed; auto is a fixed rule here on the CPU, so that the same snapshots give the same figures; a "
	         "CUDA device has auto, as the run chose on such a card or else the fastest measured, and direct"},
	{.name = "fast", .type = PARAM_FLAG,
	 .help = "on a CUDA device, let convolutions sum in an order that varies from run to run and, in fp32, have factors of 11 bits"},
	{0},
};

const struct opt_table table_batch = {.owner = "batch", .heading = "Batches and arithmetic", .defs = batch_defs};

/* ---- from snapshots to a report ---- */

/* Options that would do nothing with this model are refused. */
static status check_algo(const struct model *m, const char *word, enum conv_algo algo)
{
	if (algo != CONV_AUTO && !model_has(m, LAYER_CONV))
		return fail(ERR_USAGE, "--conv-algo %s: the run's model %s has no convolutions", word, m->spec);
	if (algo == CONV_WINOGRAD && !model_has_winograd(m))
		return fail(ERR_USAGE, "--conv-algo winograd: none of the convolutions of the run's model %s is 3×3 with stride 1, "
		            "which is what it computes", m->spec);
	return OK;
}

status network_open_by(const struct opts *o, const struct selection *chosen, const struct network *beside, struct network *n)
{
	enum conv_algo algo = (enum conv_algo)opts_choice(o, "conv-algo");
	struct device *d;
	TRY(network_open(selection_header(chosen), opts_choice(o, "precision"), algo, n));
	n->fast = opts_flag(o, "fast");
	status s = check_algo(&n->model, opts_text(o, "conv-algo"), algo);
	if (s == OK && n->fast && !model_has(&n->model, LAYER_CONV))
		s = fail(ERR_USAGE, "--fast: the run's model %s has no convolutions", n->model.spec);
	if (s == OK)
		s = beside ? command_twin(o, 0, beside->device, &d) : command_device(o, 0, &n->model, &d);
	if (s == OK) {
		network_place(n, d);
		s = choices_give(chosen->sources.choices, d, false);
	}
	if (s == OK && !beside) {
		command_precision(d, n->precision);
		command_fast(d, n->fast);
	}
	if (s != OK)
		network_close(n);
	return s;
}

status network_run(const struct opts *o, network_task *task, struct arena *a, json_t **figures)
{
	struct selection chosen;
	struct network n;
	TRY(select_open(o, &chosen));
	const json_t *header = selection_header(&chosen);
	status s = network_open_by(o, &chosen, NULL, &n);
	if (s == OK) {
		s = task(o, &chosen, &n, a, figures);
		network_close(&n);
	}
	report_facts(figures, header);
	if (opts_flag(o, "json"))
		select_origin(o, &chosen, figures);
	select_report(&chosen, figures);
	selection_close(&chosen);
	return s;
}

status network_predict(const struct opts *o, struct selection *chosen, struct network *n, struct predictions *sets,
                       int n_sets)
{
	struct progress progress;
	progress_start(&progress, opts_flag(o, "quiet"), opts_flag(o, "progress"), 0, chosen->n);
	status s = ensemble_run(chosen, n, sets, n_sets, progress_snapshots, &progress);
	progress_end(&progress);
	return s;
}
