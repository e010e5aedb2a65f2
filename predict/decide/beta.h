/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The law of order statistics and of bounds on a rate. */
#ifndef BASIN_BETA_H
#define BASIN_BETA_H

#include <stddef.h>

/* P(Beta(a, b) ≤ x), a, b > 0: GSL's, and where its continued fraction does not end, with more than a million of a + b
 * near the mean, the normal law with its skewness, which is right to 1/(a + b) there. */
double beta_below(double x, double a, double b);

/* The x with beta_below(x, a, b) = u, 0 < u < 1, to the next double, from above. (GSL's own inverse does not end for
 * large a and b.) */
double beta_quantile(double u, double a, double b);

/* The fewest trials that are all without an event of this rate with a probability of at most delta: ⌈log δ / log(1 −
 * rate)⌉. */
size_t trials_needed(double rate, double delta);

#endif
