/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_TESTS_STANDIN_CHECK_BLAS_H
#define BASIN_TESTS_STANDIN_CHECK_BLAS_H

#include <cuda_runtime_api.h>

/* Products by every algorithm against a plain loop in double; ends the program where one is wrong. */
void check_blas_good(cudaStream_t stream);
/* Products that must be refused: prints each status. */
void check_blas_refuses(cudaStream_t stream);

#endif
