/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Analytic targets: potentials that can be written down, to check samplers against what is known. They are computed on the
 * host in double. Most are one function, N = 1; quadratics has N terms, of which batches are drawn as of examples. */
#ifndef BASIN_ANALYTIC_H
#define BASIN_ANALYTIC_H

#include "src/potential.h"

struct target;

struct analytic_kind {
	const char *name, *rest;   /* "gaussian", and what follows its colon */
	bool examples;             /* N terms, with batches of them, instead of one */
	/* Reads what follows the colon into t. Errors: ERR_USAGE, ERR_MEMORY. */
	status (*open)(struct target *t, const char *rest);
	/* ℓᵢ(θ), i < N, and ∇ℓᵢ (d) to `gradient`. */
	double (*value)(const struct target *t, size_t i, const double *theta, double *gradient);
	/* ∇²ℓᵢ(θ)·v (d) to out, which is not v. */
	void (*hvp)(const struct target *t, size_t i, const double *theta, const double *v, double *out);
};

extern const struct analytic_kind analytic_gaussian, analytic_double_well, analytic_banana, analytic_mixture, analytic_wells,
	analytic_basins, analytic_quadratics;
extern const struct analytic_kind *const analytic_kinds[];  /* NULL-terminated */

/* The kind that "gaussian:…", or "gaussian" alone, names, or NULL where it names none. */
const struct analytic_kind *analytic_kind(const char *spec);

/* Opens "KIND:…". Errors: ERR_USAGE, ERR_MEMORY. */
status analytic_open(const char *spec, struct device *d, struct potential **out);

/* Gives the gradients of an analytic target noise of known covariance: "SD", or "SD,SD,…", one for each dimension, 0 or above. In
 * step k every ℓᵢ has a further gradient SD·ξ, ξ ~ N(0, I) from STREAM_GRADIENT at k, and so has the mean over any batch. All
 * gradients of a step over its batch, or over parts of it, have the same, as they would have the same batch's noise; over a further
 * batch (SLOT_FIRST_1) it is another, elements d … 2d − 1 of the stream. Those over rows that are the same at every step
 * (SLOT_NONE), such as a pass over all, have none, nor have values, `each` and hvp.
 * Errors: ERR_USAGE, ERR_MEMORY. */
status analytic_noise(struct potential *p, const char *text);

/* u(θ) = (1/N) Σ ℓᵢ(θ) at a point of the host's (n_params), in double. */
double analytic_energy(const struct potential *p, const double *theta);
/* ∇u(θ) (n_params) likewise, without noise. */
void analytic_gradient(const struct potential *p, const double *theta, double *gradient);

/* The gaussian's covariance (d × d, row-major, double). */
const double *analytic_covariance(const struct potential *p, int *d);

#endif
