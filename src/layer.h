/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Layers: a network is a list of them, and a backend knows how to run each kind. */
#ifndef BASIN_LAYER_H
#define BASIN_LAYER_H

#include "src/backend.h"

enum layer_kind {
	LAYER_LINEAR,      /* y = x Wᵀ + b */
	LAYER_ACTIVATION,  /* elementwise */
	LAYER_CONV,        /* y = x ⋆ W (+ b), zero padding */
	LAYER_NORM,        /* y = activation(norm(x[0]) + x[1]): the second input, a residual, may be absent */
	LAYER_POOL,        /* maximum or mean over windows; padding never wins and is not counted */
	LAYER_FLATTEN,     /* (channels, height, width) in PyTorch's order as one row of numbers */
	LAYER_KINDS
};

/* none and threshold are a norm's alone: nothing, and max(·, τ) with a learned τ per channel. */
enum activation { ACTIVATION_RELU, ACTIVATION_SILU, ACTIVATION_TANH, ACTIVATION_NONE, ACTIVATION_THRESHOLD };
#define ACTIVATION_WORDS "relu|silu|tanh"  /* of those that can be asked for */
/* Batch norm (Ioffe & Szegedy 2015), momentum 0.1; filter response norm (Singh & Krishnan 2020, eq. 1-3), ε 1e-6. */
enum norm { NORM_BATCH, NORM_FILTER_RESPONSE };
#define NORM_WORDS "bn|frn"
#define NORM_BATCH_EPSILON 1e-5  /* ε, also where a batch norm is folded */
enum pool { POOL_MAX, POOL_MEAN };
/* Which convolution algorithm: the fastest, measured once a shape; the library's direct one; Winograd's where there is
 * one, our own or else the library's; direct, with the gradient of the weights as one matrix product; and the library's
 * Winograd where there is our own too, which is for CONV_AUTO to choose. */
enum conv_algo { CONV_AUTO, CONV_DIRECT, CONV_WINOGRAD, CONV_GEMM, CONV_LIBRARY_WINOGRAD };
#define CONV_ALGO_WORDS "auto|direct|winograd|gemm"  /* of those that can be asked for */

/* What stands for an input that no layer computes: the batch itself, or none. */
enum { INPUT_BATCH = -1, INPUT_NONE = -2 };

/* A layer's parameters: weights, or a norm's scale γ; bias, or a norm's shift β; the τ of ACTIVATION_THRESHOLD. */
enum { PARAM_WEIGHT, PARAM_BIAS, PARAM_THRESHOLD, LAYER_PARAMS };

/* One node of the network's graph. Inputs are earlier nodes. */
struct layer {
	enum layer_kind kind;
	int input[2];              /* indices of earlier layers, INPUT_BATCH or INPUT_NONE */
	int in[3], out[3];         /* per example: channels, height, width (height = width = 1 where flat) */
	int param[LAYER_PARAMS];   /* 1 + the index of the parameter's segment; 0: the layer has no such parameter */
	int stat;                  /* batch norm: 1 + the index of the first of running_mean (c), running_var (c),
	                            * num_batches_tracked (1); 0: no statistics */
	enum activation activation;
	enum norm norm;
	enum pool pool;
	int kernel, stride, pad, groups;  /* convolution and pooling windows, square; output (in + 2·pad − kernel)/stride + 1 */
};

/* The index of the segment of parameter PARAM_…, or −1. */
static inline int layer_segment(const struct layer *l, int param)
{
	return l->param[param] - 1;
}

/* The index of the first segment of the statistics, or −1. */
static inline int layer_stat(const struct layer *l)
{
	return l->stat - 1;
}

/* How many numbers a shape (channels, height, width) has. */
static inline size_t shape_size(const int shape[3])
{
	return (size_t)shape[0] * (size_t)shape[1] * (size_t)shape[2];
}

/* infer: forward only, may fold and fuse. train: forward and backward. tangent: both, and their tangents; nothing is written over
 * what a pass reads, float32 alone, and a batch norm's statistics are the running ones (STATS_USE), constants to its backward. */
enum plan_mode { PLAN_INFER, PLAN_TRAIN, PLAN_TANGENT };

enum stats_policy {
	STATS_RUN,        /* use the batch's, update the running ones */
	STATS_FREEZE,     /* use the batch's, leave the running ones alone */
	STATS_CUMULATE,   /* use the batch's, average them into `stats` over a pass, each with the share it is given */
	STATS_USE         /* use the running ones (inference) */
};

/* What a plan is made for. */
struct plan_request {
	const struct layer *layer;
	int n;                     /* examples */
	int batch;                 /* of the batch of which these are a rest, where they are fewer; or 0 */
	enum plan_mode mode;
	enum precision precision;
	enum conv_algo algo;
	bool fast;                 /* a backend that says so (backend.h) may be faster than right to the bit */
	struct format x[2], y;     /* of the inputs and the output; gradients lie as what they are gradients of */
	int channels;              /* of x[0] as it lies, where that is a batch with more than the layer's, the others being 0; or 0 */
	const struct layer *folded;  /* infer: the layer that this one takes in, which its ops say it folds, or NULL. With a
	                              * norm a convolution computes activation(norm(conv(x[0])) + x[1]), y and x[1] being
	                              * the norm's, in y's format */
};

