/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Neighbouring lanes of a warp that share a row: 1, 2, 4 … 32 of them. Every lane of the warp takes part. */
#ifndef BASIN_CUDA_LANES_CUH
#define BASIN_CUDA_LANES_CUH

#include "src/cuda/launch.h"

static const unsigned every_lane = 0xffffffffu;

template <int lanes> static __device__ __forceinline__ double row_sum(double x)
{
	for (int d = lanes / 2; d > 0; d /= 2)
		x += __shfl_xor_sync(every_lane, x, d);
	return x;
}

template <int lanes> static __device__ __forceinline__ float row_max(float x)
{
	for (int d = lanes / 2; d > 0; d /= 2)
		x = fmaxf(x, __shfl_xor_sync(every_lane, x, d));
	return x;
}

template <int lanes> static __device__ __forceinline__ int row_min(int x)
{
	for (int d = lanes / 2; d > 0; d /= 2) {
		const int other = __shfl_xor_sync(every_lane, x, d);
		x = other < x ? other : x;
	}
	return x;
}

#endif
