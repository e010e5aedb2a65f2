/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Runs a model's graph of layers forward and backward on a device, with every buffer taken once at the start. */
#ifndef BASIN_GRAPH_H
#define BASIN_GRAPH_H

#include "src/net/model.h"

enum {
	GRAPH_PLANS = 8,  /* batch sizes and modes kept ready: of whole and last batches, parts of them, and chunks of all data */
	GRAPH_READERS = 4 /* layers that may read one tensor */
};

struct graph_options {
	const struct model *model;             /* kept, its `frozen` marks set */
	enum precision precision;
	enum conv_algo algo;
	bool fast;
	int batch;                             /* largest n */
	bool infer_only;
	bool tangents;                         /* plans may be made with PLAN_TANGENT instead of PLAN_TRAIN, for graph_jvp and
	                                        * graph_hvp, but take twice the memory */
	size_t besides;                        /* bytes that the device will have to give when the graph is open, as far as is
	                                        * known: what a batch that is said to fit leaves free */
};

/* The layers made ready for one batch size and mode. */
struct graph_plan {
	int n;                                 /* 0: free */
	enum plan_mode mode;
	uint64_t used;                         /* when, for the least recently used one to give way */
	struct layer_plan *layer[LAYERS_MAX];  /* NULL: a layer that the one before it has taken in */
	struct layer_io *io;                   /* (layers): where their data lies, as far as it stays the same from step to step, */
	struct layer_io *dot;                  /* and its tangents; NULL in a graph without */
};

struct graph {
	struct arena arena;
	struct device *device;
	struct graph_options options;
	int folded[LAYERS_MAX];                /* in plans to infer: the layer that this one takes in, or −1 */
	struct batch_format input;
	struct format format[LAYERS_MAX];
	void *x;                               /* device: (batch, input.channels, height, width) as `input` has it, filled by
	                                        * the caller before forward */
	void *memory;                          /* device: all that follows to kept, sharing it by lifetime */
	size_t to_tangents;                    /* bytes from anything in it to its tangent: with tangents it is there twice; else 0 */
	void *y[LAYERS_MAX];                   /* (batch, out…) of each layer; NULL where a graph to infer computes another
	                                        * layer's instead, that this one has taken in */
	void *dy[LAYERS_MAX][GRAPH_READERS];   /* gradients with respect to them, one from each layer that reads it; NULL where
	                                        * none is needed */
	void *kept[LAYERS_MAX];                /* what each layer keeps from forward to backward, for any of the plans */
	float *zeros;                          /* device: as many as the largest frozen segment has */
	void *working[LAYERS_MAX];             /* device: weights as the layer's plan wants them; all plans share them. With
	                                        * tangents, so many bytes behind them a direction's */
	size_t working_bytes[LAYERS_MAX];
	const float **param;                   /* (segments): where layers read a parameter as it lies; NULL: working weights */
	float *point;                          /* device: those, where they are not θ's own; made when first needed */
	float *direction;                      /* device: (n_params) the last one; NULL without tangents, */
	void *room;                            /* device: and what layers' tangents work in, one at a time */
	size_t *point_at;                      /* (segments): where in it each begins */
	const struct graph_plan *ready;        /* whose weights were made last */
	struct graph_plan plan[GRAPH_PLANS];
	uint64_t clock;
};

/* Takes the buffers. g is zeroed first, and empty again on failure. Errors: ERR_MEMORY, naming sizes and a batch that would fit;
 * ERR_USAGE (a kind of layer that the device has not, or has no tangents of; a tensor with more than GRAPH_READERS readers). */
status graph_open(struct graph *g, struct device *d, const struct graph_options *o);
void graph_close(struct graph *g);

/* Of `what`, so many bytes, which the device did not give beside the graph's buffers: where s is ERR_MEMORY for want of room, the
 * message says how much was asked for and is free, and with which batch it would fit. Returns s. */
status graph_lacks(struct graph *g, status s, size_t bytes, const char *what);

/* The plan for n ≤ batch examples; made where it is new, valid until the next call. Errors: ERR_USAGE (a precision
 * the device has not), ERR_MEMORY, ERR_LIBRARY. */
status graph_plan(struct graph *g, int n, enum plan_mode mode, struct graph_plan **out);

/* Makes the parameters at a point ready for the plan's layers; free of charge where they read θ itself. Plans to infer
 * take in the statistics of layers that are folded. Errors: ERR_MEMORY, ERR_LIBRARY. */
status graph_weights(struct graph *g, const struct graph_plan *p, const struct slots *s, const struct point *at,
                     const float *stats);

/* From g->x to the last layer's y, with the parameters of graph_weights. s and its slot `share` are the batch's in the mean of
 * statistics under STATS_CUMULATE, as layer_io has them; else NULL and SLOT_NONE will do. Errors: ERR_LIBRARY. */
status graph_forward(struct graph *g, const struct graph_plan *p, float *stats, enum stats_policy policy, const struct slots *s,
                     int share);

/* From dy of the last layer to the flat gradient (device, n_params), which is set or, with `add`, added to; frozen
 * segments get 0. Follows a forward of the same plan. Errors: ERR_LIBRARY. */
status graph_backward(struct graph *g, const struct graph_plan *p, float *stats, float *gradient, bool add);

/* Points *slice at a segment's part of the gradient; one that is frozen gets its zeros here instead, but with `add`, and
 * *slice stays. Nothing for NULL. Errors: ERR_LIBRARY. */
status graph_slice(struct graph *g, const struct segment *seg, float *gradient, bool add, float **slice);

/* ---- tangents: plans with PLAN_TANGENT, after a graph_forward that used the running statistics (STATS_USE) ---- */

/* Makes a direction v (device, n_params) ready for the plan's layers, beside the weights at the point, which stay. v is not read
 * again later; what it has where segments are frozen, which are held, does not count. Errors: ERR_LIBRARY. */
status graph_direction(struct graph *g, const struct graph_plan *p, const float *v);

/* The tangents of all outputs along it. Errors: ERR_LIBRARY. */
status graph_jvp(struct graph *g, const struct graph_plan *p);

/* From dy of the last layer and its tangent to that of the flat gradient (device, n_params; it may be the direction's v), which is
 * set or, with `add`, added to; frozen segments get 0. It runs the backward pass beside it, in which no gradients of parameters are
 * made. Errors: ERR_LIBRARY. */
status graph_hvp(struct graph *g, const struct graph_plan *p, float *stats, float *product, bool add);

/* The tangents of the last layer's output and of the gradient with respect to it; NULL where no parameter moves it. */
float *graph_output_dot(const struct graph *g);
float *graph_output_gradient_dot(const struct graph *g);

/* The last layer's output and the gradient with respect to it (NULL where no parameter needs one). */
float *graph_output(const struct graph *g);
float *graph_output_gradient(const struct graph *g);

#endif
