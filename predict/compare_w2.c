/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <math.h>
#include <stdbool.h>

#include "predict/gaussian_mixture.h"

/* Beyond this many of the widest member's deviations nothing is left to move: less than 1e-15 of the mass. */
static const double reach = 8;

/* A quantile function from left to right, piece by piece: between probabilities u0 and u1 it goes from x0 to x1 in a straight
 * line. Points lie on multiples of `step`, so that mixtures of one deviation have them in common. */
struct walk {
	const struct gaussian_mixture *of;
	double far;          /* how far a member reaches */
	double step;
	double at;           /* x1, in steps */
	size_t first, end;   /* members before `first` lie wholly below x1, those from `end` on above */
	double x0, x1, u0, u1;
};

static void walk_start(struct walk *w, const struct gaussian_mixture *m)
{
	enum { PIECES = 16, NARROWEST = 16 };
	double narrow, wide;
	gaussian_mixture_widths(m, &narrow, &wide);
	/* Where members are too far apart for such steps to be told from their places, longer ones are as good. */
	const double across = fmax(fabs(m->mu[0]), fabs(m->mu[m->s - 1]));
	*w = (struct walk){.of = m, .far = reach * wide, .step = fmax(fmax(narrow, wide / NARROWEST) / PIECES, across * 1e-12)};
	w->at = floor((m->mu[0] - w->far) / w->step);
	w->x1 = w->at * w->step;
}

static double walk_probability(const struct walk *w, double x)
{
	const struct gaussian_mixture *m = w->of;
	double within = 0;
	for (size_t i = w->first; i < w->end; i++)
		within += erfc((m->mu[i] - x) / (m->own ? m->own[i] : m->sd) * M_SQRT1_2);
	return ((double)w->first + within / 2) / (double)m->s;
}

/* To the next piece; false behind the last. Where no member is within reach there is none. */
static bool walk_on(struct walk *w)
{
	const struct gaussian_mixture *m = w->of;
	const double far = w->far;
	while (w->first < m->s && m->mu[w->first] + far <= w->x1)
		w->first++;
	if (w->first == m->s)
		return false;
	w->at = fmax(w->at, floor((m->mu[w->first] - far) / w->step));
	w->x0 = w->at * w->step;
	w->u0 = w->u1;
	w->x1 = ++w->at * w->step;
	w->end = w->end > w->first ? w->end : w->first;
	while (w->end < m->s && m->mu[w->end] - far < w->x1)
		w->end++;
	w->u1 = fmax(w->u0, walk_probability(w, w->x1));
	return true;
}

static double walk_at(const struct walk *w, double u)
{
	return w->u1 > w->u0 ? w->x0 + (w->x1 - w->x0) * (u - w->u0) / (w->u1 - w->u0) : w->x1;
}

double gaussian_mixtures_w2(const struct gaussian_mixture *a, const struct gaussian_mixture *b)
{
	struct walk p, q;
	double sum = 0, u = 0;
	walk_start(&p, a);
	walk_start(&q, b);
	bool more = walk_on(&p) && walk_on(&q);
	while (more) {
		const double to = fmin(p.u1, q.u1);
		if (to > u) {
			const double from = walk_at(&p, u) - walk_at(&q, u), end = walk_at(&p, to) - walk_at(&q, to);
			sum += (to - u) * (from * from + from * end + end * end) / 3;
			u = to;
		}
		const bool p_ends = p.u1 <= to, q_ends = q.u1 <= to;
		more = (!p_ends || walk_on(&p)) && (!q_ends || walk_on(&q));
	}
	return sqrt(sum);
}
