/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Low-precision SGLD on a Gaussian of independent coordinates of variance 1, each of which is a chain of its own. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { D = 200, SEEDS = 40, STEPS = 12 };

static struct potential *open_standard(struct device *d)
{
	char spec[2 * D + 16] = "gaussian:";
	struct potential *p;
	for (int i = 0; i < D; i++)
		strcat(spec, i ? ",1" : "1");
	MUST(analytic_open(spec, d, &p));
	return p;
}

/* θᵢ to begin with, off any coarse grid. */
static void some_start(float *theta)
{
	for (int i = 0; i < D; i++)
		theta[i] = (float)(0.017 * (i - 90) + 0.003);
}

static void begin(struct bench *b, struct rng_key key, const float *theta)
{
	b->state.s.slots.key = key;
	MUST(state_put(&b->state, 0, theta));
}

/* ---- one step, element by element ---- */

/* Q of pointwise.h in double; *close: the uniform is so near the fraction that rounding may decide. */
static double quantised(double x, double gap, double u, bool *close)
{
	const double low = floor(x / gap), fraction = x / gap - low;
	*close = fabs(fraction - u) < 1e-4 || (fraction > 0 && fraction < 1e-4) || fraction > 1 - 1e-4;
	return gap * (low + (fraction > u));
}

/* θ after one step, less what SGLD's would be: 0; or what rounding parameters or gradients does. */
static void check_step(struct potential *p, const char *variant, const char *gradient_fraction)
{
	const char *words[] = {"--variant", variant, "--fraction", "2", gradient_fraction ? "--gradient-fraction" : NULL, gradient_fraction, NULL};
	const struct rng_key key = {3, 1};
	const bool full = strcmp(variant, "full") == 0;
	struct bench b;
	float theta[D], got[D];
	double worst = 0;
	int left = 0;
	some_start(theta);
	bench_open(&b, p, "low-precision-sgld", words);
	begin(&b, key, theta);
	bench_step(&b, 5);
	MUST(state_get(&b.state, 0, got));
	for (uint64_t i = 0; i < D; i++) {
		const double u = (double)rng_fraction(key, STREAM_QUANTISE_0, 5, i), w = (double)rng_fraction(key, STREAM_QUANTISE_1, 5, i);
		bool near_theta = false, near_gradient = false;
		double g = full ? quantised(theta[i], 0.25, u, &near_theta) : (double)theta[i];
		if (gradient_fraction)
			g = quantised(g, 0.5, w, &near_gradient);
		double want = theta[i] - bench_lr * (g + bench_decay * theta[i]) + bench_noise() * rng_normal(key, STREAM_LANGEVIN_0, 5, i);
		if (!full)
			want = quantised(want, 0.25, u, &near_theta);
		if (near_theta || near_gradient) {
			left++;
			continue;
		}
		worst = fmax(worst, fabs(got[i] - want));
	}
	near(worst, 0, 1e-6, "low-precision-sgld, %s%s: a step is that of its equation", variant, gradient_fraction ? ", rounded gradients" : "");
	ok(left < D / 4, "low-precision-sgld, %s: of %d elements %d may be rounded either way", variant, D, left);
	bench_close(&b);
}

/* ---- the grid ---- */

/* With 4 bits, 2 of them behind the point, θ is one of 16 values, the ends among them. */
static void check_grid(struct potential *p)
{
	static const char *const variants[] = {"naive", "corrected"};
	float theta[D];
	for (int v = 0; v < 2; v++) {
		struct bench b;
		bool on = true, low = false, high = false;
		some_start(theta);
		bench_open(&b, p, "low-precision-sgld", (const char *[]){"--variant", variants[v], "--bits", "4", "--fraction", "2", NULL});
		begin(&b, (struct rng_key){9, 0}, theta);
		for (uint64_t k = 0; k < 40; k++) {
			/* Both forms of the corrected step: of variance 0.28 and of 0.014, where Δ²/4 is 0.0156. */
			b.state.step = k;
			MUST(state_step(&b.state, k % 2 ? 0.01 : bench_lr, bench_temperature));
			MUST(state_get(&b.state, 0, theta));
			for (int i = 0; i < D; i++) {
				on = on && theta[i] * 4 == floorf(theta[i] * 4) && theta[i] >= -2 && theta[i] <= 1.75f;
				low = low || theta[i] == -2;
				high = high || theta[i] == 1.75f;
			}
		}
		ok(on && low && high, "low-precision-sgld, %s: every θ is on the grid, up to its ends", variants[v]);
		bench_close(&b);
	}
}

/* Of 32 bits float32 has not the last number before 2⁷, and takes the one before it. */
static void check_end(struct potential *p)
{
	float theta[D];
	struct bench b;
	for (int i = 0; i < D; i++)
		theta[i] = 1000;
	bench_open(&b, p, "low-precision-sgld", (const char *[]){"--variant", "naive", "--bits", "32", "--fraction", "24", NULL});
	begin(&b, (struct rng_key){9, 0}, theta);
	MUST(state_step(&b.state, 1e-12, bench_temperature));
	MUST(state_get(&b.state, 0, theta));
	ok(theta[0] == nextafterf(128, 0) && theta[D - 1] == theta[0], "low-precision-sgld: the highest value is the last of a float32 in range");
	bench_close(&b);
}

