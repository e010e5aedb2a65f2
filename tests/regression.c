/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Regression metrics against SciPy; CRPS and intervals against GSL's quadrature and bisection. */
#include "predict/regression.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort_double.h>

#include "tests/golden/metrics.h"
#include "src/rng.h"
#include "tests/tap.h"

enum { MEMBERS_MAX = 3000 };

struct case_of {
	const double *mu;
	size_t s;
	double sd, y;
	const double *own;  /* (s): deviations, instead of sd; or NULL */
};

static double mixture_below(const struct case_of *c, double x)
{
	double sum = 0;
	for (size_t i = 0; i < c->s; i++)
		sum += gsl_cdf_gaussian_P(x - c->mu[i], c->own ? c->own[i] : c->sd);
	return sum / (double)c->s;
}

static double integrand(double x, void *context)
{
	const struct case_of *c = context;
	double f = mixture_below(c, x) - (x >= c->y);
	return f * f;
}

/* By GSL's adaptive quadrature between the members' edges. */
static double crps_by_quadrature(struct case_of *c)
{
	gsl_integration_workspace *w = gsl_integration_workspace_alloc(2000);
	gsl_function f = {integrand, c};
	double lo = fmin(c->mu[0] - 10 * c->sd, c->y), hi = fmax(c->mu[c->s - 1] + 10 * c->sd, c->y), a, b, error;
	gsl_integration_qag(&f, lo, nextafter(c->y, lo), 0, 1e-11, 2000, GSL_INTEG_GAUSS61, w, &a, &error);
	gsl_integration_qag(&f, c->y, hi, 0, 1e-11, 2000, GSL_INTEG_GAUSS61, w, &b, &error);
	gsl_integration_workspace_free(w);
	return a + b;
}

static double quantile(const struct case_of *c, double q)
{
	double lo = c->mu[0] - 40 * c->sd, hi = c->mu[c->s - 1] + 40 * c->sd;
	for (int i = 0; i < 200; i++) {
		double middle = (lo + hi) / 2;
		if (mixture_below(c, middle) < q)
			lo = middle;
		else
			hi = middle;
	}
	return lo;
}

static void golden_values(void)
{
	struct regression r = {.n = R_N, .k = R_K, .members = R_MEMBERS, .output = r_output, .shift = r_shift, .scale = r_scale, .noise_sd = r_sd};
	struct regression_metrics got;
	double nll[R_MEMBERS], rmse[R_MEMBERS], y[R_N * R_K];
	for (size_t i = 0; i < sizeof y / sizeof *y; i++)
		y[i] = (double)r_y[i];
	MUST(metrics_regression(&r, y, &got));
	near(got.nll, r_nll, 1e-12, "NLL in own units is SciPy's");
	near(got.rmse, r_rmse, 1e-12, "RMSE of the mixture's mean");
	near(got.crps, r_crps, 1e-9, "CRPS is SciPy's integral");
	near(got.coverage, r_coverage, 1e-15, "coverage is that of the quantiles");
	ok(got.nll_se > 0 && got.nll_se < 1, "NLL has a standard error");
	MUST(regression_curve(&r, y, nll, rmse));
	near(nll[R_MEMBERS - 1], r_nll, 1e-12, "the curve's last NLL is the whole ensemble's");
	near(rmse[R_MEMBERS - 1], r_rmse, 1e-12, "the curve's last RMSE is the whole ensemble's");
	r.members = 3;
	MUST(metrics_regression(&r, y, &got));
	near(nll[2], got.nll, 1e-12, "the curve's third NLL is that of three members");
	near(rmse[2], got.rmse, 1e-12, "the curve's third RMSE is that of three members");
	r.n = 0;
	MUST(metrics_regression(&r, y, &got));
	ok(isnan(got.nll) && isnan(got.rmse) && isnan(got.crps) && isnan(got.coverage), "no examples: nothing is defined");
}

/* Members at spread · N(0, 1), so that few or many of them overlap. */
static void crps_case(size_t s, double spread, double sd, double y)
{
	double mu[MEMBERS_MAX];
	struct rng_key key = {7, 0};
	for (size_t i = 0; i < s; i++)
		mu[i] = 3 + spread * rng_normal(key, STREAM_PROBE, 0, i);
	gsl_sort(mu, 1, s);
	const struct gaussian_mixture m = {mu, s, sd, NULL};
	struct case_of c = {mu, s, sd, y, NULL};
	double want = crps_by_quadrature(&c);
	near(gaussian_mixture_crps(&m, y), want, 1e-10 * (sd + want),
	     "CRPS of %zu members, spread %g, deviation %g, at %g: GSL's integral", s, spread, sd, y);
	near(gaussian_mixture_cdf(&m, y), mixture_below(&c, y), 1e-14, "… and its cumulative probability");
}

