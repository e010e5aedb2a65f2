/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* CUDA's kinds of layers, and the kernels of those that have their own. */
#ifndef BASIN_CUDA_LAYERS_H
#define BASIN_CUDA_LAYERS_H

#include "src/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct layer_ops cuda_linear, cuda_activation, cuda_flatten, cuda_pool, cuda_norm, cuda_conv;

/* n elements of y from x; or of dx from dy and, as the kind asks, x or y. relu, silu or tanh. */
struct cuda_act_args {
	const void *x, *dy;        /* device, as all pointers here; dy: NULL for the forward pass; x: what backward reads */
	void *y;                   /* y, or dx */
	size_t n;
	enum activation kind;
	bool x_bf16, dy_bf16, y_bf16;
};
cudaError_t cuda_launch_act(const struct cuda_act_args *a, cudaStream_t stream);

/* So many times (rows, columns) to (columns, rows). */
struct cuda_turn_args {
	const void *from;
	void *to;
	size_t images;
	int rows, columns;
	bool from_bf16, to_bf16;
};
cudaError_t cuda_launch_turn(const struct cuda_turn_args *a, cudaStream_t stream);

/* Windows over (images, h, w, inner): y (images, oh, ow, inner) from x, or dx from the sum of dy[0] and, if there is one, dy[1]. */
struct cuda_pool_args {
	const void *x, *dy[2];     /* device, as all pointers here */
	void *y, *dx;
	unsigned char *position;   /* (images, oh, ow, inner): where in its window, row by row, a maximum was; NULL: not kept */
	size_t images;
	int inner, h, w, oh, ow;
	int kernel, stride, pad;
	bool max, x_bf16, y_bf16;  /* max: else means */
};
cudaError_t cuda_launch_pool(const struct cuda_pool_args *a, cudaStream_t stream);
cudaError_t cuda_launch_pool_backward(const struct cuda_pool_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
