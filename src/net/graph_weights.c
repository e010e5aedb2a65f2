/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Where a graph's layers find their parameters: in θ itself, in a copy of the point, or as working weights. */
#include "src/net/graph_private.h"

/* Takes g->point, with room for what is read as it lies and no more. */
static status open_point(struct graph *g)
{
	size_t count = 0;
	for (int i = 0; i < g->options.model->n_layers; i++) {
		const struct layer *l = layer_at(g, i);
		for (int k = 0; k < LAYER_PARAMS; k++) {
			const struct segment *seg = segment_at(g, layer_segment(l, k));
			if (!seg || (k == PARAM_WEIGHT && g->working_bytes[i]))
				continue;
			g->point_at[layer_segment(l, k)] = count;
			count += seg->count;
		}
	}
	status s = g->device->ops->alloc(g->device, count * sizeof(float), (void **)&g->point);
	return graph_lacks(g, s, count * sizeof(float), "the parameters at another point");
}

/* Where the layers read this parameter: θ itself, or its place in g->point. */
static status place_param(struct graph *g, const struct slots *s, const struct point *at, int index)
{
	const struct segment *seg = segment_at(g, index);
	struct device *d = g->device;
	if (!seg)
		return OK;
	if (!at->v && at->sigma == SLOT_NONE) {
		g->param[index] = at->theta + seg->offset;
		return OK;
	}
	if (!g->point)
		TRY(open_point(g));
	float *out = g->point + g->point_at[index];
	g->param[index] = out;
	return d->ops->point(d, s, at, seg->offset, seg->count, seg->frozen, out);
}

static status make_working(struct graph *g, const struct graph_plan *p, const struct slots *s, const struct point *at,
                           const float *stats, int i)
{
	int taken = taken_by(g, p->mode, i);
	const struct layer *l = layer_at(g, i), *folded = taken >= 0 ? layer_at(g, taken) : NULL;
	struct weight_source from = {.slots = s, .at = at};
	for (int k = 0; k < LAYER_PARAMS; k++) {
		from.param[k] = segment_at(g, layer_segment(l, k));
		from.folded[k] = folded ? segment_at(g, layer_segment(folded, k)) : NULL;
	}
	if (folded && folded->stat)
		from.stats = stats + g->options.model->stats.at[layer_stat(folded)].offset;
	return ops_of(g, i)->materialise(p->layer[i], &from, g->working[i]);
}

static status place_layer(struct graph *g, const struct graph_plan *p, const struct slots *s, const struct point *at,
                          const float *stats, int i)
{
	const struct layer *l = layer_at(g, i);
	if (working_bytes(g, p, i))
		TRY(make_working(g, p, s, at, stats, i));
	for (int k = 0; k < LAYER_PARAMS; k++) {
		bool working = reads_working(g, p, i, k);
		if (!working)
			TRY(place_param(g, s, at, layer_segment(l, k)));
		if (l->param[k])
			p->io[i].param[k] = working ? g->working[i] : g->param[layer_segment(l, k)];
	}
	return OK;
}

status graph_weights(struct graph *g, const struct graph_plan *p, const struct slots *s, const struct point *at,
                     const float *stats)
{
	g->ready = NULL;
	for (int i = 0; i < g->options.model->n_layers; i++)
		if (p->layer[i])
			TRY(place_layer(g, p, s, at, stats, i));
	g->ready = p;
	return OK;
}
