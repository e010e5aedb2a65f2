/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How far apart the predictions of two ensembles are for the same examples: of their averages by agreement and total
 * variation (Izmailov, Vikram, Hoffman & Wilson 2021, arXiv 2104.14421), of what their members say by Wasserstein
 * distances, and of their figures by differences that are paired over examples. */
#ifndef BASIN_COMPARE_H
#define BASIN_COMPARE_H

#include "predict/metrics.h"
#include "predict/regression.h"

/* A mean over examples and its standard error √(s²/n), which knows nothing of how the members were drawn; NaN where a figure
 * is undefined. */
struct estimate {
	double value, se;
};

struct distances {
	struct estimate agreement;        /* share of examples with the same most probable class; ties go to the lowest index */
	struct estimate total_variation;  /* mean of ½ Σ_c |p̄_A(c) − p̄_B(c)| */
	struct estimate w1;               /* mean of W₁ between the laws of the members' own predictions: ½ Σ_c W₁ of the probabilities of
	                                   * class c, never less than the total variation; of real targets the mean over them of W₁ of the
	                                   * outputs, own units */
	struct estimate w2;               /* real targets: mean over examples and targets of W₂ between the predictive mixtures of Gaussians,
	                                   * own units */
};

/* What an ensemble says of classes. */
struct class_votes {
	size_t n;
	int c;
	size_t members;
	const float *p;      /* (members, n, c): the members' probabilities */
	const double *mean;  /* (n, c): their average */
};

/* The average of a mixture's members, whose own probabilities are p. Errors: ERR_MEMORY. */
status votes_of(const struct mixture *m, const float *p, struct arena *a, struct class_votes *out);

/* Members first … end − 1 by themselves. Errors: ERR_MEMORY. */
status votes_part(const struct class_votes *all, size_t first, size_t end, struct arena *a, struct class_votes *out);

/* Two ensembles of the same n and classes, or targets. Errors: ERR_MEMORY. */
status compare_votes(const struct class_votes *a, const struct class_votes *b, struct distances *out);
status compare_regressions(const struct regression *a, const struct regression *b, struct distances *out);

/* A figure of B less that of A, from their parts per example. */
struct paired {
	double difference, se;
	double detectable;   /* the smallest that a two-sided test of level 5 % would find with a power of 80 %: (z.975 + z.8)·se; NaN
	                      * where all examples have the same difference, which says nothing of others */
};

/* NaN where a part is not finite, or there are no two examples to have an error from. */
struct paired compare_paired(const double *a, const double *b, size_t n);

/* W₁ = ∫₀¹ |Q_a − Q_b| du between the equal weights on na and nb values, each rising: exact. */
double sorted_w1(const double *a, size_t na, const double *b, size_t nb);

#endif
