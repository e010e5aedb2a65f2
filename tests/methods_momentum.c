/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* SGHMC on a quadratic potential, with exact gradients and with noisy ones. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/momentum_bench.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { D = SAMPLER_DIMS };

/* ---- SGHMC is a linear map ---- */

/* v ← (1−a)v − λ(ĝ + δθ) + √(2(a−b̂)λT) ξ; θ ← θ + v */
static void expect_sghmc(struct expectation *e, const double *hessian, double a, double estimate, double sigma)
{
	map_identity(&e->step, 2, D);
	e->period = 1;
	for (int i = 0; i < 2; i++) {
		bench_drift(&e->step, i, bench_lr, hessian);
		map_add(&e->step, i, 1, i ? -a : 1 - a, NULL);
		map_noise(&e->step, i, STREAM_LANGEVIN_0, bench_noise() * sqrt(a - estimate), NULL);
		map_noise(&e->step, i, STREAM_PROBE, -bench_lr * sigma, NULL);
	}
}

static void check_sghmc_map(struct potential *p, bool stationary)
{
	static struct expectation e;
	const double *hessian = bench_hessian(p);
	struct noisy noisy = noisy_of(p, 1.3);
	expect_sghmc(&e, hessian, 0.1, 0, 0);
	check_linear(p, "sghmc", "sghmc", NULL, &e, 0);
	expect_sghmc(&e, hessian, 0.4, 0, 0);
	check_linear(p, "sghmc, a = 0.4", "sghmc", (const char *[]){"--friction", "0.4", NULL}, &e, stationary ? 3000 : 0);
	expect_sghmc(&e, hessian, 0.5, 0.2, 1.3);
	check_linear(&noisy.base, "sghmc, noisy gradients and an estimate", "sghmc",
	             (const char *[]){"--friction", "0.5", "--noise-estimate", "0.2", NULL}, &e, stationary ? 3000 : 0);
}

/* The closed forms that page and target give, beside the solution of Σ = AΣAᵀ + Q in one dimension. */
static void check_closed_forms(void)
{
	static const double cases[][4] = {{0.1, 0, 0, 0.5}, {0.9, 0.3, 1.5, 2}, {1, 0, 0.5, 1.9}, {0.02, 0.01, 0.2, 0.001}};   /* a, b̂, σ, λh */
	const double lr = 0.3, beta = 40;
	double worst = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const double a = cases[i][0], estimate = cases[i][1], sigma = cases[i][2], lh = cases[i][3], h = lh / lr;
		double A[MAP_DIMS][MAP_DIMS] = {{0}}, q[MAP_DIMS][MAP_DIMS] = {{0}}, is[MAP_DIMS][MAP_DIMS];
		const double noise = 2 * (a - estimate) * lr / beta + lr * lr * sigma * sigma;
		for (int r = 0; r < 2; r++)
			for (int c = 0; c < 2; c++) {
				A[r][c] = c ? 1 - a : (r ? 0 : 1) - lh;
				q[r][c] = noise;
			}
		map_stationary(2, A, q, is);
		const double hotter = 1 + (lr * beta * sigma * sigma / 2 - estimate) / a;
		const double var = hotter / (beta * h) / (1 - lh / (2 * (2 - a))), var_v = 2 * lh * var / (2 - a);
		worst = fmax(worst, fabs(is[0][0] / var - 1));
		worst = fmax(worst, fabs(is[1][1] / var_v - 1));
		worst = fmax(worst, fabs(is[0][1] / (var_v / 2) - 1));
	}
	near(worst, 0, 1e-10, "sghmc: variances of θ and v and their covariance have the closed forms");
}

/* ---- what it is a case of ---- */

