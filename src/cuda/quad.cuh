/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Vectors four elements at a time, as Philox makes them. Addresses are only taken to be a float's where they are not known to be
 * 16-byte aligned, and nothing is loaded as if it could not change: an output may be an input. */
#ifndef BASIN_CUDA_QUAD_CUH
#define BASIN_CUDA_QUAD_CUH

#include <math.h>
#include <stddef.h>

#include "src/cuda/bf16.cuh"

/* Before a loop: each turn is code of its own, so that arrays are registers; or none is, where turns are rare. */
#ifdef __CUDACC__
#define UNROLL _Pragma("unroll")
#define ROLLED _Pragma("unroll 1")
#else
#define UNROLL
#define ROLLED
#endif

enum { QUAD = 4, QUAD_THREADS = 256 };

/* So many blocks of QUAD_THREADS threads have one for each of n elements' quads. */
static inline unsigned quad_blocks(size_t n)
{
	const size_t each = (size_t)QUAD * QUAD_THREADS;
	return (unsigned)((n + each - 1) / each);
}

/* Whether a quad may be loaded at once wherever a quad of the vector begins; 8 bytes for bf16. */
static inline bool quad_aligned(const void *p, size_t element)
{
	return (uintptr_t)p % (QUAD * element) == 0;
}

/* The thread's quad, by its number. */
static __device__ __forceinline__ size_t quad_number(void)
{
	return (size_t)blockIdx.x * QUAD_THREADS + threadIdx.x;
}

/* Which elements of a quad are meant: from … to − 1 of 0 … 3, and whether they are loaded and stored at once, all four. */
struct quad_part {
	int from, to;
	bool wide;
};

static __device__ __forceinline__ struct quad_part quad_part_of(int from, int to, bool aligned)
{
	const struct quad_part part = {from, to, aligned && from == 0 && to == QUAD};
	return part;
}

/* v = x[at …]; those that are not meant become 0. */
static __device__ __forceinline__ void quad_load(const float *x, size_t at, struct quad_part part, float v[QUAD])
{
	if (part.wide) {
		const float4 all = *(const float4 *)(x + at);
		v[0] = all.x;
		v[1] = all.y;
		v[2] = all.z;
		v[3] = all.w;
		return;
	}
	UNROLL
	for (int j = 0; j < QUAD; j++)
		v[j] = j >= part.from && j < part.to ? x[at + (size_t)j] : 0;
}

static __device__ __forceinline__ void quad_load(const uint16_t *x, size_t at, struct quad_part part, float v[QUAD])
{
	if (part.wide) {
		const ushort4 all = *(const ushort4 *)(x + at);
		v[0] = bf16_to_float(all.x);
		v[1] = bf16_to_float(all.y);
		v[2] = bf16_to_float(all.z);
		v[3] = bf16_to_float(all.w);
		return;
	}
	UNROLL
	for (int j = 0; j < QUAD; j++)
		v[j] = j >= part.from && j < part.to ? bf16_to_float(x[at + (size_t)j]) : 0;
}

/* −0: the one number to which a sum may be added without changing even a sign. */
template <int WIDTH>
static __device__ __forceinline__ void quad_nothing(float sum[WIDTH])
{
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		sum[j] = -0.0f;
}

/* sum += c·x, of a quad or of part of one. Written out as an fmaf, so that all verbs get the same bits; what is then done with the
 * sum is written out too (__fadd_rn), as compilers make one fmaf of a sum and a product where the first term is 0. */
template <int WIDTH>
static __device__ __forceinline__ void quad_add(float c, const float x[WIDTH], float sum[WIDTH])
{
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		sum[j] = fmaf(c, x[j], sum[j]);
}

/* y[at …] = v. Where a quad begins before the vector does, `at` has wrapped and comes back with the first element that is meant. */
static __device__ __forceinline__ void quad_store(float *y, size_t at, struct quad_part part, const float v[QUAD])
{
	if (part.wide) {
		*(float4 *)(y + at) = make_float4(v[0], v[1], v[2], v[3]);
		return;
	}
	UNROLL
	for (int j = 0; j < QUAD; j++)
		if (j >= part.from && j < part.to)
			y[at + (size_t)j] = v[j];
}

static __device__ __forceinline__ void quad_store(uint16_t *y, size_t at, struct quad_part part, const float v[QUAD])
{
	if (part.wide) {
		*(ushort4 *)(y + at) = make_ushort4(bf16_of_float(v[0]), bf16_of_float(v[1]), bf16_of_float(v[2]), bf16_of_float(v[3]));
		return;
	}
	UNROLL
	for (int j = 0; j < QUAD; j++)
		if (j >= part.from && j < part.to)
			y[at + (size_t)j] = bf16_of_float(v[j]);
}

#endif
