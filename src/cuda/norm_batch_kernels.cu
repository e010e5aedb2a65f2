/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Batch norm (Ioffe & Szegedy 2015): x̂ = (x − mean)/√(variance + ε), by channel over examples and pixels, the variance the biased
 * one; γx̂ + β. With g the gradient behind it, over m elements a channel: dβ = Σg, dγ = Σg·x̂, dx = γ/√(variance + ε)·(g − dβ/m −
 * x̂·dγ/m). A first kernel's blocks leave the sums of their rows; every block of a second one adds up those of its own channels, which
 * costs less than a launch between the two. */
#include "src/cuda/launch.h"

#include "src/cuda/norm_batch.cuh"

/* ---- rows of a block and what it leaves ---- */

/* The rows of a block of threads: from … to − 1. */
static __device__ __forceinline__ size_t part_from(const struct cuda_norm_shape &s)
{
	return (size_t)blockIdx.x * (unsigned)s.part_rows;
}

static __device__ __forceinline__ size_t part_to(const struct cuda_norm_shape &s)
{
	const size_t rows = rows_of(s), to = part_from(s) + (unsigned)s.part_rows;
	return to < rows ? to : rows;
}

/* Number k of a part, by channel. */
static __device__ __forceinline__ float *part_of(const struct cuda_norm_args &a, int part, int k)
{
	return a.parts + ((size_t)part * CUDA_NORM_SUMS + (size_t)k) * (size_t)a.shape.channels;
}

template <int SUMS>
static __device__ __forceinline__ void leave_sums(const struct cuda_norm_args &a, const struct spot &spot, const double total[SUMS])
{
	if ((int)threadIdx.x < spot.count)
		UNROLL
		for (int k = 0; k < SUMS; k++)
			part_of(a, (int)blockIdx.x, k)[spot.first + (int)threadIdx.x] = (float)total[k];
}

/* The sums of all parts' numbers k … k + SUMS − 1, for channel i in thread i. */
template <int PACK, int SUMS>
static __device__ __forceinline__ void join_parts(const struct cuda_norm_args &a, const struct norm_shared &shared,
                                                  const struct spot &spot, int k, double total[SUMS])
{
	const int i = (int)threadIdx.x & (spot.slice - 1), groups = (int)(spot.step / PACK);
	double sum[SUMS] = {};
	if (i < spot.count)
		for (int part = (int)(spot.row / PACK); part < a.shape.parts; part += groups)
			UNROLL
			for (int s = 0; s < SUMS; s++)
				sum[s] += (double)part_of(a, part, k + s)[spot.first + i];
	group_sums<SUMS>(shared, spot.slice, sum, total);
}

/* ---- forward ---- */

/* In the first part's third place. */
static __device__ __forceinline__ float *pilots_of(const struct cuda_norm_args &a)
{
	return part_of(a, 0, 2);
}

template <int PACK>
__global__ void __launch_bounds__(CUDA_NORM_THREADS, 2) moments_kernel(const __grid_constant__ struct cuda_norm_args a)
{
	NORM_SHARED(shared, 2);
	SHARED(float, turned, NORM_TURNED(PACK, 2));
	const struct spot spot = spot_of<PACK>(a.shape);
	float center[PACK], sum[2][PACK] = {};
	const size_t from = part_from(a.shape), to = part_to(a.shape);
	struct pack<PACK> in[FORWARD_ROWS] = {};
	const auto load = [&](int i, size_t row) { in[i] = pack_load<PACK>(a.x, a.x_bf16, spot.at + row_at<PACK>(a.shape, row)); };
	/* On their way while the pilot's are. */
	if (spot.inside) {
		turn<FORWARD_ROWS>(spot, from + spot.row, to, load);
		pilot<PACK>(a, spot, center);
	}
	if (blockIdx.x == 0 && spot.inside && spot.row == 0)
		for (int j = 0; j < PACK; j++)
			pilots_of(a)[spot.channel + j] = center[j];
	if (spot.inside)
		walk_on<FORWARD_ROWS>(spot, from, to, load, [&](int i, size_t) {
			float x[PACK];
			pack_numbers<PACK>(in[i], x);
			row_moments<PACK>(x, center, sum);
		});
	double total[2];
	slice_sums<PACK, 2>(shared, turned, spot, sum, total);
	leave_sums<2>(a, spot, total);
}

