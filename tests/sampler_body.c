/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Each method's equation on a quadratic potential, where a step is a linear map. */
#include "tests/sampler_body.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/tap.h"

enum { D = SAMPLER_DIMS };
static struct potential *potential;
static const double *hessian;   /* of ℓ, row-major */
static bool in_the_long_run;    /* stationary covariances as well */

/* ---- the maps: the equations of DESIGN's table, written down a second time ---- */

static void expect_sgd(struct expectation *e, double mu, bool nesterov)
{
	map_identity(&e->step, mu > 0 ? 2 : 1, D);
	e->period = 1;
	if (mu <= 0) {
		bench_drift(&e->step, 0, bench_lr, hessian);
		return;
	}
	/* v′ = μv + g; θ′ = θ − λv′, or θ − λ(g + μv′) */
	map_add(&e->step, 1, 1, mu - 1, NULL);
	bench_drift(&e->step, 1, -1, hessian);
	bench_drift(&e->step, 0, nesterov ? bench_lr * (1 + mu) : bench_lr, hessian);
	map_add(&e->step, 0, 1, nesterov ? -bench_lr * mu * mu : -bench_lr * mu, NULL);
}

static void expect_langevin(struct expectation *e, double sigma)
{
	map_identity(&e->step, 1, D);
	e->period = 1;
	bench_drift(&e->step, 0, bench_lr, hessian);
	map_noise(&e->step, 0, STREAM_LANGEVIN_0, bench_noise(), NULL);
	if (sigma > 0)
		map_noise(&e->step, 0, STREAM_PERTURB, -bench_lr * sigma, hessian);
}

static void expect_entropy_mcmc(struct expectation *e, double kappa, double anchor_decay)
{
	map_identity(&e->step, 2, D);
	e->period = 1;
	bench_drift(&e->step, 0, bench_lr, hessian);
	for (int i = 0; i < 2; i++) {
		map_add(&e->step, i, i, -bench_lr / kappa, NULL);
		map_add(&e->step, i, 1 - i, bench_lr / kappa, NULL);
	}
	map_add(&e->step, 1, 1, -bench_lr * anchor_decay, NULL);
	map_noise(&e->step, 0, STREAM_LANGEVIN_0, bench_noise(), NULL);
	map_noise(&e->step, 1, STREAM_LANGEVIN_1, bench_noise(), NULL);
}

static void expect_entropy(struct expectation *e, double kappa, double alpha, double rate, int period, bool from_x,
                           bool noisy)
{
	struct linear_map theta;
	map_identity(&theta, 3, D);
	bench_drift(&theta, 0, bench_lr, hessian);
	map_add(&theta, 0, 0, -bench_lr / kappa, NULL);
	map_add(&theta, 0, 1, bench_lr / kappa, NULL);
	map_noise(&theta, 0, STREAM_LANGEVIN_0, bench_noise(), NULL);
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
		map_noise(&e->outer, 1, STREAM_LANGEVIN_1, sqrt(bench_lr * kappa), NULL);
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

/* ---- the methods ---- */

static void check(const char *name, const char *sampler, const char *const *extra, struct expectation *e, int samples)
{
	check_linear(potential, name, sampler, extra, e, in_the_long_run ? samples : 0);
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
	expect_langevin(&e, pow(1 / bench_temperature, -(1 + 0.3) / 4));
	check("fsgld, σ from η", "fsgld", (const char *[]){"--eta", "0.3", NULL}, &e, 0);
	expect_entropy_mcmc(&e, 0.5, bench_decay);
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
		bench_open(&b, potential, "fsgld", given ? (const char *[]){"--sigma", "0.25", NULL} : (const char *[]){"--eta", "0.3", NULL});
		bench_set(&b, (double[D]){0.1, 0.2, 0.3});
		MUST(state_step(&b.state, bench_lr, 1e-4));
		near(b.state.s.slots.value[SLOT_SAMPLER + 3], given ? 0.25 : pow(1e4, -1.3 / 4), 1e-12, "fsgld, σ %s",
		     given ? "given" : "follows the step's temperature");
		bench_close(&b);
	}
}

/* What page and target say of a step size that is not small, beside the solution of Σ = AΣAᵀ + Q. */
static void check_closed_forms(void)
{
	static const double cases[][3] = {{0.5, 0.2, 0.1}, {2, 0.05, 1.4}, {0.01, 1, 0.3}};   /* h, δ, λ */
	const double beta = 40, sigma = 0.7, c = 0.8;
	double worst = 0, worst_joint = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const double h = cases[i][0], decay = cases[i][1], lr = cases[i][2] / (h + decay + 2 * c);
		double a[MAP_DIMS][MAP_DIMS] = {{0}}, q[MAP_DIMS][MAP_DIMS] = {{0}}, is[MAP_DIMS][MAP_DIMS];
		a[0][0] = 1 - lr * (h + decay);
		q[0][0] = 2 * lr / beta + lr * lr * h * h * sigma * sigma;
		map_stationary(1, a, q, is);
		const double said = (1 + beta * lr * h * h * sigma * sigma / 2) / (1 - lr * (h + decay) / 2) / (beta * (h + decay));
		worst = fmax(worst, fabs(is[0][0] / said - 1));
		/* (θ, a) with δₐ = δ, whose eigenvectors are those of [[x, −c], [−c, y]]. */
		const double x = h + decay + c, y = decay + c, root = sqrt((x - y) * (x - y) / 4 + c * c);
		a[0][0] = 1 - lr * x;
		a[1][1] = 1 - lr * y;
		a[0][1] = a[1][0] = lr * c;
		q[0][0] = q[1][1] = 2 * lr / beta;
		map_stationary(2, a, q, is);
		for (int sign = -1; sign <= 1; sign += 2) {
			const double eigenvalue = (x + y) / 2 + sign * root, v = (x - eigenvalue) / c, length = 1 + v * v;
			const double along = (is[0][0] + 2 * v * is[0][1] + v * v * is[1][1]) / length;
			worst_joint = fmax(worst_joint, fabs(along * beta * eigenvalue * (1 - lr * eigenvalue / 2) - 1));
		}
	}
	near(worst, 0, 1e-10, "fsgld: the variance on a quadratic has the closed form that is told");
	near(worst_joint, 0, 1e-9, "entropy-mcmc: and so has that along an eigenvector");
}

void check_samplers(struct device *d, bool stationary)
{
	in_the_long_run = stationary;
	MUST(analytic_open(SAMPLER_TARGET, d, &potential));
	hessian = bench_hessian(potential);
	check_methods();
	check_tied_sigma();
	check_closed_forms();
	check_sgld_cv(d, potential);
	check_psgld(d, stationary);
	check_low_precision(d);
	potential_close(potential);
	check_adamw(d);
	check_ascent(d);
	check_ascent_nets(d);
	check_m_sam(d);
	check_momentum(d, stationary);
	check_thermostats(d, stationary);
	check_heavy(d);
	check_reweighted(d, stationary);
	check_hmc(d, stationary);
	check_examples(d);
	check_escapes(d, stationary);
}
