/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the kernels of convolutions in planes (conv_planes.h: LeNet alone reaches them) and their callers agree on. */
#ifndef BASIN_CPU_PLANES_H
#define BASIN_CPU_PLANES_H

#include <stddef.h>

enum {
	PLANE_OUTS = 8,       /* planes of y made together, at most */
	PLANE_GRADIENTS = 4,  /* planes of dy whose gradients are summed together, at most */
	KERNEL_MAX = 5
};

/* An example's planes (n, h, w) with margins of zeros: (n, h + 2·pad, pitch), and a vector of zeros behind the last. */
struct planes {
	int n, h, w, pad, pitch;
};

/* y (out, oh, ow) = x ⋆ W, stride 1; `wide` planes of y are made together. Weights: (tile, in, row, column, wide). */
struct planes_kernel {
	struct planes x;
	int out, oh, ow, kernel, wide;
};

/* The gradient of the weights comes in tasks, each a few outs' one row of weights to one plane of x. Its sums are
 * vectors, (out, in, row, column), then those of the bias, (out): a task that has row 0 of plane 0 sums that too. */
struct planes_task {
	int first, end;       /* outs */
	int in, row;
};

static inline int planes_tiles(const struct planes_kernel *k)
{
	return (k->out + PLANE_GRADIENTS - 1) / PLANE_GRADIENTS;
}

static inline int planes_tasks(const struct planes_kernel *k)
{
	return planes_tiles(k) * k->x.n * k->kernel;
}

static inline struct planes_task planes_task(const struct planes_kernel *k, int task)
{
	int tiles = planes_tiles(k), tile = task / (k->x.n * k->kernel);
	return (struct planes_task){k->out * tile / tiles, k->out * (tile + 1) / tiles, task / k->kernel % k->x.n, task % k->kernel};
}

/* Examples whose gradients are summed together: n of them, x and dy so many floats apart. */
struct planes_batch {
	const float *x, *dy;
	int n;
	size_t x_step, dy_step;
};

/* Where sums lie, in vectors. */
static inline size_t planes_sum_at(const struct planes_kernel *k, int out, int in, int row)
{
	return (size_t)(((out * k->x.n + in) * k->kernel + row) * k->kernel);
}

static inline size_t planes_bias_at(const struct planes_kernel *k, int out)
{
	return planes_sum_at(k, k->out, 0, 0) + (size_t)out;
}

#endif
