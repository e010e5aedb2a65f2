/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/traces.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A part that never moves has no error. */
static double error_of(const struct convergence *part)
{
	return part->sd == 0 ? 0 : part->mcse_mean;
}

/* The first and the last third, each of all chains together. */
static status drift_of(const double *x, int chains, size_t n, double *out)
{
	const size_t third = n / 3;
	struct convergence part[2];
	double *y = malloc((size_t)chains * third * sizeof *y + 1);
	if (!y)
		return fail(ERR_MEMORY, "out of memory: a third of the draws");
	status s = OK;
	for (int i = 0; i < 2 && s == OK; i++) {
		for (int k = 0; k < chains; k++)
			memcpy(y + (size_t)k * third, x + (size_t)k * n + (i ? n - third : 0), third * sizeof *y);
		s = convergence_of(y, chains, third, &part[i]);
	}
	free(y);
	const double apart = fabs(part[0].mean - part[1].mean), error = hypot(error_of(&part[0]), error_of(&part[1]));
	*out = error == 0 ? (apart > 0 ? INFINITY : 0) : apart / error;
	return s;
}

status trace_judge(const double *x, int chains, size_t n, struct trace *out)
{
	TRY(convergence_of(x, chains, n, &out->all));
	return drift_of(x, chains, n, &out->drift);
}
