/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* cuDNN's functions, which load the library when the first of them is called: a network without convolutions need not have it. It is
 * looked for where the dynamic linker does for the program, and finds its own parts beside itself. */
#include <cudnn_graph.h>
#include <cudnn_version.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define LIBRARY "libcudnn.so." TEXT(CUDNN_MAJOR)

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

/* Defines a function that calls the library's with the same arguments; `none` is its value where there is no library. */
#define LOADED(type, name, none, parameters, arguments)                                                                      \
	type name parameters                                                                                                 \
	{                                                                                                                    \
		__typeof__(&(name)) call;                                                                                    \
		*(void **)&call = find(#name);                                                                               \
		return call ? call arguments : (none);                                                                       \
	}
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
