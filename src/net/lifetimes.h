/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Places buffers in one block of memory so that those that live at different times share it. */
#ifndef BASIN_LIFETIMES_H
#define BASIN_LIFETIMES_H

#include <stddef.h>

struct lifetime {
	size_t bytes;    /* 0: takes no place */
	int from, to;    /* first and last moment it holds something, both included */
	size_t offset;   /* set: multiple of 64 */
};

/* Sets the offsets, largest buffers first and each at the lowest place that is free for its whole life, and returns the bytes
 * of the block. Errors: none. */
size_t lifetimes_place(struct lifetime *at, int n);

#endif
