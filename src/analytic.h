/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Analytic targets, exp(−u(θ)/T) with N = 1 and a u(θ) that can be written down. */
#ifndef BASIN_ANALYTIC_H
#define BASIN_ANALYTIC_H

#include "src/potential.h"

struct analytic_kind {
	const char *name, *rest;   /* "gaussian", and what follows its colon */
};
extern const struct analytic_kind analytic_kinds[];  /* the last one's name is NULL */

/* Opens "gaussian:V1,V2,…[@RHO]": mean 0, variances Vi > 0, every correlation RHO, −1/(d−1) < RHO < 1.
 * Errors: ERR_USAGE. */
status analytic_open(const char *spec, struct device *d, struct potential **out);
bool analytic_is(const char *spec);
/* The gaussian's covariance (d × d, row-major, double). */
const double *analytic_covariance(const struct potential *p, int *d);

#endif
