/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Members of an ensemble that have died: they know nothing, or lost what the others know. */
#ifndef BASIN_MEMBERS_H
#define BASIN_MEMBERS_H

#include <stddef.h>

#include "predict/selection.h"
#include "src/likelihood.h"

enum member_fate {
	MEMBER_LIVES,
	MEMBER_GUESSES,      /* no better than guessing, or hardly (guess_against) */
	MEMBER_FAR           /* far worse than the others */
};

/* figure: (n), of each member by itself, one that is better the lower it is and whose guess is given. The others are
 * those that do not guess; of MEMBERS_LEAST or more of them one is far whose figure is above their median by more than
 * FAR_SPREADS times their deviation, which the median of the distances from it tells (× 1.4826), and by more than
 * FAR_SHARE of what the median is better than guessing. Losses of a posterior's draws are skew, as χ² is: members of
 * small networks that sample what they should lie ten deviations off now and then, and had lost a third of what the
 * others know where it was the most. fate: (n). Where the guess is not known all live. Errors: ERR_MEMORY. */
enum { MEMBERS_LEAST = 5 };
#define FAR_SPREADS 10.0
#define FAR_SHARE 0.5
status members_judge(const double *figure, size_t n, const struct guess *guess, enum member_fate *fate);

/* The same of the members that s has chosen, those of each role among themselves: roles are distributions of their own, and beside
 * an anchor that wanders widely θ is held tightly. figure, fate: (s->n). Errors: ERR_MEMORY. */
status members_judge_roles(const double *figure, const struct selection *s, const struct guess *guess, enum member_fate *fate);

#endif
