/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/prior.cuh"

#include "src/cuda/noise.cuh"
#include "src/cuda/pieces.cuh"
#include "src/cuda/vec.h"

/* Of a multiprocessor at a time, which says how many registers there are: unasked, compilers spill some to have room for more. */
enum { BLOCKS = 4 };

/* What a thread has of a call: a whole quad where that lies in one piece and addresses allow it, else an element of one. WIDTH is how
 * many elements that is. */
struct place {
	const struct piece *piece;
	size_t quad;
	int within;                /* the quad: which element is the first */
};

template <int WIDTH>
static __device__ __forceinline__ void load(const float *x, const struct place &at, float v[WIDTH])
{
	const size_t first = QUAD * at.quad + (size_t)at.within;
	if (WIDTH == 1) {
		v[0] = x[first];
		return;
	}
	const float4 all = *(const float4 *)(x + first);
	v[0] = all.x;
	v[1 % WIDTH] = all.y;
	v[2 % WIDTH] = all.z;
	v[3 % WIDTH] = all.w;
}

template <int WIDTH>
static __device__ __forceinline__ void store(float *y, const struct place &at, const float v[WIDTH])
{
	const size_t first = QUAD * at.quad + (size_t)at.within;
	if (WIDTH == 1)
		y[first] = v[0];
	else
		*(float4 *)(y + first) = make_float4(v[0], v[1 % WIDTH], v[2 % WIDTH], v[3 % WIDTH]);
}

/* Adds the terms of the inputs, each with its coefficient, of which a gaussian prior is a part. */
template <int IN, int WIDTH>
static __device__ __forceinline__ void add_inputs(const struct cuda_slots *slots, const struct cuda_affine_output &o, bool gaussian,
                                                  double decay, const float (*x)[WIDTH], float sum[WIDTH])
{
	UNROLL
	for (int i = 0; i < IN; i++) {
		const bool prior = gaussian && o.prior_at && o.prior_input == i;
		if (o.coef[i] == SLOT_NONE && !prior)
			continue;
		const double c = o.coef[i] == SLOT_NONE ? 0 : slots->value[o.coef[i]];
		quad_add<WIDTH>((float)(prior ? c + decay : c), x[i], sum);
	}
}

/* Adds the prior's gradient where it is not x itself. */
template <int WIDTH>
static __device__ __forceinline__ void add_slope(const struct cuda_slope &slope, const float *prior_at, const struct place &at,
                                                 double decay, float sum[WIDTH])
{
	float h[WIDTH];
	load<WIDTH>(prior_at, at, h);
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		h[j] = slope_at(at.piece->kind, slope, h[j]);
	quad_add<WIDTH>((float)decay, h, sum);
}

/* The base, which mostly is an input that was loaded and in the cache. */
template <int WIDTH>
static __device__ __forceinline__ void add_base(const float *x, const struct place &at, float sum[WIDTH])
{
	float base[WIDTH];
	load<WIDTH>(x, at, base);
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		sum[j] = __fadd_rn(base[j], sum[j]);
}

template <int WIDTH>
static __device__ __forceinline__ void make_noise(const struct cuda_slots *slots, enum stream stream, const struct place &at,
                                                  float noise[WIDTH])
{
	float all[QUAD];
	noise_normals(slots, stream, at.quad, all);
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		noise[j] = all[j];
	if (WIDTH == 1)
		noise[0] = at.within == 0 ? all[0] : at.within == 1 ? all[1] : at.within == 2 ? all[2] : all[3];
}

template <int IN, int OUT, bool NOISE, bool CURVED, int WIDTH>
static __device__ __forceinline__ void affine_moving(const struct cuda_affine_args &a, const struct place &at)
{
	float x[IN][WIDTH] = {}, sum[OUT][WIDTH], noise[WIDTH] = {};
	const bool gaussian = at.piece->kind == PRIOR_GAUSSIAN;
	bool made = false;
	UNROLL
	for (int i = 0; i < IN; i++)
		if (i < a.n_in)
			load<WIDTH>(a.x[i], at, x[i]);
	UNROLL
	for (int o = 0; o < OUT; o++) {
		const struct cuda_affine_output &out = a.out[o];
		const double decay = out.prior_at ? a.slots->value[out.prior] * at.piece->prior : 0;
		quad_nothing<WIDTH>(sum[o]);
		add_inputs<IN, WIDTH>(a.slots, out, gaussian, decay, x, sum[o]);
		if (CURVED && !gaussian && decay != 0)
			add_slope<WIDTH>(a.pieces.slopes[at.piece - a.pieces.at], out.prior_at, at, decay, sum[o]);
		const float scale = NOISE && out.noise != SLOT_NONE ? (float)a.slots->value[out.noise] : 0;
		if (NOISE && scale != 0) {
			if (!made || out.stream != a.out[0].stream)
				make_noise<WIDTH>(a.slots, out.stream, at, noise);
			made = true;
			quad_add<WIDTH>(scale, noise, sum[o]);
		}
		if (out.base)
			add_base<WIDTH>(out.base, at, sum[o]);
	}
	UNROLL
	for (int o = 0; o < OUT; o++)
		store<WIDTH>(a.out[o].y, at, sum[o]);
}

