/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* SGNHT on a quadratic potential, with exact gradients and with noisy ones. */
#include <math.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/momentum_bench.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { D = SAMPLER_DIMS };

static void check_refusals(struct potential *p)
{
	const struct sampler *s;
	struct sampler_state out;
	MUST(sampler_find("sgnht", &s));
	for (int i = 0; i < 2; i++) {
		struct opts *o = sampler_words("sgnht", (const char *[]){"--friction", i ? "0.5" : "0.499", NULL});
		const struct state_plan plan = sampler_plan(p, s, o);
		ok((state_facts(&plan, momentum_key, &out) == OK) == (i == 0), "sgnht: a friction of %s", i ? "a half is refused" : "less than a half is taken");
		opts_free(o);
	}
	for (int i = 0; i < 2; i++) {
		struct opts *o = sampler_words("sgnht", (const char *[]){"--thermostat-mass", i ? "0.49" : "0.51", NULL});
		struct state_plan plan = sampler_plan(p, s, o);
		plan.temperature = (double)plan.n;
		plan.lr_max = 1;
		ok((state_facts(&plan, momentum_key, &out) == OK) == (i == 0), "sgnht: λT/(Nm) %s 2 is %s", i ? "above" : "below",
		   i ? "refused" : "taken");
		opts_free(o);
	}
}

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
	b.state.s.slots.key = momentum_key;
	memcpy(z, momentum_start, sizeof momentum_start);
	bench_set(&b, z);
	for (uint64_t k = 0; k < MOMENTUM_STEPS; k++) {
		const double lr = momentum_lr(k), r = sqrt(lr / momentum_lr(k ? k - 1 : 0));
		double next[2], kinetic = 0;
		excess *= r;
		for (int i = 0; i < 2; i++) {
			double g = bench_decay * z[i];
			for (int j = 0; j < D; j++)
				g += hessian[i * D + j] * z[j];
			next[i] = (1 - A - excess) * r * z[D + i] - lr * g +
			          sqrt(2 * A * lr * bench_temperature) * rng_normal(momentum_key, STREAM_LANGEVIN_0, k, (uint64_t)i);
			kinetic += next[i] * next[i] / 2;
		}
		for (int i = 0; i < 2; i++) {
			z[D + i] = next[i];
			z[i] += next[i];
		}
		excess += (kinetic - lr * bench_temperature) / mass;
		momentum_step(&b, k, lr, false);
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
	for (uint64_t k = 0; k < MOMENTUM_STEPS; k++) {
		momentum_step(&b, k, bench_lr, false);
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

void check_thermostats(struct device *d, bool stationary)
{
	struct potential *p;
	MUST(analytic_open(SAMPLER_TARGET, d, &p));
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
