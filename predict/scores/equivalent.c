/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/scores/equivalent.h"

#include <math.h>

#include <gsl/gsl_statistics_double.h>

#include "predict/scores/calibrated.h"

/* Differences that float32 probabilities don't tell apart, nats. */
static const double rounding = 1e-6;

/* Where a curve over 1, 2, … members first comes down to nll; NaN where it does not. */
static double crossing(const double *curve, size_t members, double nll)
{
	if (curve[0] <= nll)
		return 1;
	for (size_t k = 1; k < members; k++)
		if (curve[k] <= nll)
			return (double)k + (curve[k - 1] - nll) / (curve[k - 1] - curve[k]);
	return (double)NAN;
}

/* Members from `first` on, and round. */
static status curve_of(const float *probs, size_t members, struct mixture *m, size_t first, double *curve)
{
	const size_t each = m->n * (size_t)m->c;
	for (size_t e = 0; e < each; e++)
		m->p[e] = 0;
	for (size_t k = 0; k < members; k++) {
		const float *p = probs + (first + k) % members * each;
		struct calibrated got;
		for (size_t e = 0; e < each; e++)
			m->p[e] += (double)p[e];
		m->members = k + 1;
		TRY(calibrated_nll(m, &got));
		curve[k] = got.nll;
	}
	return OK;
}

status equivalent_of(const float *probs, size_t members, size_t n, int c, const int32_t *label, double nll, struct arena *a,
                     struct equivalent *out)
{
	const size_t orders = members < EQUIVALENT_ORDERS ? members : EQUIVALENT_ORDERS;
	struct mixture m = {.n = n, .c = c, .label = label};
	double number[EQUIVALENT_ORDERS], *curve;
	*out = (struct equivalent){.members = members};
	TRY(ARENA_NEW(a, n * (size_t)c, &m.p));
	TRY(ARENA_NEW(a, members, &curve));
	TRY(ARENA_NEW(a, members, &out->nll));
	for (size_t r = 0; r < orders; r++) {
		TRY(curve_of(probs, members, &m, r * members / orders, curve));
		number[r] = crossing(curve, members, nll + rounding);
		for (size_t k = 0; k < members; k++)
			out->nll[k] += curve[k] / (double)orders;
	}
	out->number = crossing(out->nll, members, nll + rounding);
	out->at_least = out->nll[0] < nll;
	out->number_sd = orders > 1 ? gsl_stats_sd(number, 1, orders) : (double)NAN;
	return OK;
}