/* The norm of the slice's channels, to the block's shared memory; the first block of a slice keeps it. */
template <int PACK>
static __device__ __forceinline__ void set_norm(const struct cuda_norm_args &a, const struct norm_shared &shared,
                                                const struct spot &spot)
{
	const int i = (int)threadIdx.x;
	double total[2] = {};
	if (!a.fixed)
		join_parts<PACK, 2>(a, shared, spot, 0, total);
	if (i < spot.count)
		norm_of_sums(a, shared, i, spot.first + i, a.fixed ? 0 : pilots_of(a)[spot.first + i], total, blockIdx.x == 0);
	__syncthreads();
}

template <int PACK, int KIND>
__global__ void __launch_bounds__(CUDA_NORM_THREADS, 2) apply_kernel(const __grid_constant__ struct cuda_norm_args a)
{
	NORM_SHARED(shared, 2);
	const struct spot spot = spot_of<PACK>(a.shape);
	const size_t from = part_from(a.shape), to = part_to(a.shape);
	struct norm_line<PACK> line = {};
	struct pack<PACK> x[FORWARD_ROWS] = {}, r[FORWARD_ROWS] = {};
	const auto load = [&](int i, size_t row) {
		const size_t at = spot.at + row_at<PACK>(a.shape, row);
		x[i] = pack_load<PACK>(a.x, a.x_bf16, at);
		if (a.r)
			r[i] = pack_load<PACK>(a.r, a.r_bf16, at);
	};
	/* On their way while the norm is found. */
	if (spot.inside)
		turn<FORWARD_ROWS>(spot, last_turn<FORWARD_ROWS>(spot, from, to), to, load);
	thresholds<PACK>(a, spot, false, line.tau);
	set_norm<PACK>(a, shared, spot);
	if (!spot.inside)
		return;
	coef_get<PACK>(shared, spot, 0, line.scale);
	coef_get<PACK>(shared, spot, 1, line.shift);
	walk_back<FORWARD_ROWS>(spot, from, to, load, [&](int i, size_t row) {
		row_value<PACK, KIND>(a, line, x[i], r[i], spot.at + row_at<PACK>(a.shape, row));
	});
}

cudaError_t cuda_launch_batch_norm(const struct cuda_norm_args *a, cudaStream_t stream)
{
	if (!a->fixed && cuda_norm_whole(a))
		return cuda_launch_whole_norm(a, stream);
	const dim3 grid((unsigned)a->shape.parts, norm_slices(&a->shape));
	if (!a->fixed) {
		const cudaError_t e = a->shape.pack == 8   ? LAUNCH(moments_kernel<8>, grid, CUDA_NORM_THREADS, 0, stream, *a)
		                      : a->shape.pack == 4 ? LAUNCH(moments_kernel<4>, grid, CUDA_NORM_THREADS, 0, stream, *a)
		                                           : LAUNCH(moments_kernel<1>, grid, CUDA_NORM_THREADS, 0, stream, *a);
		if (e != cudaSuccess)
			return e;
	}
	return NORM_LAUNCH(apply_kernel, grid, stream, *a);
}

/* ---- backward ---- */

/* Sums of g, g·(x − mean) and what thresholds took; the gradient of the residual, where it is wanted. Sums are of the gradient that is
 * stored: the second pass takes their means from it, and little may be left. */
