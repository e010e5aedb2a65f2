/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/gaussian_mixture.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>

double gaussian_mixture_cdf(const struct gaussian_mixture *m, double y)
{
	double sum = 0;
	for (size_t i = 0; i < m->s; i++)
		sum += erfc((m->mu[i] - y) / (m->own ? m->own[i] : m->sd) * M_SQRT1_2);
	return sum / 2 / (double)m->s;
}

void gaussian_mixture_widths(const struct gaussian_mixture *m, double *narrow, double *wide)
{
	*narrow = *wide = m->own ? m->own[0] : m->sd;
	for (size_t i = 1; m->own && i < m->s; i++) {
		*narrow = fmin(*narrow, m->own[i]);
		*wide = fmax(*wide, m->own[i]);
	}
}

/* ---- quantiles ---- */

/* What is left of `p` below y, or above it where p is the upper tail's, whose small probabilities keep their digits. */
struct tail {
	const struct gaussian_mixture *m;
	double p;
	bool upper;
};

static double tail_left(double y, void *tail)
{
	const struct tail *t = tail;
	double sum = 0;
	for (size_t i = 0; i < t->m->s; i++) {
		double z = (t->m->mu[i] - y) / (t->m->own ? t->m->own[i] : t->m->sd) * M_SQRT1_2;
		sum += erfc(t->upper ? -z : z);
	}
	sum /= 2 * (double)t->m->s;
	return t->upper ? t->p - sum : sum - t->p;
}

static status solve(struct tail *t, double low, double high, double close, double *out)
{
	enum { STEPS_MAX = 200 };
	gsl_function f = {tail_left, t};
	/* Where there is no memory GSL's own way to make one ends the program. */
	gsl_root_fsolver solver = {.type = gsl_root_fsolver_brent, .state = malloc(gsl_root_fsolver_brent->size)};
	if (!solver.state)
		return fail(ERR_MEMORY, "out of memory: a quantile");
	int s = gsl_root_fsolver_set(&solver, &f, low, high);
	for (int i = 0; s == GSL_SUCCESS && i < STEPS_MAX && solver.x_upper - solver.x_lower > close; i++)
		s = gsl_root_fsolver_iterate(&solver);
	*out = gsl_root_fsolver_root(&solver);
	free(solver.state);
	return OK;
}

status gaussian_mixture_quantile(const struct gaussian_mixture *m, double p, double *out)
{
	struct tail t = {m, p > 0.5 ? 1 - p : p, p > 0.5};
	const double z = gsl_cdf_ugaussian_Pinv(t.p) * (t.upper ? -1 : 1);
	double low = INFINITY, high = -INFINITY, narrow, wide;
	/* The mixture's lies between the members' own. */
	for (size_t i = 0; i < m->s; i++) {
		double own = m->mu[i] + z * (m->own ? m->own[i] : m->sd);
		low = fmin(low, own);
		high = fmax(high, own);
	}
	gaussian_mixture_widths(m, &narrow, &wide);
	/* A little further, for what rounding may do to the signs at the ends. */
	low -= 1e-6 * narrow;
	high += 1e-6 * narrow;
	*out = (low + high) / 2;
	if (!(tail_left(low, &t) < 0 && tail_left(high, &t) > 0))
		return OK;
	return solve(&t, low, high, fmax(1e-10 * narrow, 4e-16 * fmax(fabs(low), fabs(high))), out);
}
