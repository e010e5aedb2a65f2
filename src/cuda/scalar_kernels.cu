/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/vec.h"

#define SCALAR_ROW static __device__ __forceinline__
#include "src/scalar.h"

/* The rows as types, that kernels are made for. */
#define SCALAR_TYPE(fn, inputs, outputs)                                                        \
	struct row_##fn {                                                                       \
		enum { INPUTS = inputs, OUTPUTS = outputs };                                    \
		static __device__ __forceinline__ void run(const double *x, double *y)          \
		{                                                                               \
			scalar_##fn(x, y);                                                      \
		}                                                                               \
	};
SCALAR_ROWS(SCALAR_TYPE)

template <typename ROW>
__global__ void __launch_bounds__(1) scalar_kernel(const __grid_constant__ struct cuda_scalar_args a)
{
	double x[ROW::INPUTS], y[ROW::OUTPUTS];
	for (int i = 0; i < ROW::INPUTS; i++)
		x[i] = a.in[i] == SLOT_NONE ? 0 : a.slots->value[a.in[i]];
	ROW::run(x, y);
	for (int i = 0; i < ROW::OUTPUTS; i++)
		if (a.out[i] != SLOT_NONE)
			a.slots->value[a.out[i]] = y[i];
}

template <typename ROW>
static cudaError_t launch_row(const struct cuda_scalar_args *a, cudaStream_t stream)
{
	return LAUNCH(scalar_kernel<ROW>, 1, 1, 0, stream, *a);
}

cudaError_t cuda_launch_scalar(const struct cuda_scalar_args *a, cudaStream_t stream)
{
#define SCALAR_ENTRY(fn, inputs, outputs) launch_row<row_##fn>,
	static cudaError_t (*const launches[])(const struct cuda_scalar_args *, cudaStream_t) = {SCALAR_ROWS(SCALAR_ENTRY)};
	return launches[a->fn](a, stream);
}
