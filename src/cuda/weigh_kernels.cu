/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Weights of a batch's examples: one block, which has few numbers to go through. What its threads have found is put together by
 * each of them in the same order, so that all go on with the same bits. */
#include "src/cuda/launch.h"

#include "src/cuda/rows.h"

enum { THREADS = 256 };

static __device__ __forceinline__ double apart(const struct cuda_weigh_args &a, int i)
{
	return fabs((double)a.a[i] - (double)a.b[i]);
}

__global__ void __launch_bounds__(THREADS) weigh_kernel(const struct cuda_weigh_args a)
{
	SHARED(double, part, THREADS);
	SHARED(double, share, THREADS);
	const int me = (int)threadIdx.x;
	const double rate = a.rate == SLOT_NONE ? 0 : a.slots->value[a.rate];
	double most = 0, sum = 0;
	for (int i = me; i < a.n; i += THREADS)
		most = fmax(most, apart(a, i));
	part[me] = most;
	__syncthreads();
	for (int t = 0; t < THREADS; t++)
		most = fmax(most, part[t]);
	for (int i = me; i < a.n; i += THREADS)
		sum += exp(rate * (apart(a, i) - most));
	share[me] = sum;
	__syncthreads();
	sum = 0;
	for (int t = 0; t < THREADS; t++)
		sum += share[t];
	for (int i = me; i < a.n; i += THREADS)
		a.weight[i] = (float)(a.n * exp(rate * (apart(a, i) - most)) / sum);
}

cudaError_t cuda_launch_weigh(const struct cuda_weigh_args *a, cudaStream_t stream)
{
	return LAUNCH(weigh_kernel, 1, THREADS, 0, stream, *a);
}
