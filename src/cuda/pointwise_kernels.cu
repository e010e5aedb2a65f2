/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/prior.cuh"

#include "src/cuda/noise.cuh"
#include "src/cuda/pieces.cuh"
#include "src/cuda/vec.h"

#define POINTWISE_ROW static __device__ __forceinline__
#include "src/pointwise.h"

typedef void pointwise_row(const float *x, const float *c, const float *rest, float *y);

/* The prior's term: its coefficient times h. */
static __device__ __forceinline__ void load_prior(const struct cuda_pointwise_args &a, const struct piece *p, size_t at,
                                                  struct quad_part part, float h[QUAD])
{
	const double decay = a.prior == SLOT_NONE ? 0 : a.slots->value[a.prior] * p->prior;
	/* A prior without weight may have no deviation either. */
	const enum prior_kind kind = decay != 0 ? p->kind : PRIOR_GAUSSIAN;
	const struct prior_slope slope = prior_slope_of(kind, p->nu, p->prior, a.slots->value[SLOT_PRIOR]);
	quad_load(a.prior_at, at, part, h);
	UNROLL
	for (int j = 0; j < QUAD; j++)
		h[j] = (float)decay * prior_slope_at(&slope, h[j]);
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

/* Elements of one quad that lie in one piece. */
template <int INPUTS, int PRIOR, int NORMALS, int UNIFORMS, int OUTPUTS, pointwise_row *ROW>
static __device__ __forceinline__ void pointwise_part(const struct cuda_pointwise_args &a, const struct piece *p, size_t quad,
                                                      struct quad_part part)
{
	enum { VARIATES = INPUTS + PRIOR, SEEN = VARIATES + NORMALS + UNIFORMS };
	const size_t at = QUAD * quad;
	float x[SEEN][QUAD], y[OUTPUTS][QUAD], c[POINTWISE_COEFS], rest[POINTWISE_COEFS];
	UNROLL
	for (int i = 0; i < INPUTS; i++)
		quad_load(a.x[i], at, part, x[i]);
	if (PRIOR)
		load_prior(a, p, at, part, x[SEEN > INPUTS ? INPUTS : 0]);
	UNROLL
	for (int i = 0; i < NORMALS; i++)
		noise_normals(a.slots, a.stream[i], quad, x[VARIATES + i]);
	UNROLL
	for (int i = NORMALS; i < NORMALS + UNIFORMS; i++)
		noise_fractions(a.slots, a.stream[i], quad, x[VARIATES + i]);
	load_coefs(a, c, rest);
	UNROLL
	for (int j = 0; j < QUAD; j++) {
		float seen[SEEN], made[OUTPUTS];
		UNROLL
		for (int i = 0; i < SEEN; i++)
			seen[i] = x[i][j];
		ROW(seen, c, rest, made);
		UNROLL
		for (int i = 0; i < OUTPUTS; i++)
			y[i][j] = made[i];
	}
	UNROLL
	for (int i = 0; i < OUTPUTS; i++)
		quad_store(a.y[i], at, part, y[i]);
}

template <int INPUTS, int PRIOR, int NORMALS, int UNIFORMS, int OUTPUTS, pointwise_row *ROW>
__global__ void __launch_bounds__(QUAD_THREADS) pointwise_kernel(const __grid_constant__ struct cuda_pointwise_args a)
{
	const size_t quad = quad_number(), first = QUAD * quad;
	if (first >= a.pieces.count)
		return;
	for (int k = piece_of(&a.pieces, first); k < a.pieces.n; k++) {
		const struct piece *p = &a.pieces.at[k];
		const struct quad_part part = piece_part(p, first, a.aligned);
		if (part.from < part.to && !p->frozen)
			pointwise_part<INPUTS, PRIOR, NORMALS, UNIFORMS, OUTPUTS, ROW>(a, p, quad, part);
		if (part.from == QUAD || part.to == QUAD)
			break;
	}
}

typedef cudaError_t pointwise_launch(const struct cuda_pointwise_args *a, cudaStream_t stream);

#define POINTWISE_LAUNCH(fn, inputs, prior, normals, uniforms, outputs)                                                         \
	static cudaError_t launch_##fn(const struct cuda_pointwise_args *a, cudaStream_t stream)                                \
	{                                                                                                                       \
		return LAUNCH((pointwise_kernel<inputs, prior, normals, uniforms, outputs, pointwise_##fn>),                    \
		              quad_blocks(a->pieces.count), QUAD_THREADS, 0, stream, *a);                                       \
	}
POINTWISE_ROWS(POINTWISE_LAUNCH)

cudaError_t cuda_launch_pointwise(const struct cuda_pointwise_args *a, cudaStream_t stream)
{
#define POINTWISE_ENTRY(fn, inputs, prior, normals, uniforms, outputs) launch_##fn,
	static pointwise_launch *const launches[] = {POINTWISE_ROWS(POINTWISE_ENTRY)};
	return launches[a->fn](a, stream);
}
