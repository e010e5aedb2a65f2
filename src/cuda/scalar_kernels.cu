/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/vec.h"

#define SCALAR_ROW static __device__ __forceinline__
#include "src/scalar.h"

typedef void scalar_row(const double *x, double *y);

template <int INPUTS, int OUTPUTS, scalar_row *ROW>
__global__ void __launch_bounds__(1) scalar_kernel(const __grid_constant__ struct cuda_scalar_args a)
{
	double x[INPUTS], y[OUTPUTS];
	for (int i = 0; i < INPUTS; i++)
		x[i] = a.in[i] == SLOT_NONE ? 0 : a.slots->value[a.in[i]];
	ROW(x, y);
	for (int i = 0; i < OUTPUTS; i++)
		if (a.out[i] != SLOT_NONE)
			a.slots->value[a.out[i]] = y[i];
}

typedef cudaError_t scalar_launch(const struct cuda_scalar_args *a, cudaStream_t stream);

#define SCALAR_LAUNCH(fn, inputs, outputs)                                                              \
	static cudaError_t launch_##fn(const struct cuda_scalar_args *a, cudaStream_t stream)           \
	{                                                                                               \
		return LAUNCH((scalar_kernel<inputs, outputs, scalar_##fn>), 1, 1, 0, stream, *a);      \
	}
SCALAR_ROWS(SCALAR_LAUNCH)

cudaError_t cuda_launch_scalar(const struct cuda_scalar_args *a, cudaStream_t stream)
{
#define SCALAR_ENTRY(fn, inputs, outputs) launch_##fn,
	static scalar_launch *const launches[] = {SCALAR_ROWS(SCALAR_ENTRY)};
	return launches[a->fn](a, stream);
}
