/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A temperature fitted to a holdout (Guo, Pleiss, Sun & Weinberger 2017): class probabilities become p_k^(1/T) / Z. T >
 * 1 flattens probabilities that are too sure, T < 1 sharpens; the most probable class stays. Not the T of a posterior.
 *
 * With b = 1/T and ℓ = log(p + 10⁻¹²), the floor that scikit-learn takes for probabilities of 0, the fit minimises
 *   Σᵢ −log softmax(b ℓᵢ)[yᵢ]  +  (w/n) Σᵢ (1/C) Σ_k −log softmax(b ℓᵢ)[k],
 * the holdout's NLL and that of w more examples with inputs as in the holdout and labels that say nothing. Without them
 * (w = 0, Guo's fit and scikit-learn's) a holdout without an error would ask for T → 0, certainty after n examples. One
 * (w = 1) forbids that and weighs 1/n of all: it moves T upward by O(1/n), as the targets (N + 1)/(N + 2) of Platt 1999
 * do, whose idea it is; but in total, not one a class, which would rule a holdout with many classes. Convex in b, so
 * the slope's one zero is the fit; T is kept within bounds, and it is said when it is at one: at the upper, the labels
 * have little to do with the probabilities.
 *
 * Probabilities with a T that was fitted to a holdout are no longer fixed before it was seen. What promises something
 * by the same holdout (conformal.h, abstain.h) takes them as they were before T, or another part of it. */
#ifndef BASIN_SCALING_H
#define BASIN_SCALING_H

#include <stdbool.h>

#include "predict/mixture.h"

#define SCALING_MIN 0.05
#define SCALING_MAX 20.0
#define SCALING_FLOOR 1e-12
#define SCALING_PSEUDO 1.0

struct scaling {
	double t;             /* T; 1 where n is 0 or no row tells classes apart, so that nothing can be fitted */
	size_t n;             /* examples */
	size_t zeros;         /* of them, those whose label had p + 10⁻¹² below 2·10⁻¹²: the floor is what they are scored by */
	double nll_before;    /* mean NLL of the holdout with T = 1 and the floor, nats; NaN where n is 0 */
	double nll_after;     /* with T; by the examples that chose it, so an optimist's figure */
	bool at_min, at_max;  /* T is that bound */
	bool fitted;          /* false: T is 1 for want of anything to fit */
};

/* Fits T to a mixture with labels, with `pseudo` examples without meaning (w ≥ 0: SCALING_PSEUDO). Any number of
 * threads gives the same bits. Takes about a dozen passes of n C exponentials. Errors: ERR_MEMORY. */
status scaling_fit(const struct mixture *m, double pseudo, struct scaling *out);

/* −log of what a label's probability is with T: nats. */
double scaling_loss(const struct mixture *m, size_t i, double t);

/* Applies T to probabilities p (c) in place; with T = 1 they stay as they are, to the bit. */
void scaling_apply(double t, double *p, int c);

#endif
