/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Split conformal prediction: what n examples of a holdout say of the next one (Vovk, Gammerman & Shafer 2005; Lei,
 * G'Sell, Rinaldo, Tibshirani & Wasserman 2018). A score s(x, y), higher for stranger labels, is any function that was
 * fixed before the holdout was seen; q is the k-th smallest score of the holdout, k = ⌈(n + 1) level⌉; {y : s(x, y) ≤
 * q} holds the label of a new example with a probability of at least `level`, and of at most level + 1/(n + 1) where no
 * scores are tied. Ties only add to it. The one assumption is that holdout and new example are exchangeable: drawn
 * alike, the holdout not trained on. The probability is over both, not given x, nor given this holdout: for that the
 * coverage is Beta(k, n + 1 − k) (Vovk 2012), or stochastically above it where scores are tied. */
#ifndef BASIN_CONFORMAL_H
#define BASIN_CONFORMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/arena.h"

struct conformal {
	double level;   /* coverage that was asked for, in (0, 1) */
	size_t n;       /* scores */
	size_t rank;    /* k */
	double q;       /* ∞ where k > n: the holdout is too small to leave anything out, and all that there is is in */
};

/* ⌈(n + 1) level⌉; a product within 1e-12 of a whole number is that number, so that 0.9 of 10 is 9. */
size_t conformal_rank(double level, size_t n);

/* The fewest scores that give a finite q. */
size_t conformal_needs(double level);

/* Of scores (n), in any order; n may be 0. Errors: ERR_INPUT for a score that is NaN, naming the example from 0 (∞ may
 * be one); ERR_MEMORY. */
status conformal_fit(double level, const double *score, size_t n, struct conformal *out);

/* A q of each class of its own, from the scores of the examples that are of it ("Mondrian"): then the guarantee holds
 * given the label's class, under the same assumption within each. A class with fewer than conformal_needs(level)
 * examples has q = ∞ and is in every set. label: (n), 0 … c − 1; out: (c). Errors: as conformal_fit. */
status conformal_fit_classes(double level, const double *score, const int32_t *label, size_t n, int c, struct conformal *out);

/* The coverage that this holdout reaches, of mean k/(n + 1) over holdouts: the u-quantile of its law. With probability 1 − u a
 * holdout reaches at least that. 1 where k > n. */
double conformal_reaches(const struct conformal *q, double u);

#endif
