/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/sampler_bench.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

#include "samplers/sampler.h"
#include "src/analytic.h"
#include "tests/tap.h"

enum { D = SAMPLER_DIMS, CHAINS = 48 };
const double bench_lr = 0.2, bench_decay = 0.3, bench_temperature = 0.7;

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

struct state_plan sampler_plan(struct potential *p, const struct sampler *s, const struct opts *o)
{
	struct state_plan plan = {.sampler = s, .potential = p, .n = 1, .batch = 1, .temperature = bench_temperature,
	                          .decay = bench_decay, .lr_max = bench_lr};
	opts_numbers(o, s->params, plan.param);
	return plan;
}

void bench_open_plan(struct bench *b, const struct state_plan *plan, const char *name, const char *const *extra)
{
	memset(b, 0, sizeof *b);
	b->opts = sampler_words(name, extra);
	b->plan = *plan;
	MUST(sampler_find(name, &b->plan.sampler));
	opts_numbers(b->opts, b->plan.sampler->params, b->plan.param);
	MUST(state_open(&b->state, &b->plan, (struct rng_key){0, 0}));
	while (b->vectors < SAMPLER_VECTORS && state_has(&b->state, b->vectors))
		b->vectors++;
}

void bench_open(struct bench *b, struct potential *p, const char *name, const char *const *extra)
{
	const struct sampler *sampler;
	MUST(sampler_find(name, &sampler));
	struct opts *o = sampler_words(name, extra);
	const struct state_plan plan = sampler_plan(p, sampler, o);
	opts_free(o);
	bench_open_plan(b, &plan, name, extra);
}

void bench_close(struct bench *b)
{
	state_close(&b->state);
	opts_free(b->opts);
}

void bench_set(struct bench *b, const double *z)
{
	for (int i = 0; i < b->vectors; i++) {
		const int d = (int)b->plan.potential->n_params;
		float x[MAP_DIMS];
		for (int j = 0; j < d; j++)
			x[j] = (float)z[i * d + j];
		MUST(state_put(&b->state, i, x));
	}
}

void bench_get(struct bench *b, double *z)
{
	for (int i = 0; i < b->vectors; i++) {
		const int d = (int)b->plan.potential->n_params;
		float x[MAP_DIMS];
		MUST(state_get(&b->state, i, x));
		for (int j = 0; j < d; j++)
			z[i * d + j] = x[j];
	}
}

void bench_step(struct bench *b, uint64_t step)
{
	b->state.step = step;
	MUST(state_step(&b->state, bench_lr, bench_temperature));
}

void bench_drift(struct linear_map *m, int to, double scale, const double *hessian)
{
	map_add(m, to, 0, -scale, hessian);
	map_add(m, to, 0, -scale * bench_decay, NULL);
}

double bench_noise(void)
{
	return sqrt(2 * bench_lr * bench_temperature);
}

const double *bench_hessian(struct potential *p)
{
	static double hessian[D * D];
	int d;
	const double *covariance = analytic_covariance(p, &d);
	gsl_matrix *m = gsl_matrix_alloc(D, D);
	for (int i = 0; i < D * D; i++)
		m->data[i] = covariance[i];
	gsl_linalg_cholesky_decomp1(m);
	gsl_linalg_cholesky_invert(m);
	for (int i = 0; i < D * D; i++)
		hessian[i] = m->data[i];
	gsl_matrix_free(m);
	return hessian;
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

void check_linear(struct potential *p, const char *name, const char *sampler, const char *const *extra,
                  struct expectation *e, int samples)
{
	struct bench b;
	bench_open(&b, p, sampler, extra);
	check_trajectory(name, &b, e);
	if (samples)
		check_stationary(name, &b, e, samples);
	bench_close(&b);
}
