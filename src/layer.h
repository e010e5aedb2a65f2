/* SPDX-License-Identifier: GPL-3.0-or-later */
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
/* Which convolution algorithm: the fastest, measured once a shape; oneDNN's direct one; Winograd's where there is one;
 * direct, with the gradient of the weights as one matrix product. */
enum conv_algo { CONV_AUTO, CONV_DIRECT, CONV_WINOGRAD, CONV_GEMM };
#define CONV_ALGO_WORDS "auto|direct|winograd|gemm"

/* One node of the network's graph. Inputs are earlier nodes. */
struct layer {
	enum layer_kind kind;
	int input[2];              /* indices of earlier layers; −1 is the batch itself, −2 unused */
	int in[3], out[3];         /* per example: channels, height, width (height = width = 1 where flat) */
	int weight, bias;          /* indices of parameter segments, or −1; a norm's scale γ and shift β */
	int threshold;             /* segment of τ where the activation is ACTIVATION_THRESHOLD */
	int stat;                  /* batch norm: the first of running_mean (c), running_var (c), num_batches_tracked (1), or −1 */
	enum activation activation;
	enum norm norm;
	enum pool pool;
	int kernel, stride, pad, groups;  /* convolution and pooling windows, square; output (in + 2·pad − kernel)/stride + 1 */
};

/* How many numbers a shape (channels, height, width) has. */
static inline size_t shape_size(const int shape[3])
{
	return (size_t)shape[0] * (size_t)shape[1] * (size_t)shape[2];
}

/* infer: forward only, may fold and fuse. train: forward and backward. tangent: keeps every input and fuses nothing. */
enum plan_mode { PLAN_INFER, PLAN_TRAIN, PLAN_TANGENT };

enum stats_policy {
	STATS_RUN,        /* use the batch's, update the running ones */
	STATS_FREEZE,     /* use the batch's, leave the running ones alone */
	STATS_CUMULATE,   /* use the batch's, average them into `stats` over a pass; num_batches_tracked, 0 before it, counts */
	STATS_USE         /* use the running ones (inference) */
};

/* What a plan is made for. */
struct plan_request {
	const struct layer *layer;
	int n;                     /* examples */
	enum plan_mode mode;
	enum precision precision;
	enum conv_algo algo;
	struct format x[2], y;     /* of the inputs and the output; gradients lie as what they are gradients of */
	const struct layer *norm;  /* infer: the batch norm folded into this convolution, or NULL: the plan computes
	                            * activation(norm(conv(x[0])) + x[1]), y and x[1] being the norm's, in y's format */
};

/* Where a layer's data lies; every pointer is device memory. */
struct layer_io {
	const void *x[2];
	void *y;                   /* infer, with a folded norm: may be x[1] */
	const void *weight;        /* working copy, in the layout the plan asked for; else float32, as are all the others */
	const float *bias, *threshold;
	float *stats;
	enum stats_policy policy;
	/* backward */
	const void *dy[2];         /* the gradient is their sum; [1] is NULL but for layers whose ops say two_gradients */
	void *dx[2];               /* NULL: not wanted; set, not added to */
	float *dweight, *dbias, *dthreshold;  /* slices of the flat gradient, in the parameters' own order; NULL: not wanted */
	bool add_dparams;          /* add to what is there */
};

/* What the working weights are made from. */
struct weight_source {
	const struct slots *slots;
	const struct point *at;
	const struct segment *weight;             /* of the vector `at` */
	const struct segment *scale, *shift;      /* infer, with a folded batch norm; else NULL */
	const float *stats;                       /* the norm's running_mean (c), running_var (c) */
};

/* A plan is a layer made ready for one batch size and mode: shapes checked, library objects cached, algorithm chosen. What
 * backward needs of forward beyond x and y (batch statistics, positions of maxima) is kept in it. */
struct layer_plan;

/* Tensors of a layer that its backward reads. */
enum { READS_X0 = 1, READS_X1 = 2, READS_Y = 4 };

struct layer_ops {
	enum layer_kind kind;
	bool two_gradients;        /* backward takes dy in two parts */
	/* Errors: ERR_USAGE (a precision it has not), ERR_MEMORY, ERR_LIBRARY. */
	status (*plan)(struct device *d, const struct plan_request *r, struct layer_plan **out);
	void (*drop)(struct layer_plan *p);
	status (*forward)(struct layer_plan *p, const struct layer_io *io);
	/* All gradients in one call: dx from dy, and dweight, dbias, dthreshold. What backward_reads names is what forward had.
	 * Activations may work in place: dx[0] = dy[0], and y = x where the derivative follows from y (ReLU, tanh). A norm may too:
	 * without a residual dx[0] = dy[0]; with one dx[1] = dy[0], the gradient behind the activation. */
	status (*backward)(struct layer_plan *p, const struct layer_io *io);
	/* READS_…, or NULL for none. */
	unsigned (*backward_reads)(const struct layer *l);
	/* Bytes of the working weights, where they are not the parameters as they lie (else NULL or 0), and the pass that
	 * makes them: θ + c·v + σξ, converted and reordered. */
	size_t (*working_bytes)(const struct layer_plan *p);
	status (*materialise)(struct layer_plan *p, const struct weight_source *from, void *working);
	/* Forward-mode tangents (dy from dx and dweight) and exact Hessian–vector products; NULL where not built. */
	status (*jvp)(struct layer_plan *p, const struct layer_io *io, const struct layer_io *tangent);
	status (*hvp)(struct layer_plan *p, const struct layer_io *io, const struct layer_io *tangent);
};

#endif
