/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The CPU's norms: what they share, and what a kind of norm is. Work is divided into blocks of channels, and each block
 * into parts, ranges of examples; what a part sums is its own, so results depend on the division alone, not on
 * timing. */
#ifndef BASIN_CPU_NORM_H
#define BASIN_CPU_NORM_H

#include "src/arena.h"
#include "src/cpu/cpu.h"

enum { NORM_TOTALS = 3 };

/* A kind of norm. */
struct norm_kind {
	/* Of n examples: what forward leaves for backward. */
	size_t (*kept_bytes)(size_t n, size_t channels);
	/* Takes the kind's own part of a plan, in the plan's arena. Errors: ERR_MEMORY. */
	status (*open)(struct layer_plan *p);
	void (*forward)(struct layer_plan *p, const struct layer_io *io);
	void (*backward)(struct layer_plan *p, const struct layer_io *io);
	/* With the plan's tangent.dot. */
	void (*jvp)(struct layer_plan *p, const struct layer_io *io);
	void (*hvp)(struct layer_plan *p, const struct layer_io *io);
};

extern const struct norm_kind norm_batch, norm_filter;

/* What plans with tangents have besides, (parts, channels) each: the numbers that kernels take by channel, of what a part is at,
 * and sums. */
struct norm_tangent {
	const struct layer_io *dot;      /* the call's */
	float *scale, *shift, *center;
	float *scale_dot, *shift_dot, *threshold_dot, *of_x, *of_x_dot;
	double *sum[NORM_SUMS], *total[NORM_TOTALS];
	double *root_dot;                /* filter response norm's ṙ */
};

struct layer_plan {
	const struct device *device;
	const struct norm_kind *kind;
	struct arena arena;
	enum activation activation;
	bool residual;
	struct format x, r, y;
	int n, channels;
	size_t pixels;             /* of an example's channel */
	int width, blocks, parts;  /* channels of a block */
	int threads;               /* 1: too small for more */
	float *threshold;          /* (channels): what activations are compared with */
	void *own;                 /* the kind's part */
	bool with_tangents;        /* PLAN_TANGENT */
	struct norm_tangent tangent;
};

/* The work of a call: `part` for each part of a block; when all are done, `finish`; then `second` for each part. */
struct norm_work {
	void (*part)(struct layer_plan *p, const struct layer_io *io, int block, int part);
	void (*finish)(struct layer_plan *p, const struct layer_io *io, int block);
	void (*second)(struct layer_plan *p, const struct layer_io *io, int block, int part);
};

/* The examples of a part. */
static inline int norm_first(const struct layer_plan *p, int part)
{
	return (int)((int64_t)p->n * part / p->parts);
}

/* What activations are compared with. A backward pass that reads y of bf16 compares it with the threshold as bf16 has it:
 * `of_output`. */
void norm_set_threshold(struct layer_plan *p, const struct layer_io *io, bool of_output);

/* Runs the work on the plan's threads; any function may be NULL. */
void norm_run(struct layer_plan *p, const struct layer_io *io, const struct norm_work *work);

/* Where backward takes an activation's slope from. */
enum norm_slope norm_slope_of(const struct layer_plan *p);

/* A kernel's shape for `images` examples of a block. */
struct norm_kernel norm_kernel_of(const struct layer_plan *p, int block, int images);

/* Tensor `at` of format f from an example's block on; NULL stays NULL. */
struct norm_tensor norm_tensor_of(const struct layer_plan *p, const void *at, struct format f, int block, int image);

/* The kernels of forward and of both backward passes with their tensors, from example `image` on. */
struct norm_kernel norm_forward_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image,
                                       int images);
struct norm_kernel norm_sums_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image,
                                    int images);
struct norm_kernel norm_backward_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image,
                                        int images);

/* What batch norm keeps for backward, (channels) each: the mean and 1/√(variance + ε), and the norm as scale·x + shift. */
struct batch_kept {
	double *mean, *inverse;
	float *scale, *shift;
};

struct batch_kept norm_batch_kept(const struct layer_plan *p, const struct layer_io *io);

/* What filter response norm keeps for backward: (n, channels), 1/√(ν² + ε). */
float *norm_filter_root(const struct layer_plan *p, const struct layer_io *io, int image, int channel);

/* Sets or adds to the gradient of parameter PARAM_…, where it is wanted. */
static inline void norm_give(const struct layer_io *io, int param, int channel, double value)
{
	float *to = io->dparam[param];
	if (to)
		to[channel] = (float)(value + (io->add_dparams ? (double)to[channel] : 0));
}

#endif
