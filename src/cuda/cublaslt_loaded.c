/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cublasLt's functions, which load the library when the first of them is called: it has half a gigabyte, whose relocations cost
 * every start of a program that is linked with it 60 ms, and a machine without a card need not have it. It is looked for where the
 * dynamic linker does for the program. */
#include <cublasLt.h>

#define LIBRARY "libcublasLt.so." TEXT(CUBLAS_VER_MAJOR)
#include "src/cuda/loaded.h"

#define LOADED_STATUS(name, parameters, arguments) LOADED(cublasStatus_t, name, CUBLAS_STATUS_NOT_INITIALIZED, parameters, arguments)

typedef cublasLtMatmulDesc_t operation;
typedef cublasLtMatrixLayout_t layout;
typedef cublasLtMatmulPreference_t preference;

/* Version 0: there is no library. */
LOADED(size_t, cublasLtGetVersion, 0, (void), ())
LOADED(const char *, cublasLtGetStatusName, "CUBLAS_STATUS_NOT_INITIALIZED", (cublasStatus_t s), (s))
LOADED(const char *, cublasLtGetStatusString, why_not, (cublasStatus_t s), (s))
LOADED_STATUS(cublasLtCreate, (cublasLtHandle_t *out), (out))
LOADED_STATUS(cublasLtDestroy, (cublasLtHandle_t handle), (handle))

LOADED_STATUS(cublasLtMatmulDescCreate, (operation *out, cublasComputeType_t compute, cudaDataType_t scale), (out, compute, scale))
LOADED_STATUS(cublasLtMatmulDescDestroy, (operation o), (o))
LOADED_STATUS(cublasLtMatmulDescSetAttribute, (operation o, cublasLtMatmulDescAttributes_t at, const void *value, size_t bytes),
              (o, at, value, bytes))
LOADED_STATUS(cublasLtMatrixLayoutCreate, (layout *out, cudaDataType type, uint64_t rows, uint64_t columns, int64_t leading),
              (out, type, rows, columns, leading))
LOADED_STATUS(cublasLtMatrixLayoutDestroy, (layout l), (l))
LOADED_STATUS(cublasLtMatmul, (cublasLtHandle_t handle, operation o, const void *alpha, const void *a, layout la, const void *b,
                               layout lb, const void *beta, const void *c, layout lc, void *d, layout ld,
                               const cublasLtMatmulAlgo_t *algorithm, void *workspace, size_t bytes, cudaStream_t stream),
              (handle, o, alpha, a, la, b, lb, beta, c, lc, d, ld, algorithm, workspace, bytes, stream))

LOADED_STATUS(cublasLtMatmulPreferenceCreate, (preference *out), (out))
LOADED_STATUS(cublasLtMatmulPreferenceDestroy, (preference p), (p))
LOADED_STATUS(cublasLtMatmulPreferenceSetAttribute, (preference p, cublasLtMatmulPreferenceAttributes_t at, const void *value,
                                                     size_t bytes), (p, at, value, bytes))
LOADED_STATUS(cublasLtMatmulAlgoGetHeuristic, (cublasLtHandle_t handle, operation o, layout a, layout b, layout c, layout d,
                                               preference p, int room, cublasLtMatmulHeuristicResult_t *out, int *n),
              (handle, o, a, b, c, d, p, room, out, n))
LOADED_STATUS(cublasLtMatmulAlgoInit, (cublasLtHandle_t handle, cublasComputeType_t compute, cudaDataType_t scale, cudaDataType_t a,
                                       cudaDataType_t b, cudaDataType_t c, cudaDataType_t d, int id, cublasLtMatmulAlgo_t *out),
              (handle, compute, scale, a, b, c, d, id, out))
LOADED_STATUS(cublasLtMatmulAlgoConfigSetAttribute, (cublasLtMatmulAlgo_t *algorithm, cublasLtMatmulAlgoConfigAttributes_t at,
                                                     const void *value, size_t bytes), (algorithm, at, value, bytes))
LOADED_STATUS(cublasLtMatmulAlgoConfigGetAttribute, (const cublasLtMatmulAlgo_t *algorithm, cublasLtMatmulAlgoConfigAttributes_t at,
                                                     void *value, size_t bytes, size_t *written),
              (algorithm, at, value, bytes, written))
LOADED_STATUS(cublasLtMatmulAlgoCheck, (cublasLtHandle_t handle, operation o, layout a, layout b, layout c, layout d,
                                        const cublasLtMatmulAlgo_t *algorithm, cublasLtMatmulHeuristicResult_t *out),
              (handle, o, a, b, c, d, algorithm, out))
