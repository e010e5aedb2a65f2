/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a regression ensemble says of each example's targets, in own units: mean and deviation of the members' equal mixture. */
#ifndef BASIN_INTERVALS_H
#define BASIN_INTERVALS_H

#include "predict/regression.h"

struct intervals {
	size_t n, members;
	int k;                  /* targets of one example */
	double *mean, *sd;      /* (n, k) */
};

/* They lie in the arena. Errors: ERR_INPUT for an output that is not finite, naming the example from 0; ERR_MEMORY. */
status intervals_of(const struct regression *r, struct arena *a, struct intervals *out);

#endif
