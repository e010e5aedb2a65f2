/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Preconditioned SGLD on Gaussians of independent coordinates, each of which is a chain of its own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { D = 48 };
static const struct rng_key key = {7, 2};

/* Variances one, other, one, other … */
static struct potential *open_pairs(struct device *d, double one, double other)
{
	char spec[16 * D] = "gaussian:";
	struct potential *p;
	for (int i = 0, at = 9; i < D; i++)
		at += snprintf(spec + at, sizeof spec - (size_t)at, "%s%g", i ? "," : "", i % 2 ? other : one);
	MUST(analytic_open(spec, d, &p));
	return p;
}

/* A state of the method, θ and V as given. */
static void open_at(struct bench *b, struct potential *p, const char *method, const char *const *extra, const float *theta, const float *square)
{
	bench_open(b, p, method, extra);
	b->state.s.slots.key = key;
	MUST(state_put(&b->state, 0, theta));
	if (square && b->vectors > 1)
		MUST(state_put(&b->state, 1, square));
}

static void step_at(struct bench *b, uint64_t k, double lr)
{
	b->state.step = k;
	MUST(state_step(&b->state, lr, bench_temperature));
}

/* θᵢ and Vᵢ to begin with, all different, none 0. */
static void some_start(float *theta, float *square)
{
	for (int i = 0; i < D; i++) {
		theta[i] = (float)(0.05 * (i - 20) + 0.021);
		square[i] = (float)(0.02 + 0.03 * i);
	}
}

/* ---- the equation, a second time in double; curvatures h of ℓ, `correction` with Γ ---- */

static void reference_step(double *theta, double *square, const double *h, double alpha, double eps, double lr, bool correction, uint64_t k)
{
	const double beta = 1 / bench_temperature;
	const double past = k == 0 ? 0 : alpha;
	for (int i = 0; i < D; i++) {
		const double g = h[i] * theta[i], v = past * square[i] + (1 - past) * g * g, G = 1 / (eps + sqrt(v));
		const double gamma = correction ? -(1 - alpha) * g * h[i] / (sqrt(v) * pow(eps + sqrt(v), 2)) : 0;
		theta[i] += -lr * G * (g + bench_decay * theta[i]) + lr / beta * gamma +
		            sqrt(2 * lr / beta * G) * rng_normal(key, STREAM_LANGEVIN_0, k, (uint64_t)i);
		square[i] = v;
	}
}

/* 30 steps from the given start and number, in every form. */
static void check_equation(struct potential *p, const double *h)
{
	static const struct {
		const char *name, *decay, *correction;
		uint64_t first;
	} cases[] = {
		{"V = ĝ² at first", "0.9", "none", 0},
		{"V as it was", "0.9", "none", 1},
		{"V fixed", "1", "none", 1},
		{"Γ by a probe", "0.9", "probe", 0},
		{"Γ by a probe, V quick", "0.5", "probe", 3},
		{"Γ exact", "0.8", "exact", 0},
	};
	float theta[D], square[D], got[2][D];
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		struct bench b;
		double t[D], v[D], worst = 0;
		/* A probe of a half is large enough that rounding plays no part; of a quadratic it is exact. */
		const char *words[] = {"--rms-decay", cases[c].decay, "--rms-eps", "0.3", "--correction", cases[c].correction,
		                       strcmp(cases[c].correction, "probe") == 0 ? "--probe-size" : NULL, "0.5", NULL};
		if (strcmp(cases[c].correction, "exact") == 0 && !p->ops->hvp)
			continue;
		some_start(theta, square);
		open_at(&b, p, "psgld", words, theta, square);
		for (int i = 0; i < D; i++) {
			t[i] = theta[i];
			v[i] = square[i];
		}
		for (uint64_t k = cases[c].first; k < cases[c].first + 30; k++) {
			step_at(&b, k, 0.01);
			reference_step(t, v, h, strtod(cases[c].decay, NULL), 0.3, 0.01, strcmp(cases[c].correction, "none") != 0, k);
		}
		MUST(state_get(&b.state, 0, got[0]));
		MUST(state_get(&b.state, 1, got[1]));
		for (int i = 0; i < D; i++)
			worst = fmax(worst, fmax(fabs(got[0][i] - t[i]), fabs(got[1][i] - v[i]) / fmax(1, v[i])));
		near(worst, 0, 2e-5, "psgld, %s: 30 steps are those of its equation", cases[c].name);
		ok((b.state.s.scratch[0] != NULL) == (strcmp(cases[c].correction, "none") != 0), "psgld, %s: and it has the memory for that alone",
		   cases[c].name);
		bench_close(&b);
	}
}

