/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Equal mixtures of Gaussians: what a regression ensemble predicts of one target of one example. */
#ifndef BASIN_GAUSSIAN_MIXTURE_H
#define BASIN_GAUSSIAN_MIXTURE_H

#include <stddef.h>

#include "src/err.h"

/* Members N(mu_i, sd²), or N(mu_i, own_i²); mu is rising, s at least 1, deviations above 0. */
struct gaussian_mixture {
	const double *mu;      /* (s) */
	size_t s;
	double sd;             /* of all members, where own is NULL */
	const double *own;     /* (s), or NULL */
};

/* Cumulative probability at y. */
double gaussian_mixture_cdf(const struct gaussian_mixture *m, double y);

/* Where the cumulative probability is p, strictly between 0 and 1: by Brent's method, to 1e-10 of the smallest deviation or to the
 * rounding of the place. Errors: ERR_MEMORY. */
status gaussian_mixture_quantile(const struct gaussian_mixture *m, double p, double *out);

/* Continuous ranked probability score ∫ (F(x) − 1{x ≥ y})² dx. Up to 256 members by the closed form over pairs (Grimit, Gneiting,
 * Berrocal & Johnson 2006, whose A(μ, σ²) = E|N(μ, σ²)| takes the variances' sum for a pair); beyond, where its S² terms would take
 * too long, by Gauss–Legendre panels that visit each member only within 8.5 of the largest deviations: S terms, equal to the closed
 * form to 1e-10 deviations. Deviations that differ by more than 64 times leave it at the pairs. */
double gaussian_mixture_crps(const struct gaussian_mixture *m, double y);

/* The smallest and the largest of the members' deviations. */
void gaussian_mixture_widths(const struct gaussian_mixture *m, double *narrow, double *wide);

/* W₂ = (∫₀¹ (Q_a − Q_b)² du)^½ between two of them, from quantile functions that are linear between points a 16th of the
 * smallest deviation apart, but no less than a 256th of the largest: to 1/3072 of the larger deviation where a mixture has one
 * alone, and exactly 0 for a mixture and itself. */
double gaussian_mixtures_w2(const struct gaussian_mixture *a, const struct gaussian_mixture *b);

#endif
