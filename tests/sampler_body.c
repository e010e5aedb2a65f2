/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Each method's equation on a quadratic potential, where a step is a linear map: first the very trajectory in double, then
 * the stationary covariance Σ = AΣAᵀ + Q against long runs. The statistical tests compare the mean over 48 chains with its
 * own standard error (Student's t, 47 degrees of freedom): |t| < 7.5 has a false-alarm rate below 2e-9 each. */
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/linear_map.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { D = SAMPLER_DIMS, CHAINS = 48 };
static const double lr = 0.2, decay = 0.3, temperature = 0.7;
static struct potential *potential;
static double hessian[D * D];   /* of ℓ, row-major */
static bool in_the_long_run;    /* stationary covariances as well */

/* ---- a sampler on the quadratic ---- */

struct opts *sampler_words(const char *sampler, const char *const *extra)
{
	char *argv[16] = {(char *)"sample", (char *)"--sampler", (char *)(uintptr_t)sampler};
	int argc = 3;
	for (; extra && *extra; extra++)
		argv[argc++] = (char *)(uintptr_t)*extra;
	struct opts *o;
	MUST(opts_parse(&o, sample_tables, argc, argv));
	return o;
}

struct bench {
	struct opts *opts;
	struct state_plan plan;
	struct state state;
	int vectors;
};

struct state_plan sampler_plan(struct potential *p, const struct sampler *s, const struct opts *o)
{
	struct state_plan plan = {.sampler = s, .potential = p, .n = 1, .batch = 1, .temperature = temperature,
	                          .decay = decay, .lr_max = lr};
	opts_numbers(o, s->params, plan.param);
	return plan;
}

static void bench_open(struct bench *b, const char *name, const char *const *extra)
{
	const struct sampler *sampler;
	memset(b, 0, sizeof *b);
	MUST(sampler_find(name, &sampler));
	b->opts = sampler_words(name, extra);
	b->plan = sampler_plan(potential, sampler, b->opts);
	MUST(state_open(&b->state, &b->plan, (struct rng_key){0, 0}));
	while (b->vectors < SAMPLER_VECTORS && state_has(&b->state, b->vectors))
		b->vectors++;
}

static void bench_close(struct bench *b)
{
	state_close(&b->state);
	opts_free(b->opts);
}

static void bench_set(struct bench *b, const double *z)
{
	for (int i = 0; i < b->vectors; i++) {
		float x[D];
		for (int j = 0; j < D; j++)
			x[j] = (float)z[i * D + j];
		MUST(state_put(&b->state, i, x));
	}
}

static void bench_get(struct bench *b, double *z)
{
	for (int i = 0; i < b->vectors; i++) {
		float x[D];
		MUST(state_get(&b->state, i, x));
		for (int j = 0; j < D; j++)
			z[i * D + j] = x[j];
	}
}

static void bench_step(struct bench *b, uint64_t step)
{
	b->state.step = step;
	MUST(state_step(&b->state, lr, temperature));
}

/* ---- the maps: the equations of DESIGN's table, written down a second time ---- */

struct expectation {
	struct linear_map step, outer;   /* outer follows every `period` steps; period 1: no outer map */
	int period;
};

static void drift(struct linear_map *m, int to, double scale)
{
	map_add(m, to, 0, -scale, hessian);
	map_add(m, to, 0, -scale * decay, NULL);
}

static double noise_scale(void)
{
	return sqrt(2 * lr * temperature);
}

static void expect_sgd(struct expectation *e, double mu, bool nesterov)
{
	map_identity(&e->step, mu > 0 ? 2 : 1, D);
	e->period = 1;
	if (mu <= 0) {
		drift(&e->step, 0, lr);
		return;
	}
	/* v′ = μv + g; θ′ = θ − λv′, or θ − λ(g + μv′) */
	map_add(&e->step, 1, 1, mu - 1, NULL);
	drift(&e->step, 1, -1);
	drift(&e->step, 0, nesterov ? lr * (1 + mu) : lr);
	map_add(&e->step, 0, 1, nesterov ? -lr * mu * mu : -lr * mu, NULL);
}

static void expect_langevin(struct expectation *e, double sigma)
{
	map_identity(&e->step, 1, D);
	e->period = 1;
	drift(&e->step, 0, lr);
	map_noise(&e->step, 0, STREAM_LANGEVIN_0, noise_scale(), NULL);
	if (sigma > 0)
		map_noise(&e->step, 0, STREAM_PERTURB, -lr * sigma, hessian);
}

static void expect_entropy_mcmc(struct expectation *e, double kappa, double anchor_decay)
{
	map_identity(&e->step, 2, D);
	e->period = 1;
	drift(&e->step, 0, lr);
	for (int i = 0; i < 2; i++) {
		map_add(&e->step, i, i, -lr / kappa, NULL);
		map_add(&e->step, i, 1 - i, lr / kappa, NULL);
	}
	map_add(&e->step, 1, 1, -lr * anchor_decay, NULL);
	map_noise(&e->step, 0, STREAM_LANGEVIN_0, noise_scale(), NULL);
	map_noise(&e->step, 1, STREAM_LANGEVIN_1, noise_scale(), NULL);
}

static void expect_entropy(struct expectation *e, double kappa, double alpha, double rate, int period, bool from_x,
                           bool noisy)
{
	struct linear_map theta;
	map_identity(&theta, 3, D);
	drift(&theta, 0, lr);
	map_add(&theta, 0, 0, -lr / kappa, NULL);
	map_add(&theta, 0, 1, lr / kappa, NULL);
	map_noise(&theta, 0, STREAM_LANGEVIN_0, noise_scale(), NULL);
	/* μ ← (1−α)μ + α·(row of θ′) */
	e->step = theta;
	for (int i = 0; i < D; i++) {
		for (int j = 0; j < 3 * D; j++)
			e->step.a[2 * D + i][j] = (1 - alpha) * (j == 2 * D + i) + alpha * theta.a[i][j];
		for (int j = 0; j < D; j++)
			e->step.load[0][2 * D + i][j] = alpha * theta.load[0][i][j];
	}
	e->period = period;
	/* x ← x + r(μ − x); μ ← θ′, or θ′ and μ ← the new x */
	map_identity(&e->outer, 3, D);
	map_add(&e->outer, 1, 1, -rate, NULL);
	map_add(&e->outer, 1, 2, rate, NULL);
	map_add(&e->outer, 2, 2, -1, NULL);
	if (noisy)
		map_noise(&e->outer, 1, STREAM_LANGEVIN_1, sqrt(lr * kappa), NULL);
	if (!from_x) {
		map_add(&e->outer, 2, 0, 1, NULL);
		return;
	}
	for (int to = 0; to < 3; to += 2)
		for (int i = 0; i < D; i++) {
			memcpy(e->outer.a[to * D + i], e->outer.a[D + i], sizeof e->outer.a[0]);
			memcpy(e->outer.load[0][to * D + i], e->outer.load[0][D + i], sizeof e->outer.load[0][0]);
		}
}

/* ---- the two kinds of check ---- */

static void check_trajectory(const char *name, struct bench *b, const struct expectation *e)
{
	double z[MAP_DIMS], got[MAP_DIMS], worst = 0;
	struct rng_key key = {5, 3};
	for (int i = 0; i < e->step.n; i++)
		z[i] = 0.5 + 0.25 * i;
	b->state.s.slots.key = key;
	bench_set(b, z);
	for (uint64_t k = 0; k < 50; k++) {
		bench_step(b, k);
		map_apply(&e->step, key, k, z);
		if (e->period > 1 && (k + 1) % (uint64_t)e->period == 0)
			map_apply(&e->outer, key, k, z);
		bench_get(b, got);
		for (int i = 0; i < e->step.n; i++)
			worst = fmax(worst, fabs(got[i] - z[i]));
	}
	near(worst, 0, 1e-5, "%s: 50 steps are those of its equation", name);
}

static void check_stationary(const char *name, struct bench *b, struct expectation *e, int samples)
{
	static double mean[CHAINS][MAP_DIMS][MAP_DIMS];
	double a[MAP_DIMS][MAP_DIMS], q[MAP_DIMS][MAP_DIMS], sigma[MAP_DIMS][MAP_DIMS], z[MAP_DIMS] = {0}, worst = 0;
	int n = e->step.n;
	map_compose(&e->step, e->period > 1 ? &e->outer : NULL, e->period, a, q);
	map_stationary(n, a, q, sigma);
	memset(mean, 0, sizeof mean);
	for (uint32_t c = 0; c < CHAINS; c++) {
		memset(z, 0, sizeof z);
		bench_set(b, z);
		b->state.s.slots.key = (struct rng_key){11, c};
		uint64_t burn = 200 * (uint64_t)e->period, step = 0;
		for (; step < burn; step++)
			bench_step(b, step);
		for (int i = 0; i < samples; i++) {
			for (int j = 0; j < e->period; j++)
				bench_step(b, step++);
			bench_get(b, z);
			for (int r = 0; r < n; r++)
				for (int s = 0; s < n; s++)
					mean[c][r][s] += z[r] * z[s] / samples;
		}
	}
	for (int r = 0; r < n; r++)
		for (int s = 0; s <= r; s++) {
			double m = 0, v = 0;
			for (int c = 0; c < CHAINS; c++)
				m += mean[c][r][s] / CHAINS;
			for (int c = 0; c < CHAINS; c++)
				v += (mean[c][r][s] - m) * (mean[c][r][s] - m) / (CHAINS - 1);
			double t = (m - sigma[r][s]) / sqrt(v / CHAINS);
			if (!(fabs(t) <= fabs(worst)))
				worst = t;
		}
	near(worst, 0, 7.5, "%s: the stationary covariance is that of Σ = AΣAᵀ + Q (largest t)", name);
}

/* ---- the methods ---- */

static void check(const char *name, const char *sampler, const char *const *extra, struct expectation *e, int samples)
{
	struct bench b;
	bench_open(&b, sampler, extra);
	check_trajectory(name, &b, e);
	if (samples && in_the_long_run)
		check_stationary(name, &b, e, samples);
	bench_close(&b);
}

static void check_methods(void)
{
	static struct expectation e;
	expect_sgd(&e, 0, false);
	check("sgd", "sgd", NULL, &e, 0);
	expect_sgd(&e, 0.9, false);
	check("sgd with momentum", "sgd", (const char *[]){"--momentum", "0.9", NULL}, &e, 0);
	expect_sgd(&e, 0.8, true);
	check("sgd with Nesterov's momentum", "sgd", (const char *[]){"--momentum", "0.8", "--nesterov", NULL}, &e, 0);
	expect_langevin(&e, 0);
	check("sgld", "sgld", NULL, &e, 4000);
	expect_langevin(&e, 1.5);
	check("fsgld", "fsgld", (const char *[]){"--sigma", "1.5", NULL}, &e, 4000);
	expect_langevin(&e, pow(1 / temperature, -(1 + 0.3) / 4));
	check("fsgld, σ from η", "fsgld", (const char *[]){"--eta", "0.3", NULL}, &e, 0);
	expect_entropy_mcmc(&e, 0.5, decay);
	check("entropy-mcmc", "entropy-mcmc", (const char *[]){"--coupling", "0.5", NULL}, &e, 4000);
	expect_entropy_mcmc(&e, 0.4, 0);
	check("entropy-mcmc, no anchor decay", "entropy-mcmc",
	      (const char *[]){"--coupling", "0.4", "--anchor-decay", "0", NULL}, &e, 4000);
	for (int from_x = 0; from_x < 2; from_x++)
		for (int noisy = 0; noisy < 2; noisy++) {
			const char *sampler = noisy ? "entropy-sgld" : "entropy-sgd", *restart = from_x ? "x" : "none";
			char name[64];
			snprintf(name, sizeof name, "%s, restart %s", sampler, restart);
			expect_entropy(&e, 0.6, 0.3, 0.7, 4, from_x, noisy);
			check(name, sampler, (const char *[]){"--coupling", "0.6", "--average", "0.3", "--outer-rate", "0.7",
			                                      "--inner-steps", "4", "--restart", restart, NULL}, &e, 1500);
		}
}

/* σ is tied to the β of the step where η gives it, and stays where it is given. */
static void check_tied_sigma(void)
{
	for (int given = 0; given < 2; given++) {
		struct bench b;
		bench_open(&b, "fsgld", given ? (const char *[]){"--sigma", "0.25", NULL} : (const char *[]){"--eta", "0.3", NULL});
		bench_set(&b, (double[D]){0.1, 0.2, 0.3});
		MUST(state_step(&b.state, lr, 1e-4));
		near(b.state.s.slots.value[SLOT_SAMPLER + 3], given ? 0.25 : pow(1e4, -1.3 / 4), 1e-12, "fsgld, σ %s",
		     given ? "given" : "follows the step's temperature");
		bench_close(&b);
	}
}

static void fill_hessian(void)
{
	int d;
	const double *covariance = analytic_covariance(potential, &d);
	gsl_matrix *m = gsl_matrix_alloc(D, D);
	for (int i = 0; i < D * D; i++)
		m->data[i] = covariance[i];
	gsl_linalg_cholesky_decomp1(m);
	gsl_linalg_cholesky_invert(m);
	for (int i = 0; i < D * D; i++)
		hessian[i] = m->data[i];
	gsl_matrix_free(m);
}

void check_samplers(struct device *d, bool stationary)
{
	in_the_long_run = stationary;
	MUST(analytic_open(SAMPLER_TARGET, d, &potential));
	fill_hessian();
	check_methods();
	check_tied_sigma();
	potential_close(potential);
}
