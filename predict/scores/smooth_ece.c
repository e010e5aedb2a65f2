/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/scores/smooth_ece.h"

#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_roots.h>

#include "predict/errors.h"

/* A grid over [0, 1] has 32 points a bandwidth or more, a power of two of them, and a kernel ends at 8 bandwidths. */
enum { POINTS_LEAST = 64, POINTS_MOST = 32768, FINENESS = 32, REACH = 8 };
static const double sigma_least = 1.0 / 1024;

struct smoothing {
	const struct judged *j;
	double sigma;
	int cells;                   /* of the grid: points 0 … cells */
	double *mass;                /* (cells + 1): the examples' gaps, each shared between the points beside it */
	double *smooth;              /* likewise: r(t), by which the mass is replaced */
	double *kernel;              /* (2 cells + 1): K by distance, with what is reflected at either end once more folded in */
};

static status smoothing_open(const struct judged *j, struct arena *a, struct smoothing *s)
{
	*s = (struct smoothing){.j = j};
	TRY(ARENA_NEW(a, POINTS_MOST + 1, &s->mass));
	TRY(ARENA_NEW(a, POINTS_MOST + 1, &s->smooth));
	return ARENA_NEW(a, 2 * POINTS_MOST + 1, &s->kernel);
}

static void choose(struct smoothing *s, double sigma)
{
	s->sigma = sigma;
	for (s->cells = POINTS_LEAST; s->cells < POINTS_MOST && s->cells * sigma < FINENESS; s->cells *= 2)
		continue;
}

static void share_out(const struct smoothing *s)
{
	const struct judged *j = s->j;
	for (int t = 0; t <= s->cells; t++)
		s->mass[t] = 0;
	for (size_t i = 0; i < j->n; i++) {
		const double at = j->confidence[i] * s->cells, gap = (j->right[i] - j->confidence[i]) / (double)j->n;
		const int t = at < s->cells ? (int)at : s->cells - 1;
		s->mass[t] += gap * (t + 1 - at);
		s->mass[t + 1] += gap * (at - t);
	}
}

/* Reflected at 0 and 1 a point stands at t + 2m and −t + 2m for all m: a kernel of period 2 (in cells, 2 cells), of t − u and
 * of t + u. By distance d in [0, 2 cells] it is the sum over periods. */
static void make_kernel(const struct smoothing *s)
{
	const double scale = 1 / (s->sigma * s->cells), height = 1 / (s->sigma * sqrt(2 * M_PI));
	const int period = 2 * s->cells, periods = (int)ceil(REACH * s->sigma / 2) + 1;
	for (int d = 0; d <= period; d++) {
		s->kernel[d] = 0;
		for (int m = -periods; m <= periods; m++) {
			const double z = (d + m * (double)period) * scale;
			if (fabs(z) < REACH)
				s->kernel[d] += height * exp(-z * z / 2);
		}
	}
}

/* from (cells + 1) smoothed, to (cells + 1). A kernel is even and of period 2 cells, so that t + u has one beyond cells too. */
static void convolve(const struct smoothing *s, const double *from, double *to)
{
	const int reach = (int)ceil(REACH * s->sigma * s->cells), n = s->cells;
	for (int t = 0; t <= n; t++)
		to[t] = 0;
	for (int u = 0; u <= n; u++) {
		if (from[u] == 0)
			continue;
		const int low = u - reach > 0 ? u - reach : 0, high = u + reach < n ? u + reach : n;
		for (int t = low; t < u; t++)
			to[t] += from[u] * s->kernel[u - t];
		for (int t = u; t <= high; t++)
			to[t] += from[u] * s->kernel[t - u];
		for (int t = 0; t <= n && t + u <= reach; t++)
			to[t] += from[u] * s->kernel[t + u];
		for (int t = n; t >= 0 && t + u >= 2 * n - reach && t + u > reach; t--)
			to[t] += from[u] * s->kernel[t + u];
	}
}

/* By trapezoids. */
static double error_at(struct smoothing *s, double sigma)
{
	choose(s, sigma);
	share_out(s);
	make_kernel(s);
	convolve(s, s->mass, s->smooth);
	double sum = (fabs(s->smooth[0]) + fabs(s->smooth[s->cells])) / 2;
	for (int t = 1; t < s->cells; t++)
		sum += fabs(s->smooth[t]);
	return sum / s->cells;
}

