/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/prior.cuh"

#include "src/cuda/noise.cuh"
#include "src/cuda/pieces.cuh"
#include "src/cuda/vec.h"

/* What a thread has of a call: elements of one quad that lie in one piece. */
struct place {
	size_t quad;
	struct quad_part part;
	const struct piece *piece;
};

/* Whether an output of a frozen piece is written at all. */
static __device__ __forceinline__ bool copies(const struct cuda_affine_output &o)
{
	return o.base && o.base != o.y;
}

/* A frozen piece: y = base, or as it was. */
template <int OUT>
static __device__ __forceinline__ void affine_frozen(const struct cuda_affine_args &a, const struct place &at)
{
	float y[OUT][QUAD];
	UNROLL
	for (int o = 0; o < OUT; o++)
		if (copies(a.out[o]))
			quad_load(a.out[o].base, QUAD * at.quad, at.part, y[o]);
	UNROLL
	for (int o = 0; o < OUT; o++)
		if (copies(a.out[o]))
			quad_store(a.out[o].y, QUAD * at.quad, at.part, y[o]);
}

/* Adds the terms of the inputs, each with its coefficient, of which a gaussian prior is a part. */
template <int IN>
static __device__ __forceinline__ void add_inputs(const struct cuda_slots *slots, const struct cuda_affine_output &o, bool gaussian,
                                                  double decay, const float (*x)[QUAD], float sum[QUAD])
{
	UNROLL
	for (int i = 0; i < IN; i++) {
		const bool prior = gaussian && o.prior_at && o.prior_input == i;
		if (o.coef[i] == SLOT_NONE && !prior)
			continue;
		const double c = o.coef[i] == SLOT_NONE ? 0 : slots->value[o.coef[i]];
		quad_add((float)(prior ? c + decay : c), x[i], sum);
	}
}

/* Adds the prior's gradient where it is not x itself. */
static __device__ __forceinline__ void add_slope(const struct cuda_slots *slots, const struct cuda_affine_output &o,
                                                 const struct place &at, double decay, float sum[QUAD])
{
	const struct piece *p = at.piece;
	const struct prior_slope slope = prior_slope_of(p->kind, p->nu, p->prior, slots->value[SLOT_PRIOR]);
	float h[QUAD];
	quad_load(o.prior_at, QUAD * at.quad, at.part, h);
	UNROLL
	for (int j = 0; j < QUAD; j++)
		h[j] = prior_slope_at(&slope, h[j]);
	quad_add((float)decay, h, sum);
}

template <int IN, int OUT, bool NOISE>
static __device__ __forceinline__ void affine_part(const struct cuda_affine_args &a, const struct place &at)
{
	float x[IN ? IN : 1][QUAD], base[OUT][QUAD], sum[OUT][QUAD], noise[QUAD];
	const bool gaussian = at.piece->kind == PRIOR_GAUSSIAN;
	bool made = false;
	UNROLL
	for (int i = 0; i < IN; i++)
		quad_load(a.x[i], QUAD * at.quad, at.part, x[i]);
	UNROLL
	for (int o = 0; o < OUT; o++)
		if (a.out[o].base)
			quad_load(a.out[o].base, QUAD * at.quad, at.part, base[o]);
	UNROLL
	for (int o = 0; o < OUT; o++) {
		const struct cuda_affine_output &out = a.out[o];
		const double decay = out.prior_at ? a.slots->value[out.prior] * at.piece->prior : 0;
		quad_nothing(sum[o]);
		add_inputs<IN>(a.slots, out, gaussian, decay, x, sum[o]);
		if (!gaussian && decay != 0)
			add_slope(a.slots, out, at, decay, sum[o]);
		const float scale = NOISE && out.noise != SLOT_NONE ? (float)a.slots->value[out.noise] : 0;
		if (NOISE && scale != 0) {
			if (!made || out.stream != a.out[0].stream)
				noise_normals(a.slots, out.stream, at.quad, noise);
			made = true;
			quad_add(scale, noise, sum[o]);
		}
		if (out.base) {
			UNROLL
			for (int j = 0; j < QUAD; j++)
				sum[o][j] = base[o][j] + sum[o][j];
		}
	}
	UNROLL
	for (int o = 0; o < OUT; o++)
		quad_store(a.out[o].y, QUAD * at.quad, at.part, sum[o]);
}

template <int IN, int OUT, bool NOISE>
__global__ void __launch_bounds__(QUAD_THREADS) affine_kernel(const __grid_constant__ struct cuda_affine_args a)
{
	const size_t quad = quad_number(), first = QUAD * quad;
	if (first >= a.pieces.count)
		return;
	for (int k = piece_of(&a.pieces, first); k < a.pieces.n; k++) {
		const struct piece *piece = &a.pieces.at[k];
		const struct place at = {quad, piece_part(piece, first, a.aligned), piece};
		if (at.part.from == QUAD)
			break;
		if (at.part.from >= at.part.to)
			continue;
		if (piece->frozen)
			affine_frozen<OUT>(a, at);
		else
			affine_part<IN, OUT, NOISE>(a, at);
		if (at.part.to == QUAD)
			break;
	}
}

template <int IN, int OUT>
static cudaError_t launch_affine(const struct cuda_affine_args *a, cudaStream_t stream)
{
	const unsigned blocks = quad_blocks(a->pieces.count);
	if (a->noise)
		return LAUNCH((affine_kernel<IN, OUT, true>), blocks, QUAD_THREADS, 0, stream, *a);
	return LAUNCH((affine_kernel<IN, OUT, false>), blocks, QUAD_THREADS, 0, stream, *a);
}

template <int IN>
static cudaError_t launch_affine_of(const struct cuda_affine_args *a, cudaStream_t stream)
{
	return a->n_out == 1 ? launch_affine<IN, 1>(a, stream) : launch_affine<IN, 2>(a, stream);
}

cudaError_t cuda_launch_affine(const struct cuda_affine_args *a, cudaStream_t stream)
{
	switch (a->n_in) {
	case 0: return launch_affine_of<0>(a, stream);
	case 1: return launch_affine_of<1>(a, stream);
	case 2: return launch_affine_of<2>(a, stream);
	case 3: return launch_affine_of<3>(a, stream);
	case 4: return launch_affine_of<4>(a, stream);
	default: return launch_affine_of<5>(a, stream);
	}
}
