/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/prior.cuh"

#include "src/cuda/block_sum.cuh"
#include "src/cuda/pieces.cuh"
#include "src/cuda/vec.h"

/* A block sums a chunk of the vector, its threads every so-many-th quad of it. Short vectors are one chunk, and one launch. */
enum { CHUNK_STEP = QUAD * QUAD_THREADS, CHUNK_LEAST = 8 * CHUNK_STEP };

static size_t chunk_of(size_t n)
{
	const size_t even = (n + CUDA_REDUCE_PARTS - 1) / CUDA_REDUCE_PARTS;
	const size_t chunk = (even + CHUNK_STEP - 1) / CHUNK_STEP * CHUNK_STEP;
	return chunk > CHUNK_LEAST ? chunk : (size_t)CHUNK_LEAST;
}

/* Σ w·x·y of a quad's elements; those that are not meant are 0 and add nothing. */
static __device__ __forceinline__ double product_sum(const struct cuda_reduce_args &a, size_t at, struct quad_part part)
{
	float x[QUAD], y[QUAD], w[QUAD];
	double sum = 0;
	quad_load(a.x, at, part, x);
	quad_load(a.y, at, part, y);
	if (a.w)
		quad_load(a.w, at, part, w);
	UNROLL
	for (int j = 0; j < QUAD; j++) {
		const double product = (double)x[j] * (double)y[j];
		sum += a.w ? product * (double)w[j] : product;
	}
	return sum;
}

/* The energy of a prior at a quad's elements. */
static __device__ __forceinline__ double energy_sum(const struct cuda_reduce_args &a, const struct prior_curve *curve, size_t at,
                                                    struct quad_part part)
{
	float x[QUAD];
	double sum = 0;
	quad_load(a.x, at, part, x);
	UNROLL
	for (int j = 0; j < QUAD; j++)
		sum += prior_energy(curve, (double)x[j]);
	return sum;
}

/* The thread's own elements of from … to − 1. */
static __device__ __forceinline__ double sum_all(const struct cuda_reduce_args &a, size_t from, size_t to)
{
	double sum = 0;
	for (size_t at = from + QUAD * (size_t)threadIdx.x; at < to; at += CHUNK_STEP)
		sum += product_sum(a, at, quad_part_of(0, to - at < QUAD ? (int)(to - at) : (int)QUAD, a.aligned));
	return sum;
}

template <bool ENERGY>
static __device__ __forceinline__ double sum_pieces(const struct cuda_reduce_args &a, size_t from, size_t to)
{
	double sum = 0;
	size_t at = from + QUAD * (size_t)threadIdx.x;
	struct prior_curve curve = {PRIOR_GAUSSIAN, 1, 0};
	int curve_of = -1, k = piece_of(&a.pieces, at);
	/* A piece after the other of the same quad, then the next quad. */
	while (at < to && k < a.pieces.n) {
		const struct piece *p = &a.pieces.at[k];
		const struct quad_part part = piece_part(p, at, a.aligned);
		if (part.from < part.to && !p->frozen) {
			if (ENERGY && p->prior != 0) {
				if (curve_of != k)
					curve = prior_curve(p->kind, p->nu, p->prior, a.slots->value[SLOT_PRIOR]);
				curve_of = k;
				sum += p->prior * energy_sum(a, &curve, at, part);
			}
			if (!ENERGY)
				sum += product_sum(a, at, part);
		}
		if (part.to == QUAD || part.from == QUAD)
			at += CHUNK_STEP;
		else
			k++;
	}
	return sum;
}

template <int OF>
__global__ void __launch_bounds__(QUAD_THREADS) parts_kernel(const __grid_constant__ struct cuda_reduce_args a, size_t chunk,
                                                             double *out)
{
	const size_t from = blockIdx.x * chunk, to = a.n - from < chunk ? a.n : from + chunk;
	const double sum = OF == CUDA_REDUCE_ALL ? sum_all(a, from, to) : sum_pieces<OF == CUDA_REDUCE_ENERGY>(a, from, to);
	const double total = block_sum<QUAD_THREADS>(sum);
	if (threadIdx.x == 0)
		out[blockIdx.x] = total;
}

__global__ void __launch_bounds__(QUAD_THREADS) total_kernel(const double *parts, unsigned n, double *out)
{
	double sum = 0;
	for (unsigned i = threadIdx.x; i < n; i += QUAD_THREADS)
		sum += parts[i];
	sum = block_sum<QUAD_THREADS>(sum);
	if (threadIdx.x == 0)
		*out = sum;
}

static cudaError_t launch_parts(const struct cuda_reduce_args *a, size_t chunk, unsigned blocks, double *out, cudaStream_t stream)
{
	switch (a->of) {
	case CUDA_REDUCE_ALL:
		return LAUNCH(parts_kernel<CUDA_REDUCE_ALL>, blocks, QUAD_THREADS, 0, stream, *a, chunk, out);
	case CUDA_REDUCE_MOVING:
		return LAUNCH(parts_kernel<CUDA_REDUCE_MOVING>, blocks, QUAD_THREADS, 0, stream, *a, chunk, out);
	default:
		return LAUNCH(parts_kernel<CUDA_REDUCE_ENERGY>, blocks, QUAD_THREADS, 0, stream, *a, chunk, out);
	}
}

cudaError_t cuda_launch_reduce(const struct cuda_reduce_args *a, cudaStream_t stream)
{
	const size_t chunk = chunk_of(a->n);
	const unsigned blocks = a->n ? (unsigned)((a->n + chunk - 1) / chunk) : 1;
	double *const slot = &a->slots->value[a->slot];
	if (blocks == 1)
		return launch_parts(a, chunk, 1, slot, stream);
	const cudaError_t e = launch_parts(a, chunk, blocks, a->parts, stream);
	return e != cudaSuccess ? e : LAUNCH(total_kernel, 1, QUAD_THREADS, 0, stream, a->parts, blocks, slot);
}
