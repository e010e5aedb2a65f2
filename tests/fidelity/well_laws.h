/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Two wells of equal depth and unequal width in one dimension, u(x) = −log Σₖ exp(Dₖ − (x − cₖ)²/(2wₖ²)) with the first of them
 * the narrow one, and laws on them:
 *   own        exp(−β u(x))
 *   smoothed   exp(−β E u(x + σε)), ε ~ N(0, 1), by Gauss–Hermite quadrature
 *   trace      exp(−β (u(x) + (σ²/2) u″(x))): that of arXiv 2510.02174, eq. 10 */
#ifndef BASIN_TESTS_WELL_LAWS_H
#define BASIN_TESTS_WELL_LAWS_H

enum { WELL_NODES = 64 };

struct wells {
	double centre[2], width[2], depth[2];
	double minimum[2], barrier;             /* where u is lowest in either, and highest between */
	double node[WELL_NODES], weight[WELL_NODES];   /* E f(ε) = Σ weight · f(node) */
};

enum well_law { OWN, SMOOTHED, TRACE };

/* Wells of which D₁ is found so that their minima are equally deep. */
void wells_open(struct wells *w);
/* The analytic target's words, "wells:…"; text of 160 bytes. */
void wells_words(const struct wells *w, char *text);

/* u, and u′ and u″ where they are not NULL. */
double wells_energy(const struct wells *w, double x, double *slope, double *curvature);
/* −log density / β of a law, but for a constant. */
double wells_law(const struct wells *w, enum well_law law, double sigma, double x);
/* The logarithm of the wide well's mass over the narrow one's, the barrier between them, by adaptive quadrature (GSL). */
double wells_log_ratio(const struct wells *w, enum well_law law, double beta, double sigma);

#endif