/* With a gap of 2⁻²⁴, which is less than float32 has near 1, every variant is SGLD. */
static void check_fine(struct potential *p)
{
	static const char *const variants[] = {"full", "naive", "corrected"};
	for (int v = 0; v < 3; v++) {
		struct bench a, b;
		float one[D], other[D];
		double worst = 0;
		some_start(one);
		bench_open(&a, p, "low-precision-sgld", (const char *[]){"--variant", variants[v], "--bits", "32", "--fraction", "24", NULL});
		bench_open(&b, p, "sgld", NULL);
		begin(&a, (struct rng_key){5, 0}, one);
		begin(&b, (struct rng_key){5, 0}, one);
		for (uint64_t k = 0; k < 24; k++) {
			bench_step(&a, k);
			bench_step(&b, k);
		}
		MUST(state_get(&a.state, 0, one));
		MUST(state_get(&b.state, 0, other));
		for (int i = 0; i < D; i++)
			worst = fmax(worst, fabs(one[i] - other[i]));
		near(worst, 0, 2e-6, "low-precision-sgld, %s: with a fine grid it is sgld", variants[v]);
		bench_close(&a);
		bench_close(&b);
	}
}

/* ---- mean and variance, step by step ---- */

/* With a = 1 − λ(h + δ), the mean is aᵏθ₀, and the variance a² times the last and what a step adds: 2λT, and with `extra` what rounding
 * adds. From every coordinate at `first`, which is `rounded` once the first step has begun; 8000 chains, |z| < 6 for the mean, and the
 * variance to 6 of its standard errors √(2/8000), of each step: false alarms below 1e-7 where steps are near to Gaussian, and seeds are fixed. */
static void check_moments(struct potential *p, const char *variant, const char *fraction, double lr, int steps, double first, double rounded,
                          double extra)
{
	struct bench b;
	float theta[D];
	double sum[STEPS] = {0}, squares[STEPS] = {0}, worst_mean = 0, worst_variance = 0;
	bench_open(&b, p, "low-precision-sgld", (const char *[]){"--variant", variant, "--bits", "16", "--fraction", fraction, NULL});
	for (uint32_t seed = 0; seed < SEEDS; seed++) {
		for (int i = 0; i < D; i++)
			theta[i] = (float)first;
		begin(&b, (struct rng_key){seed, 4}, theta);
		for (int k = 0; k < steps; k++) {
			b.state.step = (uint64_t)k;
			MUST(state_step(&b.state, lr, bench_temperature));
			MUST(state_get(&b.state, 0, theta));
			for (int i = 0; i < D; i++) {
				sum[k] += theta[i];
				squares[k] += theta[i] * (double)theta[i];
			}
		}
	}
	const double a = 1 - lr * (1 + bench_decay), n = D * SEEDS;
	double mean = rounded, variance = 0;
	for (int k = 0; k < steps; k++) {
		mean *= a;
		variance = a * a * variance + 2 * lr * bench_temperature + extra;
		const double m = sum[k] / n, v = squares[k] / n - m * m;
		worst_mean = fmax(worst_mean, fabs(m - mean) / sqrt(variance / n));
		worst_variance = fmax(worst_variance, fabs(v / variance - 1) / sqrt(2 / n));
	}
	near(worst_mean, 0, 6, "low-precision-sgld, %s, F = %s, λ = %g: the mean of each step (standard errors)", variant, fraction, lr);
	near(worst_variance, 0, 6, "low-precision-sgld, %s, F = %s, λ = %g: the variance of each step (standard errors)", variant, fraction, lr);
	bench_close(&b);
}

/* The target's sentence says what rounded gradients add, and where they end. */
static void check_words(struct potential *p)
{
	for (int rounded = 0; rounded < 2; rounded++) {
		struct bench b;
		struct text text = {.n = 0};
		bench_open(&b, p, "low-precision-sgld", (const char *[]){"--bits", "4", rounded ? "--gradient-fraction" : NULL, "1", NULL});
		b.plan.sampler->target(&b.state.s, &text);
		const char *said = strstr(text.at, "Δ′ = 0.5, which is noise on them of variance Δ′²/4 at most, and cut off at ±4");
		ok(rounded ? said != NULL : !strstr(text.at, "Δ′"), "low-precision-sgld: gradients are%s said to be rounded", rounded ? "" : " not");
		bench_close(&b);
	}
}

void check_low_precision(struct device *d)
{
	struct potential *p = open_standard(d);
	check_step(p, "full", NULL);
	check_step(p, "full", "1");
	check_step(p, "naive", NULL);
	check_step(p, "naive", "1");
	check_grid(p);
	check_end(p);
	check_fine(p);
	check_words(p);
	/* The corrected step adds 2λT and no more, however coarse the grid: 0.28 ≥ Δ²/4 for Δ of ½ and of 1. */
	check_moments(p, "corrected", "1", bench_lr, STEPS, 1.3, 1.5, 0);
	check_moments(p, "corrected", "0", bench_lr, STEPS, 2.2, 2, 0);
	/* Of less it does so where μ is near enough to the grid, as here after a step: f = 0.974, and f(1 − f) = 0.0253 ≤ 2λT = 0.028. */
	check_moments(p, "corrected", "0", 0.02, 1, 0.9, 1, 0);
	/* A naive one besides Δ²/6, as the noise is wide against Δ. */
	check_moments(p, "naive", "1", bench_lr, STEPS, 1.3, 1.5, 0.25 / 6);
	potential_close(p);
}
