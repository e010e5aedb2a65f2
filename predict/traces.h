/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is judged of the draws of one number: convergence.h's figures, and whether it drifts. */
#ifndef BASIN_TRACES_H
#define BASIN_TRACES_H

#include "predict/convergence.h"

struct trace {
	struct convergence all;  /* of all chains together */
	double drift;            /* between the means of the first and the last third of the draws, in its own Monte Carlo standard error */
};

/* x: (chains, n), as convergence_of has it. Errors: ERR_MEMORY. */
status trace_judge(const double *x, int chains, size_t n, struct trace *out);

#endif
