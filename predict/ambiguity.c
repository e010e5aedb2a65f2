/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/ambiguity.h"

#include <math.h>

#include "predict/errors.h"

status ambiguity_open(struct arena *a, size_t n, struct ambiguity *out)
{
	*out = (struct ambiguity){.n = n};
	return ARENA_NEW(a, n, &out->sum);
}

void ambiguity_add(struct ambiguity *m, const double *log_lik)
{
	for (size_t i = 0; i < m->n; i++)
		m->sum[i] += log_lik[i];
	m->members++;
}

static void mean_of(const double *each, size_t n, double *out, double *se)
{
	*out = 0;
	for (size_t i = 0; i < n; i++)
		*out += each[i] / (double)n;
	*se = mean_error(each, n);
}

status ambiguity_nll(const struct ambiguity *m, const double *loss, double *out, double *se)
{
	struct arena arena = {0};
	double *each;
	*out = *se = NAN;
	if (!m->n || m->members < 2)
		return OK;
	TRY(ARENA_NEW(&arena, m->n, &each));
	for (size_t i = 0; i < m->n; i++) {
		const double gain = -m->sum[i] / (double)m->members - loss[i];
		each[i] = gain < 0 ? 0 : gain;  /* by rounding alone */
	}
	mean_of(each, m->n, out, se);
	arena_free(&arena);
	return OK;
}

static double variance(const struct regression *r, size_t i, int j)
{
	double mean = 0, squares = 0;
	for (size_t s = 0; s < r->members; s++)
		mean += regression_mean(r, s, i, j) / (double)r->members;
	for (size_t s = 0; s < r->members; s++) {
		const double d = regression_mean(r, s, i, j) - mean;
		squares += d * d;
	}
	return squares / (double)r->members;
}

status ambiguity_mse(const struct regression *r, double *out, double *se)
{
	struct arena arena = {0};
	double *each;
	*out = *se = NAN;
	if (!r->n || r->members < 2)
		return OK;
	TRY(ARENA_NEW(&arena, r->n, &each));
	for (size_t i = 0; i < r->n; i++)
		for (int j = 0; j < r->k; j++)
			each[i] += variance(r, i, j) / r->k;
	mean_of(each, r->n, out, se);
	arena_free(&arena);
	return OK;
}
