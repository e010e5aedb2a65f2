/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The worst that draws of several numbers say of the chains that they come from, for one line of a report. */
#ifndef BASIN_MIXING_H
#define BASIN_MIXING_H

#include "predict/draws.h"
#include "predict/selection.h"

struct mixing {
	int chains;                 /* that were held together, of the role with the fewest effective draws */
	size_t draws;               /* of each */
	size_t left_out;            /* chains with less than half the draws of others (panel.h) */
	bool judged;                /* false: too few draws; the rest is NaN */
	double rhat;                /* the largest */
	double ess_bulk, ess_tail;  /* the smallest, of all chains together */
};

/* Of the rows of d, whose members are s's choices. Roles are distributions of their own: chains are held together by
 * role, and the worst role counts. A row that never changes counts only where no row does: the log-likelihood of an
 * example that all are sure of is 0 to the last bit. Errors: as convergence_of's and panel_open's. */
status mixing_judge(const struct member_draws *d, const struct selection *s, struct mixing *out);

#endif
