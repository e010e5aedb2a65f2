/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Spectral densities by stochastic Lanczos quadrature. */
#ifndef BASIN_DENSITY_H
#define BASIN_DENSITY_H

#include "curvature/trace.h"
#include "src/arena.h"

struct density_options {
	size_t probes;         /* starts of independent signs */
	size_t steps;          /* Lanczos steps of each, with full reorthogonalisation */
	size_t points;         /* of the grid */
	struct rng_key key;
	uint64_t first;        /* number of the first probe */
};

/* The density of the eigenvalues, which integrates to 1. */
struct density {
	size_t nodes;          /* of all probes */
	double *node, *weight; /* (nodes): Ritz values and their shares, which sum to 1 */
	size_t points;
	double *at, *value;    /* (points): the nodes smoothed by Gaussians of deviation sigma */
	double sigma;
	struct estimate trace; /* from the probes' first coefficients: Hutchinson's, without a product more */
	size_t products;
};

/* Golub & Meurant 2010; Ubaru, Chen & Saad 2017; Ghorbani, Krishnan & Xiao 2019. Errors: as trace_run's. All arrays are the
 * arena's. */
status density_run(struct curvature *c, const struct density_options *d, struct arena *a, struct density *out);

#endif
