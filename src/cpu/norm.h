/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CPU's norms: what batch norm and filter response norm share. Work is divided into blocks of channels, and each block
 * into parts, ranges of examples; what a part sums is its own, so results depend on the division alone, not on timing. */
#ifndef BASIN_CPU_NORM_H
#define BASIN_CPU_NORM_H

#include "src/arena.h"
#include "src/cpu/cpu.h"

struct layer_plan {
	const struct device *device;
	struct arena arena;
	enum norm norm;
	enum activation activation;
	bool residual;
	struct format x, r, y;
	int n, channels;
	size_t pixels;             /* of an example's channel */
	int width, blocks, parts;  /* channels of a block */
	int threads;               /* 1: too small for more */
	bool fixed;                /* batch norm: forward used running statistics */
	double *mean, *inverse;    /* batch norm: (channels), 1/√(variance + ε) */
	float *root;               /* filter response norm: (n, channels), 1/√(ν² + ε) */
	float *threshold;          /* (channels): what activations are compared with */
	/* (parts, channels); batch norm's scale to rest are of one part. */
	float *scale, *shift, *center, *of_g, *of_x, *rest;
	double *sum[3], *total[3]; /* of an example too, and filter response norm's totals */
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

/* A kernel's shape for `images` examples of a block. */
struct norm_kernel norm_kernel_of(const struct layer_plan *p, int block, int images);

/* Tensor `at` of format f from an example's block on; NULL stays NULL. */
struct norm_tensor norm_tensor_of(const struct layer_plan *p, const void *at, struct format f, int block, int image);

/* The kernels of forward and of both backward passes with their tensors, from example `image` on. */
struct norm_kernel norm_forward_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image, int images);
struct norm_kernel norm_sums_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image, int images);
struct norm_kernel norm_backward_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image, int images);

/* Sets or adds to a gradient of parameters, where it is wanted. */
static inline void norm_give(const struct layer_io *io, float *to, int channel, double value)
{
	if (to)
		to[channel] = (float)(value + (io->add_dparams ? (double)to[channel] : 0));
}

status norm_batch_open(struct layer_plan *p);
void norm_batch_forward(struct layer_plan *p, const struct layer_io *io);
void norm_batch_backward(struct layer_plan *p, const struct layer_io *io);
status norm_filter_open(struct layer_plan *p);
void norm_filter_forward(struct layer_plan *p, const struct layer_io *io);
void norm_filter_backward(struct layer_plan *p, const struct layer_io *io);

#endif
