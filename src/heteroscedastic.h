/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The log-variance that an output s of the heteroscedastic likelihood stands for: s itself up to ±40, where σ is e^±20, and beyond
 * ±(40 + ln(1 + |s| − 40)), which goes on rising with a slope that is 1 there and falls slowly. So no output that is finite has a
 * variance of 0 or one that overflows, and the gradient always leads back. One source for every backend (a CUDA file defines
 * HETEROSCEDASTIC_ROW as a device function). */
#ifndef BASIN_HETEROSCEDASTIC_H
#define BASIN_HETEROSCEDASTIC_H

#include <math.h>

#ifndef HETEROSCEDASTIC_ROW
#define HETEROSCEDASTIC_ROW static inline
#endif

/* *slope: its derivative. */
HETEROSCEDASTIC_ROW double log_variance(double s, double *slope)
{
	const double plain = 40, past = fabs(s) - plain;
	*slope = past > 0 ? 1 / (1 + past) : 1;
	return past > 0 ? copysign(plain + log1p(past), s) : s;
}

#endif
