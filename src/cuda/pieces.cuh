/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which pieces a thread's elements lie in: pieces follow one another. */
#ifndef BASIN_CUDA_PIECES_CUH
#define BASIN_CUDA_PIECES_CUH

#include "src/cuda/quad.cuh"

#include "src/cuda/kernels.h"

/* The last piece that begins at or before an element; 0 where none does. */
static __device__ __forceinline__ int piece_of(const struct cuda_pieces *p, size_t element)
{
	int low = 0, high = p->n;
	while (high - low > 1) {
		const int middle = low + (high - low) / 2;
		if (p->at[middle].offset <= element)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The same, from one on that does; for elements near it. */
static __device__ __forceinline__ int piece_from(const struct cuda_pieces *p, int k, size_t element)
{
	while (k + 1 < p->n && p->at[k + 1].offset <= element)
		k++;
	return k;
}

/* Which elements of the quad at `at` a piece has; from ≥ to: none. */
static __device__ __forceinline__ struct quad_part piece_part(const struct piece *p, size_t at, bool aligned)
{
	const size_t end = p->offset + p->count;
	const int from = p->offset <= at ? 0 : p->offset - at < QUAD ? (int)(p->offset - at) : (int)QUAD;
	const int to = end <= at ? 0 : end - at < QUAD ? (int)(end - at) : (int)QUAD;
	return quad_part_of(from, to, aligned);
}

#endif
