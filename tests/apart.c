/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/apart.h"

#include <math.h>

double apart(const float *got, const double *want, size_t n)
{
	double off = 0, size = 0;
	for (size_t i = 0; i < n; i++) {
		off += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
		size += want[i] * want[i];
	}
	return isfinite(off) ? sqrt(off / size) : (double)INFINITY;
}
