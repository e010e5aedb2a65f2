/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#ifndef BASIN_MEMORY_H
#define BASIN_MEMORY_H

#include <stddef.h>

/* Bytes of memory that this process could still take without pushing anything out: what the kernel says is available
 * (MemAvailable), or less where a control group (version 1 or 2, this process's or one above it) leaves less of its limit. The
 * pages of files that a group holds count as free: they go when room is needed. SIZE_MAX where nothing is said. */
size_t memory_available(void);

/* The same of a system whose /proc and /sys lie in the folder `root`. */
size_t memory_available_at(const char *root);

#endif
