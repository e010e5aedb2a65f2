/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* quadratics: N terms ℓᵢ(θ) = hᵢ‖θ − mᵢ‖²/2, of which batches are drawn as of examples. With no weight decay the target is
 * N(Σhᵢmᵢ/Σhᵢ, T/Σhᵢ · I). */
#include <math.h>
#include <string.h>

#include "src/analytic/target.h"

/* t->own is the rows: mᵢ, then hᵢ. */
static const double *row_of(const struct target *t, size_t i)
{
	const struct rows *r = t->own;
	return r->at + i * (size_t)r->parts;
}

static double quadratics_value(const struct target *t, size_t i, const double *theta, double *gradient)
{
	const double *m = row_of(t, i), h = m[t->d];
	double value = 0;
	for (int j = 0; j < t->d; j++) {
		double away = theta[j] - m[j];
		gradient[j] = h * away;
		value += gradient[j] * away / 2;
	}
	return value;
}

static void quadratics_hvp(const struct target *t, size_t i, const double *theta, const double *v, double *out)
{
	(void)theta;
	const double h = row_of(t, i)[t->d];
	for (int j = 0; j < t->d; j++)
		out[j] = h * v[j];
}

static status quadratics_open(struct target *t, const char *rest)
{
	struct rows *r;
	double square = 0, sum = 0;
	TRY(ARENA_NEW(t->arena, 1, &r));
	TRY(rows_read(t, rest, strlen(rest), 2, DIMENSIONS_MAX + 1, "M/H, or M1/M2/…/H with as many numbers as the first", r));
	TRY(rows_above_zero(t, r, r->parts - 1, "curvature"));
	t->own = r;
	t->d = r->parts - 1;
	t->n = r->n;
	for (size_t i = 0; i < t->n; i++) {
		const double *m = row_of(t, i);
		sum += m[t->d] / (double)t->n;
		for (int j = 0; j < t->d; j++)
			square += m[j] * m[j] / (double)t->n / t->d;
	}
	t->spread = sqrt(square + 1 / sum);
	return arena_text(t->arena, &t->note, "N = %zu quadratic%s h‖θ − m‖²/2 in %d dimension%s, of mean curvature %g", t->n,
	                  t->n == 1 ? "" : "s", t->d, t->d == 1 ? "" : "s", sum);
}

const struct analytic_kind analytic_quadratics = {.name = "quadratics", .rest = "M/H,M/H,…", .examples = true, .open = quadratics_open,
                                                  .value = quadratics_value, .hvp = quadratics_hvp};