/* The same of members with deviations of their own, around sd and up to `apart` times as wide or as narrow. */
static void own_case(size_t s, double spread, double sd, double apart, double y)
{
	double mu[MEMBERS_MAX], own[MEMBERS_MAX], worst = 0;
	const double at[] = {1e-12, 0.005, 0.025, 0.3, 0.5, 0.6, 0.975, 0.995, 1 - 1e-9};
	struct rng_key key = {8, 0};
	double widest = 0;
	for (size_t i = 0; i < s; i++) {
		mu[i] = 3 + spread * rng_normal(key, STREAM_PROBE, 0, i);
		own[i] = sd * pow(apart, sin((double)i));
		widest = fmax(widest, own[i]);
	}
	gsl_sort(mu, 1, s);
	const struct gaussian_mixture m = {mu, s, NAN, own};
	struct case_of c = {mu, s, widest, y, own};
	double want = crps_by_quadrature(&c), got;
	near(gaussian_mixture_crps(&m, y), want, 1e-9 * (sd + want), "CRPS of %zu members of deviations %g apart, at %g: GSL's integral", s, apart, y);
	near(gaussian_mixture_cdf(&m, y), mixture_below(&c, y), 1e-14, "… and its cumulative probability");
	for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
		MUST(gaussian_mixture_quantile(&m, at[i], &got));
		worst = fmax(worst, fabs(got - quantile(&c, at[i])) / sd);
	}
	/* Bisection knows the upper tail no better than 1 − p in double. */
	near(worst, 0, 1e-6, "… and its quantiles, by bisection");
}

/* What each of two examples' mixtures is, from deviations given in every way: with a scale of 2 the second target is N(3, 1²) and
 * N(7, 3²) in equal parts. */
static void own_noise(void)
{
	const float half = (float)log(0.25), threehalf = (float)log(2.25);
	/* Two members, an example, two targets; behind the means what ln σ² is. */
	const float means[] = {0, 1, 0, 3}, outputs[] = {0, 1, 0, half, 0, 3, 0, threehalf};
	const double sds[] = {1, 0.5, 1, 1.5}, shift[] = {0, 1}, scale[] = {1, 2}, y[] = {0.5, 4};
	const struct regression ways[] = {
		{.n = 1, .k = 2, .members = 2, .output = means, .shift = shift, .scale = scale, .noise_sd = NAN, .member_sd = sds},
		{.n = 1, .k = 2, .members = 2, .output = outputs, .shift = shift, .scale = scale, .noise_sd = NAN, .own_noise = true},
	};
	const double mu[] = {3, 7}, sd[] = {1, 3}, first[] = {0, 0}, ones[] = {1, 1};
	const struct gaussian_mixture m = {mu, 2, 0, sd}, n = {first, 2, 0, ones};
	const double density = 0.5 * gsl_ran_gaussian_pdf(0.5, 1) * (gsl_ran_gaussian_pdf(1, 1) + gsl_ran_gaussian_pdf(-3, 3));
	for (int i = 0; i < 2; i++) {
		const char *what = i ? "log-variances that are outputs" : "members' own deviations";
		const struct regression last = regression_part(&ways[i], 1, 2);
		struct regression_metrics got;
		double lower, upper, middle[2], want[3], nll[2], rmse[2];
		MUST(metrics_regression(&ways[i], y, &got));
		near(got.nll, -log(density), 1e-7, "%s: NLL", what);
		near(got.crps, (gaussian_mixture_crps(&m, 4) + gaussian_mixture_crps(&n, 0.5)) / 2, 1e-7, "%s: CRPS", what);
		near(got.rmse, sqrt((0.25 + 1) / 2), 1e-12, "%s: RMSE", what);
		MUST(regression_curve(&ways[i], y, nll, rmse));
		near(nll[1], got.nll, 1e-12, "%s: the curve's NLL", what);
		near(nll[0], -log(gsl_ran_gaussian_pdf(0.5, 1) * gsl_ran_gaussian_pdf(1, 1)), 1e-7, "%s: and that of its first member", what);
		near(regression_predicted_mean(&ways[i], 0, 1), 5, 1e-12, "%s: the mixture's mean", what);
		near(regression_predicted_sd(&ways[i], 0, 1), sqrt((1 + 9) / 2. + 4), 1e-7, "%s: its deviation, by the law of total variance", what);
		MUST(regression_interval(&ways[i], 0, 1, 0.9, &lower, &upper));
		MUST(regression_interval(&ways[i], 0, 1, 0, &middle[0], &middle[1]));
		for (int q = 0; q < 3; q++)
			MUST(gaussian_mixture_quantile(&m, (const double[]){0.05, 0.5, 0.95}[q], &want[q]));
		near(fabs(lower - want[0]) + fabs(middle[0] - want[1]) + fabs(middle[1] - want[1]) + fabs(upper - want[2]), 0, 1e-6, "%s: its quantiles", what);
		near(regression_sd(&last, 0, 0, 1), 3, 1e-6, "%s: a part has its own members' deviations", what);
	}
}

