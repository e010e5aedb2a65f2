/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/errors.h"

#include <math.h>

double mean_error(const double *x, size_t n)
{
	/* From the first value on: equal ones have no error. */
	double mean = 0, squares = 0;
	for (size_t i = 0; i < n; i++)
		mean += (x[i] - x[0]) / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (x[i] - x[0] - mean) * (x[i] - x[0] - mean);
	return n < 2 || !isfinite(squares) ? (double)NAN : sqrt(squares / (double)(n - 1) / (double)n);
}

double share_error(double share, double n)
{
	return n < 2 ? (double)NAN : sqrt(fmax(0, share * (1 - share)) / n);
}

void sums_add(struct sums *s, double x)
{
	s->first = s->n++ ? s->first : x;
	s->sum += x;
	s->moved += x - s->first;
	s->squares += (x - s->first) * (x - s->first);
}

double sums_mean(const struct sums *s)
{
	return s->sum / (double)s->n;
}

double sums_error(const struct sums *s)
{
	const double n = (double)s->n, mean = s->moved / n, variance = s->squares / n - mean * mean;
	return s->n < 2 || !isfinite(variance) ? (double)NAN : sqrt(fmax(0, variance) / (n - 1));
}
