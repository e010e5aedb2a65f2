/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/standin/check.h"
#include <cuda_bf16.h>
#include <curand_philox4x32_x.h>

enum { WARP = 32, WARPS = CHECK_THREADS / WARP };
static const unsigned ALL = 0xffffffffu;

static __global__ void __launch_bounds__(CHECK_THREADS)
	scale(size_t n, const float *__restrict__ x, float *__restrict__ y, float by)
{
	size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
#ifdef PLANT_OVERREAD
	if (i >= n)
		y[0] = x[i]; /* over-read */
#endif
#ifdef PLANT_OVERWRITE
	if (i == n)
		y[i] = 1; /* over-write */
#endif
#ifdef PLANT_RACE
	if (i == n)
		y[0] = 1; /* two write */
#endif
	if (i < n)
		y[i] = by * __ldg(x + i); /* scale */
}

cudaError_t check_scale(size_t n, const float *x, float *y, float by, cudaStream_t s)
{
	return LAUNCH(scale, (unsigned)(n / CHECK_THREADS + 1), CHECK_THREADS, 0, s, n, x, y, by);
}

#ifdef PLANT_MASKS
#define MASK(lane) ((lane) ? ALL : ALL >> 1)
#else
#define MASK(lane) ALL
#endif

static __device__ double block_sum(double v)
{
	SHARED(double, part, WARPS);
	const unsigned lane = threadIdx.x % WARP, warp = threadIdx.x / WARP;
	for (unsigned d = WARP / 2; d > 0; d /= 2)
		v += __shfl_down_sync(ALL, v, d);
	if (lane == 0)
		part[warp] = v; /* put part */
#ifdef PLANT_DIVERGENT
	if (warp > 0)
#endif
#ifndef PLANT_BARRIER
	__syncthreads(); /* barrier */
#endif
#ifdef PLANT_SHARED
	part[WARPS] = 0; /* beside */
#endif
	if (warp == 0) {
		v = lane < WARPS ? part[lane] : 0; /* get part */
#ifdef PLANT_LANES
		if (lane < WARPS)
#endif
		for (unsigned d = WARP / 2; d > 0; d /= 2)
			v += __shfl_down_sync(MASK(lane), v, d); /* lanes */
	}
	return v;
}

static __global__ void __launch_bounds__(CHECK_THREADS) sum_parts(size_t n, const float *x, double *parts)
{
	double sum = 0;
	for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (size_t)gridDim.x * blockDim.x)
		sum += (double)x[i]; /* sum reads */
	sum = block_sum(sum);
	if (threadIdx.x == 0)
		parts[blockIdx.x] = sum;
}

template <int N>
static __global__ void __launch_bounds__(CHECK_THREADS) sum_total(const double *parts, double *total)
{
	const double sum = block_sum(threadIdx.x < N ? parts[threadIdx.x] : 0);
	if (threadIdx.x == 0)
		*total = sum;
}

cudaError_t check_sum(size_t n, const float *x, double *parts, double *total, cudaStream_t s)
{
	const cudaError_t e = LAUNCH(sum_parts, CHECK_BLOCKS, CHECK_THREADS, 0, s, n, x, parts);
	return e != cudaSuccess ? e : LAUNCH((sum_total<CHECK_BLOCKS>), 1, CHECK_THREADS, 0, s, parts, total);
}

/* Two barriers a round: one before others read what was written, one before it is written anew. */
static __global__ void __launch_bounds__(CHECK_SCAN) scan(const float *x, float *y)
{
	SHARED(float, at, CHECK_SCAN);
	const unsigned i = threadIdx.x;
	float v = x[i];
	for (unsigned d = 1; d < CHECK_SCAN; d *= 2) {
		at[i] = v; /* round writes */
		__syncthreads();
		if (i >= d)
			v += at[i - d]; /* round reads */
#ifndef PLANT_ROUND
		__syncthreads();
#endif
	}
	y[i] = v;
}

cudaError_t check_scan(const float *x, float *y, cudaStream_t s)
{
	return LAUNCH(scan, 1, CHECK_SCAN, 0, s, x, y);
}

static __global__ void __launch_bounds__(CHECK_THREADS) lanes(unsigned *out)
{
	DYNAMIC_SHARED(unsigned, said);
	const unsigned lane = threadIdx.x % WARP;
	said[threadIdx.x] = lane;
	__syncwarp();
	const unsigned next = said[threadIdx.x - lane + (lane + 1) % WARP];
	const unsigned up = __shfl_up_sync(ALL, lane, 3), across = __shfl_xor_sync(ALL, lane, 5, 8),
		       first = __shfl_sync(ALL, lane + 7, 0);
	const unsigned odd = __ballot_sync(ALL, lane & 1), any = (unsigned)__any_sync(ALL, lane == 9),
		       all = (unsigned)__all_sync(ALL, lane < 31);
	/* Halves of a warp go their own ways. */
	const unsigned half = lane < 16 ? __shfl_xor_sync(0x0000ffffu, lane, 1) : __shfl_xor_sync(0xffff0000u, lane, 2);
	const int below = __syncthreads_count(threadIdx.x < 50);
	if (threadIdx.x == 2) {
		const unsigned got[CHECK_WORDS] = {
			next, up, across, first, odd, any * 2 + all, half * 100 + (unsigned)below};
		for (int i = 0; i < CHECK_WORDS; i++)
			out[i] = got[i];
	}
}

cudaError_t check_lanes(unsigned *out, size_t dynamic, cudaStream_t s)
{
	return LAUNCH(lanes, 1, CHECK_THREADS, dynamic, s, out);
}

static __global__ void __launch_bounds__(CHECK_THREADS) blocks(unsigned *out, unsigned *first)
{
	atomicAdd(&out[threadIdx.x], blockIdx.x);
#ifdef PLANT_ORDER
	if (threadIdx.x == 0)
		*first = blockIdx.x; /* last wins */
#else
	if (threadIdx.x == 0 && blockIdx.x == 0 && blockIdx.y == 0)
		*first = 17;
#endif
}

cudaError_t check_blocks(unsigned *out, unsigned *first, cudaStream_t s)
{
	return LAUNCH(blocks, dim3(CHECK_BLOCKS, 2), CHECK_THREADS, 0, s, out, first);
}

static __global__ void __launch_bounds__(CHECK_THREADS) numbers(unsigned n, uint4 *words, float *halves, float *sines)
{
	const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
	float cosine;
	if (i >= n)
		return;
	words[i] = curand_Philox4x32_10(make_uint4(i, 1, 2, 3), make_uint2(4, 5));
	halves[i] = __bfloat162float(__float2bfloat16_rn((float)i / 8));
	sincospif((float)i / 2, &sines[i], &cosine);
}

cudaError_t check_numbers(unsigned n, unsigned *words, float *halves, float *sines, cudaStream_t s)
{
	return LAUNCH(numbers, (n + CHECK_THREADS - 1) / CHECK_THREADS, CHECK_THREADS, 0, s, n, (uint4 *)words,
	              halves, sines);
}

cudaError_t check_pointer(const float *host, float *y, cudaStream_t s)
{
	return LAUNCH(scale, 1, CHECK_THREADS, 0, s, (size_t)1, host, y, 1.0f);
}
