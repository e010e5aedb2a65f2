/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/decide/conformal_sets.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_sort_double.h>

/* Of a class with this mass above it. A function of its own, so that both callers round alike. */
static double __attribute__((noinline)) score_of(const struct set_rule *r, double p, double above, size_t rank, double u)
{
	if (r->score == SET_LAC)
		return 1 - p;
	const double score = above + u * p;
	return r->score == SET_RAPS ? score + r->lambda * fmax(0, (double)rank - r->k_reg) : score;
}

double conformal_score(const struct set_rule *r, const double *p, int c, int y, double u, double *room)
{
	size_t n = 0;
	double above = 0;
	if (r->score == SET_LAC)
		return score_of(r, p[y], 0, 0, u);
	for (int k = 0; k < c; k++)
		if (p[k] > p[y])
			room[n++] = p[k];
	gsl_sort(room, 1, n);
	/* From the largest on, as conformal_set adds them up. */
	for (size_t i = n; i-- > 0;)
		above += room[i];
	return score_of(r, p[y], above, n + 1, u);
}

/* The quantiles of all classes or of each, and the largest of them. */
struct asked {
	const struct conformal *of;
	bool by_class;
	double most;
};

static struct asked asked_of(const struct conformal *q, bool by_class, int c)
{
	struct asked a = {q, by_class, q->q};
	for (int k = 1; by_class && k < c; k++)
		a.most = fmax(a.most, q[k].q);
	return a;
}

static int take(bool *in, bool taken)
{
	*in = taken;
	return taken;
}

/* Enters the classes in falling order of p, which their scores rise in. Returns whether the first m, which are largest
 * first in `order`, were enough: what comes after them is out by the mass above it alone. */
static bool enter(const struct set_rule *r, const struct asked *q, const double *p, double u, const size_t *order,
                  size_t m, bool *in, int *size)
{
	double above = 0, mass = 0;
	size_t rank = 1;
	for (size_t i = 0; i < m; i++) {
		const size_t k = order[i];
		if (i && p[k] < p[order[i - 1]]) {
			above = mass;
			rank = i + 1;
		}
		if (above > q->most)
			return true;
		*size += take(&in[k], score_of(r, p[k], above, rank, u) <= q->of[q->by_class ? k : 0].q);
		mass += p[k];
	}
	return false;
}

static void reverse(size_t *order, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		const size_t k = order[i];
		order[i] = order[n - 1 - i];
		order[n - 1 - i] = k;
	}
}

static int set_of_order(const struct set_rule *r, const struct asked *q, const double *p, size_t c, double u,
                        size_t *order, bool *in)
{
	enum { FEW = 32 };   /* sets of a thousand classes seldom have more, and these are soon found */
	int size = 0;
	memset(in, 0, c * sizeof *in);
	gsl_sort_largest_index(order, c < FEW ? c : FEW, p, 1, c);
	if (enter(r, q, p, u, order, c < FEW ? c : FEW, in, &size) || c <= FEW)
		return size;
	size = 0;
	gsl_sort_index(order, p, 1, c);
	reverse(order, c);
	enter(r, q, p, u, order, c, in, &size);
	return size;
}

static int largest(const double *p, int c)
{
	int best = 0;
	for (int k = 1; k < c; k++)
		if (p[k] > p[best])
			best = k;
	return best;
}

int conformal_set(const struct set_rule *r, const struct conformal *q, bool by_class, const double *p, int c, double u,
                  size_t *order, bool *in)
{
	int size = 0;
	if (r->score == SET_LAC) {
		for (int k = 0; k < c; k++)
			size += take(&in[k], score_of(r, p[k], 0, 0, u) <= q[by_class ? k : 0].q);
	} else {
		const struct asked a = asked_of(q, by_class, c);
		size = set_of_order(r, &a, p, (size_t)c, u, order, in);
	}
	if (!size && !r->empty)
		size = take(&in[largest(p, c)], true);
	return size;
}
