/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_CUDA_BLOCK_SUM_CUH
#define BASIN_CUDA_BLOCK_SUM_CUH

/* The sum of a warp's values, in its lane 0: of neighbours, of pairs, and so on. */
static __device__ __forceinline__ double warp_sum(double v)
{
	for (unsigned d = WARP / 2; d > 0; d /= 2)
		v += __shfl_down_sync(0xffffffffu, v, d);
	return v;
}

/* The sum of the values of a block's THREADS threads, in its thread 0; all of them call it, once in a kernel's life. */
template <int THREADS>
static __device__ __forceinline__ double block_sum(double v)
{
	SHARED(double, part, THREADS / WARP);
	const int lane = (int)threadIdx.x % WARP, warp = (int)threadIdx.x / WARP;
	v = warp_sum(v);
	if (lane == 0)
		part[warp] = v;
	__syncthreads();
	if (warp == 0)
		v = warp_sum(lane < THREADS / WARP ? part[lane] : 0);
	return v;
}

#endif
