/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Every analytic target against its formula: u and its mass by quadrature, ∇u and ∇²u·v by differences, near and far out. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_bessel.h>

#include "src/analytic.h"
#include "tests/tap.h"

enum { MOST = 4 };

static const struct rng_key key = {12, 3};

/* A target; how widely about 0 the points lie at which its gradients are taken, first, and then far out; and the deviation that chains
 * start with. */
static const struct kind_case {
	const char *spec;
	int d;
	double spread, start;
} cases[] = {
	{"gaussian:1,4,0.25@0.4", 3, 2, 2},
	{"double-well:1.5,2", 1, 3, 2},
	{"double-well:0.3,0.5,-1.25", 1, 1, 0.5},
	{"banana:0.3,2,0.5", 2, 3, 2},
	{"banana:-1,1,1,3,0.2", 4, 2, 3},
	{"mixture:0/0,3/1,-2/0.5@0.3", 2, 3, 1.63554},
	{"mixture:5x5:2@0.03", 2, 4, 2.83373},
	{"mixture:-1,2@0.2", 1, 2, 1.64317},
	{"mixture:1/2/3@2", 3, 2, 2.58199},
	{"wells:0/0.1/3,2/0.7/1.5,-4/1/0", 1, 4, 5},
	{"wells:1/0.01/-1e3,2/1e-3/2e3", 1, 2, 2.001},
	{"basins:0.3/50,1.5/2,0.2/100", 1, 3, 0.3},
	{"quadratics:1/2,-0.5/3,4/0.1", 1, 2, 2.51759},
	{"quadratics:1/2/0.5,-3/0/4", 2, 3, 1.98606},
};

static struct device *d;

struct at {
	float *theta, *gradient, *v;   /* device */
	struct slots slots;
};

static void at_open(struct at *a)
{
	*a = (struct at){.slots.key = key};
	MUST(d->ops->alloc(d, MOST * sizeof(float), (void **)&a->theta));
	MUST(d->ops->alloc(d, MOST * sizeof(float), (void **)&a->gradient));
	MUST(d->ops->alloc(d, MOST * sizeof(float), (void **)&a->v));
	MUST(d->ops->slots_open(d, &a->slots));
}

static void at_close(struct at *a)
{
	d->ops->free(d, a->theta);
	d->ops->free(d, a->gradient);
	d->ops->free(d, a->v);
	d->ops->slots_close(d, &a->slots);
}

/* The largest difference of a target's numbers from their differences at a point, in units of the largest of them, as
 * {gradient in double, float gradient, hvp}; and whether u there is what the device says. */
static void differences(const struct potential *p, struct at *a, const float *theta, const float *v, double off[3], bool *same)
{
	const struct gradient_request r = {.at = {.theta = a->theta}, .batch = {.n = (int)p->n, .scale = 1 / (double)p->n}, .gradient = a->gradient};
	int n = (int)p->n_params;
	double x[MOST], exact[MOST], to[2][MOST], want = 0, size[2] = {0, 0};
	float got[MOST], product[MOST];
	MUST(d->ops->put(d, a->theta, theta, (size_t)n * sizeof(float)));
	MUST(d->ops->put(d, a->v, v, (size_t)n * sizeof(float)));
	MUST(p->ops->value_grad((struct potential *)p, &a->slots, &r));
	MUST(d->ops->get(d, got, a->gradient, sizeof got));
	MUST(p->ops->hvp((struct potential *)p, &a->slots, &r, a->v));
	MUST(d->ops->get(d, product, a->gradient, sizeof product));
	for (int j = 0; j < n; j++)
		x[j] = (double)theta[j];
	analytic_gradient(p, x, exact);
	double u = analytic_energy(p, x), along = 1e-6;
	*same = fabs(a->slots.value[SLOT_NLL] - u) <= 1e-12 * fabs(u) && isfinite(u);
	for (int j = 0; j < n; j++) {
		size[0] = fmax(size[0], fabs(exact[j]));
		along = fmax(along, fabs(x[j]) * 1e-6);
	}
	off[0] = off[1] = off[2] = 0;
	for (int j = 0; j < n; j++) {
		/* Four points: what is left is of the step's fourth power. */
		const double h = 1e-4 * fmax(1, fabs(x[j])), weight[4] = {1 / 12., -8 / 12., 8 / 12., -1 / 12.}, step[4] = {-2, -1, 1, 2};
		want = 0;
		for (int k = 0; k < 4; k++) {
			double y[MOST];
			memcpy(y, x, sizeof y);
			y[j] += step[k] * h;
			want += weight[k] * (analytic_energy(p, y) - u) / h;
		}
		off[0] = fmax(off[0], fabs(want - exact[j]) / fmax(1, size[0]));
		off[1] = fmax(off[1], fabs((double)got[j] - exact[j]) / fmax(1e-30, fabs(exact[j])));
	}
	for (int side = 0; side < 2; side++) {
		double y[MOST];
		for (int j = 0; j < n; j++)
			y[j] = x[j] + (side ? along : -along) * (double)v[j];
		analytic_gradient(p, y, to[side]);
	}
	for (int j = 0; j < n; j++)
		size[1] = fmax(size[1], fabs((double)product[j]));
	for (int j = 0; j < n; j++)
		off[2] = fmax(off[2], fabs((to[1][j] - to[0][j]) / (2 * along) - (double)product[j]) / fmax(1, size[1]));
}

