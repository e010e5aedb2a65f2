/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/members.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* One role's, of choice `first` and of those behind it. */
struct of_role {
	size_t n, *member;       /* (n) */
	double *figure;
	enum member_fate *fate;
};

static void take_role(const double *figure, const struct selection *s, size_t first, bool *taken, struct of_role *r)
{
	r->n = 0;
	for (size_t i = first; i < s->n; i++) {
		if (strcmp(s->choice[i].role, s->choice[first].role) != 0)
			continue;
		taken[i] = true;
		r->member[r->n] = i;
		r->figure[r->n++] = figure[i];
	}
}

status members_judge_roles(const double *figure, const struct selection *s, const struct guess *guess, enum member_fate *fate)
{
	struct arena a = {0};
	struct of_role r;
	bool *taken;
	status st = ARENA_NEW(&a, s->n, &taken);
	st = st == OK ? ARENA_NEW(&a, s->n, &r.member) : st;
	st = st == OK ? ARENA_NEW(&a, s->n, &r.figure) : st;
	st = st == OK ? ARENA_NEW(&a, s->n, &r.fate) : st;
	for (size_t first = 0; first < s->n && st == OK; first++) {
		if (taken[first])
			continue;
		take_role(figure, s, first, taken, &r);
		st = members_judge(r.figure, r.n, guess, r.fate);
		for (size_t i = 0; i < r.n && st == OK; i++)
			fate[r.member[i]] = r.fate[i];
	}
	arena_free(&a);
	return st;
}
