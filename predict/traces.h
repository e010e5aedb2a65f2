/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is judged of the draws of one number: convergence.h's figures, and whether it drifts. */
#ifndef BASIN_TRACES_H
#define BASIN_TRACES_H

#include "predict/convergence.h"

/* Draws of a chain below which a third is too short to show how its draws depend on each other, and its error comes out too small:
 * of AR(1) chains with coefficient 0.9 a drift above 4 came in 18 % with 29 draws, 3.5 % with 36 and 0.3 % with 45. */
enum { DRIFT_JUDGED = 45 };

struct trace {
	struct convergence all;  /* of all chains together */
	double drift;            /* between the means of the first and the last third of the draws, in its own Monte Carlo standard error */
};

/* x: (chains, n), as convergence_of has it. Errors: ERR_MEMORY. */
status trace_judge(const double *x, int chains, size_t n, struct trace *out);

#endif
