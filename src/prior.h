/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Priors of independent elements, all with the deviation that the weight decay gives the Gaussian one: s = 1/√(Nδ·factor) at T = 1.
 *
 *   gaussian     p ∝ exp(−x²/2s²)
 *   laplace      p ∝ exp(−√2|x|/s)
 *   student-t    p ∝ (1 + x²/((ν−2)s²))^(−(ν+1)/2), ν > 2
 *
 * u(θ) takes −ln p/N of them, which is δ·factor·e(x) with an energy e whose gradient is h: δ·factor has the same part for every kind.
 *
 *   gaussian     e = x²/2                                   h = x
 *   laplace      e = √2 s|x|                                h = √2 s·sign(x), sign(0) = 0
 *   student-t    e = ½(ν+1)s² ln(1 + x²/((ν−2)s²))          h = x·(ν+1)/(ν−2) / (1 + x²/((ν−2)s²))
 *
 * h′ is 1; 0, but for x = 0, where there is none; and (ν+1)/(ν−2) · (1 − x²/((ν−2)s²)) / (1 + x²/((ν−2)s²))².
 *
 * T tempers prior and likelihood alike, so s stays that of T = 1. A vector that is given another decay δ′ than the one that s is of
 * (Entropy-MCMC's anchor) has the prior p^(δ′/δ). The functions are one source for every backend (a CUDA file defines
 * PRIOR_ROW as a device function). */
#ifndef BASIN_PRIOR_H
#define BASIN_PRIOR_H

#include <math.h>

#ifndef PRIOR_ROW
#define PRIOR_ROW static inline
#endif

enum prior_kind { PRIOR_GAUSSIAN, PRIOR_LAPLACE, PRIOR_STUDENT_T, PRIOR_KINDS };

/* e and h as numbers: laplace a|x|, a·sign(x); student-t (a/2b)·ln(1 + bx²), ax/(1 + bx²), and gaussian that with a = 1, b = 0. */
struct prior_curve {
	enum prior_kind kind;
	double a, b;
};

/* For a deviation 1/√(Nδ), as SLOT_PRIOR has it, and a factor above 0. */
PRIOR_ROW struct prior_curve prior_curve(enum prior_kind kind, double nu, double factor, double deviation)
{
	struct prior_curve c = {kind, 1, 0};
	double s = deviation / sqrt(factor);
	if (kind == PRIOR_LAPLACE) {
		c.a = sqrt(2.0) * s;
	} else if (kind == PRIOR_STUDENT_T) {
		c.a = (nu + 1) / (nu - 2);
		c.b = 1 / ((nu - 2) * s * s);
	}
	return c;
}

PRIOR_ROW double prior_gradient(const struct prior_curve *c, double x)
{
	if (c->kind == PRIOR_LAPLACE)
		return x > 0 ? c->a : x < 0 ? -c->a : x;
	return c->a * x / (1 + c->b * x * x);
}

PRIOR_ROW double prior_energy(const struct prior_curve *c, double x)
{
	if (c->kind == PRIOR_LAPLACE)
		return c->a * fabs(x);
	return c->b > 0 ? c->a / (2 * c->b) * log1p(c->b * x * x) : x * x / 2;
}

/* h′(x); 0 at laplace's kink. */
PRIOR_ROW double prior_second(const struct prior_curve *c, double x)
{
	const double square = c->b * x * x;
	return c->kind == PRIOR_LAPLACE ? 0 : c->a * (1 - square) / ((1 + square) * (1 + square));
}

/* The largest second derivative of e: what bounds on the step size must hold for. Laplace's kink has none. */
double prior_curvature(enum prior_kind kind, double nu);

/* 1/√(Nδ), for SLOT_PRIOR; infinite where δ is 0. */
double prior_deviation(double n, double decay);

/* "gaussian", "laplace", "student-t" */
const char *prior_name(enum prior_kind kind);

#endif
