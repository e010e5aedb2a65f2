/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Kernels that are launched before the one before them has ended: launch.h. */
#ifndef BASIN_CUDA_EARLY_H
#define BASIN_CUDA_EARLY_H

#include <cuda_runtime_api.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether launches are early in this process. */
bool cuda_early(void);

/* Whether the present device's kernels were compiled with the wait that an early launch needs. */
cudaError_t cuda_kernels_wait(bool *yes);

#ifdef __cplusplus
}
#endif

#endif
