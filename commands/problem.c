/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/data_hints.h"
#include "commands/facts.h"
#include "commands/problem_device.h"
#include "src/analytic.h"
#include "src/data/class_weight.h"
#include "src/data/npy.h"
#include "src/number.h"

/* ---- data and model ---- */

/* A run that is gone on with does again what it did; before there was --no-standardize, what was not asked for was not done. */
static enum standardizing standardizing(const struct problem *p, const struct opts *o)
{
	const json_t *did = json_object_get(p->begun, "standardize");
	if (p->begun)
		return json_is_object(did) ? STANDARDIZE_YES : STANDARDIZE_NO;
	return opts_flag(o, "standardize") ? STANDARDIZE_YES : opts_given(o, "standardize") || opts_flag(o, "no-standardize")
	       ? STANDARDIZE_NO : STANDARDIZE_AUTO;
}

static status open_data(struct problem *p, const struct opts *o)
{
	const char *spec = opts_text(o, "data"), *likelihood = opts_text(o, "likelihood");
	const struct likelihood *wanted = NULL;
	if (!spec)
		return fail(ERR_USAGE, "--data KIND[:PATH] must be given (for a start: --data shapes)");
	struct columns columns;
	struct table table;
	if (likelihood)
		TRY(likelihood_find(likelihood, &wanted));
	TRY(columns_from_json(json_object_get(p->begun, "data"), &p->arena, &columns));
	TRY(table_from_json(json_object_get(p->begun, "table"), &p->arena, &table));
	const struct dataset_request r = {
		.spec = spec, .option = "--data", .split = SPLIT_TRAIN, .labels = opts_text(o, "labels"), .holdout = opts_text(o, "holdout"),
		.target = opts_text(o, "target"), .header = (enum header)(opts_choice(o, "header") + 1),
		.decimal = opts_choice(o, "decimal") == DECIMAL_COMMA ? DECIMAL_COMMA : DECIMAL_POINT, .columns = &columns,
		.single = standardize_was_single(json_object_get(p->begun, "standardize")),
		.drop = opts_text(o, "drop"), .id = opts_text(o, "id"), .category = opts_text(o, "category"),
		.missing = (enum missing)opts_choice(o, "missing"), .unknown = (enum unknown)opts_choice(o, "unknown"),
		.table = p->begun ? &table : NULL, .standardize = standardizing(p, o),
		.class_targets = wanted && wanted->class_targets, .distinct = !p->begun,
	};
	TRY(dataset_open(&r, &p->data));
	p->has_data = true;
	const struct targets targets = dataset_targets(&p->data);
	p->likelihood = wanted ? wanted : likelihood_default(&targets);
	if (opts_given(o, "noise-sd") && !p->likelihood->noise_sd)
		return fail(ERR_USAGE, "--noise-sd belongs to --likelihood gaussian; this run has %s", p->likelihood->name);
	if (opts_word(o, "noise-sd"))
		p->likelihood = p->likelihood->learning;
	p->noise_sd = opts_word(o, "noise-sd") ? 1 : opts_real(o, "noise-sd");
	TRY(class_weight_read(opts_text(o, "class-weight"), &p->data, &p->arena, &p->class_weight));
	if (!p->data.image && opts_given(o, "normalize"))
		return fail(ERR_USAGE, "--normalize is for images; for a table there is --standardize");
	status s = normalize_parse(opts_text(o, "normalize"), &p->data, &p->normalize);
	if (s != OK)
		return fail_within(s, "--normalize ");
	return p->begun ? OK : data_hints(p);
}

