/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the norms' kernels share: packs of channels, where a thread works, the activations behind a norm, and a block's sums by
 * channel, in an order that the shape alone decides. */
#ifndef BASIN_CUDA_NORM_CUH
#define BASIN_CUDA_NORM_CUH

#include "src/cuda/norm.h"
#include "src/cuda/quad.cuh"
#include "src/cuda/sigmoid.cuh"

/* ---- packs: channels of a row that a thread moves at once, as memory has them ---- */

template <int PACK> struct pack;
template <> struct pack<1> {
	float v;
};
template <> struct pack<4> {
	float4 v;
};
template <> struct pack<8> {
	uint4 v;
};

template <int PACK> static __device__ __forceinline__ struct pack<PACK> pack_load(const void *t, bool bf16, size_t at)
{
	struct pack<PACK> p;
	if constexpr (PACK == 1)
		p.v = bf16 ? bf16_to_float(((const uint16_t *)t)[at]) : ((const float *)t)[at];
	else if constexpr (PACK == 4)
		p.v = *(const float4 *)((const float *)t + at);
	else
		p.v = *(const uint4 *)((const uint16_t *)t + at);
	return p;
}

static __device__ __forceinline__ void pair_numbers(unsigned pair, float *v)
{
	v[0] = __uint_as_float(pair << 16);
	v[1] = __uint_as_float(pair & 0xffff0000u);
}

template <int PACK> static __device__ __forceinline__ void pack_numbers(const struct pack<PACK> &p, float v[PACK])
{
	if constexpr (PACK == 1) {
		v[0] = p.v;
	} else if constexpr (PACK == 4) {
		v[0] = p.v.x;
		v[1] = p.v.y;
		v[2] = p.v.z;
		v[3] = p.v.w;
	} else {
		pair_numbers(p.v.x, v);
		pair_numbers(p.v.y, v + 2);
		pair_numbers(p.v.z, v + 4);
		pair_numbers(p.v.w, v + 6);
	}
}

/* v as memory has it. */
template <int PACK> static __device__ __forceinline__ struct pack<PACK> pack_of(bool bf16, const float v[PACK])
{
	struct pack<PACK> p;
	if constexpr (PACK == 1)
		p.v = bf16 ? bf16_to_float(bf16_of_float(v[0])) : v[0];
	else if constexpr (PACK == 4)
		p.v = make_float4(v[0], v[1], v[2], v[3]);
	else
		p.v = make_uint4(bf16_pair(v[0], v[1]), bf16_pair(v[2], v[3]), bf16_pair(v[4], v[5]), bf16_pair(v[6], v[7]));
	return p;
}

template <int PACK>
static __device__ __forceinline__ void pack_store(void *t, bool bf16, size_t at, const struct pack<PACK> &p)
{
	if constexpr (PACK == 4)
		*(float4 *)((float *)t + at) = p.v;
	else if constexpr (PACK == 8)
		*(uint4 *)((uint16_t *)t + at) = p.v;
	else if (bf16)
		number_set((uint16_t *)t + at, p.v);
	else
		number_set((float *)t + at, p.v);
}

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

/* ---- rows ---- */

/* So many rows are on their way at once: as many as registers hold. */
enum { FORWARD_ROWS = 4 };
template <int KIND> struct back_rows {
	enum { ROWS = KIND == ACTIVATION_THRESHOLD ? 1 : 2 };
};

/* What is summed: the gradient, its product with x, and what thresholds took. */
template <int KIND> struct back_sums {
	enum { SUMS = KIND == ACTIVATION_THRESHOLD || KIND == ACTIVATION_ASKED ? 3 : 2 };
};

/* fn(i, row) for ROWS of a thread's rows, from `row` on, that are before `to`. */
template <int ROWS, typename FN>
static __device__ __forceinline__ void turn(const struct spot &spot, size_t row, size_t to, FN fn)
{
	UNROLL
	for (int i = 0; i < ROWS; i++)
		if (row + (size_t)i * spot.step < to)
			fn(i, row + (size_t)i * spot.step);
}

/* The last of a thread's turns through rows from … to − 1: where it begins, also where no row is left in it. */
template <int ROWS>
static __device__ __forceinline__ size_t last_turn(const struct spot &spot, size_t from, size_t to)
{
	const size_t turns = ((to - from - 1) << spot.lane_bits) / (ROWS * CUDA_NORM_THREADS);
	return from + spot.row + turns * (ROWS * spot.step);
}

/* Goes through a thread's rows, loading them a turn at a time: what is loaded last stays loaded. */
template <int ROWS, typename LOAD, typename USE>
static __device__ __forceinline__ void walk(const struct spot &spot, size_t from, size_t to, LOAD load, USE use)
{
	for (size_t row = from + spot.row; row < to + spot.row; row += ROWS * spot.step) {
		turn<ROWS>(spot, row, to, load);
		turn<ROWS>(spot, row, to, use);
	}
}