/* Where G is 1, or ε so large that it is 1/ε with λ/ε as step size, it is SGLD. */
static void check_is_sgld(struct potential *p)
{
	static const struct {
		const char *name, *decay, *eps;
		double lr;
	} cases[] = {{"G = 1", "1", "1", 0.1}, {"ε → ∞ with λ/ε fixed", "0.99", "1e7", 1e6}};
	float theta[D], square[D], zero[D] = {0}, one[D], other[D];
	some_start(theta, square);
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		struct bench a, b;
		double worst = 0;
		open_at(&a, p, "psgld", (const char *[]){"--rms-decay", cases[c].decay, "--rms-eps", cases[c].eps, NULL}, theta, zero);
		open_at(&b, p, "sgld", NULL, theta, NULL);
		for (uint64_t k = 1; k < 25; k++) {
			step_at(&a, k, cases[c].lr);
			step_at(&b, k, 0.1);
		}
		MUST(state_get(&a.state, 0, one));
		MUST(state_get(&b.state, 0, other));
		for (int i = 0; i < D; i++)
			worst = fmax(worst, fabs(one[i] - other[i]));
		near(worst, 0, 4e-6, "psgld is sgld where %s", cases[c].name);
		bench_close(&a);
		bench_close(&b);
	}
}

/* What is counted is the loss at θ, once. */
static void check_counted(struct potential *p)
{
	struct bench b;
	float theta[D], square[D];
	double loss = 0;
	some_start(theta, square);
	for (int i = 0; i < D; i++)
		loss += theta[i] * (double)theta[i] / (2 * (i % 2 ? 2 : 0.5));
	open_at(&b, p, "psgld", (const char *[]){"--correction", "probe", "--probe-size", "1", NULL}, theta, square);
	step_at(&b, 0, 0.01);
	MUST(p->device->ops->slots_fetch(p->device, &b.state.s.slots));
	const double *v = b.state.s.slots.value;
	ok(fabs(v[SLOT_NLL] - loss) < 1e-5 && v[SLOT_NLL_TOTAL] == v[SLOT_NLL] && v[SLOT_SEEN_TOTAL] == 1,
	   "psgld: a probe leaves the loss that counts alone");
	bench_close(&b);
}

static void check_refused(struct potential *p)
{
	struct potential net = *p;
	struct potential_ops ops = *p->ops;
	struct sampler_state out;
	struct opts *o = sampler_words("psgld", (const char *[]){"--correction", "exact", NULL});
	const struct sampler *s;
	MUST(sampler_find("psgld", &s));
	struct state_plan plan = sampler_plan(&net, s, o);
	net.ops = &ops;
	ops.hvp = NULL;
	ok(state_facts(&plan, (struct rng_key){0, 0}, &out) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "take correction probe"),
	   "psgld refuses exact corrections where there are no second derivatives, and names what to take");
	opts_free(o);
	o = sampler_words("psgld", (const char *[]){"--probe-size", "0.1", NULL});
	plan = sampler_plan(p, s, o);
	ok(state_facts(&plan, (struct rng_key){0, 0}, &out) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "belongs to correction probe"),
	   "psgld refuses the size of a probe that it does not take");
	opts_free(o);
}

