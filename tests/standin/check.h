/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The kernels of the stand-in's own test; each -DPLANT_… puts one fault into them. */
#ifndef BASIN_TESTS_STANDIN_CHECK_H
#define BASIN_TESTS_STANDIN_CHECK_H

#include <cuda_runtime_api.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CHECK_BLOCKS = 5, CHECK_THREADS = 96, CHECK_SCAN = 64, CHECK_WORDS = 7 };

/* y = by·x, n elements. */
cudaError_t check_scale(size_t n, const float *x, float *y, float by, cudaStream_t s);
/* *total = Σ x; parts: CHECK_BLOCKS. */
cudaError_t check_sum(size_t n, const float *x, double *parts, double *total, cudaStream_t s);
/* y[i] = x[0] + … + x[i], CHECK_SCAN elements, in rounds within one block. */
cudaError_t check_scan(const float *x, float *y, cudaStream_t s);
/* out[0 … CHECK_WORDS) = what the exchanges of a warp give, see check.c; dynamic shared memory of so many bytes. */
cudaError_t check_lanes(unsigned *out, size_t dynamic, cudaStream_t s);
/* out[i] = Σ over blocks b of b, by atomicAdd, i < CHECK_THREADS; *first = what block 0 says. */
cudaError_t check_blocks(unsigned *out, unsigned *first, cudaStream_t s);
/* Four words of cuRAND's Philox for the counter (i, 1, 2, 3) and the key (4, 5); the float i/8 as bfloat16 and back. */
cudaError_t check_numbers(unsigned n, unsigned *words, float *halves, float *sines, cudaStream_t s);
/* A kernel that gets a pointer of the host's. */
cudaError_t check_pointer(const float *host, float *y, cudaStream_t s);

#ifdef __cplusplus
}
#endif
#endif
