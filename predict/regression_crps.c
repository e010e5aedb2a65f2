/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <math.h>
#include <stdbool.h>

#include "predict/gaussian_mixture.h"

enum { PAIRS_MAX = 256, WIDE_MAX = 64 };

/* Beyond this many of the widest member's deviations a member's distribution function is 0 or 1 to double precision. */
static const double reach_most = 8.5;

/* E|Z − x| for Z ~ N(0, 1). */
static double mean_distance(double x)
{
	return M_2_SQRTPI * M_SQRT1_2 * exp(-x * x / 2) + x * erf(x * M_SQRT1_2);
}

/* The mixture as seen from y: members' means in the narrowest one's deviations, rising, and how many of these their own are. */
struct view {
	const double *mu, *own;
	size_t s;
	double y, per_sd;
	double reach;
};

static double seen(const struct view *v, size_t i)
{
	return (v->mu[i] - v->y) * v->per_sd;
}

static double seen_sd(const struct view *v, size_t i)
{
	return v->own ? v->own[i] * v->per_sd : 1;
}

/* E|N(m, sd²)|. */
static double mean_size(double m, double sd)
{
	return sd * mean_distance(m / sd);
}

/* E|X − y| − ½ E|X − X′|, in deviations. */
static double by_own_pairs(const struct view *v)
{
	double n = (double)v->s, near_y = 0, apart = 0, self = 0;
	for (size_t i = 0; i < v->s; i++) {
		double z = seen(v, i), sd = seen_sd(v, i);
		near_y += mean_size(z, sd);
		self += mean_size(0, M_SQRT2 * sd);
		for (size_t j = 0; j < i; j++)
			apart += mean_size(z - seen(v, j), hypot(sd, seen_sd(v, j)));
	}
	return near_y / n - (2 * apart + self) / (2 * n * n);
}

/* The same of one deviation. */
static double by_pairs(const struct view *v)
{
	double n = (double)v->s, near_y = 0, apart = 0, self = mean_distance(0);
	for (size_t i = 0; i < v->s; i++) {
		double z = seen(v, i);
		near_y += mean_distance(z);
		for (size_t j = 0; j < i; j++)
			apart += mean_distance((z - seen(v, j)) * M_SQRT1_2);
	}
	return near_y / n - M_SQRT2 * (2 * apart + n * self) / (2 * n * n);
}

/* The members that matter on a panel: those before `first` lie wholly below it, those from `end` on above. */
struct window {
	const struct view *v;
	size_t first, end;
};

/* F(x)² below y, (1 − F(x))² above; x in deviations from y. */
static double square_at(const struct window *w, double x)
{
	bool below = x < 0;
	double sum = 0;
	for (size_t i = w->first; i < w->end; i++)
		sum += erfc((below ? seen(w->v, i) - x : x - seen(w->v, i)) / seen_sd(w->v, i) * M_SQRT1_2);
	double tail = ((double)(below ? w->first : w->v->s - w->end) + sum / 2) / (double)w->v->s;
	return tail * tail;
}

/* ∫ F² below y plus ∫ (1 − F)² above, panel by panel: the integrand is smooth on the scale of one deviation, and flat
 * where no member is within reach. */
static double by_panels(const struct view *v)
{
	/* Gauss–Legendre, 10 points on (−1, 1): the positive half. */
	static const double node[5] = {0.14887433898163121, 0.43339539412924719, 0.67940956829902441,
	                               0.86506336668898451, 0.97390652851717172};
	static const double weight[5] = {0.29552422471475287, 0.26926671930999636, 0.21908636251598204,
	                                 0.14945134915058059, 0.06667134430868814};
	static const double width = 1.5;
	const double reach = v->reach;
	struct window w = {v, 0, 0};
	double x = fmin(seen(v, 0) - reach, 0), last = fmax(seen(v, v->s - 1) + reach, 0), sum = 0;
	while (x < last) {
		while (w.first < v->s && seen(v, w.first) + reach <= x)
			w.first++;
		bool flat = w.first == v->s || seen(v, w.first) - reach > x;
		double to = !flat ? x + width : w.first < v->s ? seen(v, w.first) - reach : last;
		to = x < 0 && to > 0 ? 0 : fmin(to, last);
		w.end = w.end > w.first ? w.end : w.first;
		while (!flat && w.end < v->s && seen(v, w.end) - reach < to)
			w.end++;
		double half = (to - x) / 2, middle = (to + x) / 2;
		if (flat)
			sum += 2 * half * square_at(&w, middle);
		for (int i = 0; !flat && i < 5; i++)
			sum += half * weight[i] * (square_at(&w, middle - half * node[i]) +
			                           square_at(&w, middle + half * node[i]));
		x = to;
	}
	return sum;
}

double gaussian_mixture_crps(const struct gaussian_mixture *m, double y)
{
	double narrow, wide;
	gaussian_mixture_widths(m, &narrow, &wide);
	struct view v = {m->mu, m->own, m->s, y, 1 / narrow, reach_most * (wide / narrow)};
	/* Panels advance by 1.5 deviations, which rounding must not swallow, and which must not be too many. */
	bool near_enough = fmax(fabs(seen(&v, 0)), fabs(seen(&v, m->s - 1))) < 1e10 && wide <= WIDE_MAX * narrow;
	return narrow * (m->s > PAIRS_MAX && near_enough ? by_panels(&v) : m->own ? by_own_pairs(&v) : by_pairs(&v));
}
