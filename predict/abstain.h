/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Abstention at a risk: answer where the confidence is above a threshold, such that answers are wrong no more often
 * than a given r, with a confidence of 1 − δ over holdouts ("selective guaranteed risk"; Geifman & El-Yaniv 2017).
 *
 * Fixed-sequence testing from several starts (Angelopoulos, Bates, Candès, Jordan & Lei, "Learn then test", 2021): the
 * starts are to answer the n, n/2, n/4, … most confident of the holdout, J of them, as far as so few can pass; each
 * goes on to one example more until a test fails, and the lowest threshold of all that were reached is taken. To answer
 * the k most confident is to have the (k + 1)-th confidence for a threshold; a test passes where the upper
 * Clopper–Pearson bound on the risk, from the errors among those above it, is at most r with a confidence of 1 − δ/G, G
 * = J + 1 (1 where J is 1).
 *
 * Why this holds for examples drawn independently and alike, if the thresholds with a risk of at most r are one
 * interval, as where the risk falls with a rising threshold: a start whose risk is above r passes with a probability of
 * δ/G, since given its threshold the examples above that are independent draws, J of these; and whoever comes from
 * within the interval to below its end t has passed the test of {confidence ≥ t}, which is the same for all and whose
 * errors are binomial, once δ/G. (Were they m intervals it would be δ(J + m)/(J + 1).) One sequence from the most
 * confident few would end at the first error among those; a Bonferroni bound over 20 thresholds needs no interval, and
 * answered fewer by 4 to 10 in 100 of all examples.
 *
 * The guarantee is of the share of wrong ones among answered ones, not of each answer. */
#ifndef BASIN_ABSTAIN_H
#define BASIN_ABSTAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "src/err.h"

struct abstention {
	double risk, delta;   /* r and δ, in (0, 1) */
	size_t n;             /* examples of the holdout */
	size_t needs;         /* the fewest that pass a test, without an error: ⌈log(δ/G) / log(1 − r)⌉; above n where
	                       * the holdout is too small */
	int tests;            /* G; 0: the holdout is too small */
	bool passed;          /* a threshold passed; if not, nothing is to be answered */
	double threshold;     /* answer where confidence > threshold: −∞ all, ∞ none */
	size_t accepted, errors;  /* of the holdout, above the threshold */
	double bound;         /* on the risk there, of confidence 1 − δ/G; NaN where none passed */
};

/* confidence: (n), e.g. max p̄, higher for surer; wrong: (n). Errors: ERR_INPUT for a confidence that is not
 * finite, naming the example from 0; ERR_MEMORY. */
status abstain_fit(double risk, double delta, const double *confidence, const bool *wrong, size_t n, struct abstention *out);

/* The upper bound of confidence 1 − δ on a probability that showed `errors` in n trials (Clopper & Pearson 1934); 1
 * where n is 0. */
double clopper_pearson_upper(size_t errors, size_t n, double delta);

#endif
