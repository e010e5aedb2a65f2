/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Batch norm of few rows: a block's registers hold all rows of its slice, so that one kernel sums them and applies the sums. Behind
 * it is what each of a step's last maps would pay for a second launch and a second reading. */
#include "src/cuda/launch.h"

#include "src/cuda/norm_batch.cuh"

/* fn(i, row) for a thread's rows. */
template <typename FN> static __device__ __forceinline__ void all_rows(const struct cuda_norm_args &a, const struct spot &spot, FN fn)
{
	turn<CUDA_NORM_WHOLE>(spot, spot.row, rows_of(a.shape), fn);
}

template <int PACK, int KIND>
__global__ void __launch_bounds__(CUDA_NORM_THREADS) whole_kernel(const __grid_constant__ struct cuda_norm_args a)
{
	NORM_SHARED(shared, 2);
	SHARED(float, turned, NORM_TURNED(PACK, 2));
	const struct spot spot = spot_of<PACK>(a.shape);
	const size_t width = (size_t)a.shape.width;
	const int thread = (int)threadIdx.x;
	struct norm_line<PACK> line = {};
	struct pack<PACK> x[CUDA_NORM_WHOLE] = {}, r[CUDA_NORM_WHOLE] = {};
	float center[PACK], sum[2][PACK] = {};
	double total[2];
	all_rows(a, spot, [&](int i, size_t row) { x[i] = pack_load<PACK>(a.x, a.x_bf16, spot.at + row * width); });
	if (a.r)
		all_rows(a, spot, [&](int i, size_t row) { r[i] = pack_load<PACK>(a.r, a.r_bf16, spot.at + row * width); });
	pilot<PACK>(a, spot, center);
	all_rows(a, spot, [&](int i, size_t) {
		float v[PACK];
		pack_numbers<PACK>(x[i], v);
		row_moments<PACK>(v, center, sum);
	});
	/* For whoever has the channel's sums. */
	if (thread == 0)
		UNROLL
		for (int j = 0; j < PACK; j++)
			coef_set(shared, 0, j, center[j]);
	slice_sums<PACK, 2>(shared, turned, spot, sum, total);
	if (thread < PACK)
		norm_of_sums(a, shared, thread, spot.first + thread, shared.coef[thread], total, true);
	__syncthreads();
	coef_get<PACK>(shared, spot, 0, line.scale);
	coef_get<PACK>(shared, spot, 1, line.shift);
	all_rows(a, spot, [&](int i, size_t row) { row_value<PACK, KIND>(a, line, x[i], r[i], spot.at + row * width); });
}

template <int PACK, int KIND>
__global__ void __launch_bounds__(CUDA_NORM_THREADS) whole_back_kernel(const __grid_constant__ struct cuda_norm_args a)
{
	NORM_SHARED(shared, 2);
	SHARED(float, turned, NORM_TURNED(PACK, 2));
	const struct spot spot = spot_of<PACK>(a.shape);
	const size_t width = (size_t)a.shape.width;
	const int thread = (int)threadIdx.x;
	const struct kept kept = kept_of(a);
	struct norm_line<PACK> line = {};
	struct row_in<PACK> in[CUDA_NORM_WHOLE] = {};
	float center[PACK], of_x[PACK], rest[PACK], sum[2][PACK] = {};
	double total[2];
	all_rows(a, spot, [&](int i, size_t row) { row_load<PACK>(a, spot.at + row * width, &in[i]); });
	kept_line<PACK>(kept, spot, &line);
	UNROLL
	for (int j = 0; j < PACK; j++)
		center[j] = (float)kept.mean[spot.channel + j];
	all_rows(a, spot, [&](int i, size_t row) {
		float x[PACK], g[PACK], taken[PACK];
		row_gradient<PACK, KIND>(a, line, in[i], x, g, taken);
		row_keep<PACK>(a, spot.at + row * width, g, &in[i]);
		row_sums<PACK, 2>(x, center, g, taken, sum);
	});
	slice_sums<PACK, 2>(shared, turned, spot, sum, total);
	if (thread < PACK)
		back_of_sums(a, shared, thread, spot.first + thread, total, true);
	__syncthreads();
	if (!a.dx)
		return;
	coef_get<PACK>(shared, spot, 0, of_x);
	coef_get<PACK>(shared, spot, 1, rest);
	all_rows(a, spot, [&](int i, size_t row) {
		float x[PACK], g[PACK], taken[PACK];
		row_gradient<PACK, KIND>(a, line, in[i], x, g, taken);
		/* What was stored is the gradient behind the activation. */
		if (a.dr)
			pack_numbers<PACK>(in[i].dy[0], g);
		row_give<PACK>(a, line, x, g, of_x, rest, spot.at + row * width);
	});
}

#define WHOLE_KINDS(kernel, pack)                                                                                                  \
	(a->activation == ACTIVATION_RELU ? LAUNCH((kernel<pack, ACTIVATION_RELU>), grid, CUDA_NORM_THREADS, 0, stream, *a)        \
	                                  : LAUNCH((kernel<pack, ACTIVATION_NONE>), grid, CUDA_NORM_THREADS, 0, stream, *a))
#define WHOLE(kernel) (a->shape.pack == 8 ? WHOLE_KINDS(kernel, 8) : WHOLE_KINDS(kernel, 4))

cudaError_t cuda_launch_whole_norm(const struct cuda_norm_args *a, cudaStream_t stream)
{
	const dim3 grid(1, norm_slices(&a->shape));
	return WHOLE(whole_kernel);
}

cudaError_t cuda_launch_whole_norm_back(const struct cuda_norm_args *a, cudaStream_t stream)
{
	const dim3 grid(1, norm_slices(&a->shape));
	return WHOLE(whole_back_kernel);
}
