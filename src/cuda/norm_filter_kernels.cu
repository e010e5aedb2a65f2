/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Filter response norm (Singh & Krishnan 2020): x̂ = x/√(ν² + ε), ν² the mean of x² over the pixels of an example's channel; γx̂ + β.
 * With g the gradient behind it and r = 1/√(ν² + ε): dβ = Σg, dγ = Σg·x̂ over examples and pixels, dx = γr·(g − x̂·mean of g·x̂ over the
 * pixels). A block of threads has an example's slice, and a cache serves its second reading. */
#include "src/cuda/launch.h"

#include "src/cuda/norm_rows.cuh"

#define EPSILON 1e-6

enum { PARAM_CHANNELS = WARP, PARAM_ROWS = 8 }; /* of the last kernel's threads: channels side by side, examples in turn */

/* The spot in the block's own example. */
template <int PACK> static __device__ __forceinline__ struct spot example_spot(const struct cuda_norm_shape &s)
{
	struct spot spot = spot_of<PACK>(s);
	spot.at += (size_t)blockIdx.x * (size_t)s.channels * s.pixels;
	return spot;
}

/* Where the example's root of a channel is kept. */
static __device__ __forceinline__ float *root_of(const struct cuda_norm_args &a, int channel)
{
	return (float *)a.kept + (size_t)blockIdx.x * (size_t)a.shape.channels + (size_t)channel;
}

template <int PACK>
static __device__ __forceinline__ void line_of(const struct cuda_norm_args &a, const struct spot &spot, const float root[PACK],
                                               struct norm_line<PACK> *line)
{
	UNROLL
	for (int j = 0; j < PACK; j++) {
		line->scale[j] = a.gamma[spot.channel + j] * root[j];
		line->shift[j] = a.beta[spot.channel + j];
	}
}

template <int PACK, int KIND>
__global__ void __launch_bounds__(CUDA_NORM_THREADS, 2) filter_kernel(const __grid_constant__ struct cuda_norm_args a)
{
	NORM_SHARED(shared, 1);
	SHARED(float, turned, NORM_TURNED(PACK, 1));
	const struct spot spot = example_spot<PACK>(a.shape);
	const size_t rows = a.shape.pixels, width = (size_t)a.shape.width;
	struct norm_line<PACK> line = {};
	struct pack<PACK> x[FORWARD_ROWS] = {}, r[FORWARD_ROWS] = {};
	float root[PACK], sum[1][PACK] = {};
	double total[1];
	const auto load = [&](int i, size_t row) { x[i] = pack_load<PACK>(a.x, a.x_bf16, spot.at + row * width); };
	const auto load_residual = [&](int i, size_t row) { r[i] = pack_load<PACK>(a.r, a.r_bf16, spot.at + row * width); };
	if (spot.inside)
		walk<FORWARD_ROWS>(spot, 0, rows, load, [&](int i, size_t) {
			float v[PACK];
			pack_numbers<PACK>(x[i], v);
			UNROLL
			for (int j = 0; j < PACK; j++)
				sum[0][j] = fmaf(v[j], v[j], sum[0][j]);
		});
	/* On its way while sums are made. */
	if (spot.inside && a.r)
		turn<FORWARD_ROWS>(spot, last_turn<FORWARD_ROWS>(spot, 0, rows), rows, load_residual);
	thresholds<PACK>(a, spot, false, line.tau);
	slice_sums<PACK, 1>(shared, turned, spot, sum, total);
	if ((int)threadIdx.x < spot.count) {
		const float r0 = (float)rsqrt(total[0] * a.shape.share + EPSILON);
		*root_of(a, spot.first + (int)threadIdx.x) = r0;
		coef_set(shared, 0, (int)threadIdx.x, r0);
	}
	__syncthreads();
	if (!spot.inside)
		return;
	coef_get<PACK>(shared, spot, 0, root);
	line_of<PACK>(a, spot, root, &line);
	walk_back<FORWARD_ROWS>(
		spot, 0, rows,
		[&](int i, size_t row) {
			load(i, row);
			if (a.r)
				load_residual(i, row);
		},
		[&](int i, size_t row) { row_value<PACK, KIND>(a, line, x[i], r[i], spot.at + row * width); });
}

cudaError_t cuda_launch_filter_norm(const struct cuda_norm_args *a, cudaStream_t stream)
{
	const dim3 grid((unsigned)a->shape.n, norm_slices(&a->shape));
	return NORM_LAUNCH(filter_kernel, grid, stream, *a);
}

/* ---- backward ---- */

/* Of the example: number k of its sums, by channel. */
static __device__ __forceinline__ float *sums_of(const struct cuda_norm_args &a, size_t example, int k)
{
	return a.parts + (example * CUDA_NORM_SUMS + (size_t)k) * (size_t)a.shape.channels;
}

/* A row for the second time: g as it was stored, where the residual's gradient was, by the same thread. */
template <int PACK>
static __device__ __forceinline__ void row_again(const struct cuda_norm_args &a, size_t at, struct row_in<PACK> *in)
{
	if (a.dr) {
		in->x = pack_load<PACK>(a.x, a.x_bf16, at);
		in->dy[0] = pack_load<PACK>(a.dr, a.r_bf16, at);
	} else {
		row_load<PACK>(a, at, in);
	}
}

