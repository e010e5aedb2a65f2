/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/compare.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>

static const struct estimate undefined = {NAN, NAN};

static struct estimate estimate_of(const double *x, size_t n)
{
	return (struct estimate){gsl_stats_mean(x, 1, n), n > 1 ? gsl_stats_sd(x, 1, n) / sqrt((double)n) : (double)NAN};
}

/* ---- parts of ensembles ---- */

status votes_of(const struct mixture *m, const float *p, struct arena *a, struct class_votes *out)
{
	double *mean;
	TRY(ARENA_NEW(a, m->n * (size_t)m->c, &mean));
	for (size_t i = 0; i < m->n; i++)
		mixture_mean(m, i, mean + i * (size_t)m->c);
	*out = (struct class_votes){m->n, m->c, m->members, p, mean};
	return OK;
}

status votes_part(const struct class_votes *all, size_t first, size_t end, struct arena *a, struct class_votes *out)
{
	const size_t each = all->n * (size_t)all->c;
	double *mean;
	TRY(ARENA_NEW(a, each, &mean));
	for (size_t s = first; s < end; s++)
		for (size_t e = 0; e < each; e++)
			mean[e] += (double)all->p[s * each + e] / (double)(end - first);
	*out = (struct class_votes){all->n, all->c, end - first, all->p + first * each, mean};
	return OK;
}

/* ---- Wasserstein distances ---- */

double sorted_w1(const double *a, size_t na, const double *b, size_t nb)
{
	/* Shares are counted in pairs, of which there are na·nb. */
	const double of_a = (double)nb, of_b = (double)na;
	double sum = 0, left_a = of_a, left_b = of_b;
	for (size_t i = 0, j = 0; i < na && j < nb;) {
		const double step = fmin(left_a, left_b);
		sum += step * fabs(a[i] - b[j]);
		left_a -= step;
		left_b -= step;
		if (left_a == 0) {
			left_a = of_a;
			i++;
		}
		if (left_b == 0) {
			left_b = of_b;
			j++;
		}
	}
	return sum / ((double)na * (double)nb);
}

/* Room for the values of two ensembles' members. */
struct pair {
	double *a, *b;
};

static struct pair pair_new(size_t na, size_t nb)
{
	double *room = malloc((na + nb) * sizeof *room);
	return (struct pair){room, room ? room + na : NULL};
}

static double votes_w1(const struct class_votes *a, const struct class_votes *b, size_t i, const struct pair *room)
{
	const size_t each = a->n * (size_t)a->c;
	double sum = 0;
	for (size_t e = i * (size_t)a->c; e < (i + 1) * (size_t)a->c; e++) {
		for (size_t s = 0; s < a->members; s++)
			room->a[s] = (double)a->p[s * each + e];
		for (size_t s = 0; s < b->members; s++)
			room->b[s] = (double)b->p[s * each + e];
		gsl_sort(room->a, 1, a->members);
		gsl_sort(room->b, 1, b->members);
		sum += sorted_w1(room->a, a->members, room->b, b->members) / 2;
	}
	return sum;
}

static void regression_distances(const struct regression *a, const struct regression *b, size_t i, const struct pair *room,
                                 double *w1, double *w2)
{
	*w1 = *w2 = 0;
	for (int j = 0; j < a->k; j++) {
		const struct gaussian_mixture of_a = regression_mixture(a, i, j, room->a), of_b = regression_mixture(b, i, j, room->b);
		*w1 += sorted_w1(of_a.mu, a->members, of_b.mu, b->members) / a->k;
		*w2 += gaussian_mixtures_w2(&of_a, &of_b) / a->k;
	}
}

/* ---- distances ---- */

static int most_probable(const double *p, int c)
{
	int best = 0;
	for (int j = 1; j < c; j++)
		if (p[j] > p[best])
			best = j;
	return best;
}

static double total_variation(const double *p, const double *q, int c)
{
	double sum = 0;
	for (int j = 0; j < c; j++)
		sum += fabs(p[j] - q[j]) / 2;
	return sum;
}

/* Columns of n, of each example. */
struct columns {
	double *agrees, *variation, *w1, *w2;
};

static status columns_take(struct arena *a, size_t n, struct columns *out)
{
	double *x;
	TRY(ARENA_NEW(a, 4 * n, &x));
	*out = (struct columns){x, x + n, x + 2 * n, x + 3 * n};
	return OK;
}

static status lacking(size_t members)
{
	return fail(ERR_MEMORY, "out of memory: the predictions of %zu members", members);
}

static status each_vote(const struct class_votes *a, const struct class_votes *b, const struct columns *out)
{
	int failed = 0;
#pragma omp parallel reduction(| : failed)
	{
		struct pair room = pair_new(a->members, b->members);
		failed |= !room.a;
#pragma omp for schedule(static)
		for (size_t i = 0; i < a->n; i++) {
			const double *p = a->mean + i * (size_t)a->c, *q = b->mean + i * (size_t)b->c;
			if (!room.a)
				continue;
			out->agrees[i] = most_probable(p, a->c) == most_probable(q, b->c);
			out->variation[i] = total_variation(p, q, a->c);
			out->w1[i] = votes_w1(a, b, i, &room);
		}
		free(room.a);
	}
	return failed ? lacking(a->members + b->members) : OK;
}

static status each_regression(const struct regression *a, const struct regression *b, const struct columns *out)
{
	int failed = 0;
#pragma omp parallel reduction(| : failed)
	{
		struct pair room = pair_new(2 * a->members, 2 * b->members);
		failed |= !room.a;
#pragma omp for schedule(static)
		for (size_t i = 0; i < a->n; i++)
			if (room.a)
				regression_distances(a, b, i, &room, &out->w1[i], &out->w2[i]);
		free(room.a);
	}
	return failed ? lacking(a->members + b->members) : OK;
}

status compare_votes(const struct class_votes *a, const struct class_votes *b, struct distances *out)
{
	struct arena arena = {0};
	struct columns each;
	status s = columns_take(&arena, a->n, &each);
	if (s == OK)
		s = each_vote(a, b, &each);
	if (s == OK)
		*out = (struct distances){estimate_of(each.agrees, a->n), estimate_of(each.variation, a->n), estimate_of(each.w1, a->n),
		                          undefined};
	arena_free(&arena);
	return s;
}

status compare_regressions(const struct regression *a, const struct regression *b, struct distances *out)
{
	struct arena arena = {0};
	struct columns each;
	status s = columns_take(&arena, a->n, &each);
	if (s == OK)
		s = each_regression(a, b, &each);
	if (s == OK)
		*out = (struct distances){undefined, undefined, estimate_of(each.w1, a->n), estimate_of(each.w2, a->n)};
	arena_free(&arena);
	return s;
}

struct paired compare_paired(const double *a, const double *b, size_t n)
{
	static const double level = 0.05, power = 0.8;
	double sum = 0, squares = 0;
	bool varies = false;
	for (size_t i = 0; i < n; i++) {
		sum += b[i] - a[i];
		varies = varies || b[i] - a[i] != b[0] - a[0];
	}
	const double mean = sum / (double)n;
	if (n == 0 || !isfinite(mean))
		return (struct paired){NAN, NAN, NAN};
	for (size_t i = 0; i < n; i++)
		squares += (b[i] - a[i] - mean) * (b[i] - a[i] - mean);
	const double se = n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : (double)NAN;
	const double z = gsl_cdf_ugaussian_Pinv(1 - level / 2) + gsl_cdf_ugaussian_Pinv(power);
	return (struct paired){mean, varies ? se : n > 1 ? 0 : (double)NAN, varies ? z * se : (double)NAN};
}
