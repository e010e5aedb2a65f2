/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the libraries to preload share, each of which lets calls fail: counting those that concern it. FAIL=N fails the N-th
 * call, from 1; N+ also all calls after it; 0 fails none. FAIL_CALLS=FILE: the number of calls goes there at the end. */
#ifndef BASIN_TESTS_FAIL_CALLS_H
#define BASIN_TESTS_FAIL_CALLS_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned long calls;

/* The function of this name that this library stands before. */
#define NEXT(name)                                                           \
	({                                                                   \
		static __typeof__(name) *next_;                              \
		if (!next_)                                                  \
			*(void **)&next_ = dlsym(RTLD_NEXT, #name);          \
		next_;                                                       \
	})

/* Counts a call; whether it is to fail, with this error. */
static bool call_fails(int error)
{
	const char *which = getenv("FAIL");
	unsigned long n = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED), first = which ? strtoul(which, NULL, 10) : 0;
	bool due = first && (n == first || (n > first && strchr(which, '+')));
	if (due)
		errno = error;
	return due;
}

__attribute__((destructor)) static void write_calls(void)
{
	const char *path = getenv("FAIL_CALLS");
	char text[32];
	int fd = path ? NEXT(open)(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
	if (fd < 0)
		return;
	int n = snprintf(text, sizeof text, "%lu\n", calls);
	(void)!NEXT(write)(fd, text, (size_t)n);
	NEXT(close)(fd);
}

#endif