template <int PACK, int KIND>
__global__ void __launch_bounds__(CUDA_NORM_THREADS, 2) back_sums_kernel(const __grid_constant__ struct cuda_norm_args a)
{
	constexpr int ROWS = back_rows<KIND>::ROWS, SUMS = back_sums<KIND>::SUMS;
	NORM_SHARED(shared, SUMS);
	SHARED(float, turned, NORM_TURNED(PACK, SUMS));
	const struct spot spot = spot_of<PACK>(a.shape);
	const size_t from = part_from(a.shape), to = part_to(a.shape);
	const struct kept kept = kept_of(a);
	struct norm_line<PACK> line = {};
	struct row_in<PACK> in[ROWS] = {};
	float center[PACK], sum[SUMS][PACK] = {};
	double total[SUMS];
	const auto load = [&](int i, size_t row) { row_load<PACK>(a, spot.at + row_at<PACK>(a.shape, row), &in[i]); };
	/* On their way while what was kept is. */
	if (spot.inside)
		turn<ROWS>(spot, from + spot.row, to, load);
	thresholds<PACK>(a, spot, a.y != NULL, line.tau);
	if (spot.inside) {
		kept_line<PACK>(kept, spot, &line);
		UNROLL
		for (int j = 0; j < PACK; j++)
			center[j] = (float)kept.mean[spot.channel + j];
		walk_on<ROWS>(spot, from, to, load, [&](int i, size_t row) {
			float x[PACK], g[PACK], taken[PACK];
			row_gradient<PACK, KIND>(a, line, in[i], x, g, taken);
			row_keep<PACK>(a, spot.at + row_at<PACK>(a.shape, row), g, &in[i]);
			row_sums<PACK, SUMS>(x, center, g, taken, sum);
		});
	}
	slice_sums<PACK, SUMS>(shared, turned, spot, sum, total);
	leave_sums<SUMS>(a, spot, total);
}

/* The slice's part in dx, to the block's shared memory; the first block of a slice gives the parameters their gradients. */
template <int PACK>
static __device__ __forceinline__ void set_back(const struct cuda_norm_args &a, const struct norm_shared &shared,
                                                const struct spot &spot)
{
	const int i = (int)threadIdx.x;
	double total[2], taken;
	join_parts<PACK, 2>(a, shared, spot, 0, total);
	if (i < spot.count)
		back_of_sums(a, shared, i, spot.first + i, total, blockIdx.x == 0);
	__syncthreads();
	if (!a.dtau || blockIdx.x != 0)
		return;
	join_parts<PACK, 1>(a, shared, spot, 2, &taken);
	if (i < spot.count)
		give(a.dtau, spot.first + i, a.add, taken);
}

template <int PACK, int KIND>
__global__ void __launch_bounds__(CUDA_NORM_THREADS, 2) back_apply_kernel(const __grid_constant__ struct cuda_norm_args a)
{
	constexpr int ROWS = back_rows<KIND>::ROWS;
	NORM_SHARED(shared, 2);
	const struct spot spot = spot_of<PACK>(a.shape);
	const size_t from = part_from(a.shape), to = part_to(a.shape);
	struct norm_line<PACK> line = {};
	struct row_in<PACK> in[ROWS] = {};
	float of_x[PACK], rest[PACK];
	const auto load = [&](int i, size_t row) { row_load<PACK>(a, spot.at + row_at<PACK>(a.shape, row), &in[i]); };
	const bool wanted = a.dx && spot.inside;
	if (wanted)
		turn<ROWS>(spot, last_turn<ROWS>(spot, from, to), to, load);
	thresholds<PACK>(a, spot, a.y != NULL, line.tau);
	set_back<PACK>(a, shared, spot);
	if (!wanted)
		return;
	kept_line<PACK>(kept_of(a), spot, &line);
	coef_get<PACK>(shared, spot, 0, of_x);
	coef_get<PACK>(shared, spot, 1, rest);
	walk_back<ROWS>(spot, from, to, load, [&](int i, size_t row) {
		float x[PACK], g[PACK], taken[PACK];
		row_gradient<PACK, KIND>(a, line, in[i], x, g, taken);
		row_give<PACK>(a, line, x, g, of_x, rest, spot.at + row_at<PACK>(a.shape, row));
	});
}

cudaError_t cuda_launch_batch_norm_back(const struct cuda_norm_args *a, cudaStream_t stream)
{
	if (cuda_norm_whole(a))
		return cuda_launch_whole_norm_back(a, stream);
	const dim3 grid((unsigned)a->shape.parts, norm_slices(&a->shape));
	struct cuda_norm_args apply = *a;
	const cudaError_t e = NORM_LAUNCH(back_sums_kernel, grid, stream, *a);
	if (e != cudaSuccess)
		return e;
	if (a->dr) {
		/* What was stored is the gradient behind the activation. */
		apply.dy[0] = a->dr;
		apply.dy[1] = apply.r = apply.y = NULL;
		apply.y_bf16 = a->r_bf16;
		apply.activation = ACTIVATION_NONE;
	}
	return NORM_LAUNCH(back_apply_kernel, a->dx ? grid : dim3(1, grid.y), stream, apply);
}