/* Options that would do nothing with this model are refused. */
static status check_network_options(const struct problem *p, const struct opts *o)
{
	const char *algo = opts_text(o, "conv-algo"), *spec = p->model.spec;
	if (opts_given(o, "gradient-noise"))
		return fail(ERR_USAGE, "--gradient-noise is for analytic targets; --model %s has the noise of its minibatches", spec);
	if (opts_choice(o, "conv-algo") != CONV_AUTO && !model_has(&p->model, LAYER_CONV))
		return fail(ERR_USAGE, "--conv-algo %s: --model %s has no convolutions", algo, spec);
	if (opts_choice(o, "conv-algo") == CONV_WINOGRAD && !model_has_winograd(&p->model))
		return fail(ERR_USAGE, "--conv-algo winograd: none of the convolutions of --model %s is 3×3 with stride 1, which is what it "
		            "computes", spec);
	if (opts_flag(o, "fast") && !model_has(&p->model, LAYER_CONV))
		return fail(ERR_USAGE, "--fast: --model %s has no convolutions", spec);
	if (opts_choice(o, "bn-stats") == 1 && !p->model.stats.count)
		return fail(ERR_USAGE, "--bn-stats recompute: --model %s%s has no batch norm, whose statistics could be recomputed",
		            spec, model_has(&p->model, LAYER_NORM) ? " with --norm frn" : "");
	if (!p->begun && strcmp(opts_text(o, "activation"), "relu") != 0 && !model_has(&p->model, LAYER_ACTIVATION) &&
	    !model_has(&p->model, LAYER_NORM))
		warning("--activation has no part in --model %s", spec);
	if (p->model.norm == NORM_FILTER_RESPONSE && model_norms_one_pixel(&p->model))
		warning("--norm frn: maps of %s come down to 1×1 pixels for images of %d×%d, of which the norm leaves little but the "
		        "sign; take larger images or --norm bn", spec, p->data.h, p->data.w);
	return OK;
}

static status open_model(struct problem *p, const struct opts *o, const char *spec)
{
	int input[3] = {p->data.c, p->data.h, p->data.w}, outputs;
	const struct targets targets = dataset_targets(&p->data);
	TRY(data_explain_targets(p, likelihood_outputs(p->likelihood, &targets, &outputs)));
	if (opts_choice(o, "augment") != AUGMENT_NONE && !p->data.image)
		return fail(ERR_USAGE, "--augment crop-flip is for images; %s is a table", p->data.spec);
	status built = model_build(spec, opts_text(o, "activation"), opts_text(o, "norm"), input, outputs, &p->model);
	TRY(data_explain(p, o, built));
	TRY(likelihood_append(p->likelihood, outputs, &p->model.params, &p->model.arena));
	if (opts_text(o, "freeze"))
		TRY(segments_freeze(&p->model.params, opts_text(o, "freeze")));
	TRY(segments_prior(&p->model.params, opts_text(o, "prior")));
	p->plan.state.decay = likelihood_priors(p->likelihood, (double)p->plan.state.n, p->decay, &p->model.params);
	return check_network_options(p, o);
}

/* ---- the plan ---- */

static status open_batches(struct problem *p, const struct opts *o)
{
	struct chain_plan *plan = &p->plan;
	size_t n = p->has_data ? p->data.n : p->potential->n, given = opts_given(o, "batch") ? (size_t)opts_count(o, "batch") : 128;
	if (n > INT32_MAX)
		return fail(ERR_USAGE, "--data: %zu examples are more than this program can index", n);
	if (opts_given(o, "batch") && given > n)
		return fail(ERR_USAGE, "--batch %zu: the %s has %zu examples (0 takes them all)", given, p->has_data ? "data" : "model", n);
	plan->state.n = n;
	plan->state.batch = (int)(given == 0 || given > n ? n : given);
	plan->state.iid = opts_choice(o, "sampling") == 1;
	plan->epoch_steps = plan->state.sampler->whole ? 1 : (n + (size_t)plan->state.batch - 1) / (size_t)plan->state.batch;
	return OK;
}

