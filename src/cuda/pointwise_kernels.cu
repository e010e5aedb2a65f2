/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/prior.cuh"

#include "src/cuda/noise.cuh"
#include "src/cuda/pieces.cuh"
#include "src/cuda/vec.h"

#define POINTWISE_ROW static __device__ __forceinline__
#include "src/pointwise.h"

/* The rows as types, that kernels are made for. */
#define POINTWISE_TYPE(fn, inputs, prior, normals, uniforms, outputs)                                                           \
	struct row_##fn {                                                                                                       \
		enum { INPUTS = inputs, PRIOR = prior, NORMALS = normals, UNIFORMS = uniforms, OUTPUTS = outputs };             \
		static __device__ __forceinline__ void run(const float *x, const float *c, const float *rest, float *y)         \
		{                                                                                                               \
			pointwise_##fn(x, c, rest, y);                                                                          \
		}                                                                                                               \
	};
POINTWISE_ROWS(POINTWISE_TYPE)

/* The prior's term: its coefficient times h. */
static __device__ __forceinline__ void load_prior(const struct cuda_pointwise_args &a, int k, size_t at, struct quad_part part,
                                                  float h[QUAD])
{
	const struct piece *p = &a.pieces.at[k];
	const double decay = a.prior == SLOT_NONE ? 0 : a.slots->value[a.prior] * p->prior;
	quad_load(a.prior_at, at, part, h);
	/* A prior without weight may have no deviation either, and h has no part in it. */
	if (a.curved && p->kind != PRIOR_GAUSSIAN && decay != 0) {
		UNROLL
		for (int j = 0; j < QUAD; j++)
			h[j] = slope_at(p->kind, a.pieces.slopes[k], h[j]);
	}
	UNROLL
	for (int j = 0; j < QUAD; j++)
		h[j] *= (float)decay;
}

static __device__ __forceinline__ void load_coefs(const struct cuda_pointwise_args &a, float c[POINTWISE_COEFS],
                                                  float rest[POINTWISE_COEFS])
{
	UNROLL
	for (int j = 0; j < POINTWISE_COEFS; j++) {
		const double value = a.coef[j] == SLOT_NONE ? 0 : a.slots->value[a.coef[j]];
		c[j] = (float)value;
		rest[j] = (float)(1 - value);
	}
}

/* Elements of one quad that lie in piece k. */
template <typename ROW>
static __device__ __forceinline__ void pointwise_part(const struct cuda_pointwise_args &a, int k, size_t quad, struct quad_part part)
{
	enum { INPUTS = ROW::INPUTS, VARIATES = INPUTS + ROW::PRIOR, UNIFORM = VARIATES + ROW::NORMALS, SEEN = UNIFORM + ROW::UNIFORMS };
	const size_t at = QUAD * quad;
	float x[SEEN][QUAD], y[ROW::OUTPUTS][QUAD], c[POINTWISE_COEFS], rest[POINTWISE_COEFS];
	UNROLL
	for (int i = 0; i < SEEN; i++) {
		if (i < INPUTS)
			quad_load(a.x[i], at, part, x[i]);
		else if (i < VARIATES)
			load_prior(a, k, at, part, x[i]);
		else if (i < UNIFORM)
			noise_normals(a.slots, a.stream[i - VARIATES], quad, x[i]);
		else
			noise_fractions(a.slots, a.stream[i - VARIATES], quad, x[i]);
	}
	load_coefs(a, c, rest);
	UNROLL
	for (int j = 0; j < QUAD; j++) {
		float seen[SEEN], made[ROW::OUTPUTS];
		UNROLL
		for (int i = 0; i < SEEN; i++)
			seen[i] = x[i][j];
		ROW::run(seen, c, rest, made);
		UNROLL
		for (int i = 0; i < ROW::OUTPUTS; i++)
			y[i][j] = made[i];
	}
	UNROLL
	for (int i = 0; i < ROW::OUTPUTS; i++)
		quad_store(a.y[i], at, part, y[i]);
}

template <typename ROW>
__global__ void __launch_bounds__(QUAD_THREADS) pointwise_kernel(const __grid_constant__ struct cuda_pointwise_args a)
{
	const size_t quad = quad_number(), first = QUAD * quad;
	if (first >= a.pieces.count)
		return;
	for (int k = piece_of(&a.pieces, first); k < a.pieces.n; k++) {
		const struct quad_part part = piece_part(&a.pieces.at[k], first, a.aligned);
		if (part.from < part.to && !a.pieces.at[k].frozen)
			pointwise_part<ROW>(a, k, quad, part);
		if (part.from == QUAD || part.to == QUAD)
			break;
	}
}

template <typename ROW>
static cudaError_t launch_row(const struct cuda_pointwise_args *a, cudaStream_t stream)
{
	const cudaError_t e = a->curved ? cuda_launch_slopes(&a->pieces, a->slots, stream) : cudaSuccess;
	return e != cudaSuccess ? e : LAUNCH(pointwise_kernel<ROW>, quad_blocks(a->pieces.count), QUAD_THREADS, 0, stream, *a);
}

cudaError_t cuda_launch_pointwise(const struct cuda_pointwise_args *a, cudaStream_t stream)
{
#define POINTWISE_ENTRY(fn, inputs, prior, normals, uniforms, outputs) launch_row<row_##fn>,
	static cudaError_t (*const launches[])(const struct cuda_pointwise_args *, cudaStream_t) = {POINTWISE_ROWS(POINTWISE_ENTRY)};
	return launches[a->fn](a, stream);
}