/* Where a layer's data lies; every pointer is device memory. */
struct layer_io {
	const void *x[2];
	void *y;
	const void *param[LAYER_PARAMS];  /* float32 as they lie; PARAM_WEIGHT is the working copy where the plan has one */
	float *stats;
	enum stats_policy policy;
	const struct slots *slots; /* STATS_CUMULATE: with the share of this batch's statistics in the mean, 1/(k+1) after k batches, */
	int stats_share;           /* in this slot */
	void *kept;                /* kept_bytes: what forward leaves there, backward of the same plan finds */
	void *room;                /* tangent_bytes: of tangents alone, memory of no meaning before and after a pass */
	/* backward */
	const void *dy[2];         /* the gradient is their sum; [1] is NULL but for layers whose ops say two_gradients */
	void *dx[2];               /* NULL: not wanted; set, not added to */
	float *dparam[LAYER_PARAMS];  /* slices of the flat gradient, in the parameters' own order; NULL: not wanted */
	bool add_dparams;          /* add to what is there */
};

/* What the working weights are made from. */
struct weight_source {
	const struct slots *slots;
	const struct point *at;
	const struct segment *param[LAYER_PARAMS];   /* of the vector `at`; NULL where the layer has none */
	const struct segment *folded[LAYER_PARAMS];  /* the same of a layer that is folded in */
	const float *stats;                          /* and its statistics: running_mean (c), running_var (c) */
};

/* A plan is a layer made ready for one batch size and mode: shapes checked, library objects cached, algorithm
 * chosen. */
struct layer_plan;

/* Tensors of a layer that its backward reads. */
enum { READS_X0 = 1, READS_X1 = 2, READS_Y = 4 };

/* What a layer's passes may write over what they read, where formats agree. Whoever places the tensors sees to it that
 * nobody reads later what is lost, this layer's own backward included. */
enum {
	IN_PLACE_Y_X0 = 1,         /* forward: y = x[0] */
	IN_PLACE_DX0_DY0 = 2,      /* backward: dx[0] = dy[0] */
	IN_PLACE_DX1_DY0 = 4,      /* backward: dx[1] = dy[0], the gradient behind the activation taking its place */
	IN_PLACE_Y_X1 = 8          /* forward of a plan with a folded layer: y = x[1] */
};

struct layer_ops {
	bool two_gradients;        /* backward takes dy in two parts */
	/* Errors: ERR_USAGE (a precision it has not), ERR_MEMORY, ERR_LIBRARY. */
	status (*plan)(struct device *d, const struct plan_request *r, struct layer_plan **out);
	void (*drop)(struct layer_plan *p);
	status (*forward)(struct layer_plan *p, const struct layer_io *io);
	/* All gradients in one call: dx from dy, and those of the parameters. Of x and y it reads only what backward_reads
	 * names, and finds there what forward had. */
	status (*backward)(struct layer_plan *p, const struct layer_io *io);
	/* READS_…, or NULL for none. */
	unsigned (*backward_reads)(const struct layer *l);
	/* IN_PLACE_…, or NULL for none. */
	unsigned (*in_place)(const struct layer *l);
	/* Whether a plan to infer can take in `next`, the only reader of l's output, which is its first input, l having no
	 * second one; NULL: never. */
	bool (*folds)(const struct layer *l, const struct layer *next);
	/* Bytes of layer_io's `kept`: what forward leaves for backward beyond x and y (batch statistics, positions of
	 * maxima). No more for fewer examples, nor to infer than to train, so that the largest batch's serves all plans.
	 * NULL or 0: nothing. */
	size_t (*kept_bytes)(const struct device *d, const struct plan_request *r);
	/* Bytes of the working weights, where they are not the parameters as they lie (else NULL or 0, and then in every plan of
	 * a layer), and the pass that makes them: θ + c·v + σξ, converted and reordered. */
	size_t (*working_bytes)(const struct layer_plan *p);
	status (*materialise)(struct layer_plan *p, const struct weight_source *from, void *working);
	/* Tangents, of plans with PLAN_TANGENT: a dotted quantity is the derivative along a direction in the parameters. `dot` has the
	 * tangents of what io has at the same places, each in its own's format: x, param (the working copy of the direction where the plan
	 * has working weights) and dy are given, NULL standing for 0; y, dx and dparam are set, those that are NULL not wanted, and
	 * dparam added to with dot->add_dparams. Of the rest of dot room is read.
	 * jvp follows forward with the same io:      ẏ = ∂y/∂x·ẋ + ∂y/∂θ·θ̇.
	 * hvp follows jvp, and backward with the same io has been or not: the derivative of what backward makes of dy,
	 *     ẋ̄ = (∂y/∂x)ᵀ·dẏ + (d/dt ∂y/∂x)ᵀ·dy,  θ̄̇ likewise (Pearlmutter 1994; at kinks the slope that backward takes has derivative 0).
	 * Both, or both NULL where the layer has no exact tangents. Errors: ERR_MEMORY, ERR_LIBRARY. */
	status (*jvp)(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot);
	status (*hvp)(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot);
	/* Bytes of the room that both work in; no more for fewer examples. NULL or 0: none. */
	size_t (*tangent_bytes)(const struct plan_request *r);
};

#endif
