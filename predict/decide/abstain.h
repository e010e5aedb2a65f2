/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Abstention at a risk: answer where the confidence is above a threshold, such that answers are wrong no more often
 * than a given r, with a confidence of 1 − δ over holdouts ("selective guaranteed risk"; Geifman & El-Yaniv 2017).
 *
 * G thresholds are tested, chosen by ranks alone before any label is looked at: to accept the k most confident of the
 * holdout, for k = n, 0.95 n, 0.9 n, … 0.05 n, n/40, n/80, … as far as so few can pass. The threshold of k < n is the
 * (k + 1)-th confidence, t; given t, the examples above it are independent draws from those of confidence > t, and
 * their errors binomial with the risk there, ties or not. A threshold passes where the upper Clopper–Pearson bound of
 * confidence 1 − δ/G is at most r; the lowest that passes is taken (Bonferroni, the simplest way of Angelopoulos,
 * Bates, Candès, Jordan & Lei, "Learn then test", 2021). All G bounds hold together with a confidence of 1 − δ, so that
 * of the one chosen does.
 *
 * This asks only that examples are drawn independently and alike. Fixed-sequence testing from the starts n, n/2, n/4,
 * …, on to one example more until a test fails, answered 4 to 10 in 100 of all examples more where the risk falls with
 * a rising threshold; but it has to assume something like that, and its bound at the end is not one on the risk there.
 * From the most confident few alone it would end at the first error among those.
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
	size_t needs;         /* the fewest that could pass one test, without an error among them: ⌈log(δ/G) / log(1 − r)⌉ */
	int tests;            /* G; 0: the holdout is too small for any */
	bool passed;          /* a threshold passed; if not, nothing is to be answered */
	double threshold;     /* answer where confidence > threshold: −∞ all, ∞ none */
	size_t accepted, errors;  /* of the holdout, above the threshold */
	double bound;         /* on the risk there; NaN where none passed */
};

/* confidence: (n), e.g. max p̄, higher for surer; wrong: (n). Errors: ERR_INPUT for a confidence that is not finite,
 * naming the example; ERR_MEMORY. */
status abstain_fit(double risk, double delta, const double *confidence, const bool *wrong, size_t n, struct abstention *out);

/* The upper bound of confidence 1 − δ on a probability that showed `errors` in n trials (Clopper & Pearson 1934); 1
 * where n is 0. */
double clopper_pearson_upper(size_t errors, size_t n, double delta);

#endif