/* ---- stationary laws ---- */

/* E θᵢ² over time, of the coordinates i ≡ part (mod 2), from `burn` on. */
static void mean_squares(struct bench *b, double lr, uint64_t burn, uint64_t steps, double mean[2])
{
	float theta[D];
	mean[0] = mean[1] = 0;
	for (uint64_t k = 0; k < steps; k++) {
		step_at(b, k, lr);
		if (k < burn)
			continue;
		MUST(state_get(&b->state, 0, theta));
		for (int i = 0; i < D; i++)
			mean[i % 2] += theta[i] * (double)theta[i] / (D / 2.0 * (double)(steps - burn));
	}
}

/* What Γ does, with α = 0, where G = 1/(ε + h|θ|) is a function of θ: with it E θ² is s² = T/(h + δ), without it the law is
 * ∝ (ε + h|θ|) exp(−θ²/(2s²)), for which E θ² = s²(ε + 2hm)/(ε + hm), m = s√(2/π). 48 chains of 4e4 steps of 4e-3, some 3000
 * draws to each variance: the error is about 2 %, as is the step size's. */
static void check_correction(struct device *d)
{
	struct potential *p = open_pairs(d, 1, 1);
	const double s2 = bench_temperature / (1 + bench_decay), m = sqrt(s2 * 2 / M_PI), eps = 0.3;
	float theta[D], square[D];
	double mean[2];
	for (int corrected = 0; corrected < 2; corrected++) {
		struct bench b;
		some_start(theta, square);
		open_at(&b, p, "psgld", (const char *[]){"--rms-decay", "0", "--rms-eps", "0.3", "--correction", corrected ? "probe" : "none",
		                                         corrected ? "--probe-size" : NULL, "1", NULL}, theta, square);
		mean_squares(&b, 4e-3, 2000, 40000, mean);
		const double want = corrected ? s2 : s2 * (eps + 2 * m) / (eps + m);
		near((mean[0] + mean[1]) / 2 / want, 1, 0.1, corrected ? "psgld: with Γ the variance is the target's"
		     : "psgld: without it the law is the target's over G");
		bench_close(&b);
	}
	potential_close(p);
}

/* With a slow V, G is 1/(ε + √E ĝ²) all the time, and the variance T/(h + δ) · 1/(1 − λG(h + δ)/2). 4e4 steps, which forget within
 * 20, of 24 coordinates each: an error of half a percent. */
static void check_diagonal(struct device *d)
{
	static const double variance[2] = {0.16, 1};
	struct potential *p = open_pairs(d, variance[0], variance[1]);
	struct bench b;
	float theta[D], square[D];
	double mean[2];
	some_start(theta, square);
	for (int i = 0; i < D; i++)
		theta[i] = (float)sqrt(bench_temperature / (1 / variance[i % 2] + bench_decay));
	open_at(&b, p, "psgld", (const char *[]){"--rms-decay", "0.9999", "--rms-eps", "1e-4", NULL}, theta, square);
	mean_squares(&b, 0.05, 1000, 40000, mean);
	for (int i = 0; i < 2; i++) {
		const double h = 1 / variance[i], s2 = bench_temperature / (h + bench_decay), g = 1 / (1e-4 + h * sqrt(s2));
		near(mean[i] / (s2 / (1 - 0.05 * g * (h + bench_decay) / 2)), 1, 0.03, "psgld, slow V: the variance of N(0, %g) is the target's", variance[i]);
	}
	bench_close(&b);
	potential_close(p);
}

void check_psgld(struct device *d, bool stationary)
{
	struct potential *p = open_pairs(d, 0.5, 2);
	double h[D];
	for (int i = 0; i < D; i++)
		h[i] = i % 2 ? 0.5 : 2;
	check_equation(p, h);
	check_is_sgld(p);
	check_counted(p);
	check_refused(p);
	potential_close(p);
	if (stationary) {
		check_correction(d);
		check_diagonal(d);
	}
}
