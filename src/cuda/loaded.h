/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the file of a library's functions includes that loads the library when the first of them is called, once it has defined
 * LIBRARY, the file's name with its version. It is looked for where the dynamic linker does for the program. */
#ifndef BASIN_CUDA_LOADED_H
#define BASIN_CUDA_LOADED_H

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

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

#endif
