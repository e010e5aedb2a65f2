/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a file of kernels includes first. Under nvcc these are CUDA's own words; where the tests compile the same file for the host,
 * tests/standin/language.h has come before and has defined them. */
#ifndef BASIN_CUDA_LAUNCH_H
#define BASIN_CUDA_LAUNCH_H

#ifdef __CUDACC__
#include <cuda_runtime.h>
/* Launches a kernel; the value is a cudaError_t. */
#define LAUNCH(kernel, grid, block, shared_bytes, stream, ...) \
	(kernel<<<(grid), (block), (shared_bytes), (stream)>>>(__VA_ARGS__), cudaPeekAtLastError())
/* An array in the block's shared memory: of a size that is known here, or of shared_bytes. */
#define SHARED(type, name, count) __shared__ type name[count]
#define DYNAMIC_SHARED(type, name) extern __shared__ type name[]
#endif

enum { WARP = 32 };

#endif
