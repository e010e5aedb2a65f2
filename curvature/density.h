/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Spectral densities by stochastic Lanczos quadrature. */
#ifndef BASIN_DENSITY_H
#define BASIN_DENSITY_H

#include "curvature/trace.h"
#include "src/arena.h"

enum { DENSITY_POINTS = 32 };  /* of a grid at least */

struct density_options {
	size_t probes;         /* starts of independent signs, those of trace_run */
	size_t steps;          /* Lanczos steps of each, with full reorthogonalisation */
	size_t points;         /* of the grid, DENSITY_POINTS or more */
	struct rng_key key;
	uint64_t first;        /* number of the first probe */
};

/* The density of the eigenvalues, which integrates to 1. */
struct density {
	size_t nodes;          /* of all probes */
	double *node, *weight; /* (nodes): Ritz values and their shares, which sum to 1; probe after probe, each's descending */
	size_t points;
	double *at, *value;    /* (points): an even grid over all nodes and 5σ beyond; on it the nodes, smoothed by Gaussians of deviation */
	double sigma;          /* σ: the mean distance of neighbouring nodes, each counted by its share: what so many steps resolve. 0 of
	                        * probes whose steps ended in an invariant subspace, as their nodes are eigenvalues. No less than a step
	                        * of the grid; where all nodes are equal, a hundredth of them, or of 1 if they are 0 */
	struct estimate trace; /* from the probes' first coefficients: Hutchinson's, without a product more */
	size_t products;
};

/* Each probe's nodes and weights are the Gauss quadrature of its tridiagonal matrix (Golub & Welsch 1969; Golub & Meurant 2010,
 * §6.2), so that Σ w·nodeᵏ is zᵀHᵏz/n for k < 2·steps; their mean is the density's (Ubaru, Chen & Saad 2017; Ghorbani, Krishnan &
 * Xiao 2019). Of n ≤ probes unit vectors take the place of signs, as in trace_run, and nodes and weights are exact. Errors: as
 * trace_run's; density_check's. All arrays are the arena's. */
status density_run(struct curvature *c, const struct density_options *d, struct arena *a, struct density *out);

/* What density_run would refuse, for whoever has much to do before: ERR_USAGE without probes, steps or with fewer points;
 * ERR_MEMORY. */
status density_check(const struct curvature *c, const struct density_options *d);

#endif