static double excess(double sigma, void *smoothing)
{
	return error_at(smoothing, sigma) - sigma;
}

static double mean_gap(const struct judged *j)
{
	double sum = 0;
	for (size_t i = 0; i < j->n; i++)
		sum += (j->right[i] - j->confidence[i]) / (double)j->n;
	return sum;
}

/* Between bounds on whose two sides it lies. */
static status root(struct smoothing *s, double low, double high, double *out)
{
	gsl_error_handler_t *handler = gsl_set_error_handler_off();
	gsl_root_fsolver *solver = gsl_root_fsolver_alloc(gsl_root_fsolver_brent);
	gsl_function f = {excess, s};
	status st = solver ? OK : fail(ERR_MEMORY, "out of memory: the smooth calibration error");
	if (st == OK && gsl_root_fsolver_set(solver, &f, low, high))
		st = fail(ERR_LIBRARY, "GSL finds no bandwidth between %g and %g", low, high);
	for (int i = 0; st == OK && i < 60 && high - low > 1e-6 * low; i++) {
		gsl_root_fsolver_iterate(solver);
		low = gsl_root_fsolver_x_lower(solver);
		high = gsl_root_fsolver_x_upper(solver);
	}
	if (st == OK)
		*out = gsl_root_fsolver_root(solver);
	if (solver)
		gsl_root_fsolver_free(solver);
	gsl_set_error_handler(handler);
	return st;
}

static status own_bandwidth(struct smoothing *s, double *out)
{
	/* At least |∫ r| = |accuracy − mean confidence|, and at most the mean of |right − confidence| ≤ 1. */
	const double low = fmax(sigma_least, (1 - 1e-9) * fabs(mean_gap(s->j))), high = 1;
	*out = low;
	if (excess(low, s) <= 0)  /* nothing is told apart below, or all gaps have one sign */
		return OK;
	*out = high;
	return excess(high, s) >= 0 ? OK : root(s, low, high, out);
}

/* An example's part in the error is its gap times the mean sign of r where its kernel lies. */
static status error_of(struct smoothing *s, struct arena *a, double slope, double *se)
{
	const struct judged *j = s->j;
	double *each;
	TRY(ARENA_NEW(a, j->n, &each));
	for (int t = 0; t <= s->cells; t++)
		s->mass[t] = (s->smooth[t] > 0) - (s->smooth[t] < 0);
	s->mass[0] /= 2;
	s->mass[s->cells] /= 2;
	convolve(s, s->mass, s->smooth);
	for (size_t i = 0; i < j->n; i++) {
		const double at = j->confidence[i] * s->cells;
		const int t = at < s->cells ? (int)at : s->cells - 1;
		const double sign = (s->smooth[t] * (t + 1 - at) + s->smooth[t + 1] * (at - t)) / s->cells;
		each[i] = (j->right[i] - j->confidence[i]) * sign;
	}
	*se = mean_error(each, j->n) / (1 - slope);
	return OK;
}

status smooth_ece_at(const struct judged *j, double sigma, double *out)
{
	struct arena arena = {0};
	struct smoothing s;
	status st = smoothing_open(j, &arena, &s);
	*out = st == OK && j->n ? error_at(&s, sigma) : (double)NAN;
	arena_free(&arena);
	return st;
}

static status measure(const struct judged *j, struct arena *a, struct smooth_ece *out)
{
	struct smoothing s;
	TRY(smoothing_open(j, a, &s));
	TRY(own_bandwidth(&s, &out->bandwidth));
	/* σ = g(σ) moves by δ/(1 − g′) where g moves by δ; a bandwidth that is held does not move. */
	const double step = out->bandwidth / 16;
	double slope = 0;
	if (out->bandwidth > sigma_least && out->bandwidth < 1)
		slope = fmin(0, (error_at(&s, out->bandwidth + step) - error_at(&s, out->bandwidth - step)) / (2 * step));
	out->error = error_at(&s, out->bandwidth);
	return error_of(&s, a, slope, &out->se);
}

status smooth_ece_of(const struct judged *j, struct smooth_ece *out)
{
	struct arena arena = {0};
	*out = (struct smooth_ece){NAN, NAN, NAN};
	status s = j->n ? measure(j, &arena, out) : OK;
	arena_free(&arena);
	return s;
}
