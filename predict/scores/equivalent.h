/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How large a deep ensemble would be as good as an ensemble (Ashukha, Lyzhov, Molchanov & Vetrov 2020): the number of its members,
 * interpolated, at which the calibrated NLL of their mixture is no more than the ensemble's. */
#ifndef BASIN_EQUIVALENT_H
#define BASIN_EQUIVALENT_H

#include "predict/mixture.h"

enum { EQUIVALENT_ORDERS = 8 };

struct equivalent {
	size_t members;              /* of the deep ensemble */
	double *nll;                 /* (members): calibrated, of its first 1, 2, …, as a mean over orders of the members */
	double number;               /* at least 1; NaN where not even all members are as good */
	double number_sd;            /* its deviation over orders; NaN where one of these has no such number, or there is but one */
	bool at_least;               /* a single member is as good already: the number would be below 1 */
};

/* Of members' probabilities (members, n, c) of examples with these labels (n), for an ensemble of calibrated NLL `nll`. Orders are
 * rotations, members of them or EQUIVALENT_ORDERS. Errors: calibrated_nll's. */
status equivalent_of(const float *probs, size_t members, size_t n, int c, const int32_t *label, double nll, struct arena *a,
                     struct equivalent *out);

#endif
