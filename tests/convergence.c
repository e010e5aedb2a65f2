/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convergence of chains against ArviZ's numbers, AR(1) processes whose autocorrelation time is known, and the edges. */
#include "predict/convergence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "tests/golden/convergence.h"
#include "tests/tap.h"

static const char *const figure[CONVERGENCE_FIGURES] = {"mean", "sd", "R̂", "bulk", "tail", "effective draws of the mean",
                                                        "error of the mean", "error of sd", "autocorrelation time"};

static void golden(int i)
{
	struct convergence got;
	double at[CONVERGENCE_FIGURES];
	MUST(convergence_of(convergence_cases[i].draws, convergence_cases[i].chains, (size_t)convergence_cases[i].n, &got));
	memcpy(at, &got, sizeof at);
	for (int j = 0; j < CONVERGENCE_FIGURES; j++)
		near(at[j], convergence_cases[i].want[j], 1e-9 * fabs(convergence_cases[i].want[j]), "%s: %s",
		     convergence_cases[i].name, figure[j]);
}

/* x_{t+1} = a x_t + ξ from its stationary law, c chains of n. */
static double *autoregressive(double a, int chains, size_t n, unsigned long seed)
{
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	double *x = malloc((size_t)chains * n * sizeof *x);
	gsl_rng_set(r, seed);
	for (size_t i = 0; i < (size_t)chains * n; i++)
		x[i] = gsl_ran_gaussian_ziggurat(r, i % n ? 1 : 1 / sqrt(1 - a * a)) + (i % n ? a * x[i - 1] : 0);
	gsl_rng_free(r);
	return x;
}

/* Σ a^|t| = (1 + a)/(1 − a), for the mean; for squares a² is in the place of a. Over seeds an estimate of the time has
 * a deviation of a quarter of `off`, which was measured with ArviZ's, and errors about half of that. */
static void known_time(double a, double off)
{
	const size_t n = 50000;
	double *x = autoregressive(a, 2, n, 3);
	struct convergence got;
	MUST(convergence_of(x, 2, n, &got));
	const double s = 2 * (double)n, tau = (1 + a) / (1 - a);
	const double sd = 1 / sqrt(1 - a * a), tau2 = (1 + a * a) / (1 - a * a);
	near(got.tau, tau, off * tau, "AR(1) with %g: the autocorrelation time is (1 + a)/(1 − a)", a);
	near(got.ess_bulk, s / tau, off * s / tau, "AR(1) with %g: so are effective draws of the bulk", a);
	near(got.mcse_mean, sd * sqrt(tau / s), off / 1.5 * got.mcse_mean, "AR(1) with %g: and the error of the mean", a);
	near(got.mcse_sd, sd * sqrt(2 * tau2 / s) / 2, off / 1.5 * got.mcse_sd, "AR(1) with %g: and that of sd", a);
	ok(fabs(got.mean) < 6 * got.mcse_mean && fabs(got.sd - sd) < 6 * got.mcse_sd, "AR(1) with %g: they hold", a);
	ok(got.rhat < 1.01, "AR(1) with %g: R̂ is %.4f", a, got.rhat);
	free(x);
}

static bool all_nan(const struct convergence *c)
{
	double at[CONVERGENCE_FIGURES];
	bool nan = true;
	memcpy(at, c, sizeof at);
	for (int j = 0; j < CONVERGENCE_FIGURES; j++)
		nan &= isnan(at[j]) != 0;
	return nan;
}

static void undefined(void)
{
	double x[12] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};
	struct convergence got;
	MUST(convergence_of(x, 3, 3, &got));
	ok(all_nan(&got), "three draws of a chain: nothing is defined");
	for (int i = 0; i < 3; i++) {
		const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
		x[5] = bad[i];
		MUST(convergence_of(x, 2, 6, &got));
		ok(all_nan(&got), "a draw of %g: nothing is", bad[i]);
	}
}

static void constant(void)
{
	double x[40];
	struct convergence got;
	for (int i = 0; i < 40; i++)
		x[i] = 0.7;
	MUST(convergence_of(x, 2, 20, &got));
	ok(got.ess_bulk == 0 && got.ess_tail == 0 && got.ess_mean == 0, "draws all the same: no effective draws");
	ok(isnan(got.rhat) && isnan(got.mcse_mean) && isnan(got.mcse_sd), "draws all the same: R̂ and errors are undefined");
	ok(got.mean == 0.7 && got.sd == 0 && isinf(got.tau), "draws all the same: mean, sd and time");
	for (int i = 20; i < 40; i++)
		x[i] = 0.8;
	MUST(convergence_of(x, 2, 20, &got));
	ok(isinf(got.rhat) && got.rhat > 0, "two chains that stand still apart: R̂ is infinite");
	ok(got.ess_bulk < 5, "two chains that stand still apart: worth %g draws", got.ess_bulk);
	/* More than 95 % are one number, so that both quantiles are. */
	for (int i = 0; i < 40; i++)
		x[i] = i != 7;
	MUST(convergence_of(x, 2, 20, &got));
	ok(got.ess_tail > 0 && got.ess_tail == got.ess_bulk, "no tail to be told: the bulk's number");
}

/* What no change of scale may change, near the ends of the range too. */
static void scales(void)
{
	double *x = autoregressive(0.5, 2, 60, 5), y[120];
	const double scale[] = {0x1p-1000, 0x1p-500, -1, 0x1p1020};
	struct convergence one, got;
	MUST(convergence_of(x, 2, 60, &one));
	for (int i = 0; i < 4; i++) {
		for (int j = 0; j < 120; j++)
			y[j] = x[j] * scale[i];
		MUST(convergence_of(y, 2, 60, &got));
		near(got.rhat, one.rhat, 1e-9, "times %g: R̂", scale[i]);
		near(got.ess_mean / one.ess_mean, 1, 1e-9, "times %g: effective draws", scale[i]);
		near(got.sd / fabs(scale[i]) / one.sd, 1, 1e-9, "times %g: sd", scale[i]);
		near(got.mcse_sd / fabs(scale[i]) / one.mcse_sd, 1, 1e-9, "times %g: its error", scale[i]);
	}
	free(x);
}

int main(void)
{
	for (int i = 0; i < (int)(sizeof convergence_cases / sizeof *convergence_cases); i++)
		golden(i);
	known_time(0, 0.04);
	known_time(0.9, 0.2);
	known_time(-0.5, 0.09);
	undefined();
	constant();
	scales();
	return done_testing();
}
