/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "graph.h"

static size_t size_of(const int shape[3])
{
	return (size_t)shape[0] * (size_t)shape[1] * (size_t)shape[2];
}

static const struct layer_ops *ops_of(const struct graph *g, int i)
{
	return g->device->ops->layers[g->model->layer[i].kind];
}

static const struct segment *segment_at(const struct graph *g, int index)
{
	return index < 0 ? NULL : &g->model->params.at[index];
}

static bool trainable(const struct graph *g, int index)
{
	return index >= 0 && !g->model->params.at[index].frozen;
}

/* Whether the layer's backward needs nothing but its output, and may write that over its input. */
static bool works_in_place(const struct layer *l)
{
	return l->kind == LAYER_ACTIVATION && l->activation != ACTIVATION_SILU;
}

/* ---- buffers ---- */

static int consumers(const struct model *m, int layer)
{
	int count = 0;
	for (int i = layer + 1; i < m->n_layers; i++)
		for (int k = 0; k < 2; k++)
			count += m->layer[i].input[k] == layer;
	return count;
}

/* Whether layer i depends on a parameter that is not frozen, so that a gradient must reach it. */
static bool needs_gradient(const struct graph *g, int i)
{
	const struct layer *l = &g->model->layer[i];
	if (trainable(g, l->weight) || trainable(g, l->bias))
		return true;
	for (int k = 0; k < 2; k++)
		if (l->input[k] >= 0 && g->dy[l->input[k]])
			return true;
	return false;
}

static status take(struct graph *g, size_t floats, void *out)
{
	return g->device->ops->alloc(g->device, floats * sizeof(float), out);
}

static status buffers(struct graph *g)
{
	const struct model *m = g->model;
	size_t batch = (size_t)g->batch, frozen = 0;
	TRY(take(g, batch * size_of(m->input), &g->x));
	for (int i = 0; i < m->n_layers; i++) {
		const struct layer *l = &m->layer[i];
		int below = l->input[0];
		/* An activation that alone reads the layer below takes over its memory; not another activation's, whose
		 * own backward still needs what it wrote. */
		bool alone = l->kind == LAYER_ACTIVATION && below >= 0 && consumers(m, below) == 1;
		g->y_own[i] = !(alone && works_in_place(l) && m->layer[below].kind != LAYER_ACTIVATION);
		if (g->y_own[i])
			TRY(take(g, batch * size_of(l->out), &g->y[i]));
		else
			g->y[i] = g->y[below];
		if (g->infer_only || !needs_gradient(g, i))
			continue;
		g->dy_own[i] = !(alone && g->dy[below]);
		if (g->dy_own[i])
			TRY(take(g, batch * size_of(l->out), &g->dy[i]));
		else
			g->dy[i] = g->dy[below];
	}
	for (int i = 0; i < m->params.n; i++)
		if (m->params.at[i].frozen && m->params.at[i].count > frozen)
			frozen = m->params.at[i].count;
	return frozen && !g->infer_only ? take(g, frozen, &g->zeros) : OK;
}

status graph_open(struct graph *g, struct device *d, const struct model *m, enum precision precision, int batch,
                  bool infer_only)
{
	*g = (struct graph){.device = d, .model = m, .precision = precision, .batch = batch, .infer_only = infer_only};
	status s = buffers(g);
	if (s != OK)
		graph_close(g);
	return s;
}

static void plan_drop(struct graph *g, struct graph_plan *p)
{
	for (int i = 0; i < g->model->n_layers; i++) {
		if (p->layer[i])
			ops_of(g, i)->drop(p->layer[i]);
		if (p->working[i])
			g->device->ops->free(g->device, p->working[i]);
	}
	*p = (struct graph_plan){0};
}

void graph_close(struct graph *g)
{
	if (!g->device)
		return;
	const struct backend *ops = g->device->ops;
	for (int i = 0; i < GRAPH_PLANS; i++)
		plan_drop(g, &g->plan[i]);
	for (int i = 0; i < g->model->n_layers; i++) {
		if (g->y_own[i])
			ops->free(g->device, g->y[i]);
		if (g->dy_own[i])
			ops->free(g->device, g->dy[i]);
	}
	ops->free(g->device, g->x);
	ops->free(g->device, g->zeros);
	*g = (struct graph){0};
}

/* ---- plans ---- */

