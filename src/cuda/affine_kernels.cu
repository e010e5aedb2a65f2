/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/prior.cuh"

#include "src/cuda/noise.cuh"
#include "src/cuda/pieces.cuh"
#include "src/cuda/vec.h"

/* Of a multiprocessor at a time, which says how many registers there are: unasked, compilers spill some to have room for more. */
[[maybe_unused]] static constexpr int blocks(int inputs)  /* the host has no bounds of launches */
{
	return inputs <= 3 ? 4 : 2;
}

static_assert((int)PIECES_BLOCK == (int)QUAD * (int)QUAD_THREADS, "the table says where a block begins");

/* What a thread has of a call: a whole quad where that lies in one piece and addresses allow it, else an element of one. WIDTH is how
 * many elements that is. */
struct place {
	const struct piece *piece;
	size_t quad;
	int within;                /* the quad: which element is the first */
};

/* ---- what elements of a piece have in common ---- */

template <int IN, int OUT>
struct coefs {
	float x[OUT][IN], decay[OUT], noise[OUT];
	bool gaussian;             /* its prior's gradient is x itself, and part of x's coefficient */
	bool all;                  /* every element of the block is one of the piece's */
};

/* Whether an input counts; one that does not is not read as 0 times itself, which might be no number. */
static __device__ __forceinline__ bool counts(const struct cuda_affine_output &o, int input, bool gaussian)
{
	return o.coef[input] != SLOT_NONE || (gaussian && o.prior_at && o.prior_input == input);
}

template <int IN, int OUT, bool CURVED>
static __device__ __forceinline__ void set_coefs(const struct cuda_affine_args &a, const struct piece *piece, struct coefs<IN, OUT> *c)
{
	const double *value = a.slots->value;
	c->gaussian = !CURVED || piece->kind == PRIOR_GAUSSIAN;
	UNROLL
	for (int o = 0; o < OUT; o++) {
		const struct cuda_affine_output &out = a.out[o];
		const double decay = out.prior_at ? value[out.prior] * piece->prior : 0;
		UNROLL
		for (int i = 0; i < IN; i++) {
			const double x = out.coef[i] == SLOT_NONE ? 0 : value[out.coef[i]];
			c->x[o][i] = (float)(c->gaussian && out.prior_at && out.prior_input == i ? x + decay : x);
		}
		c->decay[o] = (float)decay;
		c->noise[o] = out.noise == SLOT_NONE ? 0 : (float)value[out.noise];
	}
}

/* ---- to and fro ---- */

/* Next to be read, by the next step's working weights, is what the first output is to; the rest is not to push that out of the cache. */
template <int WIDTH>
static __device__ __forceinline__ void load(const float *x, const struct place &at, bool again, float v[WIDTH])
{
	const size_t first = QUAD * at.quad + (size_t)at.within;
	if (WIDTH == 1) {
		v[0] = x[first];
		return;
	}
	const float4 *from = (const float4 *)(x + first), all = again ? *from : __ldcs(from);
	v[0] = all.x;
	v[1 % WIDTH] = all.y;
	v[2 % WIDTH] = all.z;
	v[3 % WIDTH] = all.w;
}

template <int IN, int WIDTH>
static __device__ __forceinline__ void load_inputs(const struct cuda_affine_args &a, const struct place &at, float (*x)[WIDTH])
{
	UNROLL
	for (int i = 0; i < IN; i++)
		if (i < a.n_in)
			load<WIDTH>(a.x[i], at, i == 0, x[i]);
}

template <int WIDTH>
static __device__ __forceinline__ void store(float *y, const struct place &at, bool again, const float v[WIDTH])
{
	const size_t first = QUAD * at.quad + (size_t)at.within;
	if (WIDTH == 1) {
		y[first] = v[0];
		return;
	}
	const float4 all = make_float4(v[0], v[1 % WIDTH], v[2 % WIDTH], v[3 % WIDTH]);
	if (again)
		*(float4 *)(y + first) = all;
	else
		__stcs((float4 *)(y + first), all);
}

/* ---- elements that move ---- */

