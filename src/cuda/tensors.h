/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whole tensors of either type: sums, from one type to the other, and columns added up. */
#ifndef BASIN_CUDA_TENSORS_H
#define BASIN_CUDA_TENSORS_H

#include "src/cuda/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y += x, n elements of one type. */
struct cuda_add_args {
	void *y;                   /* device, as all that follows */
	const void *x;
	size_t n;
	bool bf16;
};

/* n elements from one type to the other, rounded to the nearest; no call where the types are one, which is a copy. */
struct cuda_convert_args {
	const void *from;
	void *to;
	size_t n;
	bool to_bf16;              /* and from float; else the other way */
};

/* out (channels) = the columns' sums of t (rows, channels), set or added; in double, in an order that the shape alone decides. */
struct cuda_channel_sums_args {
	const void *t;
	float *out;
	uint16_t *narrow;          /* (rows, channels): t in bf16, or NULL */
	double *parts;             /* (CUDA_SUMS_PARTS): the stream's, for one tensor at a time */
	size_t rows, channels;
	bool bf16, add;            /* bf16: t is; out is float32 */
};

/* Blocks share a tensor, up to so many, each with a warp's lanes of columns at most. */
enum { CUDA_SUMS_BLOCKS = 256, CUDA_SUMS_PARTS = CUDA_SUMS_BLOCKS * 32 };

cudaError_t cuda_launch_add(const struct cuda_add_args *a, cudaStream_t stream);
cudaError_t cuda_launch_convert(const struct cuda_convert_args *a, cudaStream_t stream);
/* y (rows, columns) += row (columns), each of its rows. */
cudaError_t cuda_launch_add_row(float *y, const float *row, size_t rows, size_t columns, cudaStream_t stream);
cudaError_t cuda_launch_channel_sums(const struct cuda_channel_sums_args *a, cudaStream_t stream);

/* The same put off; convert copies where both types are one. Errors: of cuda_later. */
status cuda_convert(struct device *d, const void *from, bool from_bf16, void *to, bool to_bf16, size_t n);
status cuda_channel_sums(struct device *d, bool bf16, const void *t, size_t rows, size_t channels, bool add, float *out);
/* Both at once of a float32 t: its columns' sums, and itself in bf16. */
status cuda_channel_sums_narrowed(struct device *d, const float *t, size_t rows, size_t channels, bool add, float *out,
                                  uint16_t *narrow);

#ifdef __cplusplus
}
#endif

#endif
