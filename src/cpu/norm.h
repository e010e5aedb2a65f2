/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The CPU's norms: what they share, and what a kind of norm is. Work is divided into blocks of channels, and each block
 * into parts, ranges of examples; what a part sums is its own, so results depend on the division alone, not on
 * timing. */
#ifndef BASIN_CPU_NORM_H
#define BASIN_CPU_NORM_H

#include "src/arena.h"
#include "src/cpu/cpu.h"

/* A kind of norm. */
struct norm_kind {
	/* Of n examples: what forward leaves for backward. */
	size_t (*kept_bytes)(size_t n, size_t channels);
	/* Takes the kind's own part of a plan, in the plan's arena. Errors: ERR_MEMORY. */
	status (*open)(struct layer_plan *p);
	void (*forward)(struct layer_plan *p, const struct layer_io *io);
	void (*backward)(struct layer_plan *p, const struct layer_io *io);
};

extern const struct norm_kind norm_batch, norm_filter;

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

/* Sets or adds to the gradient of parameter PARAM_…, where it is wanted. */
static inline void norm_give(const struct layer_io *io, int param, int channel, double value)
{
	float *to = io->dparam[param];
	if (to)
		to[channel] = (float)(value + (io->add_dparams ? (double)to[channel] : 0));
}

#endif
