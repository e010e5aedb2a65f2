/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A library to preload: one call for memory fails, as where there is none left. Only what Basin itself asks for counts,
 * and what the JSON and msgpack libraries ask for on its behalf; others end the program by themselves when they get none, as does
 * what registers a card's kernels before main. */
#include <link.h>
#include <stdarg.h>
#include <stdint.h>

#include "tests/fail_calls.h"

enum { RANGES_MAX = 32 };

/* Where the code lies whose calls count. */
static struct range {
	uintptr_t begin, end;
} ranges[RANGES_MAX];
static int n_ranges = -1;

static int add_ranges(struct dl_phdr_info *info, size_t size, void *n)
{
	(void)size;
	/* The program itself has an empty name. */
	if (info->dlpi_name[0] && !strstr(info->dlpi_name, "libjansson") && !strstr(info->dlpi_name, "libmsgpack"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum && *(int *)n < RANGES_MAX; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t begin = info->dlpi_addr + h->p_vaddr;
		if (h->p_type == PT_LOAD && (h->p_flags & PF_X))
			ranges[(*(int *)n)++] = (struct range){begin, begin + h->p_memsz};
	}
	return 0;
}

__attribute__((constructor)) static void find_ranges(void)
{
	int n = 0;
	dl_iterate_phdr(add_ranges, &n);
	n_ranges = n;
}

/* The program's main has begun. */
static bool begun;
static int (*program)(int argc, char **argv, char **environment);

static int begin(int argc, char **argv, char **environment)
{
	begun = true;
	return program(argc, argv, environment);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*loader_fini)(void), void *stack_end);

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*loader_fini)(void), void *stack_end)
{
	program = main;
	return NEXT(__libc_start_main)(begin, argc, argv, init, fini, loader_fini, stack_end);
}

static bool counts(const void *caller)
{
	if (!begun)
		return false;
	for (int i = 0; i < n_ranges; i++)
		if ((uintptr_t)caller >= ranges[i].begin && (uintptr_t)caller < ranges[i].end)
			return true;
	return false;
}

/* Whether the call that will return to `caller` is to fail. */
static bool fails(const void *caller)
{
	return counts(caller) && call_fails(ENOMEM);
}

#define FAILS fails(__builtin_return_address(0))

void *malloc(size_t size)
{
	return FAILS ? NULL : NEXT(malloc)(size);
}

void *calloc(size_t n, size_t size)
{
	return FAILS ? NULL : NEXT(calloc)(n, size);
}

void *realloc(void *old, size_t size)
{
	return FAILS ? NULL : NEXT(realloc)(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return FAILS ? NULL : NEXT(aligned_alloc)(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	return FAILS ? ENOMEM : NEXT(posix_memalign)(out, alignment, size);
}

/* What the C library itself asks for when Basin calls these. */

char *strdup(const char *text)
{
	return FAILS ? NULL : NEXT(strdup)(text);
}

char *realpath(const char *path, char *resolved)
{
	return FAILS ? NULL : NEXT(realpath)(path, resolved);
}

FILE *fopen(const char *path, const char *mode)
{
	return FAILS ? NULL : NEXT(fopen)(path, mode);
}

FILE *fdopen(int fd, const char *mode)
{
	return FAILS ? NULL : NEXT(fdopen)(fd, mode);
}

FILE *fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions)
{
	return FAILS ? NULL : NEXT(fopencookie)(cookie, mode, functions);
}

FILE *open_memstream(char **text, size_t *size)
{
	return FAILS ? NULL : NEXT(open_memstream)(text, size);
}

/* getline, as the C library's headers call it when they optimise. */
ssize_t __getdelim(char **line, size_t *size, int end, FILE *from)
{
	return FAILS ? -1 : NEXT(__getdelim)(line, size, end, from);
}

char *strndup(const char *text, size_t n)
{
	return FAILS ? NULL : NEXT(strndup)(text, n);
}

int asprintf(char **out, const char *format, ...)
{
	if (FAILS)
		return -1;
	va_list args;
	va_start(args, format);
	int n = vasprintf(out, format, args);
	va_end(args);
	return n;
}

int setenv(const char *name, const char *value, int replace)
{
	return FAILS ? -1 : NEXT(setenv)(name, value, replace);
}
