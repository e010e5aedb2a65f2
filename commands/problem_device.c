/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/problem_device.h"

#include <math.h>

#include "commands/launcher.h"
#include "src/choices.h"

/* The problem's potential on a device, of which it may have any number. */
static status place(const struct problem *p, struct device *d, struct potential **out)
{
	const struct opts *o = p->options;
	if (!p->has_data)
		return problem_place_analytic(o, d, out);
	/* A snapshot is copied where it goes its way beside the device's calls. */
	const struct sampler *sampler = p->plan.state.sampler;
	const size_t vectors = sampler_vectors(sampler) + (d->ops->get_begin ? sampler_kept(sampler) : 0);
	const struct net_options net = {
		.model = &p->model, .data = &p->data, .normalize = &p->normalize, .likelihood = p->likelihood,
		.noise_sd = p->noise_sd, .class_weight = p->class_weight, .augment = (enum augment)opts_choice(o, "augment"),
		.precision = (enum precision)opts_choice(o, "precision"), .algo = (enum conv_algo)opts_choice(o, "conv-algo"),
		.fast = opts_flag(o, "fast"),
		.batch = p->plan.state.batch, .rest = p->plan.state.iid ? 0 : (int)(p->data.n % (size_t)p->plan.state.batch),
		.besides = vectors * p->model.params.count * sizeof(float),
	};
	return net_open(&net, d, out);
}

/* Multiplications of a step from which n threads are worth it: this times n². The part of each then grows as well, as what they
 * lose by waiting for each other does: on two cores a step of 2e8 takes half as long on two, and two chains of it side by side
 * on one each are hardly faster than one after another. */
static const double THREADS_WORTH = 5e7;

/* Threads for a chain: asked for, or what it began with, or what the model can use, which no other chain has a say in. */
static int choose_threads(const struct problem *p, const struct launcher *l)
{
	const json_t *options = json_object_get(p->begun, "options"), *device = json_object_get(p->begun, "device");
	if (opts_given(p->options, "threads"))
		return (int)opts_count(p->options, "threads");
	json_int_t then = json_integer_value(json_object_get(options, "threads"));
	if (!then)
		then = json_integer_value(json_object_get(device, "threads"));
	if (then > 0 && then <= THREADS_MAX)
		return (int)then;
	double all = launcher_processors(l), batch = p->plan.state.batch;
	/* Forward, and backward for inputs and for weights. */
	double worth = p->has_data ? sqrt(3 * batch * model_products(&p->model) / THREADS_WORTH) : 1;
	return worth < 1 ? 1 : (int)fmin(worth, all);
}

static status open_device(struct problem *p, const json_t *choices)
{
	struct device *d = p->device;
	if (!d) {
		struct launcher l;
		TRY(launcher_find(&l));
		p->threads = choose_threads(p, &l);
		TRY(command_device(p->options, p->threads, p->has_data ? &p->model : NULL, &d));
		p->device = d;
	}
	return choices_give(choices, d, true);
}

status problem_place(struct problem *p, const json_t *choices)
{
	TRY(open_device(p, choices));
	return place(p, p->device, &p->potential);
}

json_t *problem_choices(const struct problem *p)
{
	json_t *own = json_object();
	if (p->device->ops->choices_save(p->device, own) == OK)
		return json_pack("{s:o}", p->device->ops->name, own);
	json_decref(own);
	return NULL;
}

status problem_twin(const struct problem *p, const json_t *choices, struct device **d, struct potential **out)
{
	TRY(command_twin(p->options, p->threads, p->device, d));
	status s = choices_give(choices, *d, true);
	if (s == OK)
		s = place(p, *d, out);
	if (s == OK)
		return OK;
	(*d)->ops->close(*d);
	*d = NULL;
	return s;
}
