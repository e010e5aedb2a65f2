/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* banana: a Gaussian twisted along a parabola, Haario, Saksman and Tamminen, Computational Statistics 14 (1999):
 * u(θ) = θ₁²/(2S₁²) + (θ₂ + b(θ₁² − S₁²))²/(2S₂²) + Σ_{j>2} θⱼ²/(2Sⱼ²). The twist keeps volumes: at β = 1 the mean is 0,
 * θ₁ has variance S₁² and θ₂ has S₂² + 2b²S₁⁴. */
#include <math.h>
#include <string.h>

#include "src/analytic/target.h"

struct banana {
	double curvature, *sd;   /* b; (d) */
};

static double banana_value(const struct target *t, size_t i, const double *theta, double *gradient)
{
	(void)i;
	const struct banana *b = t->own;
	const double *sd = b->sd;
	double bent = theta[1] + b->curvature * (theta[0] * theta[0] - sd[0] * sd[0]), pull = bent / (sd[1] * sd[1]);
	double u = theta[0] * theta[0] / (2 * sd[0] * sd[0]) + bent * pull / 2;
	gradient[0] = theta[0] / (sd[0] * sd[0]) + 2 * b->curvature * theta[0] * pull;
	gradient[1] = pull;
	for (int j = 2; j < t->d; j++) {
		gradient[j] = theta[j] / (sd[j] * sd[j]);
		u += theta[j] * gradient[j] / 2;
	}
	return u;
}

static void banana_hvp(const struct target *t, size_t i, const double *theta, const double *v, double *out)
{
	(void)i;
	const struct banana *b = t->own;
	const double *sd = b->sd, slope = 2 * b->curvature * theta[0];
	double pull = (theta[1] + b->curvature * (theta[0] * theta[0] - sd[0] * sd[0])) / (sd[1] * sd[1]);
	double along = (slope * v[0] + v[1]) / (sd[1] * sd[1]);
	out[0] = v[0] / (sd[0] * sd[0]) + 2 * b->curvature * pull * v[0] + slope * along;
	out[1] = along;
	for (int j = 2; j < t->d; j++)
		out[j] = v[j] / (sd[j] * sd[j]);
}

static status banana_open(struct target *t, const char *rest)
{
	struct rows r;
	struct banana *b;
	TRY(ARENA_NEW(t->arena, 1, &b));
	TRY(rows_read(t, rest, strlen(rest), 1, 1, "a number, of CURVATURE,SD1,SD2,…", &r));
	if (r.n < 3 || r.n > DIMENSIONS_MAX + 1)
		return fail(ERR_USAGE, "{model} %s: expected banana:CURVATURE,SD1,SD2,…, 2 to %d deviations", t->spec, DIMENSIONS_MAX);
	*b = (struct banana){.curvature = r.at[0], .sd = r.at + 1};
	t->d = (int)r.n - 1;
	t->own = b;
	for (int j = 0; j < t->d; j++) {
		if (!(b->sd[j] > 0))
			return fail(ERR_USAGE, "{model} %s: term %d: deviation %g must be above 0", t->spec, j + 2, b->sd[j]);
		t->spread = fmax(t->spread, b->sd[j]);
	}
	return arena_text(t->arena, &t->note, "a banana, a Gaussian of deviations %g, %g%s with %g(θ₁² − %g) added to θ₂", b->sd[0],
	                  b->sd[1], t->d > 2 ? ", …" : "", -b->curvature, b->sd[0] * b->sd[0]);
}

const struct analytic_kind analytic_banana = {.name = "banana", .rest = "CURVATURE,SD1,SD2,…", .open = banana_open,
                                              .value = banana_value, .hvp = banana_hvp};
