/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The function whose curvature is measured, from the header of its snapshots. */
#include <string.h>

#include "commands/flatness.h"
#include "commands/pipe.h"
#include "commands/report.h"
#include "predict/predictive.h"
#include "predict/trained.h"
#include "src/analytic.h"
#include "src/choices.h"
#include "src/json_numbers.h"
#include "src/text.h"

static const json_t *run_option(const struct flatness_target *t, const char *name)
{
	return json_object_get(json_object_get(t->header, "sampler"), name);
}

/* ---- what the snapshots must share ---- */

static const char *first_path(const struct selection *chosen)
{
	return chosen->sources.source[chosen->choice[0].source].path;
}

/* One operator is opened for all: what is held, and what a prior adds to it, are the same for them. */
static status check_alike(const struct flatness_plan *p, const struct selection *chosen)
{
	static const char *const names[] = {"freeze", "prior", "weight-decay"};
	for (int k = 0; k < (p->decay ? 3 : 1); k++) {
		const struct source *other = selection_unlike(chosen, "sampler", names[k]);
		if (other)
			return fail(ERR_USAGE, "%s and %s are of runs with another --%s each; measure them one at a time",
			            first_path(chosen), other->path, names[k]);
	}
	return OK;
}

/* δ is per example: N is in the scale of a prior of another kind than Gaussian, and in that of a likelihood's own parameter. */
static status check_counts(const struct selection *chosen, const struct flatness_target *t)
{
	const struct segments *s = t->potential->params;
	const struct source *other = t->decay > 0 ? selection_unlike(chosen, "data", "n") : NULL;
	for (int i = 0; other && i < s->n; i++)
		if (t->tensor[i] && s->at[i].prior > 0 &&
		    (s->at[i].kind != PRIOR_GAUSSIAN || likelihood_owns(t->network.likelihood, s->at[i].name)))
			return fail(ERR_USAGE, "%s and %s are of runs on another number of examples each, which the prior of %s depends "
			            "on; measure them one at a time", first_path(chosen), other->path, s->at[i].name);
	return OK;
}

/* ---- the device ---- */

/* Whether it can at all is told before it is opened. */
static status open_device(const struct opts *o, struct device **out)
{
	const char *name = opts_text(o, "device");
	const size_t n = strcspn(name, ":");
	for (int i = 0; backends[i]; i++)
		if (strlen(backends[i]->name) == n && strncmp(name, backends[i]->name, n) == 0 && !backends[i]->loss_dot)
			return fail(ERR_USAGE, "--device %s has no exact products with Hessians yet; the CPU has, and is taken without "
			            "--device", name);
	return backend_open(name, opts_given(o, "threads") ? (int)opts_count(o, "threads") : 0, out);
}

/* ---- a network on a set ---- */

static status read_subject(struct flatness_target *t, struct subject_request *r)
{
	struct pipe pipe;
	status s = pipe_read(&pipe, r);
	if (s == OK)
		s = subject_open(&t->network, r, &t->subject);
	pipe_close(&pipe);
	return s;
}

/* Training rows: of the run's own set, wherever it is now, those that it was not left without; of another one, all. */
static status open_training(struct flatness_target *t, struct subject_request *r)
{
	const bool other = r->spec && t->network.origin.holdout && !dataset_has_test(r->spec);
	r->split = SPLIT_TRAIN;
	const status s = read_subject(t, r);
	if (!other || s == ERR_MEMORY || (s == OK && trained_is_own(t->header, t->subject.data.train_fingerprint)))
		return s;
	if (s == OK)
		subject_close(&t->subject);
	r->split = -1;
	return read_subject(t, r);
}

static status open_subject(const struct flatness_plan *p, struct flatness_target *t)
{
	const struct opts *o = p->options;
	struct subject_request r = {
		.spec = opts_text(o, "data"), .option = "--data", .split = opts_choice(o, "split"), .need = NEED_TARGETS,
		.header = (enum header)(opts_choice(o, "header") + 1), .decimal = opts_choice(o, "decimal") + 1,
		.unknown = opts_choice(o, "unknown") + 1, .batch = opts_given(o, "batch") ? (int)opts_count(o, "batch") : 0,
	};
	return r.split < 0 && !pipe_is(r.spec) ? open_training(t, &r) : read_subject(t, &r);
}

/* A set may lack some of the network's classes. */
static status check_targets(const struct flatness_plan *p, struct flatness_target *t)
{
	const struct predictive *how = predictive_of(t->network.likelihood);
	struct dataset *d = &t->subject.data;
	const int classes = how->classes(t->network.model.outputs);
	const status fits = how->check(&t->network, d);
	if (fits != OK)
		return opts_text(p->options, "data") ? report_option(fits, "data") : fits;
	if (d->n_classes < classes) {
		d->n_classes = classes;
		d->class_names = NULL;
	}
	return OK;
}

/* A subject's targets are in their own units; the loss is of those that the network was trained to give. */
static void scale_targets(struct flatness_target *t)
{
	const struct standardize *by = &t->network.standardize;
	struct dataset *d = &t->subject.data;
	if (!d->target || !by->target_mean)
		return;
	standardize_rows((float *)d->target, d->target_wide, d->n, (size_t)d->n_targets, by->target_mean, by->target_sd);
	d->target_wide = NULL;
}

