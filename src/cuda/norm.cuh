/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the norms' kernels share: where a thread works, the activations behind a norm, and a block's sums by channel, in an order that
 * the shape alone decides. */
#ifndef BASIN_CUDA_NORM_CUH
#define BASIN_CUDA_NORM_CUH

#include "src/cuda/norm.h"
#include "src/cuda/pack.cuh"
#include "src/cuda/sigmoid.cuh"

/* ---- where a thread works ---- */

/* Its slice's channels, all of them together, and its own in it. */
struct spot {
	int first, count;          /* of the slice; a block of threads has `slice` places for them, a power of 2 */
	int slice;
	int channel;               /* the pack's first */
	size_t at;                 /* of that in the first row */
	int lane_bits;
	unsigned row, step;        /* the first of its rows, and how far apart they are */
	bool inside;               /* it has channels at all */
};

template <int PACK> static __device__ __forceinline__ struct spot spot_of(const struct cuda_norm_shape &s)
{
	struct spot spot;
	const int lane = (int)threadIdx.x & ((1 << s.lane_bits) - 1);
	int block = 0, slice = (int)blockIdx.y;
	if (PACK == 1) {
		block = slice / s.slices;
		slice %= s.slices;
	}
	spot.slice = PACK << s.lane_bits;
	spot.first = block * s.width + slice * spot.slice;
	spot.count = min(spot.slice, s.width - slice * spot.slice);
	spot.inside = lane * PACK < spot.count;
	spot.channel = spot.first + lane * PACK;
	spot.at = (size_t)block * s.pixels * (size_t)s.width + (size_t)(slice * spot.slice + lane * PACK);
	spot.lane_bits = s.lane_bits;
	spot.row = threadIdx.x >> s.lane_bits;
	spot.step = (unsigned)CUDA_NORM_THREADS >> s.lane_bits;
	return spot;
}

/* How many blocks of threads the slices of all channels are. */
static inline unsigned norm_slices(const struct cuda_norm_shape *s)
{
	return (unsigned)(s->slices * (s->channels / s->width));
}

/* ---- a block's sums ---- */

