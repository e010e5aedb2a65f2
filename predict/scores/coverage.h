/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whether a regression ensemble's intervals hold what they should: calibration of quantiles. */
#ifndef BASIN_COVERAGE_H
#define BASIN_COVERAGE_H

#include "predict/regression.h"

enum { COVERAGE_LEVELS = 11 };

/* NaN where there are no examples. */
struct coverage {
	double level;                /* the central interval's probability: 0.1, 0.2, … 0.9, 0.95, 0.99 */
	size_t count;                /* targets, of n × k, inside it: those between the mixture's quantiles (1 ∓ level)/2 */
	double share;                /* of all */
	double share_se;             /* of the examples' own shares, the targets of one not being independent; NaN where n < 2 */
};

/* y: (n, k) in own units. Errors: ERR_MEMORY. */
status coverage_of(const struct regression *r, const double *y, struct coverage out[COVERAGE_LEVELS]);

#endif
