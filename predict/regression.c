/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/regression.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include <gsl/gsl_sort_double.h>

#include "predict/bootstrap.h"
#include "predict/errors.h"
#include "predict/mixture.h"
#include "src/heteroscedastic.h"

static const double half_log_2pi = 0.918938533204672741780329736406;

/* Outputs of an example. */
static size_t width(const struct regression *r)
{
	return (size_t)r->k * (r->own_noise ? 2 : 1);
}

double regression_mean(const struct regression *r, size_t s, size_t i, int j)
{
	double out = (double)r->output[(s * r->n + i) * width(r) + (size_t)j];
	return r->scale ? r->shift[j] + r->scale[j] * out : out;
}

double regression_sd(const struct regression *r, size_t s, size_t i, int j)
{
	const size_t k = (size_t)r->k;
	double sd = r->member_sd ? r->member_sd[s * k + (size_t)j] : r->noise_sd, slope;
	if (r->own_noise)
		sd = exp(log_variance((double)r->output[(s * r->n + i) * width(r) + k + (size_t)j], &slope) / 2);
	return r->scale ? sd * r->scale[j] : sd;
}

double regression_log_density(const struct regression *r, const double *y, size_t s, size_t i)
{
	double log_p = 0;
	for (int j = 0; j < r->k; j++) {
		double sd = regression_sd(r, s, i, j), z = (y[i * (size_t)r->k + (size_t)j] - regression_mean(r, s, i, j)) / sd;
		log_p -= z * z / 2 + log(sd) + half_log_2pi;
	}
	return log_p;
}

struct regression regression_part(const struct regression *all, size_t first, size_t end)
{
	struct regression part = *all;
	part.output += first * all->n * width(all);
	if (part.member_sd)
		part.member_sd += first * (size_t)all->k;
	part.members = end - first;
	return part;
}

struct gaussian_mixture regression_mixture(const struct regression *r, size_t i, int j, double *room)
{
	struct gaussian_mixture m = {room, r->members, regression_sd(r, 0, i, j), NULL};
	for (size_t s = 0; s < r->members; s++)
		room[s] = regression_mean(r, s, i, j);
	if (!r->member_sd && !r->own_noise) {
		gsl_sort(room, 1, r->members);
		return m;
	}
	m.own = room + r->members;
	for (size_t s = 0; s < r->members; s++)
		room[r->members + s] = regression_sd(r, s, i, j);
	gsl_sort2(room, 1, room + r->members, 1, r->members);
	return m;
}

double regression_predicted_mean(const struct regression *r, size_t i, int j)
{
	double sum = 0;
	for (size_t s = 0; s < r->members; s++)
		sum += regression_mean(r, s, i, j);
	return sum / (double)r->members;
}

double regression_predicted_sd(const struct regression *r, size_t i, int j)
{
	const double mean = regression_predicted_mean(r, i, j);
	double sum = 0;
	for (size_t s = 0; s < r->members; s++) {
		double d = regression_mean(r, s, i, j) - mean, sd = regression_sd(r, s, i, j);
		sum += d * d + sd * sd;
	}
	return sqrt(sum / (double)r->members);
}

status regression_interval(const struct regression *r, size_t i, int j, double level, double *lower, double *upper)
{
	double *room = malloc(2 * r->members * sizeof *room);
	if (!room)
		return fail(ERR_MEMORY, "out of memory: the outputs of %zu members", r->members);
	const struct gaussian_mixture m = regression_mixture(r, i, j, room);
	status s = gaussian_mixture_quantile(&m, (1 - level) / 2, lower);
	if (s == OK)
		s = gaussian_mixture_quantile(&m, (1 + level) / 2, upper);
	free(room);
	return s;
}

/* One example; room (2 S) is scratch. */
static void score(const struct regression *r, const double *y, size_t i, double *room, const struct regression_each *c)
{
	double log_p = -INFINITY;
	for (size_t s = 0; s < r->members; s++)
		log_p = log_add(log_p, regression_log_density(r, y, s, i));
	c->nll[i] = log((double)r->members) - log_p;
	c->square[i] = c->crps[i] = c->covered[i] = 0;
	for (int j = 0; j < r->k; j++) {
		const double target = y[i * (size_t)r->k + (size_t)j], off = target - regression_predicted_mean(r, i, j);
		const struct gaussian_mixture m = regression_mixture(r, i, j, room);
		/* y lies between the quantiles exactly where its own probability lies between theirs. */
		const double probability = gaussian_mixture_cdf(&m, target);
		c->square[i] += off * off;
		c->crps[i] += gaussian_mixture_crps(&m, target);
		c->covered[i] += probability >= 0.025 && probability <= 0.975;
	}
}

static bool is_deviation(double sd)
{
	return isfinite(sd) && sd > 0;
}

