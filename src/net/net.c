/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/net/net_private.h"

#include <stdlib.h>

#include "src/data/dataset.h"
#include "src/data/normalize.h"

static status net_prepare(struct potential *base, const float *theta, const float *stats)
{
	struct net *net = (struct net *)base;
	net->theta = theta;
	net->stats = (float *)stats;  /* STATS_USE only reads them */
	net->stale = true;
	return OK;
}

/* The slots of a prediction, beside where its rows begin. */
enum { PREDICT_MEMBER = SLOT_SAMPLER, PREDICT_FRESH };

/* The outputs of rows first … first + n − 1 are the graph's afterwards. */
static status net_outputs(struct net *net, size_t first, int n)
{
	struct device *d = net->base.device;
	struct graph_plan *plan;
	TRY(net_check_batch(net, n));
	if (first > net->options.data->n || (size_t)n > net->options.data->n - first)
		return fail(ERR_USAGE, "rows %zu to %zu of a data set that has %zu", first, first + (size_t)n - 1,
		            net->options.data->n);
	if (!net->theta)
		return fail(ERR_USAGE, "a prediction before its parameters were given");
	TRY(graph_plan(&net->graph, n, PLAN_INFER, &plan));
	if (net->stale || net->graph.ready != plan) {
		const struct point at = {.theta = net->theta};
		TRY(graph_weights(&net->graph, plan, NULL, &at, net->stats));
		net->stale = false;
	}
	struct gather gather = net->gather;
	gather.row = SLOT_FIRST;
	gather.n = n;
	net->slots.value[SLOT_FIRST] = (double)first;
	TRY(d->ops->slots_send(d, &net->slots));
	TRY(d->ops->gather(d, &net->slots, &gather));
	return graph_forward(&net->graph, plan, net->stats, STATS_USE, NULL, SLOT_NONE);
}

static status net_predict(struct potential *base, size_t first, int n, float *out)
{
	struct net *net = (struct net *)base;
	TRY(net_outputs(net, first, n));
	return base->device->ops->copy(base->device, out, graph_output(&net->graph), (size_t)n * (size_t)base->outputs * sizeof *out);
}

/* What differs from batch to batch and from member to member is in slots, so that a device which replays calls can. */
static status net_tally(struct potential *base, size_t first, int n, const struct tally *sums, size_t member, bool fresh)
{
	struct net *net = (struct net *)base;
	struct device *d = base->device;
	if (!d->ops->tally)
		return fail(ERR_USAGE, "%s adds no outputs up", d->ops->name);
	net->slots.value[PREDICT_MEMBER] = (double)member;
	net->slots.value[PREDICT_FRESH] = fresh;
	TRY(net_outputs(net, first, n));
	struct tally t = *sums;
	t.logits = graph_output(&net->graph);
	t.n = n;
	t.k = base->outputs;
	t.row = SLOT_FIRST;
	t.member = PREDICT_MEMBER;
	t.fresh = PREDICT_FRESH;
	return d->ops->tally(d, &net->slots, &t);
}

static status net_lacks(struct potential *base, status s, size_t bytes, const char *what)
{
	return graph_lacks(&((struct net *)base)->graph, s, bytes, what);
}

static void net_close(struct potential *base)
{
	struct net *net = (struct net *)base;
	struct device *d = base->device;
	graph_close(&net->graph);
	d->ops->slots_close(d, &net->slots);
	if (net->set)
		device_release(d, net->set);
	if (net->target)
		device_release(d, net->target);
	d->ops->free(d, net->point);
	d->ops->free(d, net->class_weight);
	arena_free(&net->arena);
	free(net);
}

static const struct potential_ops net_ops = {
	.value_grad = net_value_grad,
	.prepare = net_prepare,
	.predict = net_predict,
	.tally = net_tally,
	.lacks = net_lacks,
	.close = net_close,
}, net_ops_with_tangents = {
	.value_grad = net_value_grad,
	.prepare = net_prepare,
	.predict = net_predict,
	.tally = net_tally,
	.hvp = net_hvp,
	.lacks = net_lacks,
	.close = net_close,
};

/* ---- opening ---- */

/* Finds the likelihood's parameters among the model's, and makes room for them at a point. */
static status open_params(struct net *net)
{
	const struct likelihood *l = net->options.likelihood;
	struct device *d = net->base.device;
	size_t count = 0;
	for (int i = 0; i < LOSS_PARAMS && l->param[i].name; i++) {
		net->own[i] = segments_find(net->base.params, l->param[i].name);
		if (!net->own[i])
			return fail(ERR_USAGE, "{likelihood} %s: the model lacks its parameter %s", l->name, l->param[i].name);
		count += net->own[i]->count;
	}
	return count ? d->ops->alloc(d, count * sizeof(float), (void **)&net->point) : OK;
}

static status open_class_weight(struct net *net)
{
	const struct net_options *o = &net->options;
	const int classes = o->data->n_classes;
	struct device *d = net->base.device;
	float *host;
	if (!o->class_weight)
		return OK;
	if (!o->likelihood->class_targets)
		return fail(ERR_USAGE, "{class-weight}: {likelihood} %s has no classes", o->likelihood->name);
	TRY(ARENA_NEW(&net->arena, (size_t)classes, &host));
	for (int i = 0; i < classes; i++)
		host[i] = (float)o->class_weight[i];
	TRY(d->ops->alloc(d, (size_t)classes * sizeof *host, (void **)&net->class_weight));
	net->loss.class_weight = net->class_weight;
	return d->ops->put(d, net->class_weight, host, (size_t)classes * sizeof *host);
}

