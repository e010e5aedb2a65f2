/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/scores/coverage.h"

#include <math.h>

#include "predict/errors.h"

static const double levels[COVERAGE_LEVELS] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99};

/* How far from the median a target lies: the level of the central interval at whose end it is. room: (2 S). */
static double level_of(const struct regression *r, const double *y, size_t i, int j, double *room)
{
	const struct gaussian_mixture m = regression_mixture(r, i, j, room);
	return fabs(2 * gaussian_mixture_cdf(&m, y[i * (size_t)r->k + (size_t)j]) - 1);
}

static void count_level(const struct regression *r, const double *own, double *share, struct coverage *out)
{
	for (size_t i = 0; i < r->n; i++) {
		size_t inside = 0;
		for (int j = 0; j < r->k; j++)
			inside += own[i * (size_t)r->k + (size_t)j] <= out->level;
		share[i] = (double)inside / r->k;
		out->count += inside;
	}
	out->share = (double)out->count / ((double)r->n * r->k);
	out->share_se = mean_error(share, r->n);
}

status coverage_of(const struct regression *r, const double *y, struct coverage out[COVERAGE_LEVELS])
{
	struct arena arena = {0};
	double *own, *share, *room;
	for (int l = 0; l < COVERAGE_LEVELS; l++)
		out[l] = (struct coverage){levels[l], 0, NAN, NAN};
	if (!r->n || !r->members)
		return OK;
	status s = ARENA_NEW(&arena, r->n * (size_t)r->k, &own);
	if (s == OK)
		s = ARENA_NEW(&arena, r->n, &share);
	if (s == OK)
		s = ARENA_NEW(&arena, 2 * r->members, &room);
	for (size_t e = 0; s == OK && e < r->n * (size_t)r->k; e++)
		own[e] = level_of(r, y, e / (size_t)r->k, (int)(e % (size_t)r->k), room);
	for (int l = 0; s == OK && l < COVERAGE_LEVELS; l++)
		count_level(r, own, share, &out[l]);
	arena_free(&arena);
	return s;
}
