/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is judged of the draws of one number: convergence.h's figures, and whether it drifts. */
#ifndef BASIN_TRACES_H
#define BASIN_TRACES_H

#include <stdbool.h>

#include "predict/convergence.h"

struct trace {
	struct convergence all;  /* effective numbers of all chains together; where each is judged by itself, chains times the least */
	double drift;            /* between the means of the first and the last third of the draws, in its own Monte Carlo standard error */
};

/* x: (chains, n), as convergence_of has it. apart: every chain is judged by itself, and the worst counts; mean, sd and their errors
 * are those of all together nevertheless. Errors: ERR_MEMORY. */
status trace_judge(const double *x, int chains, size_t n, bool apart, struct trace *out);

#endif
