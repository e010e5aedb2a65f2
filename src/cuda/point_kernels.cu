/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/noise.cuh"
#include "src/cuda/quad.cuh"
#include "src/cuda/vec.h"

/* from: the vectors' addresses are aligned; to: a quad's place in out is. */
template <typename T>
__global__ void __launch_bounds__(QUAD_THREADS) point_kernel(const __grid_constant__ struct cuda_point_args a, bool from, bool to)
{
	const size_t quad = a.offset / QUAD + quad_number(), at = QUAD * quad, end = a.offset + a.count;
	if (at >= end)
		return;
	const int first = at < a.offset ? (int)(a.offset - at) : 0, last = end - at < QUAD ? (int)(end - at) : (int)QUAD;
	const struct quad_part part = quad_part_of(first, last, from);
	float y[QUAD], x[QUAD], sum[QUAD];
	quad_load(a.theta, at, part, y);
	quad_nothing<QUAD>(sum);
	if (a.v) {
		quad_load(a.v, at, part, x);
		quad_add<QUAD>((float)a.slots->value[a.v_coef], x, sum);
	}
	const float sigma = a.sigma == SLOT_NONE ? 0 : (float)a.slots->value[a.sigma];
	if (sigma != 0) {
		noise_normals(a.slots, a.stream, quad, x);
		quad_add<QUAD>(sigma, x, sum);
	}
	UNROLL
	for (int j = 0; j < QUAD; j++)
		y[j] = __fadd_rn(y[j], sum[j]);
	quad_store((T *)a.out, at - a.offset, quad_part_of(first, last, to), y);
}

template <typename T>
static cudaError_t launch_point(const struct cuda_point_args *a, cudaStream_t stream)
{
	const bool from = quad_aligned(a->theta, sizeof(float)) && quad_aligned(a->v, sizeof(float));
	const bool to = a->offset % QUAD == 0 && quad_aligned(a->out, sizeof(T));
	return LAUNCH(point_kernel<T>, quad_blocks(a->offset % QUAD + a->count), QUAD_THREADS, 0, stream, *a, from, to);
}

cudaError_t cuda_launch_point(const struct cuda_point_args *a, cudaStream_t stream)
{
	return a->bf16 ? launch_point<uint16_t>(a, stream) : launch_point<float>(a, stream);
}
