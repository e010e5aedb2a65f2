/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/members.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>

#include "src/arena.h"

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

static status judge_roles(const double *figure, const struct selection *s, const struct guess *guess, struct arena *a,
                          enum member_fate *fate)
{
	enum member_fate *own;
	size_t *member;
	double *some;
	bool *taken;
	TRY(ARENA_NEW(a, s->n, &taken));
	TRY(ARENA_NEW(a, s->n, &member));
	TRY(ARENA_NEW(a, s->n, &some));
	TRY(ARENA_NEW(a, s->n, &own));
	for (size_t first = 0; first < s->n; first++) {
		if (taken[first])
			continue;
		const size_t n = selection_take_role(s, first, taken, member);
		for (size_t i = 0; i < n; i++)
			some[i] = figure[member[i]];
		TRY(members_judge(some, n, guess, own));
		for (size_t i = 0; i < n; i++)
			fate[member[i]] = own[i];
	}
	return OK;
}

status members_judge_roles(const double *figure, const struct selection *s, const struct guess *guess, enum member_fate *fate)
{
	struct arena a = {0};
	status st = judge_roles(figure, s, guess, &a, fate);
	arena_free(&a);
	return st;
}