static void derivatives(const struct kind_case *c)
{
	enum { POINTS = 60 };
	struct potential *p;
	struct at a;
	double worst[3] = {0};
	int wrong = 0;
	MUST(analytic_open(c->spec, d, &p));
	at_open(&a);
	for (int i = 0; i < POINTS; i++) {
		/* The last third is far out: 1e2 to 1e6 times as far. */
		double scale = c->spread * (i < 2 * POINTS / 3 ? 1 : pow(10, 2 + 4. * (i % 20) / 19)), off[3];
		float theta[MOST], v[MOST];
		bool same;
		for (int j = 0; j < MOST; j++) {
			theta[j] = (float)(scale * rng_normal(key, STREAM_DATA, (uint64_t)i, (uint64_t)j));
			v[j] = (float)rng_normal(key, STREAM_PROBE, (uint64_t)i, (uint64_t)j);
		}
		differences(p, &a, theta, v, off, &same);
		wrong += !same;
		for (int k = 0; k < 3; k++)
			worst[k] = fmax(worst[k], off[k]);
	}
	ok(p->n_params == (size_t)c->d && p->fixed && !p->ops->predict, "%s: %d dimensions", c->spec, c->d);
	near(p->params->at[0].init_scale, c->start, 1e-5 * c->start, "%s: chains start as widely as it is", c->spec);
	ok(wrong == 0, "%s: u is finite everywhere, and the device's value", c->spec);
	near(worst[0], 0, 2e-5, "%s: ∇u is that of differences", c->spec);
	near(worst[1], 0, 1.2e-7, "%s: to a float's rounding on the device", c->spec);
	near(worst[2], 0, 2e-4, "%s: and ∇²u·v that of differences of ∇u", c->spec);
	at_close(&a);
	potential_close(p);
}

/* ---- masses ---- */

/* ∫ exp(−u) f over a box of the first two dimensions by the trapezoidal rule, which is exact to the rounding where all is smooth
 * and vanishes at the ends. */
static double mass(const char *spec, int dims, double from, double to, int points, int power)
{
	struct potential *p;
	double h = (to - from) / points, sum = 0;
	MUST(analytic_open(spec, d, &p));
	for (int i = 0; i <= points; i++)
		for (int j = 0; j <= (dims > 1 ? points : 0); j++) {
			const double x[2] = {from + i * h, from + j * h};
			sum += exp(-analytic_energy(p, x)) * pow(x[dims - 1], power);
		}
	potential_close(p);
	return sum * (dims > 1 ? h * h : h);
}

static double basins_density(double x, void *p)
{
	return exp(-analytic_energy(p, &x));
}

