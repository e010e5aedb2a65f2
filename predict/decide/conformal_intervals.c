/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/decide/conformal_intervals.h"

#include <float.h>
#include <math.h>

double interval_score(enum interval_score which, const struct told *t, double y)
{
	if (!isfinite(y))
		return NAN;
	if (which == INTERVAL_QUANTILES)
		return isfinite(t->lower) && isfinite(t->upper) ? fmax(t->lower - y, y - t->upper) : (double)NAN;
	const double off = fabs(y - t->mean);
	if (!isfinite(off) || which == INTERVAL_ABSOLUTE)
		return isfinite(off) ? off : (double)NAN;
	if (!(isfinite(t->sd) && t->sd >= 0))
		return NAN;
	return off > 0 ? off / t->sd : 0;
}

/* Outward by what rounding may have taken from the score, from q·sd and from these sums: a target whose score is q is within. */
static struct interval widened(double lower, double upper, double size)
{
	const double rounding = 4 * DBL_EPSILON * size;
	return (struct interval){lower - rounding, upper + rounding};
}

static struct interval around(double middle, double half)
{
	return widened(middle - half, middle + half, fabs(middle) + half);
}

struct interval interval_of(enum interval_score which, const struct conformal *q, const struct told *t)
{
	if (isinf(q->q))
		return (struct interval){-INFINITY, INFINITY};
	if (which != INTERVAL_QUANTILES)
		return around(t->mean, which == INTERVAL_ABSOLUTE ? q->q : q->q * t->sd);
	const struct interval moved = {t->lower - q->q, t->upper + q->q};
	if (moved.lower > moved.upper)
		return around(t->lower + (t->upper - t->lower) / 2, 0);
	return widened(moved.lower, moved.upper, fmax(fabs(t->lower), fabs(t->upper)) + fabs(q->q));
}
