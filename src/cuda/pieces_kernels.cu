/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/prior.cuh"

#include "src/cuda/vec.h"

enum { THREADS = 64 };

__global__ void __launch_bounds__(THREADS) slopes_kernel(const struct cuda_pieces p, const struct cuda_slots *slots)
{
	const int i = (int)(blockIdx.x * THREADS + threadIdx.x);
	if (i >= p.n || p.at[i].prior == 0)
		return;
	const struct prior_curve c = prior_curve(p.at[i].kind, p.at[i].nu, p.at[i].prior, slots->value[SLOT_PRIOR]);
	p.slopes[i].a = (float)c.a;
	p.slopes[i].b = (float)c.b;
}

cudaError_t cuda_launch_slopes(const struct cuda_pieces *p, const struct cuda_slots *slots, cudaStream_t stream)
{
	return LAUNCH(slopes_kernel, (unsigned)(p->n + THREADS - 1) / THREADS, THREADS, 0, stream, *p, slots);
}