static void single_member(void)
{
	const float out[] = {2};
	const double y[] = {5};
	struct regression r = {.n = 1, .k = 1, .members = 1, .output = out, .shift = NULL, .scale = NULL, .noise_sd = 1.5};
	struct regression_metrics got;
	MUST(metrics_regression(&r, y, &got));
	/* Gneiting & Raftery (2007), eq. 21, at z = 2. */
	double phi = exp(-2) / sqrt(2 * M_PI), want = 1.5 * (2 * (2 * gsl_cdf_ugaussian_P(2) - 1) + 2 * phi - 1 / sqrt(M_PI));
	near(got.crps, want, 1e-14, "one member: CRPS of a Gaussian");
	near(got.nll, 2 + log(1.5) + log(2 * M_PI) / 2, 1e-14, "one member: NLL of a Gaussian");
	ok(got.rmse == 3 && got.coverage == 0 && isnan(got.nll_se), "one member, one example: RMSE 3, outside, no error");
}

/* 2.5 % of the mixture lie beyond each quantile: targets just inside count, targets just outside don't. */
static void interval(void)
{
	const float out[] = {0, 1, 7, 7.5f};
	const double mu[] = {0, 1, 7, 7.5};
	struct case_of c = {mu, 4, 0.8, 0, NULL};
	double lower = quantile(&c, 0.025), upper = quantile(&c, 0.975);
	const double at[] = {lower - 1e-4, lower + 1e-4, upper - 1e-4, upper + 1e-4};
	const double inside[] = {0, 1, 1, 0};
	bool good = true;
	for (int i = 0; i < 4; i++) {
		const double y[] = {(double)(float)at[i]};
		struct regression r = {.n = 1, .k = 1, .members = 4, .output = out, .shift = NULL, .scale = NULL, .noise_sd = 0.8};
		struct regression_metrics got;
		MUST(metrics_regression(&r, y, &got));
		good &= got.coverage == inside[i];
	}
	ok(good, "coverage turns at the quantiles %.4f and %.4f", lower, upper);
}

/* The call failed as it should, with these words in its message. */
static void refused(status got, status want, const char *words, const char *what)
{
	ok(got == want && strstr(fail_words(got, "--"), words), "%s: %s", what, fail_words(got, "--"));
}

static void refusals(void)
{
	const float bad[] = {1, NAN}, fine[] = {1, 2};
	const double bad_y[] = {1, NAN}, fine_y[] = {1, 2};
	struct regression r = {.n = 2, .k = 1, .members = 1, .output = bad, .shift = NULL, .scale = NULL, .noise_sd = 1};
	struct regression_metrics got;
	refused(metrics_regression(&r, fine_y, &got), ERR_INPUT, "member 0 for example 1", "a NaN output");
	r.output = fine;
	refused(metrics_regression(&r, bad_y, &got), ERR_INPUT, "target of example 1", "a NaN target");
	r.noise_sd = 0;
	refused(metrics_regression(&r, fine_y, &got), ERR_INPUT, "deviation is 0", "a deviation of 0");
	r.member_sd = (const double[]){INFINITY};
	refused(metrics_regression(&r, fine_y, &got), ERR_INPUT, "deviation of member 0", "a member's deviation that is infinite");
}

int main(void)
{
	golden_values();
	crps_case(1, 0, 0.7, 2);
	crps_case(16, 1, 0.5, 3.3);
	crps_case(256, 1, 0.5, 3.3);
	crps_case(257, 1, 0.5, 3.3);
	crps_case(257, 0.01, 0.5, 9);
	crps_case(300, 40, 0.5, -300);
	crps_case(1000, 2, 1, 3);
	crps_case(1000, 1, 0.02, 2.9);
	own_case(2, 3, 0.7, 10, 2);
	own_case(40, 1, 0.5, 3, 3.3);
	own_case(256, 1, 0.5, 3, 3.3);
	own_case(257, 1, 0.5, 3, 3.3);
	own_case(600, 40, 0.5, 2, -90);
	own_case(300, 1, 0.5, 12, 3.1);
	own_noise();
	single_member();
	interval();
	refusals();
	return done_testing();
}
