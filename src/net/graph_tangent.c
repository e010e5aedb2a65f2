/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Products with the Hessian: tangents along a direction in the parameters, forward through the layers and back through their
 * backward passes (Pearlmutter 1994). A tensor's tangent lies where the tensor does, in memory of its own. */
#include "src/net/graph_private.h"

static bool has_tangents(const struct device *d, const struct layer *l)
{
	return d->ops->layers[l->kind]->jvp && d->ops->layers[l->kind]->hvp;
}

status graph_has_tangents(const struct model *m, const struct device *d)
{
	bool all = d->ops->loss_dot;
	for (int i = 0; i < m->n_layers; i++)
		all = all && has_tangents(d, &m->layer[i]);
	return all ? OK : fail(ERR_USAGE, "{device} %s: has no exact products with the Hessian yet; {device} cpu has", d->ops->name);
}

size_t graph_tangent_bytes(const struct graph *g, int batch)
{
	size_t most = 0;
	for (int i = 0; g->options.tangents && i < g->options.model->n_layers; i++) {
		const struct plan_request r = graph_request(g, i, batch, PLAN_TANGENT);
		const size_t bytes = ops_of(g, i)->tangent_bytes ? ops_of(g, i)->tangent_bytes(&r) : 0;
		most = bytes > most ? bytes : most;
	}
	return most;
}

/* Of the batch, and of what no parameter moves, there is none: NULL stands for 0. */
static const void *input_dot(const struct graph *g, int input)
{
	return input >= 0 && is_moved(g, input) ? tangent_at(g, g->y[input]) : NULL;
}

void graph_place_tangents(const struct graph *g, const struct graph_plan *p, int i)
{
	const struct layer *l = layer_at(g, i);
	const struct layer_io *io = &p->io[i];
	struct layer_io *dot = &p->dot[i];
	*dot = (struct layer_io){.y = tangent_at(g, io->y), .room = g->room};
	for (int k = 0; k < 2; k++) {
		dot->x[k] = input_dot(g, l->input[k]);
		dot->dx[k] = tangent_at(g, io->dx[k]);
		dot->dy[k] = io->dy[k] ? (const char *)io->dy[k] + g->to_tangents : NULL;
	}
}

/* ---- a direction ---- */

static status make_working(struct graph *g, const struct graph_plan *p, int i, void *working)
{
	const struct point at = {.theta = g->direction};
	struct weight_source from = {.at = &at};
	for (int k = 0; k < LAYER_PARAMS; k++)
		from.param[k] = segment_at(g, layer_segment(layer_at(g, i), k));
	return ops_of(g, i)->materialise(p->layer[i], &from, working);
}

static status place_layer(struct graph *g, const struct graph_plan *p, int i)
{
	void *working = g->working[i] ? (char *)g->working[i] + g->working_bytes[i] : NULL;
	for (int k = 0; k < LAYER_PARAMS; k++) {
		const struct segment *seg = segment_at(g, layer_segment(layer_at(g, i), k));
		const bool held = !seg || seg->frozen, copied = reads_working(g, p, i, k);
		p->dot[i].param[k] = held ? NULL : copied ? working : g->direction + seg->offset;
		if (!held && copied)
			TRY(make_working(g, p, i, working));
	}
	return OK;
}

status graph_direction(struct graph *g, const struct graph_plan *p, const float *v)
{
	TRY(g->device->ops->copy(g->device, g->direction, v, g->options.model->params.count * sizeof *v));
	for (int i = 0; i < g->options.model->n_layers; i++)
		TRY(place_layer(g, p, i));
	return OK;
}

/* ---- passes ---- */

status graph_jvp(struct graph *g, const struct graph_plan *p)
{
	for (int i = 0; i < g->options.model->n_layers; i++)
		if (is_moved(g, i))
			TRY(ops_of(g, i)->jvp(p->layer[i], &p->io[i], &p->dot[i]));
	return OK;
}

static status layer_hvp(struct graph *g, const struct graph_plan *p, int i, float *stats)
{
	struct layer_io *io = &p->io[i];
	for (int k = 0; k < LAYER_PARAMS; k++)
		io->dparam[k] = NULL;
	TRY(graph_gather_parts(g, p, i, false));
	TRY(graph_gather_parts(g, p, i, true));
	io->stats = graph_stats(g, i, stats);
	if (io->dx[0] || io->dx[1])
		TRY(ops_of(g, i)->backward(p->layer[i], io));
	return ops_of(g, i)->hvp(p->layer[i], io, &p->dot[i]);
}

status graph_hvp(struct graph *g, const struct graph_plan *p, float *stats, float *product, bool add)
{
	for (int i = g->options.model->n_layers; i-- > 0;) {
		struct layer_io *dot = &p->dot[i];
		dot->add_dparams = add;
		for (int k = 0; k < LAYER_PARAMS; k++) {
			dot->dparam[k] = NULL;
			TRY(graph_slice(g, segment_at(g, layer_segment(layer_at(g, i), k)), product, add, &dot->dparam[k]));
		}
		if (is_moved(g, i))
			TRY(layer_hvp(g, p, i, stats));
	}
	return OK;
}

float *graph_output_dot(const struct graph *g)
{
	const int last = g->options.model->n_layers - 1;
	return is_moved(g, last) ? tangent_at(g, g->y[last]) : NULL;
}

float *graph_output_gradient_dot(const struct graph *g)
{
	return tangent_at(g, graph_output_gradient(g));
}
