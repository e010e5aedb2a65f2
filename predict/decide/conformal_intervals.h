/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Conformal intervals of a real target (conformal.h) from what the predictive says of it: mean and standard deviation,
 * or two quantiles. The score of a holdout's example and the interval of a new one:
 *   absolute:   |y − mean|                    mean ± q            one width for all (Lei et al. 2018, §2)
 *   normalised: |y − mean| / sd               mean ± q sd         wide where the predictive is (§5.2)
 *   quantiles:  max(lower − y, y − upper)     [lower − q, upper + q]   the predictive's own interval, moved outward
 *               by q or, below 0, inward: as skewed as the predictive (CQR; Romano, Patterson & Candès 2019)
 * All hold the target with a probability of at least the level, under conformal.h's assumption; no more than 1/(n + 1)
 * beyond it where scores are not tied. None controls either end by itself. With q = ∞ the interval is the whole line.
 * Several targets are calibrated one by one, and then the guarantee is each one's, not that of all together. */
#ifndef BASIN_CONFORMAL_INTERVALS_H
#define BASIN_CONFORMAL_INTERVALS_H

#include "predict/decide/conformal.h"

enum interval_score { INTERVAL_NORMALISED, INTERVAL_ABSOLUTE, INTERVAL_QUANTILES, INTERVAL_SCORES };
#define INTERVAL_SCORE_WORDS "normalised|absolute|quantiles"

/* What a predictive says of one target, in the target's units; only what the score uses is read. lower and upper are
 * best its quantiles at (1 − level)/2 and (1 + level)/2: others are valid too. */
struct told {
	double mean, sd, lower, upper;
};

struct interval {
	double lower, upper;
};

/* With an sd of 0 a target that is its mean scores 0, any other ∞. NaN where something that is used is not finite,
 * which conformal_fit refuses by the example's number. */
double interval_score(enum interval_score which, const struct told *t, double y);

/* A target whose score is at most q is within: ends lie outward by what rounding may have taken, a few units in the last place. Where
 * quantiles cross because q moved them inward, both are the point between them. */
struct interval interval_of(enum interval_score which, const struct conformal *q, const struct told *t);

#endif
