/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/intervals.h"

#include <math.h>

/* The variance of a mixture is the mean of the members' own and that of their means. */
static void one_target(const struct regression *r, size_t i, int j, double *mean, double *sd)
{
	const double first = regression_mean(r, 0, i, j), members = (double)r->members, own = regression_sd(r, j);
	double shift = 0, square = 0;
	for (size_t s = 0; s < r->members; s++)
		shift += (regression_mean(r, s, i, j) - first) / members;
	for (size_t s = 0; s < r->members; s++) {
		const double d = regression_mean(r, s, i, j) - first - shift;
		square += d * d / members;
	}
	*mean = first + shift;
	*sd = sqrt(own * own + square);
}

status intervals_of(const struct regression *r, struct arena *a, struct intervals *out)
{
	const size_t k = (size_t)r->k;
	*out = (struct intervals){.n = r->n, .members = r->members, .k = r->k};
	TRY(ARENA_NEW(a, r->n * k, &out->mean));
	TRY(ARENA_NEW(a, r->n * k, &out->sd));
	for (size_t i = 0; i < r->n; i++)
		for (int j = 0; j < r->k; j++) {
			const size_t e = i * k + (size_t)j;
			one_target(r, i, j, &out->mean[e], &out->sd[e]);
			if (!isfinite(out->mean[e]) || !isfinite(out->sd[e]))
				return fail(ERR_INPUT, "the network's outputs for example %zu are not finite", i);
		}
	return OK;
}
