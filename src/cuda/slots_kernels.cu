/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/launch.h"

#include "src/cuda/kernels.h"

enum { THREADS = 96 };  /* one for each slot */
static_assert((int)THREADS >= (int)SLOTS, "a thread a slot");

__global__ void __launch_bounds__(THREADS) slots_kernel(struct cuda_slots *to, const struct cuda_slots from, unsigned parts)
{
	const int i = (int)threadIdx.x;
	if (i < SLOTS && parts & (i < SLOT_FIRST ? CUDA_SLOTS_DEVICE : CUDA_SLOTS_HOST))
		to->value[i] = from.value[i];
	if (i == 0 && parts & CUDA_SLOTS_HOST) {
		to->step = from.step;
		to->seed = from.seed;
		to->chain = from.chain;
	}
}

cudaError_t cuda_launch_slots(struct cuda_slots *to, const struct cuda_slots *from, unsigned parts, cudaStream_t stream)
{
	return LAUNCH(slots_kernel, 1, THREADS, 0, stream, to, *from, parts);
}
