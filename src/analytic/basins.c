/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basins: piecewise quadratic in one dimension. Basin k has half-width rₖ and curvature hₖ, and they stand side by side: the first
 * one's centre is 0, each further one begins where the one before it ends. u(x) = H − hₖrₖ²/2 + hₖ(x − cₖ)²/2 in basin k, H the
 * largest hₖrₖ²/2: u is H at every border, so that it is continuous, and a basin is hₖrₖ²/2 deep. Its slope jumps there; the
 * border itself belongs to the basin at its right. Beyond the first and last border the outer quadratics go on. */
#include <math.h>
#include <string.h>

#include "src/analytic/target.h"

struct basins {
	size_t n;
	double *centre, *edge, *curvature, *floor;   /* (n); edge: the right border */
};

/* The basin that x lies in. */
static size_t find(const struct basins *b, double x)
{
	size_t k = 0;
	while (k + 1 < b->n && x >= b->edge[k])
		k++;
	return k;
}

static double basins_value(const struct target *t, size_t i, const double *theta, double *gradient)
{
	(void)i;
	const struct basins *b = t->own;
	size_t k = find(b, theta[0]);
	double away = theta[0] - b->centre[k];
	gradient[0] = b->curvature[k] * away;
	return b->floor[k] + gradient[0] * away / 2;
}

static void basins_hvp(const struct target *t, size_t i, const double *theta, const double *v, double *out)
{
	(void)i;
	const struct basins *b = t->own;
	out[0] = b->curvature[find(b, theta[0])] * v[0];
}

static status basins_open(struct target *t, const char *rest)
{
	struct rows r;
	struct basins *b;
	double border = 0;
	TRY(rows_read(t, rest, strlen(rest), 2, 2, "HALFWIDTH/CURVATURE", &r));
	TRY(rows_above_zero(t, &r, 0, "half-width"));
	TRY(rows_above_zero(t, &r, 1, "curvature"));
	TRY(ARENA_NEW(t->arena, 1, &b));
	TRY(ARENA_NEW(t->arena, r.n, &b->centre));
	TRY(ARENA_NEW(t->arena, r.n, &b->edge));
	TRY(ARENA_NEW(t->arena, r.n, &b->curvature));
	TRY(ARENA_NEW(t->arena, r.n, &b->floor));
	b->n = r.n;
	for (size_t k = 0; k < r.n; k++) {
		double half = r.at[2 * k];
		b->centre[k] = k ? b->edge[k - 1] + half : 0;
		b->edge[k] = b->centre[k] + half;
		b->curvature[k] = r.at[2 * k + 1];
		b->floor[k] = -b->curvature[k] * half * half / 2;
		border = fmax(border, -b->floor[k]);
	}
	for (size_t k = 0; k < r.n; k++)
		b->floor[k] += border;
	t->d = 1;
	t->own = b;
	/* Two thirds of all chains start in the first basin. */
	t->spread = r.at[0];
	return arena_text(t->arena, &t->note, "%zu quadratic basin%s side by side, u = %g at every border", r.n, r.n == 1 ? "" : "s", border);
}

const struct analytic_kind analytic_basins = {.name = "basins", .rest = "HALFWIDTH/CURVATURE,…", .open = basins_open,
                                              .value = basins_value, .hvp = basins_hvp};
