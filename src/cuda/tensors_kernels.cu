/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

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

enum { SUM_COLUMNS = WARP, SUM_ROWS = 16 };  /* a block's threads: so many columns side by side, rows in turn */

template <typename T>
__global__ void __launch_bounds__(SUM_COLUMNS *SUM_ROWS) channel_sums_kernel(const T *t, float *out, size_t rows, size_t channels,
                                                                             bool add)
{
	SHARED(double, part, SUM_COLUMNS * SUM_ROWS);
	const unsigned column = threadIdx.x % SUM_COLUMNS, first = threadIdx.x / SUM_COLUMNS;
	const size_t c = (size_t)blockIdx.x * SUM_COLUMNS + column;
	double sum = 0;
	if (c < channels)
		for (size_t row = first; row < rows; row += SUM_ROWS)
			sum += (double)number_of(t[row * channels + c]);
	part[threadIdx.x] = sum;
	__syncthreads();
	if (first != 0 || c >= channels)
		return;
	for (int i = 1; i < SUM_ROWS; i++)
		sum += part[i * SUM_COLUMNS + (int)column];
	out[c] = (float)(add ? sum + (double)out[c] : sum);
}

cudaError_t cuda_launch_channel_sums(const struct cuda_channel_sums_args *a, cudaStream_t stream)
{
	const unsigned blocks = (unsigned)((a->channels + SUM_COLUMNS - 1) / SUM_COLUMNS);
	if (a->bf16)
		return LAUNCH(channel_sums_kernel<uint16_t>, blocks, SUM_COLUMNS * SUM_ROWS, 0, stream, (const uint16_t *)a->t, a->out,
		              a->rows, a->channels, a->add);
	return LAUNCH(channel_sums_kernel<float>, blocks, SUM_COLUMNS * SUM_ROWS, 0, stream, (const float *)a->t, a->out, a->rows,
	              a->channels, a->add);
}