/* Adds the prior's gradient where it is not x itself. */
template <int WIDTH>
static __device__ __forceinline__ void add_slope(const struct cuda_slope &slope, const float *prior_at, const struct place &at,
                                                 float decay, float sum[WIDTH])
{
	float h[WIDTH];
	load<WIDTH>(prior_at, at, true, h);
	UNROLL
	for (int j = 0; j < WIDTH; j++)
		h[j] = slope_at(at.piece->kind, slope, h[j]);
	quad_add<WIDTH>(decay, h, sum);
}

template <int IN, int WIDTH>
static __device__ __forceinline__ void add_base(int base, const float (*x)[WIDTH], float sum[WIDTH])
{
	UNROLL
	for (int i = 0; i < IN; i++)
		if (i == base) {
			UNROLL
			for (int j = 0; j < WIDTH; j++)
				sum[j] = __fadd_rn(x[i][j], sum[j]);
		}
}

template <int IN, int OUT, int STREAMS, bool CURVED, int WIDTH>
static __device__ __forceinline__ void affine_moving(const struct cuda_affine_args &a, const struct coefs<IN, OUT> &c,
                                                     const struct place &at, const float (*x)[WIDTH], const float (*noise)[WIDTH])
{
	float sum[OUT][WIDTH];
	UNROLL
	for (int o = 0; o < OUT; o++) {
		const struct cuda_affine_output &out = a.out[o];
		quad_nothing<WIDTH>(sum[o]);
		UNROLL
		for (int i = 0; i < IN; i++)
			if (counts(out, i, c.gaussian))
				quad_add<WIDTH>(c.x[o][i], x[i], sum[o]);
		if (CURVED && !c.gaussian && c.decay[o] != 0)
			add_slope<WIDTH>(a.pieces.slopes[at.piece - a.pieces.at], out.prior_at, at, c.decay[o], sum[o]);
		if (STREAMS && c.noise[o] != 0)
			quad_add<WIDTH>(c.noise[o], noise[STREAMS == OUT ? o : 0], sum[o]);
		add_base<IN, WIDTH>(out.base_input, x, sum[o]);
	}
	UNROLL
	for (int o = 0; o < OUT; o++)
		store<WIDTH>(a.out[o].y, at, o == 0, sum[o]);
}

/* Each stream's normals of a quad; nothing where no output has any for now. */
template <int OUT, int STREAMS>
static __device__ __forceinline__ void make_noise(const struct cuda_affine_args &a, size_t quad, float (*noise)[QUAD])
{
	bool any = false;
	UNROLL
	for (int o = 0; o < OUT; o++)
		any = any || (a.out[o].noise != SLOT_NONE && a.slots->value[a.out[o].noise] != 0);
	if (!any)
		return;
	UNROLL
	for (int s = 0; s < STREAMS; s++)
		noise_normals(a.slots, a.stream[s], quad, noise[s]);
}

/* ---- elements that do not ---- */

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
			load<WIDTH>(a.out[o].base, at, true, y[o]);
	UNROLL
	for (int o = 0; o < OUT; o++)
		if (copies(a.out[o]))
			store<WIDTH>(a.out[o].y, at, o == 0, y[o]);
}

/* ---- a quad ---- */

/* One by one, where a quad is several pieces' or addresses do not allow more. */
template <int IN, int OUT, int STREAMS, bool CURVED>
static __device__ __forceinline__ void affine_singly(const struct cuda_affine_args &a, int k, size_t quad, const float (*noise)[QUAD])
{
	for (; k < a.pieces.n; k++) {
		const struct piece *piece = &a.pieces.at[k];
		const struct quad_part part = piece_part(piece, QUAD * quad, false);
		ROLLED
		for (int j = part.from; j < part.to; j++) {
			const struct place one = {piece, quad, j};
			float x[IN][1] = {}, xi[STREAMS ? STREAMS : 1][1] = {};
			if (piece->frozen) {
				affine_frozen<OUT, 1>(a, one);
				continue;
			}
			struct coefs<IN, OUT> c;
			set_coefs<IN, OUT, CURVED>(a, piece, &c);
			load_inputs<IN, 1>(a, one, x);
			UNROLL
			for (int s = 0; s < STREAMS; s++)
				xi[s][0] = j == 0 ? noise[s][0] : j == 1 ? noise[s][1] : j == 2 ? noise[s][2] : noise[s][3];
			affine_moving<IN, OUT, STREAMS, CURVED, 1>(a, c, one, x, xi);
		}
		if (part.from == QUAD || part.to == QUAD)
			break;
	}
}

