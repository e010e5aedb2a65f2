/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/block_sum.cuh"
#include "src/cuda/quad.cuh"
#include "src/cuda/tensors.h"

/* Which of the n elements of a vector are in the quad at `at`; to = 0: none. */
static __device__ __forceinline__ struct quad_part part_of_vector(size_t n, size_t at, bool aligned)
{
	return quad_part_of(0, at + QUAD <= n ? (int)QUAD : at < n ? (int)(n - at) : 0, aligned);
}

template <typename T>
__global__ void __launch_bounds__(QUAD_THREADS) add_kernel(T *y, const T *x, size_t n, bool aligned)
{
	const size_t at = QUAD * quad_number();
	const struct quad_part part = part_of_vector(n, at, aligned);
	float a[QUAD], b[QUAD];
	if (part.to == 0)
		return;
	quad_load(x, at, part, a);
	quad_load(y, at, part, b);
	UNROLL
	for (int j = 0; j < QUAD; j++)
		b[j] += a[j];
	quad_store(y, at, part, b);
}

template <typename FROM, typename TO>
__global__ void __launch_bounds__(QUAD_THREADS) convert_kernel(TO *to, const FROM *from, size_t n, bool aligned)
{
	const size_t at = QUAD * quad_number();
	const struct quad_part part = part_of_vector(n, at, aligned);
	float v[QUAD];
	if (part.to == 0)
		return;
	quad_load(from, at, part, v);
	quad_store(to, at, part, v);
}

cudaError_t cuda_launch_add(const struct cuda_add_args *a, cudaStream_t stream)
{
	const size_t size = a->bf16 ? sizeof(uint16_t) : sizeof(float);
	const bool aligned = quad_aligned(a->y, size) && quad_aligned(a->x, size);
	if (a->bf16)
		return LAUNCH(add_kernel<uint16_t>, quad_blocks(a->n), QUAD_THREADS, 0, stream, (uint16_t *)a->y, (const uint16_t *)a->x,
		              a->n, aligned);
	return LAUNCH(add_kernel<float>, quad_blocks(a->n), QUAD_THREADS, 0, stream, (float *)a->y, (const float *)a->x, a->n, aligned);
}

enum { ROW_THREADS = 256 };

__global__ void __launch_bounds__(ROW_THREADS) add_row_kernel(float *y, const float *row, size_t n, size_t columns)
{
	const size_t i = (size_t)blockIdx.x * ROW_THREADS + threadIdx.x;
	if (i < n)
		y[i] += row[i % columns];
}

cudaError_t cuda_launch_add_row(float *y, const float *row, size_t rows, size_t columns, cudaStream_t stream)
{
	const size_t n = rows * columns;
	return LAUNCH(add_row_kernel, (unsigned)((n + ROW_THREADS - 1) / ROW_THREADS), ROW_THREADS, 0, stream, y, row, n, columns);
}

#define CONVERT(from_type, to_type)                                                                                     \
	LAUNCH((convert_kernel<from_type, to_type>), quad_blocks(a->n), QUAD_THREADS, 0, stream, (to_type *)a->to,      \
	       (const from_type *)a->from, a->n, quad_aligned(a->to, sizeof(to_type)) && quad_aligned(a->from, sizeof(from_type)))

cudaError_t cuda_launch_convert(const struct cuda_convert_args *a, cudaStream_t stream)
{
	return a->to_bf16 ? CONVERT(float, uint16_t) : CONVERT(uint16_t, float);
}

/* ---- columns added up ---- */

enum { SUM_THREADS = 512, SUM_EACH = 16 };  /* a thread's rows at least, where blocks share them */

/* How a tensor is shared: blocks have `columns` side by side, a power of two up to a warp's lanes, and every split its rows. */
struct sharing {
	unsigned columns, across, splits;
	size_t rows;               /* of a split */
};

static struct sharing share_rows(size_t rows, size_t channels)
{
	struct sharing s = {1, 1, 1, rows};
	while (s.columns < WARP && s.columns < channels)
		s.columns *= 2;
	s.across = (unsigned)((channels + s.columns - 1) / s.columns);
	const size_t least = (size_t)SUM_EACH * SUM_THREADS / s.columns, splits = (rows + least - 1) / least;
	const size_t most = s.across < CUDA_SUMS_BLOCKS ? CUDA_SUMS_BLOCKS / s.across : 1;
	s.splits = (unsigned)(splits < 1 ? 1 : splits < most ? splits : most);
	s.rows = (rows + s.splits - 1) / s.splits;
	return s;
}

static __device__ __forceinline__ void set_sum(float *out, bool add, double sum)
{
	*out = (float)(add ? sum + (double)*out : sum);
}

template <typename T, bool NARROW>
__global__ void __launch_bounds__(SUM_THREADS) channel_sums_kernel(const struct cuda_channel_sums_args a, const struct sharing s)
{
	SHARED(double, part, SUM_THREADS);
	const T *const t = (const T *)a.t;
	const unsigned column = threadIdx.x % s.columns, first = threadIdx.x / s.columns, turns = SUM_THREADS / s.columns;
	const unsigned split = blockIdx.x / s.across;
	const size_t c = (size_t)(blockIdx.x % s.across) * s.columns + column, begin = split * s.rows;
	const size_t end = begin + s.rows < a.rows ? begin + s.rows : a.rows;
	double sum = 0;
	for (size_t row = begin + first; c < a.channels && row < end; row += turns) {
		const float v = number_of(t[row * a.channels + c]);
		sum += (double)v;
		if (NARROW)
			a.narrow[row * a.channels + c] = bf16_of_float(v);
	}
	part[threadIdx.x] = sum;
	for (unsigned half = turns / 2; half > 0; half /= 2) {
		__syncthreads();
		if (first < half)
			part[threadIdx.x] += part[threadIdx.x + half * s.columns];
	}
	if (first != 0 || c >= a.channels)
		return;
	if (s.splits == 1)
		set_sum(a.out + c, a.add, part[threadIdx.x]);
	else
		a.parts[split * a.channels + c] = part[threadIdx.x];
}

/* A warp to each channel. */
__global__ void __launch_bounds__(SUM_THREADS) channel_totals_kernel(const struct cuda_channel_sums_args a, unsigned splits)
{
	const size_t c = (size_t)blockIdx.x * (SUM_THREADS / WARP) + threadIdx.x / WARP;
	double sum = 0;
	for (unsigned split = threadIdx.x % WARP; c < a.channels && split < splits; split += WARP)
		sum += a.parts[split * a.channels + c];
	sum = warp_sum(sum);
	if (threadIdx.x % WARP == 0 && c < a.channels)
		set_sum(a.out + c, a.add, sum);
}

#define SUMS(type, narrow) LAUNCH((channel_sums_kernel<type, narrow>), s.across * s.splits, SUM_THREADS, 0, stream, *a, s)

cudaError_t cuda_launch_channel_sums(const struct cuda_channel_sums_args *a, cudaStream_t stream)
{
	const struct sharing s = share_rows(a->rows, a->channels);
	const unsigned warps = SUM_THREADS / WARP, blocks = (unsigned)((a->channels + warps - 1) / warps);
	const cudaError_t e = a->bf16 ? SUMS(uint16_t, false) : a->narrow ? SUMS(float, true) : SUMS(float, false);
	return e != cudaSuccess || s.splits == 1 ? e : LAUNCH(channel_totals_kernel, blocks, SUM_THREADS, 0, stream, *a, s.splits);
}
