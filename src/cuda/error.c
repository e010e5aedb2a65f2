/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/error.h"

#include <cudnn_graph.h>
#include <stdbool.h>
#include <string.h>

/* From src/ on: a build folder's way to the sources says nothing. */
static const char *file_of(const char *path)
{
	const char *at = strstr(path, "src/cuda/");
	return at ? at : path;
}

static int name_length(const char *call)
{
	return (int)strcspn(call, "(");
}

status cuda_check(cudaError_t e, const char *call, const char *file)
{
	if (e == cudaSuccess)
		return OK;
	/* The runtime keeps it as the last error too, which a later launch would take for its own. */
	(void)cudaGetLastError();
	return fail(e == cudaErrorMemoryAllocation ? ERR_MEMORY : ERR_LIBRARY, "%s: %.*s: %s (%s)", file_of(file), name_length(call),
	            call, cudaGetErrorString(e), cudaGetErrorName(e));
}

status cuda_check_blas(cublasStatus_t e, const char *call, const char *file)
{
	if (e == CUBLAS_STATUS_SUCCESS)
		return OK;
	return fail(e == CUBLAS_STATUS_ALLOC_FAILED ? ERR_MEMORY : ERR_LIBRARY, "%s: %.*s: %s (%s)", file_of(file), name_length(call),
	            call, cublasLtGetStatusString(e), cublasLtGetStatusName(e));
}

status cuda_check_dnn(int e, const char *call, const char *file)
{
	const cudnnStatus_t name = (cudnnStatus_t)e;
	char why[1024] = "";
	if (name == CUDNN_STATUS_SUCCESS)
		return OK;
	const bool memory = name == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
	                    name == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
	cudnnGetLastErrorString(why, sizeof why);
	return fail(memory ? ERR_MEMORY : ERR_LIBRARY, "%s: %.*s: %s%s%s", file_of(file), name_length(call), call,
	            cudnnGetErrorString(name), *why ? ": " : "", why);
}
