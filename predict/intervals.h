/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a regression ensemble says of the targets of every example, in own units. */
#ifndef BASIN_INTERVALS_H
#define BASIN_INTERVALS_H

#include "predict/regression.h"

struct intervals {
	size_t n, members;
	int k;                  /* targets of one example */
	double *mean, *sd;      /* (n, k): of the members' equal mixture */
	double *lower, *upper;  /* (n, k): its central interval; NULL where no level was asked for */
};

/* The interval holds the target with probability `level`, between 0 and 1; 0: none is wanted. What is made lies in the arena.
 * Errors: ERR_INPUT for an output that is not finite, ERR_MEMORY. */
status intervals_of(const struct regression *r, double level, struct arena *a, struct intervals *out);

#endif
