/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/decide/conformal.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_sort_double.h>

#include "predict/decide/beta.h"

size_t conformal_rank(double level, size_t n)
{
	return (size_t)ceil(((double)n + 1) * level * (1 - 1e-12));
}

size_t conformal_needs(double level)
{
	/* k ≤ n where n ≥ level/(1 − level); the search mends that quotient's rounding. */
	size_t n = (size_t)floor(level / (1 - level) * (1 - 1e-9));
	while (conformal_rank(level, n) > n)
		n++;
	return n;
}

/* score is sorted here. */
static struct conformal of_scores(double level, double *score, size_t n)
{
	const size_t rank = conformal_rank(level, n);
	gsl_sort(score, 1, n);
	return (struct conformal){level, n, rank, rank <= n ? score[rank - 1] : (double)INFINITY};
}

static status scores_check(const double *score, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isnan(score[i]))
			return fail(ERR_INPUT, "the conformal score of example %zu is not a number", i);
	return OK;
}

status conformal_fit(double level, const double *score, size_t n, struct conformal *out)
{
	struct arena arena = {0};
	double *sorted;
	TRY(scores_check(score, n));
	const status s = ARENA_NEW(&arena, n + 1, &sorted);
	if (s == OK) {
		if (n)
			memcpy(sorted, score, n * sizeof *score);
		*out = of_scores(level, sorted, n);
	}
	arena_free(&arena);
	return s;
}

status conformal_fit_classes(double level, const double *score, const int32_t *label, size_t n, int c, struct conformal *out)
{
	struct arena arena = {0};
	double *by_class;
	size_t *end;
	TRY(scores_check(score, n));
	status s = ARENA_NEW(&arena, n + 1, &by_class);
	if (s == OK)
		s = ARENA_NEW(&arena, (size_t)c + 1, &end);
	if (s == OK) {
		for (size_t i = 0; i < n; i++)
			end[label[i] + 1]++;
		for (int k = 1; k < c; k++)
			end[k] += end[k - 1];
		/* end[k] is where class k begins, and ends up where it ends. */
		for (size_t i = 0; i < n; i++)
			by_class[end[label[i]]++] = score[i];
		for (int k = 0; k < c; k++) {
			const size_t first = k ? end[k - 1] : 0;
			out[k] = of_scores(level, by_class + first, end[k] - first);
		}
	}
	arena_free(&arena);
	return s;
}

double conformal_reaches(const struct conformal *q, double u)
{
	return q->rank > q->n ? 1 : beta_quantile(u, (double)q->rank, (double)(q->n + 1 - q->rank));
}