/* The same from the last turn on, which is loaded already, to the first: a second reading finds in a cache what the first one read
 * last. */
template <int ROWS, typename LOAD, typename USE>
static __device__ __forceinline__ void walk_back(const struct spot &spot, size_t from, size_t to, LOAD load, USE use)
{
	size_t row = last_turn<ROWS>(spot, from, to);
	turn<ROWS>(spot, row, to, use);
	while (row >= from + spot.row + ROWS * spot.step) {
		row -= ROWS * spot.step;
		turn<ROWS>(spot, row, to, load);
		turn<ROWS>(spot, row, to, use);
	}
}

/* A row of every tensor that a backward pass reads. */
template <int PACK> struct row_in {
	struct pack<PACK> x, dy[2], also;
};

template <int PACK>
static __device__ __forceinline__ void row_load(const struct cuda_norm_args &a, size_t at, struct row_in<PACK> *in)
{
	in->x = pack_load<PACK>(a.x, a.x_bf16, at);
	in->dy[0] = pack_load<PACK>(a.dy[0], a.y_bf16, at);
	if (a.dy[1])
		in->dy[1] = pack_load<PACK>(a.dy[1], a.y_bf16, at);
	if (a.y)
		in->also = pack_load<PACK>(a.y, a.y_bf16, at);
	else if (a.r)
		in->also = pack_load<PACK>(a.r, a.r_bf16, at);
}

/* The norm of a pack is scale·x + shift, with the same bits in each pass: slopes follow from them. */
template <int PACK> struct norm_line {
	float scale[PACK], shift[PACK], tau[PACK];
};

/* Of a row: x, the gradient behind the activation, and what the threshold took. */
template <int PACK, int KIND>
static __device__ __forceinline__ void row_gradient(const struct cuda_norm_args &a, const struct norm_line<PACK> &line,
                                                    const struct row_in<PACK> &in, float x[PACK], float g[PACK], float taken[PACK])
{
	const int kind = kind_of<KIND>(a);
	float other[PACK] = {};
	pack_numbers<PACK>(in.x, x);
	pack_numbers<PACK>(in.dy[0], g);
	if (a.dy[1]) {
		pack_numbers<PACK>(in.dy[1], other);
		UNROLL
		for (int j = 0; j < PACK; j++)
			g[j] += other[j];
	}
	if (a.y || a.r)
		pack_numbers<PACK>(in.also, other);
	UNROLL
	for (int j = 0; j < PACK; j++) {
		float z = a.y ? other[j] : fmaf(x[j], line.scale[j], line.shift[j]);
		if (a.r)
			z += other[j];
		g[j] = slope_times(kind, g[j], z, a.y != NULL, line.tau[j], &taken[j]);
	}
}

/* Stores g where the residual's gradient is wanted, rounds it to what was stored, and leaves that in dy[0]'s place. */
template <int PACK>
static __device__ __forceinline__ void row_keep(const struct cuda_norm_args &a, size_t at, float g[PACK], struct row_in<PACK> *in)
{
	if (!a.dr)
		return;
	in->dy[0] = pack_of<PACK>(a.r_bf16, g);
	pack_numbers<PACK>(in->dy[0], g);
	pack_store<PACK>(a.dr, a.r_bf16, at, in->dy[0]);
}

/* sum += g, g·(x − center) and what the threshold took. */
template <int PACK, int SUMS>
static __device__ __forceinline__ void row_sums(const float x[PACK], const float center[PACK], const float g[PACK],
                                                const float taken[PACK], float sum[SUMS][PACK])
{
	UNROLL
	for (int j = 0; j < PACK; j++) {
		sum[0][j] += g[j];
		sum[1][j] = fmaf(g[j], x[j] - center[j], sum[1][j]);
		if (SUMS > 2)
			sum[SUMS - 1][j] += taken[j];
	}
}

/* Forward: y of a row. */
template <int PACK, int KIND>
static __device__ __forceinline__ void row_value(const struct cuda_norm_args &a, const struct norm_line<PACK> &line,
                                                 const struct pack<PACK> &x, const struct pack<PACK> &r, size_t at)
{
	float v[PACK], other[PACK] = {};
	pack_numbers<PACK>(x, v);
	if (a.r)
		pack_numbers<PACK>(r, other);
	UNROLL
	for (int j = 0; j < PACK; j++) {
		v[j] = fmaf(v[j], line.scale[j], line.shift[j]);
		if (a.r)
			v[j] += other[j];
		v[j] = activated(kind_of<KIND>(a), v[j], line.tau[j]);
	}
	pack_store<PACK>(a.y, a.y_bf16, at, pack_of<PACK>(a.y_bf16, v));
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
