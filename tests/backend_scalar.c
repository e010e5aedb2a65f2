/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Arithmetic on slots against plain double and against what the rows are for: geometry, where it has any. */
#include <math.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/tap.h"

/* One row on given numbers: inputs from the host's slots and the device's in turn, outputs to the device's. */
static void scalar_of(struct device *d, enum scalar_fn fn, const double *x, int inputs, double *y)
{
	struct slots s = {0};
	struct scalar w = {.fn = fn, .out = {SLOT_RESULT + 6, SLOT_RESULT + 7, SLOT_RESULT + 8}};
	for (int i = 0; i < inputs; i++) {
		w.in[i] = (i % 2 ? SLOT_SAMPLER : SLOT_RESULT) + i;
		s.value[w.in[i]] = x[i];
	}
	MUST(d->ops->slots_open(d, &s));
	MUST(device_scalar(d, &s, &w));
	MUST(d->ops->slots_fetch(d, &s));
	memcpy(y, s.value + SLOT_RESULT + 6, SCALAR_OUTPUTS * sizeof *y);
	d->ops->slots_close(d, &s);
}

static void check_value(struct device *d, const char *label, const char *what, enum scalar_fn fn, const double *x, int inputs,
                        double want)
{
	double y[SCALAR_OUTPUTS];
	scalar_of(d, fn, x, inputs, y);
	near(y[0], want, 1e-15 * fabs(want), "%s: scalar: %s", label, what);
}

static void check_simple(struct device *d, const char *label)
{
	double y[SCALAR_OUTPUTS];
	check_value(d, label, "copy", SCALAR_COPY, (double[]){0.1}, 1, 0.1);
	check_value(d, label, "product", SCALAR_PRODUCT, (double[]){3, 0.1}, 2, 3 * 0.1);
	check_value(d, label, "axpy", SCALAR_AXPY, (double[]){1, -0.5, 0.25}, 3, 0.875);
	check_value(d, label, "exp", SCALAR_EXP, (double[]){-2}, 1, exp(-2));
	check_value(d, label, "inverse norm", SCALAR_INVERSE_NORM, (double[]){0.05, 9, 1e-12}, 3, 0.05 / (3 + 1e-12));
	check_value(d, label, "a long vector is clipped", SCALAR_CLIP, (double[]){-0.1, 25, 2}, 3, -0.1 * 2 / 5);
	check_value(d, label, "a short one is not", SCALAR_CLIP, (double[]){-0.1, 3, 2}, 3, -0.1);
	check_value(d, label, "nothing is clipped to infinity", SCALAR_CLIP, (double[]){-0.1, 1e300, INFINITY}, 3, -0.1);
	check_value(d, label, "a vector of 0 keeps its length", SCALAR_CLIP, (double[]){-0.1, 0, 0}, 3, -0.1);
	check_value(d, label, "thermostat", SCALAR_THERMOSTAT, (double[]){0.05, 30, 100, 0.2, 4}, 5, 0.05 + (0.3 - 0.2) / 4);
	static const struct {
		double u, energy, yes;
	} draws[] = {{0.5, 0.6, 1}, {0.5, 0.7, 0}, {0.999, -1, 1}, {0.5, -INFINITY, 1}, {0.5, INFINITY, 0}, {0.5, NAN, 0}};
	bool good = true;
	for (int i = 0; i < (int)(sizeof draws / sizeof *draws); i++) {
		scalar_of(d, SCALAR_ACCEPT, (double[]){draws[i].u, draws[i].energy}, 2, y);
		good = good && y[0] == draws[i].yes && y[1] == 1 - draws[i].yes;
	}
	ok(good, "%s: scalar: accepted where ln U < −ΔE, and never where ΔE is not a number", label);
}

/* ---- dual cone: gradients in the plane ---- */

struct plane {
	double r[2], b[2];
};

static double dot2(const double *a, const double *b)
{
	return a[0] * b[0] + a[1] * b[1];
}

static void cone(struct device *d, const struct plane *p, int mode, double flag, double *g, double *raised)
{
	double y[SCALAR_OUTPUTS];
	const double x[] = {dot2(p->r, p->r), dot2(p->b, p->b), dot2(p->r, p->b), mode, 1e-8, flag};
	scalar_of(d, SCALAR_DUAL_CONE, x, 6, y);
	for (int j = 0; j < 2; j++)
		g[j] = y[0] * p->r[j] + y[1] * p->b[j];
	*raised = y[2];
}

/* The paper's algorithms by their definitions. */
static void cone_reference(const struct plane *p, int mode, double *g)
{
	double rr = dot2(p->r, p->r), bb = dot2(p->b, p->b), u[2] = {p->r[0] + p->b[0], p->r[1] + p->b[1]}, center[2];
	double of_r = dot2(u, p->r), of_b = dot2(u, p->b), dot = dot2(p->r, p->b);
	for (int j = 0; j < 2; j++)
		center[j] = p->b[j] / sqrt(bb) + p->r[j] / sqrt(rr);
	for (int j = 0; j < 2; j++)
		g[j] = mode == 0                            ? dot2(center, u) / dot2(center, center) * center[j]
		     : of_r >= 0 && of_b >= 0               ? u[j]
		     : mode == 1 && of_b < 0                ? u[j] - of_b / bb * p->b[j]
		     : mode == 1                            ? u[j] - of_r / rr * p->r[j]
		     : ((1 - dot / bb) * p->b[j] + (1 - dot / rr) * p->r[j]) / 2;
}

