/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Hamiltonian Monte Carlo: its step size against Hoffman and Gelman's, and the law that comes out. */
#include <math.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/hmc_bench.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { D = SAMPLER_DIMS, CHAINS = 48 };
static const double start[D] = {0.5, -1, 0.25};

/* ---- the step size ---- */

/* Hoffman and Gelman 2014, equation 6 and algorithm 5, by their sums. */
static void check_adaptation(struct potential *p)
{
	enum { BURN = 60 };
	struct trial t;
	double lack[BURN], mean = 0, size = sqrt(2 * bench_lr * bench_temperature), first = size;
	double sum = 0, worst = 0, worst_sum = 0, burned = 0;
	trial_open(&t, p, &sampler_hmc, bench_lr, 3, BURN);
	trial_put(&t, start);
	for (uint64_t k = 0; k < 2 * BURN; k++) {
		trial_step(&t, k);
		worst = fmax(worst, fabs(t.st.s.lr / (size * size / (2 * bench_temperature)) - 1));
		worst = fmax(worst, fabs(trial_slot(&t, HMC_LEAPFROGS) - fmax(1, round(3 * first / size))));
		const double alpha = fmin(1, exp(-trial_slot(&t, HMC_ENERGY_ERROR)));
		sum = alpha + (k == BURN ? 0 : sum);
		worst_sum = fmax(worst_sum, fabs(trial_slot(&t, HMC_ACCEPTANCE) - sum / (double)(k % BURN + 1)));
		if (k >= BURN)
			continue;
		double all = 0;
		burned = trial_slot(&t, HMC_ACCEPTANCE);
		lack[k] = 0.8 - alpha;
		for (uint64_t i = 0; i <= k; i++)
			all += lack[i];
		const double n = (double)k + 1, log_size = log(10 * first) - sqrt(n) / 0.05 * all / (n + 10);
		mean = pow(n, -0.75) * log_size + (1 - pow(n, -0.75)) * mean;
		size = exp(k + 1 < BURN ? log_size : mean);
	}
	near(worst, 0, 1e-9, "hmc: λ and the leapfrog steps follow dual averaging in the burn-in, and stay behind it");
	near(worst_sum, 0, 1e-12, "and the acceptance is the mean of each");
	near(burned, 0.8, 0.05, "which in the burn-in is what was asked for");
	trial_close(&t);
}

static bool refused(const struct state_plan *plan)
{
	struct sampler_state out;
	return state_facts(plan, momentum_key, &out) == ERR_USAGE;
}

static void check_parameters(struct potential *p)
{
	struct potential moving = *p;
	struct sampler_state out;
	struct state_plan plan = {.potential = p, .n = 40, .batch = 8, .temperature = 0.5, .decay = 0.01,
	                          .lr_max = 1, .param = {NAN, NAN}};
	MUST(sampler_find("hmc", &plan.sampler));
	MUST(state_facts(&plan, momentum_key, &out));
	near(out.param[HMC_TRAJECTORY], M_PI / 2 / sqrt(40 * 0.01 / 0.5), 1e-12, "hmc: a trajectory is a quarter of the prior's period");
	plan.lr_max = 201;
	ok(refused(&plan), "hmc refuses a λ at which the prior alone diverges,");
	plan.burn_in = 10;
	ok(!refused(&plan), "but where it is adapted");
	plan.lr_max = 1e-12;
	ok(refused(&plan), "a trajectory of more leapfrog steps than it takes,");
	plan.lr_max = 1;
	plan.burn_in = 0;
	plan.param[HMC_ACCEPT] = 0.7;
	ok(refused(&plan), "an acceptance without a burn-in,");
	plan.param[HMC_ACCEPT] = NAN;
	moving.fixed = false;
	plan.potential = &moving;
	ok(refused(&plan), "and a potential that is not one function");
}

/* ---- the law ---- */

/* Student's t of the means of x over chains against what they should be. */
static double t_of(const double *x, double expected)
{
	double mean = 0, squares = 0;
	for (int c = 0; c < CHAINS; c++)
		mean += x[c] / CHAINS;
	for (int c = 0; c < CHAINS; c++)
		squares += (x[c] - mean) * (x[c] - mean) / (CHAINS - 1);
	return (mean - expected) / sqrt(squares / CHAINS);
}

/* Means over chains of θⱼ² (D), and of e^−ΔE. */
static void run_long(struct potential *p, const struct sampler *method, double lr, int leapfrogs, double squares[D][CHAINS],
                     double weight[CHAINS])
{
	enum { BURN = 100, LONG = 2000 };
	struct trial t;
	trial_open(&t, p, method, lr, leapfrogs, 0);
	memset(squares, 0, sizeof *squares * D);
	for (uint32_t c = 0; c < CHAINS; c++) {
		t.st.s.slots.key = (struct rng_key){11, c};
		trial_put(&t, (const double[D]){0});
		weight[c] = 0;
		for (uint64_t k = 0; k < BURN + LONG; k++) {
			double theta[D];
			trial_step(&t, k);
			trial_get(&t, t.st.s.vector[0], theta);
			for (int j = 0; k >= BURN && j < D; j++)
				squares[j][c] += theta[j] * theta[j] / LONG;
			weight[c] += k >= BURN ? exp(-t.st.s.slots.value[HMC_ENERGY_ERROR]) / LONG : 0;
		}
	}
	trial_close(&t);
}

/* Without Metropolis the variance is sgld's, for every L; with it the target's, at a step that is nearly as large as there is. */
static void check_laws(struct device *d)
{
	static const double variance[D] = {1, 2, 0.5};
	static const struct law {
		int leapfrogs;
		double lr;
		bool metropolis;
	} laws[] = {{1, 0.3, false}, {4, 0.3, false}, {9, 0.3, false}, {1, 0.6, true}, {3, 0.7, true}, {7, 0.4, true}};
	struct potential *p;
	double squares[D][CHAINS], weight[CHAINS];
	MUST(analytic_open("gaussian:1,2,0.5", d, &p));
	for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
		const struct law *l = &laws[i];
		double worst = 0;
		run_long(p, l->metropolis ? &sampler_hmc : hmc_bare(l->leapfrogs), l->lr, l->leapfrogs, squares, weight);
		for (int j = 0; j < D; j++) {
			const double h = 1 / variance[j] + bench_decay, off = l->metropolis ? 1 : 1 - l->lr * h / 2;
			worst = fmax(worst, fabs(t_of(squares[j], bench_temperature / (h * off))));
		}
		near(worst, 0, 7.5, "hmc%s, L = %d: variances are %s (largest t)", l->metropolis ? "" : " without Metropolis", l->leapfrogs,
		     l->metropolis ? "the target's" : "1/(1 − λh/2) times the target's");
		if (l->metropolis)
			near(t_of(weight, 1), 0, 7.5, "and the mean of exp(−ΔE) is 1 (t)");
	}
	potential_close(p);
}

void check_hmc_laws(struct device *d, bool stationary)
{
	struct potential *p;
	MUST(analytic_open(SAMPLER_TARGET, d, &p));
	check_adaptation(p);
	check_parameters(p);
	potential_close(p);
	if (stationary)
		check_laws(d);
}
