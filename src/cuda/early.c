/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/early.h"

/* A card of compute capability 9 can, and a driver of CUDA 12.3 records such launches in graphs. */
enum { CAPABILITY_EARLY = 9, DRIVER_EARLY = 12030 };

/* Of all devices together: from the first one opened that has to do without, none is launched to early. */
static atomic_bool without;

bool cuda_early(void)
{
	return !atomic_load_explicit(&without, memory_order_relaxed);
}

status cuda_early_open(const struct cuda_device *cuda)
{
	const char *text = getenv("BASIN_CUDA_EARLY");
	const bool wanted = !text || !*text || strcmp(text, "yes") == 0;
	if (!wanted && strcmp(text, "no") != 0)
		return fail(ERR_LIBRARY, "BASIN_CUDA_EARLY=%s: expected yes or no", text);
	int driver = 0;
	bool wait = false;
	if (wanted && cuda->card.major >= CAPABILITY_EARLY && cudaDriverGetVersion(&driver) == cudaSuccess && driver >= DRIVER_EARLY)
		CUDA_TRY(cuda_kernels_wait(&wait));
	if (!wait)
		atomic_store_explicit(&without, true, memory_order_relaxed);
	return OK;
}
