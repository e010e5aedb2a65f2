/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cuda/error.h"

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
