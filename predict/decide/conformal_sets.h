/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Conformal sets of classes (conformal.h) from class probabilities p. Probabilities may be wrong: sets then grow, and
 * hold what they should all the same.
 *
 * A score is a function of p and a class y; `above` is the mass of the classes that are more probable than y, rank one
 * more than their number, so that classes of equal probability have equal scores:
 *   lac:  1 − p_y (Sadinle, Lei & Wasserman 2019): the smallest sets on average, fewer classes for hard examples than
 *         they need;
 *   aps:  above + u p_y (Romano, Sesia & Candès 2020): sets grow with the difficulty of an example;
 *   raps: above + u p_y + λ max(0, rank − k_reg) (Angelopoulos, Bates, Malik & Jordan 2021): aps without its long tails
 *         of improbable classes.
 * With u uniform on (0, 1), one of each example, coverage is exact: no scores are tied. Basin takes u = 0, for holdout
 * and new example alike: nobody's set depends on a number drawn for it, and the most probable class, whose score is
 * then the least there is, is in every set. It covers at least as much as was asked for, and more only through ties:
 * where the most probable class alone is right as often as that, sets are that class. (Papers and other programs often
 * score by above + p_y and then take in the class that crosses q: that is valid too, with larger sets.)
 *
 * lac's set may be empty where no class has 1 − q, and so may sets with u > 0; the most probable class is then put into
 * it unless that is allowed (`empty`): it can only add coverage. */
#ifndef BASIN_CONFORMAL_SETS_H
#define BASIN_CONFORMAL_SETS_H

#include "predict/decide/conformal.h"

enum set_score { SET_LAC, SET_APS, SET_RAPS, SET_SCORES };
#define SET_SCORE_WORDS "lac|aps|raps"

/* The values of Angelopoulos & Bates, "A gentle introduction to conformal prediction", 2021. With five classes or fewer
 * raps is aps. The penalty must not be chosen by the holdout's own labels. */
#define RAPS_LAMBDA 0.01
#define RAPS_K_REG 5

struct set_rule {
	enum set_score score;
	double lambda;   /* raps alone, ≥ 0 */
	int k_reg;       /* raps alone, ≥ 0 */
	bool empty;      /* sets may be empty */
};

/* The score of class y; p: (c), u: 0, or a uniform variate of the example's own; room: (c) of the caller's. Takes O(c)
 * time and that of sorting what is above y. The same p gives the same bits here and in conformal_set. */
double conformal_score(const struct set_rule *r, const double *p, int c, int y, double u, double *room);

/* The set of a new example: in (c) says which classes are in it; returns their number. q: one for all classes, or,
 * `by_class`, (c) of conformal_fit_classes. order: (c) of the caller's. O(c log c). */
int conformal_set(const struct set_rule *r, const struct conformal *q, bool by_class, const double *p, int c, double u,
                  size_t *order, bool *in);

#endif
