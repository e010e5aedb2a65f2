/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cublasLt's functions, which load the library when the first of them is called: it has half a gigabyte, whose relocations cost
 * every start of a program that is linked with it 60 ms, and a machine without a card need not have it. It is looked for where the
 * dynamic linker does for the program. */
#include <cublasLt.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define LIBRARY "libcublasLt.so." TEXT(CUBLAS_VER_MAJOR)

/* Of the process: what the dynamic linker would have known from the start. */
static void *library;
static char why_not[512];

static void load(void)
{
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		const char *why = dlerror();
		snprintf(why_not, sizeof why_not, "%s", why ? why : LIBRARY " can't be loaded");
	}
}

static void *find(const char *name)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	void *at = library ? dlsym(library, name) : NULL;
	if (library && !at)
		snprintf(why_not, sizeof why_not, "%s: there is no %s", LIBRARY, name);
	return at;
}

/* The library's function, called with the same arguments; `none` where there is no library. */
#define FORWARD(name, none, ...)                                                                                             \
	({                                                                                                                   \
		__typeof__(&(name)) call_;                                                                                   \
		*(void **)&call_ = find(#name);                                                                              \
		call_ ? call_(__VA_ARGS__) : (none);                                                                         \
	})
#define FORWARD_STATUS(name, ...) FORWARD(name, CUBLAS_STATUS_NOT_INITIALIZED, __VA_ARGS__)

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
	return FORWARD_STATUS(cublasLtCreate, handle);
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
	return FORWARD_STATUS(cublasLtDestroy, handle);
}

/* 0: there is no library. */
size_t cublasLtGetVersion(void)
{
	return FORWARD(cublasLtGetVersion, 0);
}

const char *cublasLtGetStatusName(cublasStatus_t s)
{
	return FORWARD(cublasLtGetStatusName, "no cuBLASLt", s);
}

const char *cublasLtGetStatusString(cublasStatus_t s)
{
	return why_not[0] ? why_not : FORWARD(cublasLtGetStatusString, why_not, s);
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t product, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t a_layout, const void *b, cublasLtMatrixLayout_t b_layout, const
                              void *beta, const void *c, cublasLtMatrixLayout_t c_layout, void *d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t *algo, void *workspace,
                              size_t workspace_bytes, cudaStream_t stream)
{
	        return FORWARD_STATUS(cublasLtMatmul, handle, product, alpha, a, a_layout, b, b_layout, beta, c,
	                      c_layout, d, d_layout, algo, workspace, workspace_bytes, stream);
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t product, cublasLtMatrixLayout_t
                                       a, cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t
                                       d, const cublasLtMatmulAlgo_t *algo, cublasLtMatmulHeuristicResult_t *result)
{
	        return FORWARD_STATUS(cublasLtMatmulAlgoCheck, handle, product, a, b, c, d, algo, result);
}

cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t *algo,
                                                    cublasLtMatmulAlgoConfigAttributes_t what, void *to, size_t bytes,
                                                    size_t *written)
{
	        return FORWARD_STATUS(cublasLtMatmulAlgoConfigGetAttribute, algo, what, to, bytes, written);
}

cublasStatus_t cublasLtMatmulAlgoConfigSetAttribute(cublasLtMatmulAlgo_t *algo, cublasLtMatmulAlgoConfigAttributes_t
                                                    what, const void *from, size_t bytes)
{
	        return FORWARD_STATUS(cublasLtMatmulAlgoConfigSetAttribute, algo, what, from, bytes);
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t product,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int asked,
                                              cublasLtMatmulHeuristicResult_t result[], int *found)
{
	        return FORWARD_STATUS(cublasLtMatmulAlgoGetHeuristic, handle, product, a, b, c, d, preference, asked,
	                      result, found);
}

cublasStatus_t cublasLtMatmulAlgoInit(cublasLtHandle_t handle, cublasComputeType_t compute, cudaDataType_t scale,
                                      cudaDataType_t a, cudaDataType_t b, cudaDataType_t c, cudaDataType_t d, int id,
                                      cublasLtMatmulAlgo_t *algo)
{
	        return FORWARD_STATUS(cublasLtMatmulAlgoInit, handle, compute, scale, a, b, c, d, id, algo);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *out, cublasComputeType_t compute, cudaDataType_t scale)
{
	        return FORWARD_STATUS(cublasLtMatmulDescCreate, out, compute, scale);
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t product)
{
	        return FORWARD_STATUS(cublasLtMatmulDescDestroy, product);
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t what, const
                                              void *from, size_t bytes)
{
	        return FORWARD_STATUS(cublasLtMatmulDescSetAttribute, product, what, from, bytes);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *out)
{
	        return FORWARD_STATUS(cublasLtMatmulPreferenceCreate, out);
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference)
{
	        return FORWARD_STATUS(cublasLtMatmulPreferenceDestroy, preference);
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t what, const void *from,
                                                    size_t bytes)
{
	        return FORWARD_STATUS(cublasLtMatmulPreferenceSetAttribute, preference, what, from, bytes);
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *out, cudaDataType type, uint64_t rows, uint64_t
                                          columns, int64_t leading)
{
	        return FORWARD_STATUS(cublasLtMatrixLayoutCreate, out, type, rows, columns, leading);
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout)
{
	        return FORWARD_STATUS(cublasLtMatrixLayoutDestroy, layout);
}
