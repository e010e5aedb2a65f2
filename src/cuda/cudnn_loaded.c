/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cuDNN's functions, which load the library when the first of them is called: a network without convolutions need not have it. It is
 * looked for where the dynamic linker does for the program, and finds its own parts beside itself. */
#include <cudnn_graph.h>
#include <cudnn_version.h>

#define LIBRARY "libcudnn.so." TEXT(CUDNN_MAJOR)
#include "src/cuda/loaded.h"

#define LOADED_STATUS(name, parameters, arguments) LOADED(cudnnStatus_t, name, CUDNN_STATUS_NOT_INITIALIZED, parameters, arguments)

typedef cudnnBackendDescriptor_t descriptor;

/* Version 0: there is no library. */
LOADED(size_t, cudnnGetVersion, 0, (void), ())
LOADED(const char *, cudnnGetErrorString, "CUDNN_STATUS_NOT_INITIALIZED", (cudnnStatus_t s), (s))
LOADED_STATUS(cudnnCreate, (cudnnHandle_t *out), (out))
LOADED_STATUS(cudnnDestroy, (cudnnHandle_t handle), (handle))
LOADED_STATUS(cudnnSetStream, (cudnnHandle_t handle, cudaStream_t stream), (handle, stream))
LOADED_STATUS(cudnnBackendCreateDescriptor, (cudnnBackendDescriptorType_t type, descriptor *out), (type, out))
LOADED_STATUS(cudnnBackendDestroyDescriptor, (descriptor d), (d))
LOADED_STATUS(cudnnBackendFinalize, (descriptor d), (d))
LOADED_STATUS(cudnnBackendSetAttribute, (descriptor d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t n,
                                         const void *value), (d, name, type, n, value))
LOADED_STATUS(cudnnBackendGetAttribute, (descriptor const d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                         int64_t room, int64_t *n, void *value), (d, name, type, room, n, value))
LOADED_STATUS(cudnnBackendExecute, (cudnnHandle_t handle, descriptor plan, descriptor pack), (handle, plan, pack))

/* Without the library, why there is none. */
void cudnnGetLastErrorString(char *text, size_t size)
{
	__typeof__(&cudnnGetLastErrorString) call;
	*(void **)&call = find("cudnnGetLastErrorString");
	if (call)
		call(text, size);
	else
		snprintf(text, size, "%s", why_not);
}
