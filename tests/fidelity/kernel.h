/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The transition kernel of fSGLD on wells, x ← x − λ(u′(x + σε) + δx) + √(2λ/β) ξ, on a grid: for each ε of the quadrature a
 * Gaussian, of which the densities at the nodes are taken (Nyström's method). Integrands are smooth and vanish at the ends, so
 * that sums over the nodes converge faster than any power of their distance once that is below the noise's deviation over
 * |1 − λu″|. */
#ifndef BASIN_TESTS_KERNEL_H
#define BASIN_TESTS_KERNEL_H

#include <stddef.h>

#include "tests/fidelity/well_laws.h"

struct kernel {
	const struct wells *wells;
	double lambda, beta, sigma, decay;
	size_t n;                  /* nodes, */
	double first, apart;       /* where they are */
	double *step;              /* (n, n): from, to; rows add up to 1 */
	double *law;               /* (n): the stationary masses */
};

/* With so many nodes to a deviation of the noise. */
void kernel_open(struct kernel *k, const struct wells *w, double lambda, double beta, double sigma, double decay, double nodes);
void kernel_close(struct kernel *k);

/* P(X ≤ x) under the stationary law: after a further step, whose Gaussians have no grid. */
double kernel_below(const struct kernel *k, double x);
/* The second largest modulus of an eigenvalue: what draws so many steps apart have in common goes with its power. */
double kernel_memory(const struct kernel *k);
/* W₁ between the stationary law and one of the wells', where δ is 0. */
double kernel_distance(const struct kernel *k, enum well_law law);

#endif