/* A thread a quad, from the vector's end to its beginning: there the next to read it begin, and find it in the cache. What takes time
 * to come is asked for first: inputs, and by one thread the coefficients of the piece in which the block begins; noise waits for
 * neither. */
template <int IN, int OUT, int STREAMS, bool CURVED>
__global__ void __launch_bounds__(QUAD_THREADS, blocks(IN)) affine_kernel(const __grid_constant__ struct cuda_affine_args a)
{
	typedef struct coefs<IN, OUT> common_coefs;
	SHARED(common_coefs, common, 1);
	const unsigned block = gridDim.x - 1 - blockIdx.x;
	const size_t quad = (size_t)block * QUAD_THREADS + threadIdx.x, first = QUAD * quad;
	const bool meant = first < a.pieces.count, ahead = a.ahead && first + QUAD <= a.pieces.count;
	const int begin = a.pieces.begin[block];
	struct place whole = {NULL, quad, 0};
	float x[IN][QUAD] = {}, noise[STREAMS ? STREAMS : 1][QUAD] = {};
	int k = begin;
	if (ahead)
		load_inputs<IN, QUAD>(a, whole, x);
	if (threadIdx.x == 0) {
		const struct piece *piece = &a.pieces.at[begin];
		common[0].all = ahead && piece->offset + piece->count >= first + PIECES_BLOCK;
		set_coefs<IN, OUT, CURVED>(a, piece, &common[0]);
	}
	if (!a.ahead)
		k = piece_from(&a.pieces, k, first);
	if (STREAMS && (a.ahead || !a.pieces.at[k].frozen || !piece_part(&a.pieces.at[k], first, true).wide))
		make_noise<OUT, STREAMS>(a, quad, noise);
	__syncthreads();
	if (common[0].all) {
		whole.piece = &a.pieces.at[begin];
		affine_moving<IN, OUT, STREAMS, CURVED, QUAD>(a, common[0], whole, x, noise);
		return;
	}
	if (!meant)
		return;
	if (a.ahead)
		k = piece_from(&a.pieces, k, first);
	whole.piece = &a.pieces.at[k];
	if (!piece_part(whole.piece, first, a.aligned).wide) {
		affine_singly<IN, OUT, STREAMS, CURVED>(a, k, quad, noise);
		return;
	}
	if (!a.ahead && whole.piece->frozen) {
		affine_frozen<OUT, QUAD>(a, whole);
		return;
	}
	if (!ahead)
		load_inputs<IN, QUAD>(a, whole, x);
	struct coefs<IN, OUT> c;
	if (k == begin)
		c = common[0];
	else
		set_coefs<IN, OUT, CURVED>(a, whole.piece, &c);
	affine_moving<IN, OUT, STREAMS, CURVED, QUAD>(a, c, whole, x, noise);
}

#define AFFINE(...) LAUNCH((affine_kernel<__VA_ARGS__>), quad_blocks(a->pieces.count), QUAD_THREADS, 0, stream, *a)

/* Kernels for as many inputs as most methods have; more inputs are more registers. */
template <int IN, int OUT>
static cudaError_t launch_plain(const struct cuda_affine_args *a, cudaStream_t stream)
{
	return a->streams == 0 ? AFFINE(IN, OUT, 0, false) : a->streams == 1 ? AFFINE(IN, OUT, 1, false) : AFFINE(IN, OUT, OUT, false);
}

template <int OUT>
static cudaError_t launch_affine(const struct cuda_affine_args *a, cudaStream_t stream)
{
	if (a->curved) {
		const cudaError_t e = cuda_launch_slopes(&a->pieces, a->slots, stream);
		return e != cudaSuccess ? e : AFFINE(AFFINE_INPUTS, OUT, OUT, true);
	}
	return a->n_in <= 2 ? launch_plain<2, OUT>(a, stream)
	     : a->n_in == 3 ? launch_plain<3, OUT>(a, stream) : launch_plain<AFFINE_INPUTS, OUT>(a, stream);
}

cudaError_t cuda_launch_affine(const struct cuda_affine_args *a, cudaStream_t stream)
{
	return a->n_out == 1 ? launch_affine<1>(a, stream) : launch_affine<AFFINE_OUTPUTS>(a, stream);
}