/* A method whose step is one of all data, and compares energies, has no use for what would make them others. */
static status check_whole(const struct chain_plan *plan, const struct opts *o)
{
	const char *name = plan->state.sampler->name;
	if (!plan->state.sampler->whole)
		return OK;
	if (plan->schedule.kind != SCHEDULE_CONSTANT)
		return fail(ERR_USAGE, "--schedule %s: --sampler %s adapts the step size itself, in --burn-in, and holds it then; leave the "
		            "schedule constant", opts_text(o, "schedule"), name);
	if (opts_choice(o, "precision") != PRECISION_FP32)
		return fail(ERR_USAGE, "--precision %s: --sampler %s compares energies, which are too coarse in it; take fp32",
		            opts_text(o, "precision"), name);
	if (plan->state.iid)
		return fail(ERR_USAGE, "--sampling iid: --sampler %s takes all data at every step, and --batch of them at once; leave it out", name);
	if (opts_given(o, "gradient-noise"))
		return fail(ERR_USAGE, "--gradient-noise is on the gradients of batches; --sampler %s takes all data at every step", name);
	return OK;
}

static status open_cadence(struct chain_plan *plan, const struct opts *o)
{
	const char *text = opts_text(o, "checkpoint-every");
	double value;
	const char *end = number_read(text, &value);
	plan->log_every = (uint64_t)opts_count(o, "log-every");
	if (end && !*end && value > 0) {
		plan->checkpoint_seconds = value;
		return OK;
	}
	if (end && strcmp(end, "steps") == 0 && value >= 1 && value <= 1e15 && value == floor(value)) {
		plan->checkpoint_steps = (uint64_t)value;
		return OK;
	}
	return fail(ERR_USAGE, "--checkpoint-every %s: expected seconds (60) or steps (1000steps), above 0", text);
}

static status open_init(struct problem *p, const struct opts *o)
{
	if (!opts_text(o, "init"))
		return OK;
	float *x, *stats;
	TRY(ARENA_NEW(&p->arena, p->potential->n_params, &x));
	TRY(ARENA_NEW(&p->arena, p->potential->n_stats, &stats));
	p->init_prints = json_array();
	TRY(problem_init_from(opts_text(o, "init"), p->potential->params, p->potential->stats, x, stats, &p->init_prints));
	if (!p->init_prints)
		return fail(ERR_MEMORY, "out of memory: what --init's snapshot was learnt from");
	p->plan.init = x;
	p->plan.init_stats = stats;
	return OK;
}

static status open_keep(struct chain_plan *plan, const struct opts *o)
{
	struct keep *k = &plan->keep;
	*k = (struct keep){.epoch_steps = plan->epoch_steps, .steps = plan->schedule.total, .schedule = plan->schedule,
	                   .burn_in = (uint64_t)opts_count(o, "burn-in")};
	if (opts_given(o, "keep-every"))
		k->every = (uint64_t)opts_count(o, "keep-every");
	if (opts_given(o, "keep-last"))
		k->last_epochs = (uint64_t)opts_count(o, "keep-last");
	return keep_check(k);
}

static status open_array(struct problem *p, const char *param, const char *path, size_t count, const char *of,
                         const float **out)
{
	struct npy file;
	float *x;
	status s = npy_read(path, &p->arena, &file);
	if (s != OK)
		return fail_within(s, "{%s} ", param);
	if (file.count != count)
		return fail(ERR_USAGE, "{%s} %s: holds %zu numbers; expected %zu, one a %s", param, path, file.count, count, of);
	TRY(ARENA_NEW(&p->arena, count, &x));
	npy_float(&file, x);
	*out = x;
	return OK;
}

/* Arrays that the method declares, from the files that its parameters name. */
static status open_arrays(struct problem *p, const struct opts *o)
{
	const struct sampler_array *arrays = p->plan.state.sampler->arrays;
	for (int i = 0; i < SAMPLER_ARRAYS && arrays[i].param; i++) {
		bool examples = arrays[i].shape == ARRAY_EXAMPLES;
		if (opts_given(o, arrays[i].param))
			TRY(open_array(p, arrays[i].param, opts_text(o, arrays[i].param),
			               examples ? p->plan.state.n : p->potential->n_params, examples ? "training example" : "parameter",
			               &p->plan.state.array[i]));
	}
	return OK;
}

