/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Standard errors of means over examples, by the formulas that the bootstrap (bootstrap.h) comes near to. */
#ifndef BASIN_ERRORS_H
#define BASIN_ERRORS_H

#include <stdbool.h>
#include <stddef.h>

/* The standard error of a mean, √(Σ(x − x̄)²/(n − 1)/n); NaN for less than two or for what is not finite. */
double mean_error(const double *x, size_t n);

/* That of a share of n, √(s(1 − s)/n); NaN for less than two. */
double share_error(double share, double n);

/* The same of values that come one by one and are not kept; zeroed: none came. */
struct sums {
	double sum, first, moved, squares;
	size_t n;
};
void sums_add(struct sums *s, double x);
double sums_mean(const struct sums *s);
double sums_error(const struct sums *s);

#endif