/* Without noise, at one step size: v is −λ times PyTorch's velocity. */
static void check_sgd(struct potential *p)
{
	struct bench b[2];
	double worst = 0, z[2][MAP_DIMS];
	bench_open(&b[0], p, "sghmc", (const char *[]){"--friction", "0.25", NULL});
	bench_open(&b[1], p, "sgd", (const char *[]){"--momentum", "0.75", NULL});
	for (int i = 0; i < 2; i++)
		bench_set(&b[i], momentum_start);
	for (uint64_t k = 0; k < MOMENTUM_STEPS; k++) {
		for (int i = 0; i < 2; i++) {
			momentum_step(&b[i], k, bench_lr, true);
			bench_get(&b[i], z[i]);
		}
		for (int j = 0; j < D; j++) {
			worst = fmax(worst, fabs(z[0][j] - z[1][j]));
			worst = fmax(worst, fabs(z[0][D + j] + bench_lr * z[1][D + j]));
		}
	}
	near(worst, 0, 2e-6, "sghmc without noise is sgd with momentum 1 − a, its velocity −λ times that");
	bench_close(&b[0]);
	bench_close(&b[1]);
}

/* ---- the velocity ---- */

/* Drawn in the first step alone, multiplied by √(λ/λ₋) in each; 0 where a tensor is frozen. */
static void check_velocity(struct potential *p)
{
	static struct expectation e;
	struct piece piece[2] = {{.count = 2, .prior = 1}, {.offset = 2, .count = D - 2, .prior = 1, .frozen = true}};
	struct pieces pieces = {piece, 2, D};
	struct noisy part = noisy_of(p, 0);
	struct bench b;
	double z[MAP_DIMS] = {0}, got[MAP_DIMS], worst = 0, before = momentum_lr(0);
	bench_open(&b, p, "sghmc", (const char *[]){"--friction", "0.3", "--momentum-init", "normal", NULL});
	b.state.s.slots.key = momentum_key;
	bench_set(&b, momentum_start);
	memcpy(z, momentum_start, sizeof momentum_start);
	for (uint64_t k = 0; k < MOMENTUM_STEPS; k++) {
		const double lr = momentum_lr(k);
		struct linear_map *m = &e.step;
		map_identity(m, 2, D);
		for (int i = 0; i < 2; i++) {
			map_add(m, i, 0, -lr, bench_hessian(p));
			map_add(m, i, 0, -lr * bench_decay, NULL);
			map_add(m, i, 1, 0.7 * sqrt(lr / before) - i, NULL);
			map_noise(m, i, STREAM_LANGEVIN_0, sqrt(2 * 0.3 * lr * bench_temperature), NULL);
		}
		for (int j = 0; k == 0 && j < D; j++)
			z[D + j] = sqrt(lr * bench_temperature) * rng_normal(momentum_key, STREAM_MOMENTUM, 0, (uint64_t)j);
		map_apply(m, momentum_key, k, z);
		momentum_step(&b, k, lr, false);
		bench_get(&b, got);
		for (int j = 0; j < 2 * D; j++)
			worst = fmax(worst, fabs(got[j] - z[j]));
		before = lr;
	}
	near(worst, 0, 1e-5, "sghmc: a velocity is drawn in the first step, and goes with the root of the step size");
	bench_close(&b);
	part.base.pieces = &pieces;
	bench_open(&b, &part.base, "sghmc", (const char *[]){"--momentum-init", "normal", NULL});
	bench_set(&b, momentum_start);
	for (uint64_t k = 0; k < 5; k++)
		momentum_step(&b, k, bench_lr, false);
	bench_get(&b, got);
	ok(got[D - 1] == (double)(float)momentum_start[D - 1] && got[2 * D - 1] == 0 && got[D] != 0, "sghmc: a frozen tensor has no velocity");
	bench_close(&b);
}