static status read_class_weight(struct flatness_target *t)
{
	const json_t *likelihood = json_object_get(t->header, "likelihood");
	const size_t given = json_array_size(json_object_get(likelihood, "class_weight"));
	const size_t classes = (size_t)t->subject.data.n_classes;
	double *weight;
	bool found;
	if (!given)
		return OK;
	if (classes > given)
		return fail(ERR_USAGE, "%s has %zu classes; the run has weights for %zu", t->subject.data.spec, classes, given);
	TRY(ARENA_NEW(&t->arena, given, &weight));
	TRY(json_numbers_read(likelihood, "class_weight", given, weight, &found));
	t->class_weight = weight;
	return OK;
}

/* What the run held, and its prior. */
static status read_priors(const struct flatness_plan *p, struct flatness_target *t)
{
	struct network *n = &t->network;
	const char *freeze = json_string_value(run_option(t, "freeze")), *prior = json_string_value(run_option(t, "prior"));
	const json_t *examples = json_object_get(json_object_get(t->header, "data"), "n");
	const double count = json_is_integer(examples) ? (double)json_integer_value(examples) : (double)t->subject.data.n;
	if (freeze)
		TRY(segments_freeze(&n->model.params, freeze));
	if (prior)
		TRY(segments_prior(&n->model.params, prior));
	if (!p->decay)
		return OK;
	t->decay = likelihood_priors(n->likelihood, count, t->stated_decay, &n->model.params);
	t->deviation = prior_deviation(count, t->decay);
	return OK;
}

static status open_network(const struct flatness_plan *p, struct flatness_target *t)
{
	struct network *n = &t->network;
	TRY(network_open(t->header, PRECISION_FP32, CONV_AUTO, n));
	TRY(open_subject(p, t));
	TRY(check_targets(p, t));
	scale_targets(t);
	TRY(read_class_weight(t));
	TRY(read_priors(p, t));
	const struct net_options net = {
		.model = &n->model, .data = &t->subject.data, .normalize = &t->subject.normalize, .likelihood = n->likelihood,
		.noise_sd = n->noise_sd, .class_weight = t->class_weight, .augment = AUGMENT_NONE, .precision = PRECISION_FP32,
		.algo = n->algo, .batch = t->subject.batch, .rest = (int)(t->subject.data.n % (size_t)t->subject.batch), .tangents = true,
		.besides = 4 * n->model.params.count * sizeof(float),
	};
	return net_open(&net, t->device, &t->potential);
}

/* ---- an analytic target ---- */

static status open_analytic(const struct flatness_plan *p, struct flatness_target *t)
{
	static const char *const names[] = {"data", "split", "header", "decimal", "unknown", "batch", NULL};
	for (const char *const *name = names; *name; name++)
		if (opts_given(p->options, *name))
			return fail(ERR_USAGE, "--%s: the run's target is analytic and has no data", *name);
	const char *spec = json_string_value(json_object_get(json_object_get(t->header, "model"), "spec"));
	if (!spec)
		return fail(ERR_INPUT, "the header doesn't say which analytic target its model is");
	t->analytic = true;
	TRY(analytic_open(spec, t->device, &t->potential));
	t->decay = p->decay ? t->stated_decay : 0;
	t->deviation = prior_deviation((double)t->potential->n, t->decay);
	return OK;
}

/* ---- all of it ---- */

static status read_decay(const struct flatness_plan *p, struct flatness_target *t)
{
	const json_t *decay = run_option(t, "weight-decay");
	t->stated_decay = json_number_value(decay);
	return !p->decay || json_is_number(decay) ? OK
	     : fail(ERR_USAGE, "--decay: the snapshots don't say with which weight decay they were drawn");
}

static status open_all(const struct flatness_plan *p, struct selection *chosen, struct flatness_target *t)
{
	const char *kind = json_string_value(json_object_get(json_object_get(t->header, "model"), "kind"));
	TRY(check_alike(p, chosen));
	TRY(read_decay(p, t));
	TRY(open_device(p->options, &t->device));
	TRY(choices_give(chosen->sources.choices, t->device, false));
	TRY(kind && strcmp(kind, "analytic") == 0 ? open_analytic(p, t) : open_network(p, t));
	TRY(flatness_choose(p, t));
	return check_counts(chosen, t);
}

status flatness_open(const struct flatness_plan *p, struct selection *chosen, struct flatness_target *out)
{
	*out = (struct flatness_target){.header = selection_header(chosen)};
	status s = open_all(p, chosen, out);
	if (s != OK)
		flatness_close(out);
	return s;
}

void flatness_close(struct flatness_target *t)
{
	struct device *d = t->device;
	if (d)
		potential_close(t->potential);
	subject_close(&t->subject);
	network_close(&t->network);
	if (d)
		d->ops->close(d);
	arena_free(&t->arena);
	*t = (struct flatness_target){.n = 0};
}
