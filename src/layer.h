/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layers: a network is a list of them, and a backend knows how to run each kind. */
#ifndef BASIN_LAYER_H
#define BASIN_LAYER_H

#include "backend.h"

enum layer_kind {
	LAYER_LINEAR,      /* y = x Wᵀ + b */
	LAYER_ACTIVATION,  /* elementwise */
	LAYER_KINDS
};

enum activation { ACTIVATION_RELU, ACTIVATION_SILU, ACTIVATION_TANH };
enum precision { PRECISION_FP32, PRECISION_BF16 };

/* One node of the network's graph. Inputs are earlier nodes. */
struct layer {
	enum layer_kind kind;
	int input[2];              /* indices of earlier layers; −1 is the batch itself, −2 unused */
	int in[3], out[3];         /* per example: channels, height, width (height = width = 1 where flat) */
	int weight, bias;          /* indices of parameter segments, or −1 */
	int stat;                  /* first of its statistics segments, or −1 */
	enum activation activation;
};

/* infer: forward only, may fold and fuse. train: forward and backward. tangent: keeps every input and fuses nothing. */
enum plan_mode { PLAN_INFER, PLAN_TRAIN, PLAN_TANGENT };

enum stats_policy {
	STATS_RUN,        /* use the batch's, update the running ones */
	STATS_FREEZE,     /* use the batch's, leave the running ones alone */
	STATS_CUMULATE,   /* use the batch's, average them into `stats` over a pass; their number is one of the statistics */
	STATS_USE         /* use the running ones (inference) */
};

/* Where a layer's data lies; every pointer is device memory. Activations are (n, out…), float32 or bf16 by the plan. */
struct layer_io {
	const void *x[2];
	void *y;
	const void *weight;        /* working copy, in the layout the plan asked for */
	const float *bias;
	float *stats;
	enum stats_policy policy;
	/* backward */
	const void *dy;
	void *dx[2];               /* NULL: not wanted */
	float *dweight, *dbias;    /* slices of the flat gradient; NULL: not wanted */
	bool add_dx[2];            /* add to what is there */
	bool add_dparams;
};

/* A plan is a layer made ready for one batch size and mode: shapes checked, library objects cached, algorithm chosen. */
struct layer_plan;

struct layer_ops {
	enum layer_kind kind;
	/* Errors: ERR_USAGE (a precision it has not), ERR_MEMORY, ERR_LIBRARY. */
	status (*plan)(struct device *d, const struct layer *l, int n, enum plan_mode mode, enum precision precision,
	               struct layer_plan **out);
	void (*drop)(struct layer_plan *p);
	status (*forward)(struct layer_plan *p, const struct layer_io *io);
	/* Both gradients in one call: dx from dy, and dweight, dbias. x and y are what forward had. Activations may work in
	 * place: dx = dy, and y = x where the derivative follows from y (ReLU, tanh). */
	status (*backward)(struct layer_plan *p, const struct layer_io *io);
	/* Bytes of the working weights, where they are not the parameters as they lie (else NULL or 0), and the pass that
	 * makes them from the point's float32 values. */
	size_t (*working_bytes)(const struct layer_plan *p);
	status (*materialise)(struct layer_plan *p, const float *weight, void *working);
	/* Forward-mode tangents (dy from dx and dweight) and exact Hessian–vector products; NULL where not built. */
	status (*jvp)(struct layer_plan *p, const struct layer_io *io, const struct layer_io *tangent);
	status (*hvp)(struct layer_plan *p, const struct layer_io *io, const struct layer_io *tangent);
};

#endif
