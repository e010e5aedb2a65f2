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
