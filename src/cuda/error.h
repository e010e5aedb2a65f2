/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What NVIDIA's libraries return, as a status with words: the file, the call and the library's reason. */
#ifndef BASIN_CUDA_ERROR_H
#define BASIN_CUDA_ERROR_H

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include "src/err.h"

/* call: as it is written, of which the words have what stands before its arguments; file: as the compiler names it. OK, ERR_MEMORY
 * where device or pinned memory is all taken, or ERR_LIBRARY. */
status cuda_check(cudaError_t e, const char *call, const char *file);
status cuda_check_blas(cublasStatus_t e, const char *call, const char *file);
/* e: a cudnnStatus_t, whose header what includes this one need not have. */
status cuda_check_dnn(int e, const char *call, const char *file);

/* Passes a failure up to the caller, as TRY does. */
#define CUDA_TRY(call) TRY(cuda_check((call), #call, __FILE__))
#define BLAS_TRY(call) TRY(cuda_check_blas((call), #call, __FILE__))
#define DNN_TRY(call) TRY(cuda_check_dnn((int)(call), #call, __FILE__))

#endif
