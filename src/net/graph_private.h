/* SPDX-License-Identifier: GPL-3.0-or-later */
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

/* The norm that layer i takes in under a plan, or NULL. */
static inline const struct layer *norm_in(const struct graph *g, const struct graph_plan *p, int i)
{
	return p->mode == PLAN_INFER && g->folded[i] >= 0 ? layer_at(g, g->folded[i]) : NULL;
}

/* Bytes of layer i's working weights under a plan; 0 where it reads them as they lie. */
static inline size_t working_bytes(const struct graph *g, const struct graph_plan *p, int i)
{
	const struct layer_ops *ops = ops_of(g, i);
	return ops->working_bytes ? ops->working_bytes(p->layer[i]) : 0;
}

/* graph_buffers.c: finds the norms to fold and how tensors lie, and takes g->memory. Errors: ERR_MEMORY, ERR_USAGE. */
status graph_buffers(struct graph *g);

#endif
