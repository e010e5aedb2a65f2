/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/prior.h"

double prior_curvature(enum prior_kind kind, double nu)
{
	return kind == PRIOR_LAPLACE ? 0 : kind == PRIOR_STUDENT_T ? (nu + 1) / (nu - 2) : 1;
}

double prior_deviation(double n, double decay)
{
	return 1 / sqrt(n * decay);
}

const char *prior_name(enum prior_kind kind)
{
	static const char *const names[PRIOR_KINDS] = {"gaussian", "laplace", "student-t"};
	return names[kind];
}
