/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* When to call an example out of distribution: thresholds on a score that rises with strangeness (ood.h), from its
 * values on n examples in distribution that were not trained on. An alarm is a score > threshold.
 *
 * At the k-th smallest of them the rate of false alarms is Beta(n + 1 − k, k) over such holdouts (conformal.h), or
 * below it in law where scores are tied. Two thresholds:
 *   mean: k = ⌈(n + 1)(1 − f)⌉: a false alarm has a probability of at most f, over holdouts and new examples together;
 *   sure: the least k with P(Beta(n + 1 − k, k) ≤ f) ≥ 1 − δ: with a confidence of 1 − δ over holdouts, the rate of false
 *         alarms from now on is at most f (a one-sided tolerance limit; Wilks 1941).
 * Both assume new in-distribution examples to be drawn as the holdout; they say nothing of how much strangeness is
 * found. */
#ifndef BASIN_ALARM_H
#define BASIN_ALARM_H

#include <stddef.h>

#include "src/err.h"

/* A threshold is ∞, and there is no alarm ever, where n is below what it needs. */
struct alarm_at {
	double threshold;
	size_t rank;    /* k; n + 1 where the threshold is ∞ */
	size_t needs;   /* the fewest examples for a finite one */
	double bound;   /* the rate of false alarms is at most this with confidence 1 − δ; 0 where there is no alarm */
};

struct alarm {
	double rate, delta;   /* f and δ, in (0, 1) */
	size_t n;
	struct alarm_at mean, sure;
};

/* score: (n). Errors: ERR_INPUT for a score that is NaN, naming the example from 0; ERR_MEMORY. */
status alarm_fit(double rate, double delta, const double *score, size_t n, struct alarm *out);

#endif
