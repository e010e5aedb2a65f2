/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a graph's layers find their parameters: in θ itself, in a copy of the point, or as working weights. */
#include "src/net/graph_private.h"

/* Takes g->point, with room for what is read as it lies and no more. */
static status open_point(struct graph *g)
{
	size_t count = 0;
	for (int i = 0; i < g->options.model->n_layers; i++) {
		const struct layer *l = layer_at(g, i);
		const int read[] = {g->working_bytes[i] ? -1 : l->weight, l->bias,
		                    l->activation == ACTIVATION_THRESHOLD ? l->threshold : -1};
		for (size_t k = 0; k < sizeof read / sizeof *read; k++)
			if (read[k] >= 0) {
				g->point_at[read[k]] = count;
				count += segment_at(g, read[k])->count;
			}
	}
	return g->device->ops->alloc(g->device, count * sizeof(float), (void **)&g->point);
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

static status place_layer(struct graph *g, const struct graph_plan *p, const struct slots *s, const struct point *at,
                          const float *stats, int i)
{
	const struct layer *l = layer_at(g, i), *norm = norm_in(g, p, i);
	if (working_bytes(g, p, i)) {
		const struct weight_source from = {
			.slots = s, .at = at, .weight = segment_at(g, l->weight),
			.scale = norm ? segment_at(g, norm->weight) : NULL, .shift = norm ? segment_at(g, norm->bias) : NULL,
			.stats = norm ? stats + g->options.model->stats.at[norm->stat].offset : NULL,
		};
		TRY(ops_of(g, i)->materialise(p->layer[i], &from, g->working[i]));
	} else {
		TRY(place_param(g, s, at, l->weight));
	}
	TRY(place_param(g, s, at, l->bias));
	return l->activation == ACTIVATION_THRESHOLD ? place_param(g, s, at, l->threshold) : OK;
}

status graph_weights(struct graph *g, const struct graph_plan *p, const struct slots *s, const struct point *at,
                     const float *stats)
{
	double start = graph_now(g);
	g->ready = NULL;
	for (int i = 0; i < g->options.model->n_layers; i++)
		if (p->layer[i])
			TRY(place_layer(g, p, s, at, stats, i));
	g->ready = p;
	graph_spent(g, &g->times->weights, start);
	return OK;
}
