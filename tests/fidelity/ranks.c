/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/fidelity/ranks.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Fewer in a bin than LEAST, and the statistic's tail is many times χ²'s: as often as that, bins are made of two. */
enum { LEAST = 25, TAIL = 4 };

double ranks_chi_squared(const int *count, int bins, int n)
{
	int wide = 1;
	while (n * wide < LEAST * bins && bins / wide % 2 == 0)
		wide *= 2;
	double expected = (double)n * wide / bins, sum = 0;
	for (int i = 0; i < bins; i += wide) {
		double here = 0;
		for (int k = 0; k < wide; k++)
			here += count[i + k];
		sum += (here - expected) * (here - expected) / expected;
	}
	return bins == wide ? 1 : fmin(1, TAIL * gsl_cdf_chisq_Q(sum, bins / wide - 1));
}

double ranks_ecdf(const int *count, int bins, int n, double margin)
{
	double below = 0, worst = 0;
	for (int i = 0; i < bins; i++) {
		below += (double)count[i] / n;
		worst = fmax(worst, fabs(below - (i + 1.0) / bins));
	}
	worst = fmax(worst - margin, 0);
	return fmin(1, 2 * exp(-2 * n * worst * worst));
}
