/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What convolutions need beside cuDNN: kernels of our own. */
#ifndef BASIN_CUDA_CONV_KERNELS_H
#define BASIN_CUDA_CONV_KERNELS_H

#include "src/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What of a convolution: y; dx; dW. */
enum conv_part { CONV_FORWARD, CONV_DATA, CONV_WEIGHTS };

/* Images (n, in[1], in[2], in[0]) and (n, out[1], out[2], out[0]), weights (out[0], kernel, kernel, in[0]/groups). */
struct conv_shape {
	int n, groups, in[3], out[3], kernel, stride, pad;
};

/* y (n elements, `channels` in turn) = activation(x + bias + residual); y may be one of the others. */
struct cuda_conv_finish_args {
	const void *x;             /* device, aligned to 16 bytes, as all that follows */
	void *y;
	const float *bias;         /* (channels), aligned to 4 bytes; or NULL */
	const void *residual;      /* as y; or NULL */
	size_t n;
	int channels;
	enum activation activation;  /* relu, silu, tanh or none */
	bool bf16;
};
cudaError_t cuda_launch_conv_finish(const struct cuda_conv_finish_args *a, cudaStream_t stream);

/* to (rows, in) = or += the first `in` of each row of from (rows, padded), which is bf16 or float32. */
struct cuda_conv_gradient_args {
	float *to;                 /* device, aligned to 4 bytes */
	const void *from;          /* device, aligned to 16 bytes */
	size_t rows;
	int in, padded;
	bool add, bf16;
};
cudaError_t cuda_launch_conv_gradient(const struct cuda_conv_gradient_args *a, cudaStream_t stream);

/* ---- measuring: numbers to work on, and whether what came of them is right ---- */

/* Numbers from −1 to 1 that `seed` decides. */
struct cuda_conv_numbers_args {
	void *to;                  /* device */
	size_t n;
	uint32_t seed;
	bool bf16;
};
cudaError_t cuda_launch_conv_numbers(const struct cuda_conv_numbers_args *a, cudaStream_t stream);

enum { CUDA_CONV_SAMPLES = 2048 };

/* Some of a result's elements, the first and the last among them, or all, computed in double: by how much each is off, in units of
 * what rounding may do. */
struct cuda_conv_check_args {
	struct conv_shape shape;
	enum conv_part part;
	const void *x, *w, *y;     /* device, as all that follows; the result among them: dx, dW or y, in the place of its value */
	float *off;                /* (samples) */
	size_t count;              /* elements of the result */
	int samples;               /* at most CUDA_CONV_SAMPLES and count */
	bool bf16;
	bool narrow_factors;       /* float32 ones may be rounded to 11 bits */
};
cudaError_t cuda_launch_conv_check(const struct cuda_conv_check_args *a, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
