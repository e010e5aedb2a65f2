/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/intervals.h"

#include <math.h>

#include "predict/judged.h"

static const double levels[INTERVAL_LEVELS] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99};

/* How far from the median a target lies: the level of the central interval at whose end it is. mu (S) is scratch. */
static double level_of(const struct regression *r, const double *y, size_t i, int j, double *mu)
{
	for (size_t s = 0; s < r->members; s++)
		mu[s] = regression_mean(r, s, i, j);
	const double below = gaussian_mixture_cdf(mu, r->members, regression_sd(r, j), y[i * (size_t)r->k + (size_t)j]);
	return fabs(2 * below - 1);
}

static void count_level(const struct regression *r, const double *own, double *share, struct interval *out)
{
	for (size_t i = 0; i < r->n; i++) {
		size_t inside = 0;
		for (int j = 0; j < r->k; j++)
			inside += own[i * (size_t)r->k + (size_t)j] <= out->level;
		share[i] = (double)inside / r->k;
		out->count += inside;
	}
	out->coverage = (double)out->count / ((double)r->n * r->k);
	out->coverage_se = mean_error(share, r->n);
}

status intervals_of(const struct regression *r, const double *y, struct interval out[INTERVAL_LEVELS])
{
	struct arena arena = {0};
	double *own, *share, *mu;
	for (int l = 0; l < INTERVAL_LEVELS; l++)
		out[l] = (struct interval){levels[l], 0, NAN, NAN};
	if (!r->n || !r->members)
		return OK;
	status s = ARENA_NEW(&arena, r->n * (size_t)r->k, &own);
	if (s == OK)
		s = ARENA_NEW(&arena, r->n, &share);
	if (s == OK)
		s = ARENA_NEW(&arena, r->members, &mu);
	for (size_t e = 0; s == OK && e < r->n * (size_t)r->k; e++)
		own[e] = level_of(r, y, e / (size_t)r->k, (int)(e % (size_t)r->k), mu);
	for (int l = 0; s == OK && l < INTERVAL_LEVELS; l++)
		count_level(r, own, share, &out[l]);
	arena_free(&arena);
	return s;
}