static void check_dual_cone(struct device *d, const char *label)
{
	static const char *const modes[] = {"center", "projection", "average"};
	struct draws r = {61, 0};
	for (int mode = 0; mode < 3; mode++) {
		double worst = 0, least = 0;
		for (int i = 0; i < 200; i++) {
			struct plane p;
			double g[2], want[2], raised;
			for (int j = 0; j < 2; j++) {
				p.r[j] = draw_normal(&r);
				p.b[j] = draw_normal(&r) * (i % 3 + 0.2);
			}
			cone(d, &p, mode, 0, g, &raised);
			cone_reference(&p, mode, want);
			double size = sqrt(dot2(p.r, p.r)) + sqrt(dot2(p.b, p.b));
			for (int j = 0; j < 2; j++)
				worst = fmax(worst, fabs(g[j] - want[j]) / size);
			least = fmin(least, fmin(dot2(g, p.r), dot2(g, p.b)) / (size * size));
			worst = fmax(worst, raised);
		}
		near(worst, 0, 1e-12, "%s: scalar: dual cone, %s: the paper's direction", label, modes[mode]);
		ok(least > -1e-12, "%s: scalar: dual cone, %s: no loss grows along it", label, modes[mode]);
	}
	double g[2], at[2], held;
	cone(d, &(struct plane){{2, 0}, {-cos(1e-4), sin(1e-4)}}, 0, 0, g, &at[0]);
	cone(d, &(struct plane){{2, 0}, {-cos(2e-4), sin(2e-4)}}, 0, 0, g, &at[1]);
	cone(d, &(struct plane){{2, 0}, {1, 1}}, 0, 1, g, &held);
	ok(at[0] == 1 && at[1] == 0 && held == 1, "%s: scalar: dual cone: opposite gradients are noticed, and stay so", label);
	cone(d, &(struct plane){{0, 0}, {-3, 1}}, 0, 0, g, &held);
	ok(g[0] == -3 && g[1] == 1 && held == 0, "%s: scalar: dual cone: a gradient of 0 leaves the other alone", label);
}

/* ---- the microcanonical kick: its flow ---- */

enum { D = 3 };

static double dot3(const double *a, const double *b)
{
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static double kick(struct device *d, const double *gradient, double length, double *m)
{
	double y[SCALAR_OUTPUTS];
	scalar_of(d, SCALAR_ESH, (double[]){dot3(gradient, gradient), dot3(gradient, m), length, D - 1}, 4, y);
	for (int j = 0; j < D; j++)
		m[j] = y[0] * gradient[j] + y[1] * m[j];
	return y[2];
}

static void check_esh(struct device *d, const char *label)
{
	const double gradient[D] = {1.5, -0.3, 0.7}, start[D] = {0.6, 0, 0.8};
	double norm = sqrt(dot3(gradient, gradient)), whole[D], parts[D], delta = 1.1 * norm / (D - 1);
	memcpy(whole, start, sizeof whole);
	memcpy(parts, start, sizeof parts);
	double energy = kick(d, gradient, 1.1, whole);
	double split = kick(d, gradient, 0.4, parts) + kick(d, gradient, 0.7, parts);
	double w = -dot3(gradient, start) / norm, worst = 0;
	for (int j = 0; j < D; j++)
		worst = fmax(worst, fabs(whole[j] - parts[j]));
	near(dot3(whole, whole), 1, 1e-14, "%s: scalar: a kicked momentum has length 1", label);
	near(worst, 0, 1e-14, "%s: scalar: two kicks are one of both lengths", label);
	near(-dot3(gradient, whole) / norm, tanh(atanh(w) + delta), 1e-14, "%s: scalar: the kick's closed form", label);
	near(energy, (D - 1) * log(cosh(delta) + w * sinh(delta)), 1e-14, "%s: scalar: its change of kinetic energy", label);
	near(split, energy, 1e-14, "%s: scalar: which adds up", label);
	memcpy(whole, start, sizeof whole);
	energy = kick(d, (double[]){0, 0, 0}, 1, whole);
	ok(!memcmp(whole, start, sizeof whole) && energy == 0, "%s: scalar: no gradient, no kick", label);
}

/* A sum feeds a result that feeds an update: no fetch in between. */
static void check_chained(struct device *d, const char *label)
{
	float g[2] = {3, 4}, y[2] = {0, 0};
	struct piece one = {.count = 2, .prior = 1};
	struct pieces p = {&one, 1, 2};
	struct slots s = {0};
	float *dg = upload(d, g, sizeof g), *dy = upload(d, y, sizeof y);
	MUST(d->ops->slots_open(d, &s));
	s.value[SLOT_SAMPLER] = 10;
	MUST(d->ops->slots_send(d, &s));
	MUST(d->ops->reduce(d, &s, 2, dg, dg, NULL, SLOT_RESULT));
	MUST(device_scalar(d, &s, &(struct scalar){SCALAR_INVERSE_NORM, {SLOT_SAMPLER, SLOT_RESULT}, {SLOT_RESULT}}));
	MUST(d->ops->affine(d, &s, &p, &(struct affine){.n_in = 1, .n_out = 1, .x = {dg},
	                                                .out = {{.y = dy, .base = -1, .coef = {SLOT_RESULT}}}}));
	download(d, y, dy, sizeof y);
	ok(y[0] == 6 && y[1] == 8, "%s: scalar: a norm scales the vector that it is of", label);
	ok(device_scalar(d, &s, &(struct scalar){SCALAR_COPY, {SLOT_RESULT}, {SLOT_SAMPLER}}) == ERR_USAGE,
	   "%s: scalar: a result in one of the host's slots is refused", label);
	d->ops->slots_close(d, &s);
	d->ops->free(d, dg);
	d->ops->free(d, dy);
}

void check_scalar(struct device *d, const char *label)
{
	check_simple(d, label);
	check_dual_cone(d, label);
	check_esh(d, label);
	check_chained(d, label);
}
