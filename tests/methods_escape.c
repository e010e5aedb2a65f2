/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The jumps of truncated SGD with heavy-tailed noise, and how it leaves basins: never in fewer than l = ⌈r/b⌉ steps, in a mean time
 * that grows as λ^−(1 + l(α − 1)) as λ falls (the law of Wang, Oh & Rhee 2022 as it is quoted; here it is seen on a quadratic basin),
 * and not at all from wide ones beside those from narrow ones.
 * ESCAPES=long takes a step size more. */
#include <math.h>
#include <stdlib.h>

#include "src/analytic.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

static void line_open(struct bench *b, struct potential *p, const char *scale, const char *clip)
{
	const struct state_plan plan = {.potential = p, .n = 1, .batch = 1, .temperature = 1, .lr_max = 1};
	bench_open_plan(b, &plan, "tail-sgd", (const char *[]){"--tail-scale", scale, clip ? "--clip" : NULL, clip, NULL});
}

/* Where no force acts a step is λZ: P(|step| ≥ x) = (cλ/x)^α up to b, where the rest of the law is, and to each side alike. */
static void check_jumps(struct potential *line, bool stationary)
{
	const int draws = stationary ? 20000 : 1000;
	const double lr = 0.1, c = 0.5, clip = 0.2, middle = 0.1;
	int full = 0, half = 0, right = 0, beyond = 0;
	struct bench b;
	line_open(&b, line, "0.5", "0.2");
	for (int k = 0; k < draws; k++) {
		double x = 0;
		bench_set(&b, &x);
		b.state.step = (uint64_t)k;
		MUST(state_step(&b.state, lr, 1));
		bench_get(&b, &x);
		full += fabs(x) >= clip * (1 - 1e-6);
		half += fabs(x) >= middle;
		beyond += fabs(x) > clip * (1 + 1e-6);
		right += x > 0;
	}
	const double p[] = {pow(c * lr / clip, 1.4), pow(c * lr / middle, 1.4), 0.5};
	const int seen[] = {full, half, right};
	static const char *const what[] = {"as long as b", "beyond what needs one jump to leave", "to the right"};
	for (int i = 0; i < 3; i++)
		near((seen[i] - draws * p[i]) / sqrt(draws * p[i] * (1 - p[i])), 0, 4.5,
		     "tail-sgd: steps %s are as frequent as the law says (deviations)", what[i]);
	ok(beyond == 0, "tail-sgd: and none is longer");
	bench_close(&b);
}

/* Steps from the middle until |θ| > 1. */
static int escape(struct bench *b, double lr, uint32_t chain)
{
	float x = 0;
	b->state.s.slots.key = (struct rng_key){17, chain};
	MUST(state_put(&b->state, 0, &x));
	for (b->state.step = 0; fabsf(x) <= 1;) {
		MUST(state_step(&b->state, lr, 1));
		MUST(state_get(&b->state, 0, &x));
	}
	return (int)b->state.step;
}

/* The mean time in which chains escape, and its standard error. */
static double mean_escape(struct bench *b, double lr, int chains, double *error)
{
	double sum = 0, squares = 0;
	for (int c = 0; c < chains; c++) {
		double steps = escape(b, lr, (uint32_t)c);
		sum += steps;
		squares += steps * steps;
	}
	sum /= chains;
	*error = sqrt((squares / chains - sum * sum) / (chains - 1));
	return sum;
}

static void check_fewest(struct potential *basin)
{
	struct bench b;
	int least = 1000;
	line_open(&b, basin, "1e4", "0.3");
	for (uint32_t c = 0; c < 200; c++) {
		int steps = escape(&b, 0.1, c);
		least = steps < least ? steps : least;
	}
	ok(least == 4, "tail-sgd: four steps of 0.3 lead out of a half-width of 1, and no fewer (%d)", least);
	bench_close(&b);
}

/* The law is that of λ → 0. What is seen at finite λ differs from it by some hundredths, as the smaller noise, whose extent is
 * λ^(1 − 1/α) of the basin's, helps: those are allowed beside four standard errors. */
static void check_slope(struct potential *basin, int jumps, const char *clip, double lr, double ratio, int chains)
{
	struct bench b;
	double error[2], time[2], want = 1 + jumps * 0.4;
	line_open(&b, basin, "0.5", clip);
	for (int i = 0; i < 2; i++)
		time[i] = mean_escape(&b, i ? lr / ratio : lr, chains, &error[i]);
	double slope = log(time[1] / time[0]) / log(ratio);
	double deviation = sqrt(pow(error[0] / time[0], 2) + pow(error[1] / time[1], 2)) / log(ratio);
	note("%d: %.0f steps at λ = %g, %.0f at %g: slope %.3f ± %.3f, in theory %.1f", jumps, time[0], lr, time[1], lr / ratio, slope,
	     deviation, want);
	near(slope, want, 4 * deviation + 0.08, "tail-sgd: the power of λ in the time to leave by ⌈r/b⌉ = %d", jumps);
	bench_close(&b);
}

/* The share of later steps that chains from the narrow basin spend in the wide one. */
static double wide_share(struct potential *basins, const char *clip)
{
	enum { CHAINS = 8, STEPS = 30000 };
	struct bench b;
	int wide = 0;
	line_open(&b, basins, "0.1", clip);
	for (uint32_t c = 0; c < CHAINS; c++) {
		float x = 0;
		b.state.s.slots.key = (struct rng_key){19, c};
		MUST(state_put(&b.state, 0, &x));
		for (b.state.step = 0; b.state.step < STEPS;) {
			MUST(state_step(&b.state, 0.02, 1));
			MUST(state_get(&b.state, 0, &x));
			wide += b.state.step > STEPS / 2 && x > 0.25f;
		}
	}
	bench_close(&b);
	return wide / (CHAINS * STEPS / 2.0);
}

static void check_basins(struct device *d)
{
	enum { CHAINS = 600 };
	const double least = getenv("ESCAPES") ? 0.005 : 0.02;
	struct potential *basin, *basins;
	MUST(analytic_open("basins:1/1", d, &basin));
	MUST(analytic_open("basins:0.25/16,1/1", d, &basins));
	check_fewest(basin);
	for (double lr = 0.04; lr > least; lr /= 4) {
		check_slope(basin, 1, NULL, lr, 4, CHAINS);
		check_slope(basin, 2, "0.6", lr, 4, CHAINS);
	}
	double cut = wide_share(basins, "0.3"), whole = wide_share(basins, NULL);
	ok(cut > 0.999, "tail-sgd: steps cut to 0.3 leave a half-width of 0.25, and none of 1 (%.5f of the time there)", cut);
	ok(whole < 0.97, "tail-sgd: which whole ones do (%.3f)", whole);
	potential_close(basin);
	potential_close(basins);
}

void check_escapes(struct device *d, bool stationary)
{
	struct potential *line;
	MUST(analytic_open("gaussian:1", d, &line));
	check_jumps(line, stationary);
	potential_close(line);
	if (stationary)
		check_basins(d);
}