/* The likelihood's side of the data: what it reads, on the device. */
static status open_loss(struct net *net)
{
	const struct net_options *o = &net->options;
	const struct likelihood *l = o->likelihood;
	const struct targets targets = dataset_targets(o->data);
	struct device *d = net->base.device;
	const void *host;
	size_t bytes;
	int outputs;
	TRY(likelihood_outputs(l, &targets, &outputs));
	if (outputs != o->model->outputs)
		return fail(ERR_USAGE, "{model} %s has %d output%s, but {likelihood} %s needs %d for this data set",
		            o->model->spec, o->model->outputs, o->model->outputs == 1 ? "" : "s", l->name, outputs);
	TRY(likelihood_check(l, o->noise_sd));
	TRY(l->encode(&targets, &net->arena, &host, &bytes));
	TRY(graph_lacks(&net->graph, device_resident(d, host, bytes, &net->target), bytes, "the data's targets"));
	net->loss = (struct loss){.kind = l->loss, .output = graph_output(&net->graph), .k = outputs,
	                          .target = net->target, .noise_sd = o->noise_sd,
	                          .gradient = graph_output_gradient(&net->graph)};
	TRY(open_class_weight(net));
	return open_params(net);
}

static size_t data_bytes(const struct dataset *data)
{
	return data->n * (size_t)data->c * (size_t)data->h * (size_t)data->w * (data->element == ELEMENT_U8 ? 1 : sizeof(float));
}

/* What comes beside the graph's buffers: the data, a target each, and what the user has. */
static size_t bytes_besides(const struct net_options *o)
{
	size_t targets = o->data && !o->infer_only ? o->data->n * sizeof(float) : 0;
	return (o->data ? data_bytes(o->data) : 0) + targets + o->besides;
}

static status open_data(struct net *net)
{
	const struct net_options *o = &net->options;
	const struct dataset *data = o->data;
	struct device *d = net->base.device;
	size_t inputs = (size_t)data->c * (size_t)data->h * (size_t)data->w;
	if (inputs != shape_size(o->model->input))
		return fail(ERR_USAGE, "{model} %s: the data has %zu inputs", o->model->spec, inputs);
	size_t bytes = data_bytes(data);
	TRY(d->ops->slots_open(d, &net->slots));
	TRY(graph_lacks(&net->graph, device_resident(d, data->x, bytes, &net->set), bytes, "the data"));
	net->base.n = data->n;
	net->gather = (struct gather){.set = net->set, .element = data->element, .c = data->c, .h = data->h, .w = data->w,
	                              .format = net->graph.input.format, .channels = net->graph.input.channels, .out = net->graph.x};
	normalize_gather(o->normalize, &net->gather);
	return o->infer_only ? OK : open_loss(net);
}

static status open_parts(struct net *net)
{
	const struct net_options *o = &net->options;
	struct device *d = net->base.device;
	struct graph_plan *plan;
	if (o->batch < 1)
		return fail(ERR_USAGE, "{batch} %d: expected 1 or more", o->batch);
	TRY(pieces_of(&o->model->params, &net->arena, &net->pieces));
	const struct graph_options graph = {.model = o->model, .precision = o->precision, .algo = o->algo, .fast = o->fast,
	                                    .batch = o->batch,
	                                    .infer_only = o->infer_only, .tangents = o->tangents, .besides = bytes_besides(o)};
	const enum plan_mode mode = o->infer_only ? PLAN_INFER : o->tangents ? PLAN_TANGENT : PLAN_TRAIN;
	if (o->tangents)
		TRY(net_check_tangents(o));
	TRY(graph_open(&net->graph, d, &graph));
	if (o->data)
		TRY(open_data(net));
	/* What can't be planned is said now, not at the first step. */
	TRY(graph_plan(&net->graph, o->batch, mode, &plan));
	return o->rest ? graph_plan(&net->graph, o->rest, mode, &plan) : OK;
}

status net_open(const struct net_options *o, struct device *d, struct potential **out)
{
	*out = NULL;
	struct net *net = calloc(1, sizeof *net);
	if (!net)
		return fail(ERR_MEMORY, "out of memory: a network");
	const struct model *m = o->model;
	net->options = *o;
	net->base = (struct potential){
		.ops = o->tangents ? &net_ops_with_tangents : &net_ops, .device = d, .n_params = m->params.count, .n_stats = m->stats.count, .batch = o->batch,
		.least_batch = m->norm == NORM_BATCH && model_norms_one_pixel(m) && !o->tangents ? 2 : 1, .outputs = m->outputs,
		.fixed = o->augment == AUGMENT_NONE && (!m->stats.count || o->tangents), .params = &m->params,
		.stats = &m->stats, .pieces = &net->pieces,
	};
	status s = open_parts(net);
	if (s != OK) {
		net_close(&net->base);
		return s;
	}
	*out = &net->base;
	return OK;
}