/* A channel's share of the parameters' gradients, and in the block's shared memory dx = scale·g + of_x·x. */
template <int SUMS>
static __device__ __forceinline__ void finish_example(const struct cuda_norm_args &a, const struct norm_shared &shared, int channel,
                                                      const double total[SUMS])
{
	const float root = *root_of(a, channel), scale = a.gamma[channel] * root;
	const double dgamma = total[1] * (double)root;
	sums_of(a, blockIdx.x, 0)[channel] = (float)total[0];
	sums_of(a, blockIdx.x, 1)[channel] = (float)dgamma;
	if (SUMS > 2)
		sums_of(a, blockIdx.x, 2)[channel] = (float)total[SUMS - 1];
	coef_set(shared, 0, (int)threadIdx.x, (float)(-(double)scale * (double)root * dgamma * a.shape.share));
}

template <int PACK, int KIND>
__global__ void __launch_bounds__(CUDA_NORM_THREADS, 2) filter_back_kernel(const __grid_constant__ struct cuda_norm_args a)
{
	constexpr int ROWS = back_rows<KIND>::ROWS, SUMS = back_sums<KIND>::SUMS;
	NORM_SHARED(shared, SUMS);
	SHARED(float, turned, NORM_TURNED(PACK, SUMS));
	const struct spot spot = example_spot<PACK>(a.shape);
	const size_t rows = a.shape.pixels, width = (size_t)a.shape.width;
	struct norm_line<PACK> line = {};
	struct row_in<PACK> in[ROWS] = {};
	float of_x[PACK], sum[SUMS][PACK] = {};
	double total[SUMS];
	thresholds<PACK>(a, spot, a.y != NULL, line.tau);
	if (spot.inside) {
		const float center[PACK] = {};
		float root[PACK];
		UNROLL
		for (int j = 0; j < PACK; j++)
			root[j] = *root_of(a, spot.channel + j);
		line_of<PACK>(a, spot, root, &line);
		walk<ROWS>(
			spot, 0, rows, [&](int i, size_t row) { row_load<PACK>(a, spot.at + row * width, &in[i]); },
			[&](int i, size_t row) {
				float x[PACK], g[PACK], taken[PACK];
				row_gradient<PACK, KIND>(a, line, in[i], x, g, taken);
				row_keep<PACK>(a, spot.at + row * width, g, &in[i]);
				row_sums<PACK, SUMS>(x, center, g, taken, sum);
			});
	}
	slice_sums<PACK, SUMS>(shared, turned, spot, sum, total);
	if ((int)threadIdx.x < spot.count)
		finish_example<SUMS>(a, shared, spot.first + (int)threadIdx.x, total);
	__syncthreads();
	if (!a.dx || !spot.inside)
		return;
	coef_get<PACK>(shared, spot, 0, of_x);
	walk_back<ROWS>(
		spot, 0, rows, [&](int i, size_t row) { row_again<PACK>(a, spot.at + row * width, &in[i]); },
		[&](int i, size_t row) {
			float x[PACK], g[PACK], taken[PACK];
			if (a.dr) {
				pack_numbers<PACK>(in[i].x, x);
				pack_numbers<PACK>(in[i].dy[0], g);
			} else {
				row_gradient<PACK, KIND>(a, line, in[i], x, g, taken);
			}
			UNROLL
			for (int j = 0; j < PACK; j++)
				g[j] = fmaf(g[j], line.scale[j], x[j] * of_x[j]);
			pack_store<PACK>(a.dx, a.x_bf16, spot.at + row * width, pack_of<PACK>(a.x_bf16, g));
		});
}

/* Set or added to: the sums over the examples. */
__global__ void __launch_bounds__(PARAM_CHANNELS *PARAM_ROWS) filter_params_kernel(const __grid_constant__ struct cuda_norm_args a)
{
	SHARED(double, part, PARAM_CHANNELS * PARAM_ROWS);
	const int k = (int)blockIdx.y, channel = (int)(blockIdx.x * PARAM_CHANNELS + threadIdx.x % PARAM_CHANNELS);
	float *const to = k == 0 ? a.dbeta : k == 1 ? a.dgamma : a.dtau;
	const int first = (int)threadIdx.x / PARAM_CHANNELS;
	const bool wanted = to && channel < a.shape.channels;
	double sum = 0;
	for (int example = first; wanted && example < a.shape.n; example += PARAM_ROWS)
		sum += (double)sums_of(a, (size_t)example, k)[channel];
	part[threadIdx.x] = sum;
	__syncthreads();
	if (first != 0 || !wanted)
		return;
	for (int i = 1; i < PARAM_ROWS; i++)
		sum += part[i * PARAM_CHANNELS + (int)threadIdx.x];
	to[channel] = (float)(sum + (a.add ? (double)to[channel] : 0));
}

cudaError_t cuda_launch_filter_norm_back(const struct cuda_norm_args *a, cudaStream_t stream)
{
	const dim3 grid((unsigned)a->shape.n, norm_slices(&a->shape));
	const cudaError_t e = NORM_LAUNCH(filter_back_kernel, grid, stream, *a);
	if (e != cudaSuccess || (!a->dgamma && !a->dbeta && !a->dtau))
		return e;
	return LAUNCH(filter_params_kernel, dim3((unsigned)(a->shape.channels + PARAM_CHANNELS - 1) / PARAM_CHANNELS, a->dtau ? 3 : 2),
	              PARAM_CHANNELS *PARAM_ROWS, 0, stream, *a);
}
