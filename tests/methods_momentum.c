/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* SGHMC and SGNHT on a quadratic potential, with exact gradients and with noisy ones. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { D = SAMPLER_DIMS, STEPS = 50 };
static const struct rng_key key = {5, 3};

/* ---- a potential whose gradients are noisy: plus σξ, of a stream that no method draws from ---- */

struct noisy {
	struct potential base;
	struct potential *inner;
	double sigma;
};

static status noisy_gradient(struct potential *base, struct slots *s, const struct gradient_request *r)
{
	const struct noisy *p = (const struct noisy *)base;
	struct device *d = base->device;
	static float g[4096];
	TRY(p->inner->ops->value_grad(p->inner, s, r));
	TRY(d->ops->get(d, g, r->gradient, base->n_params * sizeof *g));
	for (size_t i = 0; i < base->n_params; i++)
		g[i] += (float)(p->sigma * rng_normal(s->key, STREAM_PROBE, s->step, i));
	return d->ops->put(d, r->gradient, g, base->n_params * sizeof *g);
}

static const struct potential_ops noisy_ops = {.value_grad = noisy_gradient};

static struct noisy noisy_of(struct potential *inner, double sigma)
{
	struct noisy p = {.base = *inner, .inner = inner, .sigma = sigma};
	p.base.ops = &noisy_ops;
	return p;
}

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

static const double start[2 * D] = {0.5, -1, 0.25};

/* A schedule's step sizes, with a restart. */
static double lr_at(uint64_t k)
{
	return bench_lr * (1 + cos(0.21 * (double)(k % 15))) / 2;
}

static void step_at(struct bench *b, uint64_t k, double lr, bool exploring)
{
	b->state.step = k;
	b->state.s.exploring = exploring;
	MUST(state_step(&b->state, lr, bench_temperature));
}

/* Whether two methods' θ have the same bits after each step under a schedule, the noise off in every third. */
static bool same_path(struct potential *p, const char *one, const char *const *words_one, const char *other,
                      const char *const *words_other)
{
	struct bench b[2];
	bool same = true;
	bench_open(&b[0], p, one, words_one);
	bench_open(&b[1], p, other, words_other);
	const bool explore = b[0].plan.sampler->explores && b[1].plan.sampler->explores;
	for (int i = 0; i < 2; i++) {
		b[i].state.s.slots.key = key;
		bench_set(&b[i], start);
	}
	for (uint64_t k = 0; k < STEPS; k++) {
		float x[2][D];
		for (int i = 0; i < 2; i++) {
			step_at(&b[i], k, lr_at(k), explore && k % 3 == 0);
			MUST(state_get(&b[i].state, 0, x[i]));
		}
		same = same && memcmp(x[0], x[1], sizeof x[0]) == 0;
	}
	bench_close(&b[0]);
	bench_close(&b[1]);
	return same;
}

