/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The far device's layers: the CPU's own plans, their calls put off. */
#include <stdlib.h>

#include "tests/far_private.h"

struct layer_plan {
	struct far *far;
	const struct layer_ops *ops;
	struct layer_plan *own;
};

struct layer_args {
	const struct layer_ops *ops;
	struct layer_plan *own;
	bool backward;
	struct layer_io io;
};

static status run_layer(struct device *cpu, const void *args)
{
	const struct layer_args *a = args;
	(void)cpu;
	return a->backward ? a->ops->backward(a->own, &a->io) : a->ops->forward(a->own, &a->io);
}

struct materialise_args {
	const struct layer_ops *ops;
	struct layer_plan *own;
	struct weight_source from;
	struct point at;
	void *working;
};

static status run_materialise(struct device *cpu, const void *args)
{
	const struct materialise_args *a = args;
	struct weight_source from = a->from;
	(void)cpu;
	from.at = &a->at;
	return a->ops->materialise(a->own, &from, a->working);
}

static const struct layer_ops *cpu_ops(const struct far *f, const struct plan_request *r)
{
	return f->cpu->ops->layers[r->layer->kind];
}

static status far_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	struct layer_plan *p = malloc(sizeof *p);
	*out = NULL;
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a layer's plan");
	*p = (struct layer_plan){.far = far_of(d), .ops = cpu_ops(far_of(d), r)};
	status s = p->ops->plan(p->far->cpu, r, &p->own);
	if (s != OK) {
		free(p);
		return s;
	}
	*out = p;
	return OK;
}

static void far_drop(struct layer_plan *p)
{
	if (!p)
		return;
	far_do(p->far);
	p->ops->drop(p->own);
	free(p);
}

static status far_forward(struct layer_plan *p, const struct layer_io *io)
{
	struct layer_args a = {.ops = p->ops, .own = p->own, .io = *io};
	a.io.slots = slots_there(io->slots);
	return far_later(&p->far->base, run_layer, &a, sizeof a);
}

static status far_backward(struct layer_plan *p, const struct layer_io *io)
{
	const struct layer_args a = {.ops = p->ops, .own = p->own, .io = *io, .backward = true};
	return far_later(&p->far->base, run_layer, &a, sizeof a);
}

static size_t far_kept_bytes(const struct device *d, const struct plan_request *r)
{
	return cpu_ops(far_of(d), r)->kept_bytes(far_of(d)->cpu, r);
}

static size_t far_working_bytes(const struct layer_plan *p)
{
	return p->ops->working_bytes(p->own);
}

static status far_materialise(struct layer_plan *p, const struct weight_source *from, void *working)
{
	struct materialise_args a = {.ops = p->ops, .own = p->own, .from = *from, .at = *from->at, .working = working};
	a.from.slots = slots_there(from->slots);
	return far_later(&p->far->base, run_materialise, &a, sizeof a);
}

void far_layers(struct far *f, unsigned lacking)
{
	for (int k = 0; k < LAYER_KINDS; k++) {
		struct layer_ops *o = &f->ops[k];
		*o = *f->cpu->ops->layers[k];
		o->plan = far_plan;
		o->drop = far_drop;
		o->forward = far_forward;
		o->backward = far_backward;
		o->kept_bytes = o->kept_bytes ? far_kept_bytes : NULL;
		o->working_bytes = o->working_bytes ? far_working_bytes : NULL;
		o->materialise = o->materialise ? far_materialise : NULL;
		o->jvp = o->hvp = NULL;
		f->layers[k] = lacking & 1u << k ? NULL : o;
	}
}