static status plan_layers(struct graph *g, struct graph_plan *p)
{
	for (int i = 0; i < g->model->n_layers; i++) {
		const struct layer_ops *ops = ops_of(g, i);
		const struct plan_request r = {.layer = &g->model->layer[i], .n = p->n, .mode = p->mode, .precision = g->precision};
		TRY(ops->plan(g->device, &r, &p->layer[i]));
		size_t bytes = ops->working_bytes ? ops->working_bytes(p->layer[i]) : 0;
		if (bytes)
			TRY(g->device->ops->alloc(g->device, bytes, &p->working[i]));
	}
	return OK;
}

status graph_plan(struct graph *g, int n, enum plan_mode mode, struct graph_plan **out)
{
	struct graph_plan *oldest = &g->plan[0];
	*out = NULL;
	for (int i = 0; i < GRAPH_PLANS; i++) {
		struct graph_plan *p = &g->plan[i];
		if (p->n == n && p->mode == mode) {
			p->used = ++g->clock;
			*out = p;
			return OK;
		}
		if (p->used < oldest->used)
			oldest = p;
	}
	plan_drop(g, oldest);
	oldest->n = n;
	oldest->mode = mode;
	status s = plan_layers(g, oldest);
	if (s != OK) {
		plan_drop(g, oldest);
		return s;
	}
	oldest->used = ++g->clock;
	*out = oldest;
	return OK;
}

status graph_weights(struct graph *g, struct graph_plan *p, const float *theta)
{
	for (int i = 0; i < g->model->n_layers; i++)
		if (p->working[i])
			TRY(ops_of(g, i)->materialise(p->layer[i], &(struct weight_source){.at = &(struct point){.theta = theta}, .weight = segment_at(g, g->model->layer[i].weight)}, p->working[i]));
	return OK;
}

/* ---- passes ---- */

static struct layer_io io_of(const struct graph *g, const struct graph_plan *p, int i, const float *theta, float *stats,
                             enum stats_policy policy)
{
	const struct layer *l = &g->model->layer[i];
	const struct segment *weight = segment_at(g, l->weight), *bias = segment_at(g, l->bias);
	struct layer_io io = {.y = g->y[i], .policy = policy};
	for (int k = 0; k < 2; k++)
		io.x[k] = l->input[k] >= 0 ? g->y[l->input[k]] : l->input[k] == -1 ? g->x : NULL;
	if (weight)
		io.weight = p->working[i] ? p->working[i] : theta + weight->offset;
	if (bias)
		io.bias = theta + bias->offset;
	if (l->stat >= 0)
		io.stats = stats + g->model->stats.at[l->stat].offset;
	return io;
}

status graph_forward(struct graph *g, struct graph_plan *p, const float *theta, float *stats, enum stats_policy policy)
{
	for (int i = 0; i < g->model->n_layers; i++) {
		struct layer_io io = io_of(g, p, i, theta, stats, policy);
		TRY(ops_of(g, i)->forward(p->layer[i], &io));
	}
	return OK;
}

/* Points *slice at a segment's part of the gradient; one that is frozen gets its zeros here instead. */
static status slice_of(struct graph *g, int index, float *gradient, bool add, float **slice)
{
	const struct segment *seg = segment_at(g, index);
	if (!seg)
		return OK;
	if (!seg->frozen)
		*slice = gradient + seg->offset;
	else if (!add)
		return g->device->ops->copy(g->device, gradient + seg->offset, g->zeros, seg->count * sizeof(float));
	return OK;
}

status graph_backward(struct graph *g, struct graph_plan *p, const float *theta, float *stats, enum stats_policy policy,
                      float *gradient, bool add)
{
	for (int i = g->model->n_layers; i-- > 0;) {
		const struct layer *l = &g->model->layer[i];
		struct layer_io io = io_of(g, p, i, theta, stats, policy);
		io.dy[0] = g->dy[i];
		io.add_dparams = add;
		TRY(slice_of(g, l->weight, gradient, add, &io.dweight));
		TRY(slice_of(g, l->bias, gradient, add, &io.dbias));
		if (!io.dy[0])
			continue;
		for (int k = 0; k < 2; k++) {
			int below = l->input[k];
			if (below < 0 || !g->dy[below])
				continue;
			io.dx[k] = g->dy[below];
		}
		TRY(ops_of(g, i)->backward(p->layer[i], &io));
	}
	return OK;
}

float *graph_output(const struct graph *g)
{
	return g->y[g->model->n_layers - 1];
}

float *graph_output_gradient(const struct graph *g)
{
	return g->dy[g->model->n_layers - 1];
}
