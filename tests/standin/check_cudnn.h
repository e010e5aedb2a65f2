/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_TESTS_STANDIN_CHECK_CUDNN_H
#define BASIN_TESTS_STANDIN_CHECK_CUDNN_H

#include <cuda_runtime_api.h>

/* Graphs by every engine against plain loops in double; ends the program where one is wrong. */
void check_cudnn_good(cudaStream_t stream);
/* What must be refused: prints each status and reason. */
void check_cudnn_refuses(void);
/* Engines that the test has made wrong, slow or refused: prints what comes of it. */
void check_cudnn_faults(cudaStream_t stream);

#endif