/* A block's shared memory. */
enum {
	NORM_PITCH = CUDA_NORM_THREADS + 4,  /* with which no two of a warp's threads meet in a bank */
	NORM_SLICE = 8 * CUDA_NORM_LANES,
	NORM_COEFS = 2
};
struct norm_shared {
	double *group;             /* (sums, CUDA_NORM_THREADS) */
	float *coef;               /* (NORM_COEFS, NORM_SLICE): for whoever has that channel */
};
#define NORM_TURNED(pack, sums) ((pack) * (sums) * NORM_PITCH)
#define NORM_SHARED(name, sums)                                                               \
	SHARED(double, name##_group, (sums) * CUDA_NORM_THREADS);                             \
	SHARED(float, name##_coef, NORM_COEFS *NORM_SLICE);                                   \
	const struct norm_shared name = {name##_group, name##_coef}

/* total = what the block's groups of `slice` threads have summed, in thread i of the first one that of channel i. All threads call
 * it; what it uses is free again once they have met. */
template <int SUMS>
static __device__ __forceinline__ void group_sums(const struct norm_shared &shared, int slice, const double v[SUMS], double total[SUMS])
{
	UNROLL
	for (int k = 0; k < SUMS; k++) {
		shared.group[k * CUDA_NORM_THREADS + (int)threadIdx.x] = v[k];
		total[k] = 0;
	}
	__syncthreads();
	if ((int)threadIdx.x < slice)
		for (int i = (int)threadIdx.x; i < CUDA_NORM_THREADS; i += slice)
			for (int k = 0; k < SUMS; k++)
				total[k] += shared.group[k * CUDA_NORM_THREADS + i];
}

/* total = the sums of a pack's numbers over the threads of its lane, for channel i in thread i of the first `slice`. turned: shared,
 * NORM_TURNED. */
template <int PACK, int SUMS>
static __device__ __forceinline__ void slice_sums(const struct norm_shared &shared, float *turned, const struct spot &spot,
                                                  const float sum[SUMS][PACK], double total[SUMS])
{
	const int thread = (int)threadIdx.x, channel = thread & (spot.slice - 1), lane = channel / PACK;
	/* A group of threads has every so-manieth row of them. */
	const int first = (int)(spot.row / PACK << spot.lane_bits) + lane, step = CUDA_NORM_THREADS / PACK;
	double v[SUMS];
	UNROLL
	for (int j = 0; j < SUMS * PACK; j++)
		turned[j * NORM_PITCH + thread] = sum[j / PACK][j % PACK];
	__syncthreads();
	UNROLL
	for (int k = 0; k < SUMS; k++) {
		v[k] = 0;
		UNROLL
		for (int i = 0; i < PACK; i++)
			v[k] += (double)turned[(k * PACK + channel % PACK) * NORM_PITCH + first + i * step];
	}
	group_sums<SUMS>(shared, spot.slice, v, total);
}

/* A channel's numbers for the block's threads, at the place of channel i of the slice. */
static __device__ __forceinline__ void coef_set(const struct norm_shared &shared, int which, int i, float v)
{
	shared.coef[which * NORM_SLICE + i] = v;
}

template <int PACK>
static __device__ __forceinline__ void coef_get(const struct norm_shared &shared, const struct spot &spot, int which, float v[PACK])
{
	UNROLL
	for (int j = 0; j < PACK; j++)
		v[j] = shared.coef[which * NORM_SLICE + (spot.channel - spot.first) + j];
}

/* ---- activations ---- */

enum { ACTIVATION_ASKED = -1 };  /* as a template's argument: the activation is known when the kernel runs */

template <int KIND> static __device__ __forceinline__ int kind_of(const struct cuda_norm_args &a)
{
	return KIND == ACTIVATION_ASKED ? (int)a.activation : KIND;
}

/* NaN is below nothing, and stays. */
static __device__ __forceinline__ float activated(int kind, float z, float tau)
{
	float s, rest;
	switch (kind) {
	case ACTIVATION_RELU:
		return z <= 0 ? 0.0f : z;
	case ACTIVATION_THRESHOLD:
		return z <= tau ? tau : z;
	case ACTIVATION_TANH:
		return tanhf(z);
	case ACTIVATION_SILU:
		sigmoids(z, &s, &rest);
		return z * s;
	default:
		return z;
	}
}

/* The gradient before the activation, and in *taken what goes to the threshold instead; y: z is the activation's value. */
static __device__ __forceinline__ float slope_times(int kind, float g, float z, bool y, float tau, float *taken)
{
	float s, rest;
	bool below;
	*taken = 0;
	switch (kind) {
	case ACTIVATION_RELU:
		return z <= 0 ? 0.0f : g;
	case ACTIVATION_THRESHOLD:
		below = z <= tau;
		*taken = below ? g : 0.0f;
		return below ? 0.0f : g;
	case ACTIVATION_TANH:
		z = y ? z : tanhf(z);
		return g * (1.0f - z * z);
	case ACTIVATION_SILU:
		sigmoids(z, &s, &rest);
		return g * (s * (1.0f + z * rest));
	default:
		return g;
	}
}

/* The thresholds of a pack's channels. Beside a y of bf16 they are as bf16 has them. */
template <int PACK>
static __device__ __forceinline__ void thresholds(const struct cuda_norm_args &a, const struct spot &spot, bool of_y, float tau[PACK])
{
	UNROLL
	for (int j = 0; j < PACK; j++) {
		tau[j] = a.tau && spot.inside ? a.tau[spot.channel + j] : 0;
		tau[j] = of_y && a.y_bf16 ? bf16_to_float(bf16_of_float(tau[j])) : tau[j];
	}
}

/* ---- launches: a copy of the kernel for each activation, but where packs are single numbers ---- */

#define NORM_LAUNCH_KINDS(kernel, pack, grid, stream, a)                                                                         \
	((a).activation == ACTIVATION_RELU   ? LAUNCH((kernel<pack, ACTIVATION_RELU>), grid, CUDA_NORM_THREADS, 0, stream, a)    \
	 : (a).activation == ACTIVATION_SILU ? LAUNCH((kernel<pack, ACTIVATION_SILU>), grid, CUDA_NORM_THREADS, 0, stream, a)    \
	 : (a).activation == ACTIVATION_TANH ? LAUNCH((kernel<pack, ACTIVATION_TANH>), grid, CUDA_NORM_THREADS, 0, stream, a)    \
	 : (a).activation == ACTIVATION_NONE ? LAUNCH((kernel<pack, ACTIVATION_NONE>), grid, CUDA_NORM_THREADS, 0, stream, a)    \
	                                     : LAUNCH((kernel<pack, ACTIVATION_THRESHOLD>), grid, CUDA_NORM_THREADS, 0, stream, a))
#define NORM_LAUNCH(kernel, grid, stream, a)                                                                                     \
	((a).shape.pack == 8   ? NORM_LAUNCH_KINDS(kernel, 8, grid, stream, a)                                                   \
	 : (a).shape.pack == 4 ? NORM_LAUNCH_KINDS(kernel, 4, grid, stream, a)                                                   \
	                       : LAUNCH((kernel<1, ACTIVATION_ASKED>), grid, CUDA_NORM_THREADS, 0, stream, a))

#endif
