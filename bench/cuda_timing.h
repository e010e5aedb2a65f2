/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the programs that measure a card share: the time of calls that a device puts off, and numbers to work on. */
#ifndef BASIN_BENCH_CUDA_TIMING_H
#define BASIN_BENCH_CUDA_TIMING_H

#include "src/backend.h"

enum { TIMING_ROUNDS_MAX = 1000 };

/* How often: rounds at most TIMING_ROUNDS_MAX, of so many calls that are put off and replayed as a graph. */
struct timing {
	struct device *d;
	int rounds, repeats;
};

/* Seconds of a call of pass(w): the median of the rounds, after two that are not counted. Errors: the pass's. */
status timing_seconds(const struct timing *t, status (*pass)(void *w), void *w, double *out);

/* Values in (−1, 1) in `count` elements of each of n arrays (device): a card multiplies zeros faster, on less power. Errors:
 * ERR_MEMORY, ERR_LIBRARY. */
status timing_fill(struct device *d, void *const *to, int n, size_t count, bool bf16);

/* Argument i as a whole number from 1 to `most`, or the fallback where there are fewer; ends the program where it is none. */
long timing_number(int argc, char **argv, int i, long fallback, long most);

#endif
