/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/traces.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
	const double apart = fabs(part[0].mean - part[1].mean), error = hypot(part[0].mcse_mean, part[1].mcse_mean);
	/* Two parts that never move have no error. */
	const bool still = part[0].sd == 0 && part[1].sd == 0;
	*out = still ? (apart > 0 ? INFINITY : 0) : apart / error;
	return s;
}

/* Keeps the worse; what can't be told of one chain can't be told at all. */
static void keep_worst(double *to, double x, bool larger_is_worse)
{
	if (isnan(x) || isnan(*to))
		*to = (double)NAN;
	else
		*to = larger_is_worse ? fmax(*to, x) : fmin(*to, x);
}

static status judge_apart(const double *x, int chains, size_t n, struct trace *out)
{
	out->all.rhat = out->all.tau = out->drift = 0;
	out->all.ess_bulk = out->all.ess_tail = INFINITY;
	for (int k = 0; k < chains; k++) {
		struct convergence one;
		double drift;
		TRY(convergence_of(x + (size_t)k * n, 1, n, &one));
		TRY(drift_of(x + (size_t)k * n, 1, n, &drift));
		keep_worst(&out->all.rhat, one.rhat, true);
		keep_worst(&out->all.tau, one.tau, true);
		keep_worst(&out->all.ess_bulk, one.ess_bulk * chains, false);
		keep_worst(&out->all.ess_tail, one.ess_tail * chains, false);
		keep_worst(&out->drift, drift, true);
	}
	return OK;
}

status trace_judge(const double *x, int chains, size_t n, bool apart, struct trace *out)
{
	TRY(convergence_of(x, chains, n, &out->all));
	return apart ? judge_apart(x, chains, n, out) : drift_of(x, chains, n, &out->drift);
}
