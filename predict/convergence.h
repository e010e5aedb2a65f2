/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Whether chains that draw one number have come together, and what their draws are worth: Vehtari, Gelman, Simpson,
 * Carpenter & Bürkner, "Rank-normalization, folding, and localization: an improved R̂ for assessing convergence of
 * MCMC", 2021. Chains are split in halves throughout, so that one chain alone is held against itself; of an odd number
 * of draws the middle one is in neither half. */
#ifndef BASIN_CONVERGENCE_H
#define BASIN_CONVERGENCE_H

#include <stddef.h>

#include "src/err.h"

enum { CONVERGENCE_MIN_DRAWS = 4 };  /* of a chain: two halves of two */

/* NaN where a figure is undefined. */
struct convergence {
	double mean, sd;   /* of all draws; n − 1 */
	double rhat;       /* the greater R̂ of ranks and of ranks of distances from the median, each made normal; ∞ where
	                    * no half chain moves and they are apart */
	double ess_bulk;   /* effective draws of the ranks made normal */
	double ess_tail;   /* the lesser of the indicators' of being at most the 5 % and the 95 % quantile; one that is the
	                    * same for all draws says nothing and is left out; with both left out it is the bulk's */
	double ess_mean;   /* of the draws as they are */
	double mcse_mean, mcse_sd;  /* Monte Carlo standard errors of mean and sd */
	double tau;        /* integrated autocorrelation time in draws, Σ ρ over all lags, which is draws / ess_mean; at
	                    * least 1/log₁₀ of their number */
};

/* x: (chains, n), the draws of one number, chain after chain. Effective numbers are by Geyer's initial monotone
 * sequence (1992) of autocorrelations over all half chains; they are beyond the number of draws where those are
 * negative. Fewer than CONVERGENCE_MIN_DRAWS, or a draw that is not finite: all NaN. Draws that are all the same have
 * effective numbers of 0, tau ∞ and sd 0; R̂ and the errors are 0/0 there, NaN, and it is the 0 that says that nothing
 * was learnt. Takes O(chains n log n) time, and 80 bytes or less a draw. Errors: ERR_MEMORY. */
status convergence_of(const double *x, int chains, size_t n, struct convergence *out);

#endif