status regression_check(const struct regression *r, const double *y)
{
	const size_t k = (size_t)r->k, row = r->n * width(r);
	for (size_t e = 0; y && e < r->n * k; e++)
		if (!isfinite(y[e]))
			return fail(ERR_INPUT, "the target of example %zu is not finite", e / k);
	for (size_t e = 0; e < r->members * row; e++)
		if (!isfinite(r->output[e]))
			return fail(ERR_INPUT, "the output of member %zu for example %zu is not finite", e / row, e % row / width(r));
	for (size_t e = 0; r->member_sd && e < r->members * k; e++)
		if (!is_deviation(r->member_sd[e]))
			return fail(ERR_INPUT, "the deviation of member %zu is %g; it must be above 0", e / k, r->member_sd[e]);
	if (!r->member_sd && !r->own_noise && !is_deviation(r->noise_sd))
		return fail(ERR_INPUT, "the likelihood's deviation is %g; it must be above 0", r->noise_sd);
	return OK;
}

static double total(const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum;
}

static status score_all(const struct regression *r, const double *y, const struct regression_each *c)
{
	int failed = 0;
#pragma omp parallel reduction(| : failed)
	{
		double *room = malloc(2 * r->members * sizeof *room);
		failed |= !room;
#pragma omp for schedule(static)
		for (size_t i = 0; i < r->n; i++)
			if (room)
				score(r, y, i, room, c);
		free(room);
	}
	return failed ? fail(ERR_MEMORY, "out of memory: the outputs of %zu members", r->members) : OK;
}

status regression_score(const struct regression *r, const double *y, struct arena *a, struct regression_each *out)
{
	double *x;
	TRY(regression_check(r, y));
	TRY(ARENA_NEW(a, 4 * r->n, &x));
	*out = (struct regression_each){x, x + r->n, x + 2 * r->n, x + 3 * r->n};
	return score_all(r, y, out);
}

status metrics_regression(const struct regression *r, const double *y, struct regression_metrics *out)
{
	*out = (struct regression_metrics){r->n, r->members, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	if (!r->n || !r->members)
		return OK;
	struct arena arena = {0};
	struct regression_each c;
	const double targets = (double)r->n * r->k;
	status s = regression_score(r, y, &arena, &c);
	if (s == OK)
		s = bootstrap_means(r->n, 1, c.nll, &out->nll_se);
	if (s == OK) {
		out->nll = total(c.nll, r->n) / (double)r->n;
		out->rmse = sqrt(total(c.square, r->n) / targets);
		out->crps = total(c.crps, r->n) / targets;
		out->coverage = total(c.covered, r->n) / targets;
		out->rmse_se = out->rmse > 0 ? mean_error(c.square, r->n) / r->k / (2 * out->rmse) : 0;
		out->crps_se = mean_error(c.crps, r->n) / r->k;
		out->coverage_se = mean_error(c.covered, r->n) / r->k;
	}
	arena_free(&arena);
	return s;
}

status regression_curve(const struct regression *r, const double *y, double *nll, double *rmse)
{
	struct arena arena = {0};
	const size_t row = r->n * (size_t)r->k;
	double *log_p, *sum;
	status st = ARENA_NEW(&arena, r->n, &log_p);
	if (st == OK)
		st = ARENA_NEW(&arena, row, &sum);
	for (size_t i = 0; st == OK && i < r->n; i++)
		log_p[i] = -INFINITY;
	for (size_t s = 0; st == OK && s < r->members; s++) {
		double loss = 0, square = 0;
		for (size_t i = 0; i < r->n; i++) {
			log_p[i] = log_add(log_p[i], regression_log_density(r, y, s, i));
			loss += log((double)(s + 1)) - log_p[i];
			for (int j = 0; j < r->k; j++) {
				size_t e = i * (size_t)r->k + (size_t)j;
				sum[e] += regression_mean(r, s, i, j);
				double d = y[e] - sum[e] / (double)(s + 1);
				square += d * d;
			}
		}
		nll[s] = loss / (double)r->n;
		rmse[s] = sqrt(square / (double)row);
	}
	arena_free(&arena);
	return st;
}

double regression_rmse(const struct regression *r, const double *y)
{
	double square = 0;
	for (size_t i = 0; i < r->n; i++)
		for (int j = 0; j < r->k; j++) {
			double d = y[i * (size_t)r->k + (size_t)j] - regression_predicted_mean(r, i, j);
			square += d * d;
		}
	return sqrt(square / ((double)r->n * r->k));
}

double regression_deviation(const double *y, size_t n, int k)
{
	double squares = 0;
	for (int j = 0; n && j < k; j++) {
		/* From the first target on: of equal ones exactly nothing is left. */
		double first = y[j], mean = 0;
		for (size_t i = 0; i < n; i++)
			mean += (y[i * (size_t)k + (size_t)j] - first) / (double)n;
		for (size_t i = 0; i < n; i++) {
			double d = y[i * (size_t)k + (size_t)j] - first - mean;
			squares += d * d;
		}
	}
	return n < 2 || squares == 0 ? (double)NAN : sqrt(squares / ((double)(n - 1) * k));
}
