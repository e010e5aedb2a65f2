/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/decide/beta.h"

#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

/* By Edgeworth's first term: Φ(z) − φ(z) (z² − 1) skewness/6. */
static double beta_nearly_normal(double x, double a, double b)
{
	const double n = a + b, z = (x - a / n) * n * sqrt((n + 1) / (a * b));
	const double skewness = 2 * (b - a) * sqrt(n + 1) / ((n + 2) * sqrt(a * b));
	return gsl_cdf_ugaussian_P(z) - gsl_ran_ugaussian_pdf(z) * (z * z - 1) * skewness / 6;
}

double beta_below(double x, double a, double b)
{
	const double p = gsl_cdf_beta_P(x, a, b);
	return isnan(p) ? beta_nearly_normal(x, a, b) : p;
}

double beta_quantile(double u, double a, double b)
{
	double low = 0, high = 1;
	for (double middle = 0.5; low < middle && middle < high; middle = low + (high - low) / 2) {
		if (beta_below(middle, a, b) < u)
			low = middle;
		else
			high = middle;
	}
	return high;
}

size_t trials_needed(double rate, double delta)
{
	/* A quotient that is a whole number but for rounding is that number. */
	return (size_t)fmax(1, ceil(log(delta) / log1p(-rate) * (1 - 1e-12)));
}