/* Kinks are ends of intervals. */
static void basins_mass(void)
{
	double edges[] = {-9, -0.5, 0.5, 3.5, 4, 20}, got = 0, part, error, want = 0;
	struct potential *p;
	gsl_integration_workspace *w = gsl_integration_workspace_alloc(200);
	MUST(analytic_open("basins:0.5/4,1.5/2,0.25/16", d, &p));
	gsl_function f = {basins_density, p};
	for (int k = 0; k < 5; k++) {
		gsl_integration_qag(&f, edges[k], edges[k + 1], 0, 1e-11, 200, GSL_INTEG_GAUSS61, w, &part, &error);
		got += part;
	}
	/* Borders are 2.25 high; ∫ of exp(−h y²/2) over [0, r] is √(π/2h) erf(r√(h/2)), over all y above 0 √(π/2h). */
	const double r[] = {0.5, 1.5, 0.25}, h[] = {4, 2, 16};
	for (int k = 0; k < 3; k++) {
		double half = sqrt(M_PI / (2 * h[k])), inner = half * erf(r[k] * sqrt(h[k] / 2));
		want += exp(h[k] * r[k] * r[k] / 2 - 2.25) * (inner + (k == 1 ? inner : half));
	}
	near(got / want, 1, 1e-9, "basins: the mass of quadratics between borders of one height");
	const double at[] = {0, 0.5 - 1e-9, 0.5 + 1e-9, 2, 3.5 - 1e-9, 3.5 + 1e-9, 3.75, 4, 5}, u[] = {1.75, 2.25, 2.25, 0, 2.25, 2.25, 1.75, 2.25, 14.25};
	bool right = true;
	for (int i = 0; i < 9; i++)
		right = right && fabs(analytic_energy(p, &at[i]) - u[i]) < 1e-7;
	ok(right, "basins: continuous at borders, its depth at centres, the outer ones go on");
	double slope[2];
	analytic_gradient(p, &at[1], &slope[0]);
	analytic_gradient(p, &(double){0.5}, &slope[1]);
	near(slope[0], 2, 1e-6, "basins: the slope at a border's left");
	near(slope[1], -3, 1e-12, "basins: the border itself is the right one's");
	gsl_integration_workspace_free(w);
	potential_close(p);
}

static void masses(void)
{
	near(mass("gaussian:0.7", 1, -15, 15, 3000, 0) / sqrt(2 * M_PI * 0.7), 1, 1e-12, "gaussian: √(2πV)");
	for (int i = 0; i < 3; i++) {
		const double height[] = {0.5, 1, 3}, half = 2;
		char spec[64];
		snprintf(spec, sizeof spec, "double-well:%g,%g", height[i], half);
		double want = half * M_PI / 2 * exp(-height[i] / 2) *
		              (gsl_sf_bessel_Inu(0.25, height[i] / 2) + 2 / M_PI * sin(M_PI / 4) * gsl_sf_bessel_Knu(0.25, height[i] / 2) +
		               gsl_sf_bessel_Inu(0.25, height[i] / 2));
		near(mass(spec, 1, -9, 9, 4000, 0) / want, 1, 1e-11, "double-well: Bessel functions, A = %g", height[i]);
	}
	near(mass("banana:0.3,2,0.5", 2, -80, 80, 2600, 0) / (2 * M_PI * 2 * 0.5), 1, 1e-10, "banana: a twist keeps the mass");
	near(mass("banana:0.3,2,0.5", 2, -80, 80, 2600, 2) / (2 * M_PI * 2 * 0.5), 0.25 + 2 * 0.09 * 16, 1e-9, "banana: S₂² + 2b²S₁⁴");
	near(mass("mixture:5x5:2@0.03", 2, -6, 6, 600, 0) / (2 * M_PI * 0.03), 1, 1e-12, "mixture: (2πV)^{d/2}");
	near(mass("mixture:5x5:2@0.03", 2, -6, 6, 600, 2) / (2 * M_PI * 0.03), 8.03, 1e-11, "mixture: a grid's second moment");
	near(mass("mixture:1/2,0/-3@0.5", 2, -10, 10, 500, 1) / M_PI, -0.5, 1e-12, "mixture: centres as given");
	near(mass("wells:0/0.1/3,2/0.7/1.5,-4/1/0", 1, -15, 15, 6000, 0) / sqrt(2 * M_PI), 0.1 * exp(3) + 0.7 * exp(1.5) + 1, 1e-10,
	     "wells: shares w·exp(D)");
	near(mass("wells:0/0.1/3,2/0.7/1.5,-4/1/0", 1, -15, 15, 6000, 1) / sqrt(2 * M_PI), 1.4 * exp(1.5) - 4, 1e-10, "wells: at their centres");
	near(mass("quadratics:1/2,-0.5/3,4/0.1", 1, -15, 15, 3000, 1) / mass("quadratics:1/2,-0.5/3,4/0.1", 1, -15, 15, 3000, 0),
	     (2 - 1.5 + 0.4) / 5.1, 1e-12, "quadratics: the mean Σhm/Σh");
	basins_mass();
}

int main(void)
{
	MUST(backend_open("cpu", 1, &d));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		derivatives(&cases[i]);
	masses();
	d->ops->close(d);
	return done_testing();
}
