/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* CUDA's kinds of layers, and the kernels of those that have their own. */
#ifndef BASIN_CUDA_LAYERS_H
#define BASIN_CUDA_LAYERS_H

#include "src/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct layer_ops cuda_linear, cuda_activation, cuda_flatten;
extern const struct layer_ops cuda_conv;

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

#ifdef __cplusplus
}
#endif

#endif
