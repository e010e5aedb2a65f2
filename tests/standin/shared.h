/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A block's shared memory: nothing of the last block's is in it. */
#ifndef BASIN_TESTS_STANDIN_SHARED_H
#define BASIN_TESTS_STANDIN_SHARED_H

#include <stddef.h>

/* `dynamic` bytes come first. */
void standin_shared_begin(size_t dynamic);
/* Ends the process where something was written between the arrays. */
void standin_shared_end(void);

#endif
