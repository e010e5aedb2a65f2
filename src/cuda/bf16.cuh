/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* bf16 numbers, which memory has as uint16_t: the upper half of a float32. */
#ifndef BASIN_CUDA_BF16_CUH
#define BASIN_CUDA_BF16_CUH

#include <stdint.h>

#ifdef __CUDACC__
#include <cuda_bf16.h>
#endif

static __device__ __forceinline__ float bf16_to_float(uint16_t h)
{
	return __uint_as_float((uint32_t)h << 16);
}

/* The nearest one, ties to even mantissas; what is not a number stays so. */
static __device__ __forceinline__ uint16_t bf16_of_float(float x)
{
#ifdef __CUDA_ARCH__
	return __bfloat16_as_ushort(__float2bfloat16_rn(x));
#else
	const uint32_t u = __float_as_uint(x);
	return (uint16_t)(x == x ? (u + 0x7fffu + (u >> 16 & 1u)) >> 16 : u >> 16 | 0x40u);
#endif
}

/* Two of them, the first in the lower half. */
static __device__ __forceinline__ uint32_t bf16_pair(float x, float y)
{
#ifdef __CUDA_ARCH__
	const __nv_bfloat162 pair = __floats2bfloat162_rn(x, y);
	return (uint32_t)__bfloat16_as_ushort(pair.x) | (uint32_t)__bfloat16_as_ushort(pair.y) << 16;
#else
	return (uint32_t)bf16_of_float(x) | (uint32_t)bf16_of_float(y) << 16;
#endif
}

/* For code that is written once for both types. */
static __device__ __forceinline__ float number_of(float x)
{
	return x;
}

static __device__ __forceinline__ float number_of(uint16_t h)
{
	return bf16_to_float(h);
}

static __device__ __forceinline__ void number_set(float *to, float x)
{
	*to = x;
}

static __device__ __forceinline__ void number_set(uint16_t *to, float x)
{
	*to = bf16_of_float(x);
}

#endif
