/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the kernels of a batch norm share: where rows lie, what is kept for backward, and what follows from a channel's sums. */
#ifndef BASIN_CUDA_NORM_BATCH_CUH
#define BASIN_CUDA_NORM_BATCH_CUH

#include "src/cuda/norm_rows.cuh"

enum { PILOT_ROWS = 4 };

static __device__ __forceinline__ size_t rows_of(const struct cuda_norm_shape &s)
{
	return (size_t)s.n * s.pixels;
}

/* Where a row begins: all channels side by side, or those of one block of an example's. */
template <int PACK> static __device__ __forceinline__ size_t row_at(const struct cuda_norm_shape &s, size_t row)
{
	if (PACK > 1 || s.width == s.channels)
		return row * (size_t)s.width;
	return row / s.pixels * s.pixels * (size_t)s.channels + row % s.pixels * (size_t)s.width;
}

/* What is kept for backward, by channel. */
struct kept {
	double *mean, *inverse;
	float *scale, *shift;
};

static __device__ __forceinline__ struct kept kept_of(const struct cuda_norm_args &a)
{
	double *const mean = (double *)a.kept;
	float *const scale = (float *)(mean + 2 * a.shape.channels);
	const struct kept k = {mean, mean + a.shape.channels, scale, scale + a.shape.channels};
	return k;
}

/* The norm of a pack's channels as it was kept. */
template <int PACK>
static __device__ __forceinline__ void kept_line(const struct kept &kept, const struct spot &spot, struct norm_line<PACK> *line)
{
	UNROLL
	for (int j = 0; j < PACK; j++) {
		line->scale[j] = kept.scale[spot.channel + j];
		line->shift[j] = kept.shift[spot.channel + j];
	}
}

/* Sums of squares of what lies around 100 would lose the variance to rounding: numbers are taken relative to the mean of a few of
 * them. */
template <int PACK>
static __device__ __forceinline__ void pilot(const struct cuda_norm_args &a, const struct spot &spot, float mean[PACK])
{
	float v[PACK];
	UNROLL
	for (int j = 0; j < PACK; j++)
		mean[j] = 0;
	UNROLL
	for (int i = 0; i < PILOT_ROWS; i++) {
		const size_t row = (rows_of(a.shape) - 1) * (size_t)i / (PILOT_ROWS - 1);
		pack_numbers<PACK>(pack_load<PACK>(a.x, a.x_bf16, spot.at + row_at<PACK>(a.shape, row)), v);
		UNROLL
		for (int j = 0; j < PACK; j++)
			mean[j] += v[j] * (1.0f / (float)PILOT_ROWS);
	}
}

/* sum += x − center and its square. */
template <int PACK>
static __device__ __forceinline__ void row_moments(const float x[PACK], const float center[PACK], float sum[2][PACK])
{
	UNROLL
	for (int j = 0; j < PACK; j++) {
		const float d = x[j] - center[j];
		sum[0][j] += d;
		sum[1][j] = fmaf(d, d, sum[1][j]);
	}
}

/* running ← (1 − f)·running + f·new. */
static __device__ __forceinline__ void update_running(const struct cuda_norm_args &a, int channel, double mean, double squares)
{
	float *const means = a.stats, *const variances = a.stats + a.shape.channels;
	const double m = (double)rows_of(a.shape), unbiased = squares / (m > 1 ? m - 1 : 1), f = a.share ? *a.share : a.momentum;
	means[channel] = (float)((1 - f) * (double)means[channel] + f * mean);
	variances[channel] = (float)((1 - f) * (double)variances[channel] + f * unbiased);
	if (channel == 0)
		a.stats[2 * a.shape.channels] += 1;
}

/* What follows from a channel's sums of x − center and (x − center)²; or, by running statistics, from those: the norm, in the
 * block's shared memory for channel i of the slice. keep: and for backward, and in the running statistics. */
static __device__ __forceinline__ void norm_of_sums(const struct cuda_norm_args &a, const struct norm_shared &shared, int i,
                                                    int channel, float center, const double total[2], bool keep)
{
	double mean, variance, squares = 0;
	if (a.fixed) {
		mean = (double)a.stats[channel];
		variance = (double)a.stats[a.shape.channels + channel];
	} else {
		const double gap = total[0] * a.shape.share;
		mean = (double)center + gap;
		squares = total[1] - total[0] * gap;
		squares = squares < 0 ? 0 : squares;
		variance = squares * a.shape.share;
	}
	const double inverse = rsqrt(variance + NORM_BATCH_EPSILON);
	const float scale = (float)((double)a.gamma[channel] * inverse);
	const float shift = (float)((double)a.beta[channel] - mean * (double)scale);
	coef_set(shared, 0, i, scale);
	coef_set(shared, 1, i, shift);
	if (!keep)
		return;
	const struct kept kept = kept_of(a);
	kept.mean[channel] = mean;
	kept.inverse[channel] = inverse;
	kept.scale[channel] = scale;
	kept.shift[channel] = shift;
	if (a.update)
		update_running(a, channel, mean, squares);
}

static __device__ __forceinline__ void give(float *to, int channel, bool add, double value)
{
	if (to)
		to[channel] = (float)(value + (add ? (double)to[channel] : 0));
}

/* What follows from a channel's sums of g and g·(x − mean): dx = scale·g + of_x·x + rest, of which the block's shared memory gets
 * the last two for channel i of the slice. params: and the parameters their gradients. */
static __device__ __forceinline__ void back_of_sums(const struct cuda_norm_args &a, const struct norm_shared &shared, int i,
                                                    int channel, const double total[2], bool params)
{
	const struct kept kept = kept_of(a);
	const double mean = kept.mean[channel], inverse = kept.inverse[channel], scale = (double)kept.scale[channel];
	/* What was summed was relative to the mean in float32. */
	const double dgamma = (total[1] + ((double)(float)mean - mean) * total[0]) * inverse;
	const float of_x = a.fixed ? 0.0f : (float)(-scale * inverse * dgamma * a.shape.share);
	const float rest = a.fixed ? 0.0f : (float)(-scale * total[0] * a.shape.share - (double)of_x * mean);
	coef_set(shared, 0, i, of_x);
	coef_set(shared, 1, i, rest);
	if (!params)
		return;
	give(a.dgamma, channel, a.add, dgamma);
	give(a.dbeta, channel, a.add, total[0]);
}

/* Backward: dx of a row. */
template <int PACK>
static __device__ __forceinline__ void row_give(const struct cuda_norm_args &a, const struct norm_line<PACK> &line,
                                                const float x[PACK], float g[PACK], const float of_x[PACK],
                                                const float rest[PACK], size_t at)
{
	UNROLL
	for (int j = 0; j < PACK; j++)
		g[j] = fmaf(g[j], line.scale[j], fmaf(x[j], of_x[j], rest[j]));
	pack_store<PACK>(a.dx, a.x_bf16, at, pack_of<PACK>(a.x_bf16, g));
}

#endif