/* The estimate is of the largest step size, and goes with it. */
static void check_estimate(struct potential *p)
{
	struct bench b;
	bench_open(&b, p, "sghmc", (const char *[]){"--friction", "0.3", "--noise-estimate", "0.2", NULL});
	bench_set(&b, momentum_start);
	momentum_step(&b, 0, bench_lr / 4, false);
	near(b.state.s.slots.value[SLOT_SAMPLER + 2], sqrt(2 * (0.3 - 0.05) * bench_lr / 4 * bench_temperature), 1e-12,
	     "sghmc: an estimate of the gradient's noise goes with the step size");
	bench_close(&b);
}

/* What the log shows: of the parameters that move, and T on average in the stationary law. */
static void check_report(struct potential *p, bool stationary)
{
	enum { LONG = 200000 };
	struct piece piece[2] = {{.count = 2, .prior = 1}, {.offset = 2, .count = D - 2, .prior = 1, .frozen = true}};
	struct pieces pieces = {piece, 2, D};
	struct noisy part = noisy_of(p, 0);
	struct device *d = p->device;
	struct bench b;
	double z[MAP_DIMS], sum = 0;
	part.base.pieces = &pieces;
	bench_open(&b, &part.base, "sghmc", (const char *[]){"--friction", "0.4", NULL});
	bench_set(&b, momentum_start);
	for (uint64_t k = 0; k < 5; k++)
		momentum_step(&b, k, bench_lr, false);
	MUST(b.plan.sampler->report(&b.state.s));
	MUST(d->ops->slots_fetch(d, &b.state.s.slots));
	bench_get(&b, z);
	const int slot = b.plan.sampler->reports[0].slot;
	near(b.state.s.slots.value[slot], (z[D] * z[D] + z[D + 1] * z[D + 1]) * (1 - 0.4 / 2) / (2 * bench_lr), 1e-6,
	     "sghmc: the kinetic temperature, of the parameters that move");
	bench_close(&b);
	if (!stationary)
		return;
	bench_open(&b, p, "sghmc", (const char *[]){"--friction", "0.4", NULL});
	bench_set(&b, momentum_start);
	for (uint64_t k = 0; k < LONG; k++) {
		momentum_step(&b, k, 1e-3, false);
		MUST(b.plan.sampler->report(&b.state.s));
		sum += b.state.s.slots.value[slot] / LONG;
	}
	/* About 4 steps a draw, of three numbers. */
	near(sum / bench_temperature, 1, 7.5 * sqrt(2 * 4 / (3.0 * LONG)) + 1e-3, "and its mean is T where λ is small");
	bench_close(&b);
}

static void check_refusals(struct potential *p)
{
	const struct sampler *s;
	struct sampler_state out;
	MUST(sampler_find("sghmc", &s));
	for (int i = 0; i < 3; i++) {
		struct opts *o = sampler_words("sghmc", (const char *[]){"--friction", "0.5", "--noise-estimate", i < 2 ? "0.5" : "0.51", NULL});
		struct state_plan plan = sampler_plan(p, s, o);
		plan.lr_max = 3 / bench_decay * (i == 1 ? 1.0001 : 0.9999);
		ok((state_facts(&plan, momentum_key, &out) == OK) == (i == 0), "sghmc: %s", i == 0 ? "a step size below 2(2 − a)/δ is taken"
		   : i == 1 ? "one beyond is refused" : "so is an estimate beyond the friction");
		opts_free(o);
	}
}

void check_momentum(struct device *d, bool stationary)
{
	struct potential *p;
	MUST(analytic_open(SAMPLER_TARGET, d, &p));
	check_sghmc_map(p, stationary);
	check_closed_forms();
	ok(same_path(p, "sghmc", (const char *[]){"--friction", "1", NULL}, "sgld", NULL),
	   "sghmc with a = 1 is sgld bit for bit, under a schedule and without noise");
	ok(!same_path(p, "sghmc", (const char *[]){"--friction", "0.999", NULL}, "sgld", NULL), "and with less it is not");
	check_sgd(p);
	check_velocity(p);
	check_estimate(p);
	check_report(p, stationary);
	check_refusals(p);
	potential_close(p);
}