/* What learnt noise has for a prior goes with δ's factors, by which another decay would scale it, or with δ = 0 leave all else out. */
static status check_anchor(const struct problem *p, const struct opts *o)
{
	if (sampler_param(p->plan.state.sampler, "anchor-decay") < 0 || !opts_given(o, "anchor-decay"))
		return OK;
	const double anchor = opts_real(o, "anchor-decay");
	if (!p->likelihood || !likelihood_learns(p->likelihood, &p->model.params) || anchor == 0 || anchor == p->decay ||
	    anchor == p->plan.state.decay)
		return OK;
	return fail(ERR_USAGE, "--anchor-decay %g: with learnt noise, whose prior is its own, it is that of --weight-decay (%g), or 0", anchor,
	            p->decay);
}

static status open_plan(struct problem *p, const struct opts *o)
{
	struct chain_plan *plan = &p->plan;
	struct state_plan *state = &plan->state;
	state->potential = p->potential;
	state->temperature = opts_given(o, "beta") ? (double)state->n / opts_real(o, "beta") : opts_real(o, "temperature");
	if (state->sampler->athermal && state->temperature != 1 && !p->begun)
		warning("--%s has no part in --sampler %s", opts_given(o, "beta") ? "beta" : "temperature", state->sampler->name);
	opts_numbers(o, state->sampler->params, state->param);
	plan->seed = (uint32_t)opts_count(o, "seed");
	plan->chains = (int)opts_count(o, "chains");
	plan->counts_correct = p->likelihood && p->likelihood->class_targets;
	plan->dtype = (enum snaps_dtype)opts_choice(o, "snapshot-dtype");
	plan->recompute_stats = opts_choice(o, "bn-stats") == 1;
	TRY(check_anchor(p, o));
	TRY(chain_check_batches(plan));
	TRY(problem_schedule(o, plan));
	problem_schedule_hints(p);
	TRY(check_whole(plan, o));
	state->lr_max = schedule_max(&plan->schedule);
	TRY(open_keep(plan, o));
	state->burn_in = plan->keep.burn_in;
	TRY(open_cadence(plan, o));
	TRY(open_arrays(p, o));
	return open_init(p, o);
}

/* ---- all of it ---- */

static status open_all(const struct opts *o, const json_t *choices, struct problem *p)
{
	const char *spec = opts_text(o, "model");
	p->options = o;
	if (!spec)
		return fail(ERR_USAGE, "--model MODEL must be given (for a start: --model mlp:3072-256-10)");
	TRY(sampler_find(opts_text(o, "sampler"), &p->plan.state.sampler));
	TRY(problem_check_model(spec));
	p->decay = p->plan.state.decay = opts_given(o, "weight-decay") ? opts_real(o, "weight-decay") : analytic_kind(spec) ? 0 : 5e-4;
	/* An analytic target has its examples in itself, a network's batches are planned for before there is one. */
	if (analytic_kind(spec)) {
		TRY(problem_check_analytic(o));
		TRY(problem_place(p, choices));
		TRY(open_batches(p, o));
	} else {
		TRY(open_data(p, o));
		TRY(open_batches(p, o));
		TRY(open_model(p, o, spec));
		TRY(problem_place(p, choices));
	}
	TRY(open_plan(p, o));
	TRY(facts_open(p, o));
	command_precision(p->device, (enum precision)opts_choice(o, "precision"));
	command_fast(p->device, opts_flag(o, "fast"));
	return OK;
}

static status open_or_close(const struct opts *o, const json_t *choices, struct problem *p)
{
	status s = open_all(o, choices, p);
	if (s != OK)
		problem_close(p);
	return s;
}

status problem_open(const struct opts *o, struct device *d, const json_t *choices, struct problem *p)
{
	*p = (struct problem){.device = d};
	return open_or_close(o, choices, p);
}

status problem_reopen(const struct opts *o, const json_t *begun, const json_t *choices, struct problem *p)
{
	*p = (struct problem){.begun = begun};
	return open_or_close(o, choices, p);
}

void problem_close(struct problem *p)
{
	json_decref(p->facts);
	json_decref(p->init_prints);
	potential_close(p->potential);
	model_free(&p->model);
	if (p->has_data)
		dataset_close(&p->data);
	if (p->device)
		p->device->ops->close(p->device);
	arena_free(&p->arena);
	*p = (struct problem){0};
}
