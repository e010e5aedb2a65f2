/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Standard errors by the bootstrap over examples (Efron 1979, "Bootstrap methods: another look at the jackknife"): the
 * deviation of a figure over resamples drawn with replacement, as many as there are examples. */
#ifndef BASIN_BOOTSTRAP_H
#define BASIN_BOOTSTRAP_H

#include <stddef.h>
#include <stdint.h>

#include "src/err.h"

enum { BOOTSTRAP_RESAMPLES = 1000 };

/* How often each of n examples (n < 2³²) is in resample r, into count (n); a function of r and n alone. Different
 * groups, resampled apart, have different `group` numbers. */
void bootstrap_counts(uint64_t group, uint64_t r, size_t n, uint32_t *count);

/* Sample deviation (n − 1) of the resamples' figures; NaN where one of them is. */
double bootstrap_deviation(const double figure[BOOTSTRAP_RESAMPLES]);

/* Standard errors of the means of k columns of n values (k, n) into se (k); NaN where n < 2.
 * Errors: ERR_MEMORY. */
status bootstrap_means(size_t n, int k, const double *values, double *se);

#endif
