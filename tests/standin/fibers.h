/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Stacks to switch between, within one host thread. */
#ifndef BASIN_TESTS_STANDIN_FIBERS_H
#define BASIN_TESTS_STANDIN_FIBERS_H

#include <stddef.h>

struct standin_fiber {
	void *sp;             /* where it goes on */
	char *stack;
	size_t stack_bytes;
	void *fake;           /* AddressSanitizer's */
	void *tsan;           /* who it is to ThreadSanitizer, where it is one */
};

/* A fiber that begins in `start`, which never returns. */
struct standin_fiber *standin_fiber_make(void (*start)(void));
void standin_fiber_free(struct standin_fiber *f);
/* Leaves `from` (of the running code) and goes on where `to` was left. */
void standin_fiber_switch(struct standin_fiber *from, struct standin_fiber *to);
/* The first thing that `start` does. */
void standin_fiber_began(void);

#endif
