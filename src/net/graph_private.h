/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the graph*.c files share; nobody else includes this. */
#ifndef BASIN_GRAPH_PRIVATE_H
#define BASIN_GRAPH_PRIVATE_H

#include "src/net/graph.h"

static inline const struct layer *layer_at(const struct graph *g, int i)
{
	return &g->options.model->layer[i];
}

static inline const struct layer_ops *ops_of(const struct graph *g, int i)
{
	return g->device->ops->layers[layer_at(g, i)->kind];
}

/* NULL where index is −1. */
static inline const struct segment *segment_at(const struct graph *g, int index)
{
	return index < 0 ? NULL : &g->options.model->params.at[index];
}

/* The layer that layer i takes in under plans of a mode, or −1. */
static inline int taken_by(const struct graph *g, enum plan_mode mode, int i)
{
	return mode == PLAN_INFER ? g->folded[i] : -1;
}

/* Whether it is layer i itself that is taken in by the one before it. */
static inline bool is_taken(const struct graph *g, enum plan_mode mode, int i)
{
	int below = layer_at(g, i)->input[0];
	return below >= 0 && taken_by(g, mode, below) == i;
}

/* Bytes of layer i's working weights under a plan; 0 where it reads its weights as they lie. */
static inline size_t working_bytes(const struct graph *g, const struct graph_plan *p, int i)
{
	const struct layer_ops *ops = ops_of(g, i);
	return ops->working_bytes ? ops->working_bytes(p->layer[i]) : 0;
}

/* Whether layer i reads parameter PARAM_… as a working copy: weights are the only ones that have any. */
static inline bool reads_working(const struct graph *g, const struct graph_plan *p, int i, int param)
{
	return param == PARAM_WEIGHT && working_bytes(g, p, i) > 0;
}

/* Where the tangent of what lies somewhere in g->memory does; NULL of NULL. */
static inline void *tangent_at(const struct graph *g, void *at)
{
	return at ? (char *)at + g->to_tangents : NULL;
}

/* How often memory for tensors and working weights is taken: once, or once more for tangents. */
static inline size_t graph_copies(const struct graph *g)
{
	return g->options.tangents ? 2 : 1;
}

/* Whether layer i's output depends on a parameter that is not frozen, so that it has a tangent, and a gradient. */
static inline bool is_moved(const struct graph *g, int i)
{
	return g->dy[i][0];
}

/* graph.c: what layer i is planned for, */
struct plan_request graph_request(const struct graph *g, int i, int n, enum plan_mode mode);
/* its statistics among all, NULL where it has none, */
float *graph_stats(const struct graph *g, int i, float *stats);
/* and the gradients that reached it, or their tangents, in as many parts as it takes. */
status graph_gather_parts(struct graph *g, const struct graph_plan *p, int i, bool tangents);

/* graph_buffers.c: takes g->x, finds the layers to fold and how tensors lie, and takes g->memory and g->room. Errors: ERR_MEMORY,
 * ERR_USAGE. */
status graph_buffers(struct graph *g);
/* Bytes of all three for batches of another size; SIZE_MAX where the host has no memory to tell. */
size_t graph_bytes(struct graph *g, int batch);

/* graph_tangent.c: whether a device has what a graph with tangents needs. Errors: ERR_USAGE. */
status graph_has_tangents(const struct model *m, const struct device *d);
/* Bytes of g->room for batches of a size; 0 without tangents. */
size_t graph_tangent_bytes(const struct graph *g, int batch);
/* Where the tangents of layer i's data lie, as place_io left the data. */
void graph_place_tangents(const struct graph *g, const struct graph_plan *p, int i);

/* graph_room.c: graph_lacks of the buffers themselves, none of which is there any more. */
status graph_buffers_lack(struct graph *g, status s);

#endif
