/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/members.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>

static double median_of(double *x, size_t n)
{
	gsl_sort(x, 1, n);
	return gsl_stats_median_from_sorted_data(x, 1, n);
}

/* Above which a figure is far; ∞ where there are too few to say. x: those that don't guess. */
static double far_from(double *x, size_t n, const struct guess *guess)
{
	if (n < MEMBERS_LEAST)
		return INFINITY;
	const double median = median_of(x, n);
	for (size_t i = 0; i < n; i++)
		x[i] = fabs(x[i] - median);
	return median + fmax(FAR_SPREADS * 1.4826 * median_of(x, n), FAR_SHARE * (guess->loss - median));
}

status members_judge(const double *figure, size_t n, const struct guess *guess, enum member_fate *fate)
{
	double *others = malloc(n * sizeof *others + 1);
	size_t m = 0;
	if (!others)
		return fail(ERR_MEMORY, "out of memory: %zu members", n);
	for (size_t i = 0; i < n; i++) {
		fate[i] = guess_against(guess, figure[i]) ? MEMBER_GUESSES : MEMBER_LIVES;
		if (fate[i] == MEMBER_LIVES)
			others[m++] = figure[i];
	}
	const double far = isnan(guess->loss) ? INFINITY : far_from(others, m, guess);
	for (size_t i = 0; i < n; i++)
		if (fate[i] == MEMBER_LIVES && figure[i] > far)
			fate[i] = MEMBER_FAR;
	free(others);
	return OK;
}
