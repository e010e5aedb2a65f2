/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* double-well: u(x) = A((x/B)² − 1)² + C·x/B in one dimension. Without the tilt C its minima are at ±B, where u″ = 8A/B², and
 * the barrier between them, at 0, is A high. */
#include <string.h>

#include "src/analytic/target.h"

struct double_well {
	double height, half, tilt;
};

static double double_well_value(const struct target *t, size_t i, const double *theta, double *gradient)
{
	(void)i;
	const struct double_well *w = t->own;
	double x = theta[0] / w->half, square = x * x - 1;
	gradient[0] = (4 * w->height * x * square + w->tilt) / w->half;
	return w->height * square * square + w->tilt * x;
}

static void double_well_hvp(const struct target *t, size_t i, const double *theta, const double *v, double *out)
{
	(void)i;
	const struct double_well *w = t->own;
	double x = theta[0] / w->half;
	out[0] = 4 * w->height * (3 * x * x - 1) / (w->half * w->half) * v[0];
}

static status double_well_open(struct target *t, const char *rest)
{
	struct rows r;
	struct double_well *w;
	TRY(ARENA_NEW(t->arena, 1, &w));
	TRY(rows_read(t, rest, strlen(rest), 1, 1, "a number, of A,B or A,B,C", &r));
	if (r.n < 2 || r.n > 3)
		return fail(ERR_USAGE, "{model} %s: %zu numbers; expected A,B or A,B,C", t->spec, r.n);
	*w = (struct double_well){.height = r.at[0], .half = r.at[1], .tilt = r.n == 3 ? r.at[2] : 0};
	if (!(w->height > 0 && w->half > 0))
		return fail(ERR_USAGE, "{model} %s: A %g and B %g must be above 0", t->spec, w->height, w->half);
	t->d = 1;
	t->own = w;
	t->spread = w->half;
	return arena_text(t->arena, &t->note, "a double well, u(x) = A((x/B)² − 1)² + C·x/B with A = %g, B = %g, C = %g", w->height,
	                  w->half, w->tilt);
}

const struct analytic_kind analytic_double_well = {.name = "double-well", .rest = "A,B[,C]", .open = double_well_open,
                                                   .value = double_well_value, .hvp = double_well_hvp};
