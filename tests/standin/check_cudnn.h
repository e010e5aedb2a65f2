/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_TESTS_STANDIN_CHECK_CUDNN_H
#define BASIN_TESTS_STANDIN_CHECK_CUDNN_H

#include <cuda_runtime_api.h>

/* Graphs by every engine against plain loops in double; ends the program where one is wrong. */
void check_cudnn_good(cudaStream_t stream);

/* What descriptors refuse: prints each status. */
void check_cudnn_refuses(void);

/* What is refused when a plan is executed: prints each status and reason. */
void check_cudnn_stops(cudaStream_t stream);
/* How engines differ, and engines that the test has made wrong, slow or refused: prints what comes of it. */
void check_cudnn_faults(cudaStream_t stream);
/* A plan in a graph of CUDA's; ends the program where a replay is wrong. */
void check_cudnn_captured(cudaStream_t stream);
/* The same plan on two streams with no wait between them. */
void check_cudnn_no_wait(cudaStream_t stream, cudaStream_t other);
/* Leaves a handle and a descriptor. */
void check_cudnn_leak(void);

#endif