/* Without noise, at one step size: v is −λ times PyTorch's velocity. */
static void check_sgd(struct potential *p)
{
	struct bench b[2];
	double worst = 0, z[2][MAP_DIMS];
	bench_open(&b[0], p, "sghmc", (const char *[]){"--friction", "0.25", NULL});
	bench_open(&b[1], p, "sgd", (const char *[]){"--momentum", "0.75", NULL});
	for (int i = 0; i < 2; i++)
		bench_set(&b[i], start);
	for (uint64_t k = 0; k < STEPS; k++) {
		for (int i = 0; i < 2; i++) {
			step_at(&b[i], k, bench_lr, true);
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
	double z[MAP_DIMS] = {0}, got[MAP_DIMS], worst = 0, before = lr_at(0);
	bench_open(&b, p, "sghmc", (const char *[]){"--friction", "0.3", "--momentum-init", "normal", NULL});
	b.state.s.slots.key = key;
	bench_set(&b, start);
	memcpy(z, start, sizeof start);
	for (uint64_t k = 0; k < STEPS; k++) {
		const double lr = lr_at(k);
		struct linear_map *m = &e.step;
		map_identity(m, 2, D);
		for (int i = 0; i < 2; i++) {
			map_add(m, i, 0, -lr, bench_hessian(p));
			map_add(m, i, 0, -lr * bench_decay, NULL);
			map_add(m, i, 1, 0.7 * sqrt(lr / before) - i, NULL);
			map_noise(m, i, STREAM_LANGEVIN_0, sqrt(2 * 0.3 * lr * bench_temperature), NULL);
		}
		for (int j = 0; k == 0 && j < D; j++)
			z[D + j] = sqrt(lr * bench_temperature) * rng_normal(key, STREAM_MOMENTUM, 0, (uint64_t)j);
		map_apply(m, key, k, z);
		step_at(&b, k, lr, false);
		bench_get(&b, got);
		for (int j = 0; j < 2 * D; j++)
			worst = fmax(worst, fabs(got[j] - z[j]));
		before = lr;
	}
	near(worst, 0, 1e-5, "sghmc: a velocity is drawn in the first step, and goes with the root of the step size");
	bench_close(&b);
	part.base.pieces = &pieces;
	bench_open(&b, &part.base, "sghmc", (const char *[]){"--momentum-init", "normal", NULL});
	bench_set(&b, start);
	for (uint64_t k = 0; k < 5; k++)
		step_at(&b, k, bench_lr, false);
	bench_get(&b, got);
	ok(got[D - 1] == (double)(float)start[D - 1] && got[2 * D - 1] == 0 && got[D] != 0, "sghmc: a frozen tensor has no velocity");
	bench_close(&b);
}

/* The estimate is of the largest step size, and goes with it. */
static void check_estimate(struct potential *p)
{
	struct bench b;
	bench_open(&b, p, "sghmc", (const char *[]){"--friction", "0.3", "--noise-estimate", "0.2", NULL});
	bench_set(&b, start);
	step_at(&b, 0, bench_lr / 4, false);
	near(b.state.s.slots.value[SLOT_SAMPLER + 2], sqrt(2 * (0.3 - 0.05) * bench_lr / 4 * bench_temperature), 1e-12,
	     "sghmc: an estimate of the gradient's noise goes with the step size");
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
		ok((state_facts(&plan, key, &out) == OK) == (i == 0), "sghmc: %s", i == 0 ? "a step size below 2(2 − a)/δ is taken"
		   : i == 1 ? "one beyond is refused" : "so is an estimate beyond the friction");
		opts_free(o);
	}
	MUST(sampler_find("sgnht", &s));
	for (int i = 0; i < 2; i++) {
		struct opts *o = sampler_words("sgnht", (const char *[]){"--friction", i ? "0.5" : "0.499", NULL});
		const struct state_plan plan = sampler_plan(p, s, o);
		ok((state_facts(&plan, key, &out) == OK) == (i == 0), "sgnht: a friction of %s", i ? "a half is refused" : "less than a half is taken");
		opts_free(o);
	}
}

/* ---- SGNHT ---- */

/* Slots of its scalars. */
enum { EXCESS = SLOT_SCALAR, FRICTION, KINETIC };

/* Its equations in double, where the last of three parameters is frozen. */
static void check_thermostat(struct potential *p)
{
	const double A = 0.2, mass = 3, *hessian = bench_hessian(p);
	struct piece piece[2] = {{.count = 2, .prior = 1}, {.offset = 2, .count = D - 2, .prior = 1, .frozen = true}};
	struct pieces pieces = {piece, 2, D};
	struct noisy part = noisy_of(p, 0);
	struct bench b;
	double z[2 * D], got[MAP_DIMS], excess = 0, worst = 0, worst_a = 0, worst_t = 0;
	part.base.pieces = &pieces;
	bench_open(&b, &part.base, "sgnht", (const char *[]){"--friction", "0.2", "--thermostat-mass", "3", NULL});
	b.state.s.slots.key = key;
	memcpy(z, start, sizeof start);
	bench_set(&b, z);
	for (uint64_t k = 0; k < STEPS; k++) {
		const double lr = lr_at(k), r = sqrt(lr / lr_at(k ? k - 1 : 0));
		double next[2], kinetic = 0;
		excess *= r;
		for (int i = 0; i < 2; i++) {
			double g = bench_decay * z[i];
			for (int j = 0; j < D; j++)
				g += hessian[i * D + j] * z[j];
			next[i] = (1 - A - excess) * r * z[D + i] - lr * g +
			          sqrt(2 * A * lr * bench_temperature) * rng_normal(key, STREAM_LANGEVIN_0, k, (uint64_t)i);
			kinetic += next[i] * next[i] / 2;
		}
		for (int i = 0; i < 2; i++) {
			z[D + i] = next[i];
			z[i] += next[i];
		}
		excess += (kinetic - lr * bench_temperature) / mass;
		step_at(&b, k, lr, false);
		bench_get(&b, got);
		for (int i = 0; i < 2 * D; i++)
			worst = fmax(worst, fabs(got[i] - z[i]));
		MUST(p->device->ops->slots_fetch(p->device, &b.state.s.slots));
		worst_a = fmax(worst_a, fabs(b.state.s.slots.value[FRICTION] - A - excess));
		worst_t = fmax(worst_t, fabs(b.state.s.slots.value[KINETIC] - kinetic / lr));
	}
	near(worst, 0, 1e-5, "sgnht: 50 steps of a schedule are those of its equations, with a frozen tensor");
	near(worst_a, 0, 1e-5, "and so is the friction");
	near(worst_t, 0, 1e-4, "and the kinetic temperature, of the parameters that move");
	bench_close(&b);
}

/* At one step size the friction's way is the kinetic energy's mean: an identity at every K. */
static void check_telescope(struct potential *p)
{
	struct bench b;
	double z[MAP_DIMS] = {0}, sum = 0, worst = 0;
	bench_open(&b, p, "sgnht", (const char *[]){"--thermostat-mass", "2", "--momentum-init", "normal", NULL});
	bench_set(&b, z);
	for (uint64_t k = 0; k < STEPS; k++) {
		step_at(&b, k, bench_lr, false);
		bench_get(&b, z);
		for (int i = 0; i < D; i++)
			sum += z[D + i] * z[D + i] / D;
		MUST(p->device->ops->slots_fetch(p->device, &b.state.s.slots));
		const double steps = (double)k + 1, excess = b.state.s.slots.value[EXCESS];
		worst = fmax(worst, fabs(sum / steps - (bench_lr * bench_temperature + 2 * excess / steps)));
	}
	near(worst, 0, 1e-14, "sgnht: the mean of ‖v‖²/d is λ/β + m(a − A)/K after every K");
	bench_close(&b);
}

enum { WIDE = 64 };

/* Long runs on 64 independent parameters of unit variance at λ = 0.01, β = 1, with gradient noise of variance σ²: the means of
 * θ² and of the friction, and the friction's variance. */
static void long_run(struct potential *p, double sigma, const char *sampler, double *theta, double *a, double *spread)
{
	enum { BURN = 2000, LONG = 30000 };
	struct noisy noisy = noisy_of(p, sigma);
	struct opts *o = sampler_words(sampler, NULL);
	const struct sampler *s;
	float x[WIDE];
	double squares = 0, sum[2] = {0};
	MUST(sampler_find(sampler, &s));
	struct state_plan plan = sampler_plan(&noisy.base, s, o);
	struct bench b;
	plan.decay = 0;
	bench_open_plan(&b, &plan, sampler, (const char *[]){"--friction", "0.05", NULL});
	for (int k = 0; k < BURN + LONG; k++) {
		MUST(state_step(&b.state, 0.01, 1));
		if (k < BURN)
			continue;
		MUST(state_get(&b.state, 0, x));
		for (int i = 0; i < WIDE; i++)
			squares += (double)x[i] * (double)x[i] / WIDE / LONG;
		const double friction = b.state.s.slots.value[FRICTION];
		sum[0] += friction / LONG;
		sum[1] += friction * friction / LONG;
	}
	*theta = squares;
	*a = sum[0];
	*spread = sum[1] - sum[0] * sum[0];
	bench_close(&b);
	opts_free(o);
}

static void check_unknown_noise(struct device *d)
{
	char spec[16 + 2 * WIDE] = "gaussian:1";
	struct potential *p;
	double theta, a, spread;
	for (int i = 1; i < WIDE; i++)
		strcat(spec, ",1");
	MUST(analytic_open(spec, d, &p));
	for (int noisy = 0; noisy < 2; noisy++) {
		/* A friction that hardly moves has E‖v‖²/d = λ/β where a(2 − a − λh/2) = 2A + λβσ², by the closed forms above; and there
		 * θ's variance is (1 − a/2)/(βh). */
		const double b = 2 - 0.01 / 2, sum = noisy ? 0.2 : 0.1, want = 2 * sum / (b + sqrt(b * b - 4 * sum));
		long_run(p, noisy ? sqrt(10) : 0, "sgnht", &theta, &a, &spread);
		near(a, want, 0.003, "sgnht: %s", noisy ? "noisy gradients move the friction to A + λβσ²/2" : "with exact gradients it stays at A");
		near(spread * WIDE / 0.01, 1, 0.2, "sgnht: with variance λ/(βdm)");
		near(theta, 1 - want / 2, 0.025, "sgnht: and θ has its law");
	}
	long_run(p, sqrt(10), "sghmc", &theta, &a, &spread);
	near(theta, 2 / (1 - 0.01 / (2 * 1.95)), 0.1, "where sghmc's variance is 1 + λβσ²/(2a) times as large");
	potential_close(p);
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
	check_refusals(p);
	ok(same_path(p, "sgnht", (const char *[]){"--friction", "0.3", "--thermostat-mass", "1e300", NULL},
	             "sghmc", (const char *[]){"--friction", "0.3", NULL}), "sgnht with a thermostat that holds is sghmc bit for bit");
	ok(!same_path(p, "sgnht", (const char *[]){"--friction", "0.3", NULL}, "sghmc", (const char *[]){"--friction", "0.3", NULL}),
	   "and with one that moves it is not");
	check_thermostat(p);
	check_telescope(p);
	potential_close(p);
	if (stationary)
		check_unknown_noise(d);
}
