/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/noise.cuh"
#include "src/cuda/quad.cuh"
#include "src/cuda/weights.h"

enum { EACH = QUAD * CUDA_WEIGHTS_QUADS, BLOCK = EACH * CUDA_WEIGHTS_THREADS };  /* elements of a thread and of a block */

/* The part that this block works on. */
static __device__ __forceinline__ int part_of_block(const struct cuda_weights_args &a)
{
	int low = 0, high = a.n;
	while (high - low > 1) {
		const int middle = (low + high) / 2;
		if (a.part[middle].block <= blockIdx.x)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* ---- a thread's elements, which are whole quads of the flat vector but for a part's ends ---- */

/* x[at + first … at + last − 1]; the others become 0. All at once where that can be: loads that wait for nothing. */
static __device__ __forceinline__ void load_each(const float *x, size_t at, int first, int last, bool aligned, float y[EACH])
{
	if (aligned && first == 0 && last == EACH) {
		UNROLL
		for (int j = 0; j < EACH; j += QUAD)
			quad_load(x, at + (size_t)j, quad_part_of(0, QUAD, true), y + j);
		return;
	}
	UNROLL
	for (int j = 0; j < EACH; j++)
		y[j] = j >= first && j < last ? x[at + (size_t)j] : 0;
}

/* Adds the point's other terms to a thread's elements of θ, which begin with that quad. */
template <bool NOISE>
static __device__ __forceinline__ void move_each(const struct cuda_weights_args &a, size_t quad, const float v[EACH], float y[EACH])
{
	float sum[EACH], noise[QUAD];
	quad_nothing<EACH>(sum);
	if (a.v)
		quad_add<EACH>((float)a.slots->value[a.v_coef], v, sum);
	const float sigma = NOISE ? (float)a.slots->value[a.sigma] : 0;
	if (NOISE && sigma != 0) {
		UNROLL
		for (int j = 0; j < EACH; j += QUAD) {
			noise_normals(a.slots, a.stream, quad + (size_t)(j / QUAD), noise);
			quad_add<QUAD>(sigma, noise, sum + j);
		}
	}
	UNROLL
	for (int j = 0; j < EACH; j++)
		y[j] = __fadd_rn(y[j], sum[j]);
}

/* All of a thread's elements, to an aligned place. */
static __device__ __forceinline__ void store_wide(void *out, bool bf16, size_t at, const float y[EACH])
{
	if (bf16) {
		*(uint4 *)((uint16_t *)out + at) =
		    make_uint4(bf16_pair(y[0], y[1]), bf16_pair(y[2], y[3]), bf16_pair(y[4], y[5]), bf16_pair(y[6], y[7]));
		return;
	}
	UNROLL
	for (int j = 0; j < EACH; j += QUAD)
		*(float4 *)((float *)out + at + j) = make_float4(y[j], y[j + 1], y[j + 2], y[j + 3]);
}

static __device__ __forceinline__ void store_one(const struct cuda_weights_part &p, size_t at, float y)
{
	if (p.bf16)
		number_set((uint16_t *)p.out + at, y);
	else
		number_set((float *)p.out + at, y);
}

/* Element e of a part, and behind a tap's last one the zeros that fill it up. */
static __device__ __forceinline__ void store_padded(const struct cuda_weights_part &p, size_t e, float y)
{
	if (p.in == p.padded) {
		store_one(p, e, y);
		return;
	}
	const size_t tap = e / p.in, channel = e - tap * p.in, at = tap * p.padded;
	store_one(p, at + channel, y);
	if (channel == p.in - 1)
		for (size_t c = p.in; c < p.padded; c++)
			store_one(p, at + c, 0);
}

template <bool NOISE>
__global__ void __launch_bounds__(CUDA_WEIGHTS_THREADS) weights_kernel(const __grid_constant__ struct cuda_weights_args a)
{
	const struct cuda_weights_part &p = a.part[part_of_block(a)];
	const size_t quad = p.offset / QUAD + ((size_t)(blockIdx.x - p.block) * CUDA_WEIGHTS_THREADS + threadIdx.x) * CUDA_WEIGHTS_QUADS;
	const size_t at = QUAD * quad, end = p.offset + (size_t)p.rows * p.row;
	if (at >= end)
		return;
	const int first = at < p.offset ? (int)(p.offset - at) : 0, last = end - at < EACH ? (int)(end - at) : (int)EACH;
	const bool moves = !(p.frozen & CUDA_FROZEN_WEIGHT);
	float y[EACH], v[EACH];
	load_each(a.theta, at, first, last, a.aligned, y);
	if (moves && a.v)
		load_each(a.v, at, first, last, a.aligned, v);
	if (moves)
		move_each<NOISE>(a, quad, v, y);
	if (p.wide && last == EACH) {
		store_wide(p.out, p.bf16, at - p.offset, y);
		return;
	}
	UNROLL
	for (int j = 0; j < EACH; j++)
		if (j >= first && j < last)
			store_padded(p, at + (size_t)j - p.offset, y[j]);
}

/* ---- one element at a time, where norms are folded in: once a network that only predicts ---- */

static __device__ __forceinline__ float point_one(const struct cuda_weights_args &a, bool frozen, size_t e)
{
	float y = a.theta[e], sum = -0.0f, noise[QUAD];
	if (frozen)
		return y;
	if (a.v)
		sum = fmaf((float)a.slots->value[a.v_coef], a.v[e], sum);
	const float sigma = a.sigma == SLOT_NONE ? 0 : (float)a.slots->value[a.sigma];
	if (sigma != 0) {
		const int within = (int)(e % QUAD);
		noise_normals(a.slots, a.stream, e / QUAD, noise);
		sum = fmaf(sigma, within == 0 ? noise[0] : within == 1 ? noise[1] : within == 2 ? noise[2] : noise[3], sum);
	}
	return __fadd_rn(y, sum);
}

/* What a row is multiplied with; its first element's thread leaves the row's bias. As Ioffe & Szegedy 2015, algorithm 2, has it. */
static __device__ __forceinline__ float fold_row(const struct cuda_weights_args &a, const struct cuda_weights_part &p, size_t row,
                                                 bool leave)
{
	const double gamma = (double)point_one(a, p.frozen & CUDA_FROZEN_GAMMA, p.gamma + row);
	const double factor = gamma / sqrt((double)p.stats[p.rows + row] + NORM_BATCH_EPSILON);
	if (leave) {
		const size_t bytes = (size_t)p.rows * (p.row / p.in) * p.padded * (p.bf16 ? sizeof(uint16_t) : sizeof(float));
		float *bias = (float *)((unsigned char *)p.out + (bytes + 15) / 16 * 16);
		const double beta = (double)point_one(a, p.frozen & CUDA_FROZEN_BETA, p.beta + row);
		bias[row] = (float)fma(-(double)p.stats[row], factor, beta);
	}
	return (float)factor;
}

__global__ void __launch_bounds__(CUDA_WEIGHTS_THREADS) weights_folded_kernel(const __grid_constant__ struct cuda_weights_args a)
{
	const struct cuda_weights_part &p = a.part[part_of_block(a)];
	const size_t begin = (size_t)(blockIdx.x - p.block) * BLOCK + threadIdx.x, count = (size_t)p.rows * p.row;
	const size_t end = begin - threadIdx.x + BLOCK < count ? begin - threadIdx.x + BLOCK : count;
	ROLLED
	for (size_t e = begin; e < end; e += CUDA_WEIGHTS_THREADS) {
		float y = point_one(a, p.frozen & CUDA_FROZEN_WEIGHT, p.offset + e);
		if (p.stats) {
			const size_t row = e / p.row;
			y = __fmul_rn(y, fold_row(a, p, row, e == row * p.row));
		}
		store_padded(p, e, y);
	}
}

cudaError_t cuda_launch_weights(const struct cuda_weights_args *a, cudaStream_t stream)
{
	if (a->folded)
		return LAUNCH(weights_folded_kernel, a->blocks, CUDA_WEIGHTS_THREADS, 0, stream, *a);
	if (a->sigma != SLOT_NONE)
		return LAUNCH(weights_kernel<true>, a->blocks, CUDA_WEIGHTS_THREADS, 0, stream, *a);
	return LAUNCH(weights_kernel<false>, a->blocks, CUDA_WEIGHTS_THREADS, 0, stream, *a);
}
