/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Norms: y = activation(norm(x) + r). Args are compared bit by bit: their makers set padding to 0. */
#ifndef BASIN_CUDA_NORM_H
#define BASIN_CUDA_NORM_H

#include "src/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	CUDA_NORM_THREADS = 256,           /* of a block of them */
	CUDA_NORM_LANES = 32,              /* at most so many of these side by side */
	CUDA_NORM_SUMS = 3,                /* numbers by channel that a block leaves, at most */
	CUDA_NORM_WHOLE = 8                /* rows that a thread keeps in registers, where a block has all of its slice's */
};

/* How a norm's work is divided, which its shape alone decides: a block of threads has rows of a slice of the channels, each thread a
 * pack of channels, so many lanes side by side, and rows in turn. */
struct cuda_norm_shape {
	size_t pixels;                     /* of an example's channel */
	int n, channels;
	int width;                         /* channels that lie side by side: all of them, or a block of the format */
	int pack;                          /* 8 of bf16, 4 of float32, where every tensor is that and has all channels side by
	                                    * side; else 1, of each tensor's own type */
	int lane_bits;                     /* lanes: 2 to that */
	int slices;                        /* of `width` */
	int parts;                         /* batch norm: so many blocks share the rows of a slice, */
	int part_rows;                     /* so many rows to each, the last one less */
	bool whole;                        /* batch norm: a block's registers hold all rows of its slice */
	double share;                      /* 1 over the elements of a mean */
};

/* Divides the work of n examples of (channels, pixels), `width` side by side; bf16: of all tensors; mixed: they have several types.
 * Blocks fill a large card twice, but where a batch norm's rows are too few for that. */
struct cuda_norm_shape cuda_norm_divide(enum norm norm, int n, int channels, size_t pixels, int width, bool bf16, bool mixed);

/* Of a pass, what it needs; the rest is NULL or 0. Tensors begin at multiples of 16 bytes. */
struct cuda_norm_args {
	struct cuda_norm_shape shape;
	const void *x;                     /* device, as all pointers here */
	const void *r;                     /* forward: the residual; backward: where silu's slope is taken from it too */
	const void *dy[2];
	void *y;                           /* forward: written; backward: where the slope is taken from it */
	void *dx, *dr;
	const float *gamma, *beta, *tau;   /* tau: ACTIVATION_THRESHOLD's */
	float *dgamma, *dbeta, *dtau;
	float *stats;                      /* running means, variances, number of batches */
	void *kept;
	float *parts;                      /* scratch: what blocks leave for the next kernel, cuda_norm_parts of it */
	const double *share;               /* of this batch in the running statistics, where `update`, as it is when the kernel runs; */
	double momentum;                   /* where that is NULL, of every batch */
	enum activation activation;
	bool x_bf16, r_bf16, y_bf16;       /* types; dx's is x's, dr's is r's, dy's is y's */
	bool fixed;                        /* batch norm: by the running statistics */
	bool update;
	bool add;                          /* to the parameters' gradients */
};

/* Floats of `parts` that any pass may need. */
static inline size_t cuda_norm_parts(const struct cuda_norm_shape *s, enum norm norm)
{
	const size_t rows = norm == NORM_BATCH ? (size_t)s->parts : (size_t)s->n;
	return rows * CUDA_NORM_SUMS * (size_t)s->channels;
}

/* Bytes of `kept`: batch norm: the means and 1/√(variance + ε) in double, the norm as scale·x + shift in float32; filter response
 * norm: (n, channels) of 1/√(ν² + ε). */
static inline size_t cuda_norm_kept(size_t n, size_t channels, enum norm norm)
{
	return norm == NORM_BATCH ? channels * (2 * sizeof(double) + 2 * sizeof(float)) : n * channels * sizeof(float);
}

/* A batch norm reads x twice and writes y, as two kernels; by running statistics it reads x once, as one. Backward reads what g, the
 * gradient behind the activation, follows from and x, and once more (g itself, where the residual's gradient was stored), and writes
 * dx, as two kernels. */
cudaError_t cuda_launch_batch_norm(const struct cuda_norm_args *a, cudaStream_t stream);
cudaError_t cuda_launch_batch_norm_back(const struct cuda_norm_args *a, cudaStream_t stream);

/* Whether each is done by the one kernel below instead, which reads everything once: of few rows, where nothing but the norm takes
 * registers. */
static inline bool cuda_norm_whole(const struct cuda_norm_args *a)
{
	return a->shape.whole && (a->activation == ACTIVATION_RELU || a->activation == ACTIVATION_NONE);
}
cudaError_t cuda_launch_whole_norm(const struct cuda_norm_args *a, cudaStream_t stream);
cudaError_t cuda_launch_whole_norm_back(const struct cuda_norm_args *a, cudaStream_t stream);

/* The same numbers; but a block has an example's slice, whose second reading a cache serves, and all is one kernel; backward, with
 * another one for the parameters' gradients where they are wanted. */
cudaError_t cuda_launch_filter_norm(const struct cuda_norm_args *a, cudaStream_t stream);
cudaError_t cuda_launch_filter_norm_back(const struct cuda_norm_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
