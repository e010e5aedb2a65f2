/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What each method that claims a target does on a linear regression with Gaussian noise: its equation, written down a second
 * time. */
#ifndef BASIN_TESTS_REGRESSION_METHODS_H
#define BASIN_TESTS_REGRESSION_METHODS_H

#include "chains/state.h"
#include "tests/fidelity/linear_law.h"

/* The regression: two columns and the target, the noise's deviation, δ, and where chains begin and control variates have θ̂. */
extern const double regression_rows[LAW_ROWS][LAW_DIMS], regression_noise, regression_decay, regression_start[LAW_DIMS];

struct setting {
	double temperature, lr;        /* T, λ */
	int batch;                     /* B; or 0: all rows */
	uint32_t seed;                 /* of its chains */
};

struct method {
	const char *name;              /* --sampler */
	const char *words[7];          /* its options, ending with NULL */
	double lr;                     /* λ, large enough for its bias to be seen */
	int settle;                    /* steps until where a chain began is forgotten */
	/* Fills in the law of `of` at s. */
	void (*law)(struct linear_law *l, const struct gradients *of, const struct setting *s);
	double bound;                  /* where the step is not linear: how far off the law may be, in its deviations; or 0 */
	bool whole;                    /* it takes all rows a step, B at a time, instead of B drawn with replacement */
	double extra;                  /* prior precision of θ's marginal beyond δ */
	/* Vectors and scalars that would take long to settle, to what they will be on average; or NULL. */
	void (*prepare)(struct state *st, const struct linear_law *l);
};

extern const struct method regression_methods[];   /* the last has no name */

#endif
