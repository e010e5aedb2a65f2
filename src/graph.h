/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a model's graph of layers forward and backward on a device, with every buffer taken once at the start. */
#ifndef BASIN_GRAPH_H
#define BASIN_GRAPH_H

#include "model.h"

enum { GRAPH_PLANS = 4 };  /* batch sizes and modes kept ready: whole and last batch, to train and to predict */

/* The layers made ready for one batch size and mode. */
struct graph_plan {
	int n;                                 /* 0: free */
	enum plan_mode mode;
	uint64_t used;                         /* when, for the least recently used one to give way */
	struct layer_plan *layer[LAYERS_MAX];
	uint64_t stamp;                        /* the caller's mark on its working weights; 0 in a new plan */
	void *working[LAYERS_MAX];             /* device: weights as the layer's plan wants them, or NULL: as they lie */
};

struct graph {
	struct device *device;
	const struct model *model;
	enum precision precision;
	int batch;                             /* largest n */
	bool infer_only;
	float *x;                              /* device: (batch, inputs), filled by the caller before forward */
	float *y[LAYERS_MAX];                  /* device: (batch, out…) of each layer; some share memory */
	float *dy[LAYERS_MAX];                 /* gradients with respect to them; NULL where none is needed */
	float *zeros;                          /* device: as many as the largest frozen segment has */
	bool y_own[LAYERS_MAX], dy_own[LAYERS_MAX];
	struct graph_plan plan[GRAPH_PLANS];
	uint64_t clock;
};

/* Takes the buffers. The model, its `frozen` marks set, is kept. g is zeroed first, and empty again on failure.
 * Errors: ERR_MEMORY. */
status graph_open(struct graph *g, struct device *d, const struct model *m, enum precision precision, int batch,
                  bool infer_only);
void graph_close(struct graph *g);

/* The plan for n ≤ batch examples; made where it is new, valid until the next call. Errors: ERR_USAGE (a precision
 * the device has not), ERR_MEMORY, ERR_LIBRARY. */
status graph_plan(struct graph *g, int n, enum plan_mode mode, struct graph_plan **out);

/* Makes the working weights of a plan from parameters θ (device); free of charge where layers read θ itself. */
status graph_weights(struct graph *g, struct graph_plan *p, const float *theta);

/* From g->x to g->y of the last layer. θ is what graph_weights had. Errors: ERR_LIBRARY. */
status graph_forward(struct graph *g, struct graph_plan *p, const float *theta, float *stats, enum stats_policy policy);

/* From g->dy of the last layer to the flat gradient (device, n_params), which is set or, with `add`, added to; frozen
 * segments get 0. Follows a forward of the same plan. Errors: ERR_LIBRARY. */
status graph_backward(struct graph *g, struct graph_plan *p, const float *theta, float *stats, enum stats_policy policy,
                      float *gradient, bool add);

/* The last layer's output and the gradient with respect to it (NULL where no parameter needs one). */
float *graph_output(const struct graph *g);
float *graph_output_gradient(const struct graph *g);

#endif