/* Whether an output of a frozen piece is written at all. */
static __device__ __forceinline__ bool copies(const struct cuda_affine_output &o)
{
	return o.base && o.base != o.y;
}

/* A frozen piece: y = base, or as it was. */
template <int OUT, int WIDTH>
static __device__ __forceinline__ void affine_frozen(const struct cuda_affine_args &a, const struct place &at)
{
	float y[OUT][WIDTH] = {};
	UNROLL
	for (int o = 0; o < OUT; o++)
		if (copies(a.out[o]))
			load<WIDTH>(a.out[o].base, at, y[o]);
	UNROLL
	for (int o = 0; o < OUT; o++)
		if (copies(a.out[o]))
			store<WIDTH>(a.out[o].y, at, y[o]);
}

template <int IN, int OUT, bool NOISE, bool CURVED, int WIDTH>
static __device__ __forceinline__ void affine_part(const struct cuda_affine_args &a, const struct place &at)
{
	if (at.piece->frozen)
		affine_frozen<OUT, WIDTH>(a, at);
	else
		affine_moving<IN, OUT, NOISE, CURVED, WIDTH>(a, at);
}

template <int IN, int OUT, bool NOISE, bool CURVED>
__global__ void __launch_bounds__(QUAD_THREADS, BLOCKS) affine_kernel(const __grid_constant__ struct cuda_affine_args a)
{
	BEGIN_EARLY();
	const size_t quad = quad_number(), first = QUAD * quad;
	if (first >= a.pieces.count)
		return;
	int k = piece_of(&a.pieces, first);
	const struct place whole = {&a.pieces.at[k], quad, 0};
	if (piece_part(whole.piece, first, a.aligned).wide) {
		affine_part<IN, OUT, NOISE, CURVED, QUAD>(a, whole);
		return;
	}
	for (; k < a.pieces.n; k++) {
		const struct piece *piece = &a.pieces.at[k];
		const struct quad_part part = piece_part(piece, first, false);
		ROLLED
		for (int j = part.from; j < part.to; j++) {
			const struct place one = {piece, quad, j};
			affine_part<IN, OUT, NOISE, CURVED, 1>(a, one);
		}
		if (part.from == QUAD || part.to == QUAD)
			break;
	}
}

#define AFFINE(...) LAUNCH((affine_kernel<__VA_ARGS__>), quad_blocks(a->pieces.count), QUAD_THREADS, 0, stream, *a)

/* Kernels for as many inputs as most methods have; more inputs are more registers. */
template <int IN, int OUT>
static cudaError_t launch_plain(const struct cuda_affine_args *a, cudaStream_t stream)
{
	return a->noise ? AFFINE(IN, OUT, true, false) : AFFINE(IN, OUT, false, false);
}

template <int OUT>
static cudaError_t launch_affine(const struct cuda_affine_args *a, cudaStream_t stream)
{
	if (a->curved) {
		const cudaError_t e = cuda_launch_slopes(&a->pieces, a->slots, stream);
		return e != cudaSuccess ? e : AFFINE(AFFINE_INPUTS, OUT, true, true);
	}
	return a->n_in <= 2 ? launch_plain<2, OUT>(a, stream)
	     : a->n_in == 3 ? launch_plain<3, OUT>(a, stream) : launch_plain<AFFINE_INPUTS, OUT>(a, stream);
}

cudaError_t cuda_launch_affine(const struct cuda_affine_args *a, cudaStream_t stream)
{
	return a->n_out == 1 ? launch_affine<1>(a, stream) : launch_affine<AFFINE_OUTPUTS>(a, stream);
}
