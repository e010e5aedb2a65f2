/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/decide/alarm.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_sort_double.h>

#include "predict/decide/beta.h"
#include "predict/decide/conformal.h"
#include "src/arena.h"

/* P(the rate of false alarms ≤ f) with the threshold at the k-th smallest. */
static double kept(double rate, size_t n, size_t k)
{
	return beta_below(rate, (double)(n + 1 - k), (double)k);
}

/* The least k that keeps it with confidence 1 − δ; n + 1 where none does. It rises with k. */
static size_t sure_rank(double rate, double delta, size_t n)
{
	size_t low = 0, high = n + 1;
	while (high - low > 1) {
		const size_t k = low + (high - low) / 2;
		/* What is 1 − δ but for rounding is 1 − δ. */
		if (kept(rate, n, k) >= (1 - delta) * (1 - 1e-12))
			high = k;
		else
			low = k;
	}
	return high;
}

static struct alarm_at at(const struct alarm *a, const double *sorted, size_t rank, size_t needs)
{
	if (rank > a->n)
		return (struct alarm_at){INFINITY, a->n + 1, needs, 0};
	return (struct alarm_at){sorted[rank - 1], rank, needs,
	                         beta_quantile(1 - a->delta, (double)(a->n + 1 - rank), (double)rank)};
}

status alarm_fit(double rate, double delta, const double *score, size_t n, struct alarm *out)
{
	struct arena arena = {0};
	double *sorted;
	*out = (struct alarm){.rate = rate, .delta = delta, .n = n};
	for (size_t i = 0; i < n; i++)
		if (isnan(score[i]))
			return fail(ERR_INPUT, "the score of example %zu is not a number", i);
	const status s = ARENA_NEW(&arena, n + 1, &sorted);
	if (s == OK) {
		if (n)
			memcpy(sorted, score, n * sizeof *score);
		gsl_sort(sorted, 1, n);
		out->mean = at(out, sorted, conformal_rank(1 - rate, n), conformal_needs(1 - rate));
		out->sure = at(out, sorted, sure_rank(rate, delta, n), trials_needed(rate, delta));
	}
	arena_free(&arena);
	return s;
}
