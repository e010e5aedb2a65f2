/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Flatness-aware SGLD (arXiv 2510.02174) on two wells of equal depth and unequal width: its law is that of its transition
 * kernel, which in one dimension a grid holds to many digits.
 *   (i)   the law that eq. 10 names and the one that perturbed gradients have, along σ = β^(−(1+η)/4), as β grows;
 *   (ii)  the kernel's stationary law and that one, in W₁, as λ goes to 0 at a fixed σ;
 *   (iii) the program's chains and the kernel's stationary law.
 * Kolmogorov–Smirnov tests are of draws so far apart that the kernel's second eigenvalue leaves 1 % of what they had in
 * common, as if they were 2 % fewer, and fail where p < 1e-6. Shares are means over 48 chains against their own standard error
 * (Student's t, 47 degrees of freedom): |t| < 7.5 has a false-alarm rate below 2e-9. */
#include <gsl/gsl_fit.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_spline.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/analytic.h"
#include "tests/fidelity/kernel.h"
#include "tests/sampler_bench.h"
#include "tests/tap.h"

static struct wells wells;
static struct potential *potential;

/* ---- what is sampled from ---- */

static void check_wells(void)
{
	double u[2], curvature[2], worst = 0, most = 0, least = INFINITY;
	for (int k = 0; k < 2; k++)
		u[k] = wells_energy(&wells, wells.minimum[k], NULL, &curvature[k]);
	for (double x = -60; x < 60; x += 0.01) {
		double slope, bend, got;
		const double value = wells_energy(&wells, x, &slope, &bend);
		analytic_gradient(potential, &x, &got);
		worst = fmax(worst, fmax(fabs(got - slope), fabs(analytic_energy(potential, &x) - value)) / (1 + fabs(value)));
		most = fmax(most, fabs(bend));
		least = fmin(least, x * slope - x * x / 2);
	}
	note("wells at %.3f and %.3f, u″ = %.2f and %.2f there, u = %.3f between", wells.minimum[0], wells.minimum[1], curvature[0],
	     curvature[1], wells_energy(&wells, wells.barrier, NULL, NULL) - u[0]);
	near(worst, 0, 1e-12, "the program's wells are these");
	near(u[0], u[1], 1e-9, "they are equally deep");
	ok(curvature[0] > 5 * curvature[1], "and unequally wide");
	note("|u″| is %.2f at most, and x u′ at least x²/2 − %.2f", most, -least);
	ok(most < 10, "u′ is Lipschitz");
	ok(least > -2, "and u dissipative");
}

/* ---- (i) ---- */

static double fourth_derivative(double x)
{
	const double h = 1e-3;
	double c[3];
	for (int i = 0; i < 3; i++)
		wells_energy(&wells, x + (i - 1) * h, NULL, &c[i]);
	return (c[0] - 2 * c[1] + c[2]) / (h * h);
}

/* What is left of β(E u(x + σε) − u − (σ²/2)u″) is (βσ⁴/8)u⁗ = β^(−η) u⁗/8, so that the log ratios differ by β^(−η) times what
 * is here the leading term. */
static void check_laws(void)
{
	static const double etas[] = {0.1, 0.5, 1};
	const double leading = (fourth_derivative(wells.minimum[0]) - fourth_derivative(wells.minimum[1])) / 8;
	for (int e = 0; e < 3; e++) {
		double last = INFINITY, apart = 0;
		bool shrinks = true;
		for (double beta = 64; beta < 3e5; beta *= 4) {
			const double sigma = pow(beta, -(1 + etas[e]) / 4), smoothed = wells_log_ratio(&wells, SMOOTHED, beta, sigma),
			             trace = wells_log_ratio(&wells, TRACE, beta, sigma);
			apart = smoothed - trace;
			note("η %-4g β %-7g σ %.4f  log ratio: smoothed %9.4f, trace %9.4f, apart %9.6f", etas[e], beta, sigma, smoothed,
			     trace, apart);
			shrinks = shrinks && fabs(apart) < fabs(last);
			last = apart;
		}
		ok(shrinks, "(i) η = %g: smoothed and Hessian-trace law come nearer with every β", etas[e]);
		near(apart * pow(262144, etas[e]) / leading, 1, 0.02, "(i) η = %g: and are apart by β^(−η)Δu⁗/8 in the end", etas[e]);
	}
}

/* ---- (ii) ---- */

/* Nodes of a grid to a deviation of the noise: enough where a step takes neighbours apart, up to 1 + λ·max|u″| times as far. */
static const double fine = 2;

static void check_discretisation(double beta, double sigma)
{
	enum { STEPS = 6 };
	double x[STEPS], y[STEPS], trace = 0, c0, slope, c00, c01, c11, rest;
	for (int i = 0; i < STEPS; i++) {
		struct kernel k;
		const double lambda = 0.16 / (1 << i);
		kernel_open(&k, &wells, lambda, beta, sigma, 0, fine);
		const double smoothed = kernel_distance(&k, SMOOTHED);
		trace = kernel_distance(&k, TRACE);
		note("β %g  σ %.3f  λ %-5g  W₁ to the smoothed law %.6f, to the trace law %.6f", beta, sigma, lambda, smoothed, trace);
		x[i] = log(lambda);
		y[i] = log(smoothed);
		kernel_close(&k);
	}
	gsl_fit_linear(x, 1, y, 1, STEPS, &c0, &slope, &c00, &c01, &c11, &rest);
	note("β %g  σ %.3f  the former goes with λ^%.3f", beta, sigma, slope);
	ok(slope >= 0.5, "(ii) β = %g, σ = %.3f: W₁ to the smoothed law falls with λ, as its power ½ or quicker", beta, sigma);
	if (sigma > 0)
		ok(trace > 5 * exp(y[STEPS - 1]), "(ii) β = %g, σ = %.3f: W₁ to the trace law does not", beta, sigma);
}

static void check_grid(void)
{
	double distance[2];
	for (int i = 0; i < 2; i++) {
		struct kernel k;
		kernel_open(&k, &wells, 0.04, 4, 0.4, 0, fine * (1 + i));
		distance[i] = kernel_distance(&k, SMOOTHED);
		kernel_close(&k);
	}
	near(distance[1] / distance[0], 1, 1e-3, "(ii) W₁ is the same on a grid twice as fine");
}

/* ---- (iii) ---- */

enum { CHAINS = 48 };

struct chains {
	double share[CHAINS];      /* of the wide well, among all states */
	double *draw;              /* (n) states that are `apart` steps apart */
	size_t n, apart;
};

static void run_chain(struct state *st, uint32_t chain, const struct kernel *k, size_t each, struct chains *out)
{
	const size_t settle = 2 * out->apart, steps = settle + each * out->apart;
	float x = (float)wells.minimum[chain % 2];
	size_t wide = 0;
	st->s.slots.key = (struct rng_key){17, chain};
	st->step = 0;
	MUST(state_put(st, 0, &x));
	for (size_t i = 0; i < steps; i++) {
		MUST(state_step(st, k->lambda, 1 / k->beta));
		MUST(state_get(st, 0, &x));
		if (i < settle)
			continue;
		wide += (double)x > wells.barrier;
		if (i % out->apart == out->apart - 1)
			out->draw[out->n++] = (double)x;
	}
	out->share[chain] = (double)wide / (double)(each * out->apart);
}

/* The program's chains; σ from η, as it does by itself, where `tied`. N is 1, so that T is 1/β. */
static void run_chains(const struct kernel *k, bool tied, size_t each, struct chains *out)
{
	char sigma[32];
	struct bench b;
	const struct state_plan plan = {.potential = potential, .n = 1, .batch = 1, .temperature = 1 / k->beta, .decay = k->decay,
	                                .lr_max = k->lambda};
	snprintf(sigma, sizeof sigma, "%.17g", k->sigma);
	out->n = 0;
	out->apart = (size_t)ceil(log(0.01) / log(kernel_memory(k)));
	out->draw = calloc(CHAINS * each, sizeof *out->draw);
	if (k->sigma > 0)
		bench_open_plan(&b, &plan, "fsgld", tied ? NULL : (const char *[]){"--sigma", sigma, NULL});
	else
		bench_open_plan(&b, &plan, "sgld", NULL);
	for (uint32_t c = 0; c < CHAINS; c++)
		run_chain(&b.state, c, k, each, out);
	bench_close(&b);
}

/* The largest distance between the draws' distribution and the kernel's, which is interpolated between two points to a node. */
static double largest_distance(const struct kernel *k, struct chains *c)
{
	const size_t n = 2 * k->n;
	double *x = calloc(n, sizeof *x), *below = calloc(n, sizeof *below), worst = 0;
	for (size_t i = 0; i < n; i++) {
		x[i] = k->first + k->apart / 2 * (double)i;
		below[i] = kernel_below(k, x[i]);
	}
	gsl_spline *f = gsl_spline_alloc(gsl_interp_steffen, n);
	gsl_spline_init(f, x, below, n);
	gsl_sort(c->draw, 1, c->n);
	for (size_t i = 0; i < c->n; i++) {
		const double want = gsl_spline_eval(f, fmin(fmax(c->draw[i], x[0]), x[n - 1]), NULL);
		worst = fmax(worst, fmax(fabs(want - (double)i / (double)c->n), fabs(want - (double)(i + 1) / (double)c->n)));
	}
	gsl_spline_free(f);
	free(x);
	free(below);
	return worst;
}

/* Mean over chains, with its standard error. */
static double mean_share(const struct chains *c, double *se)
{
	double mean = 0, variance = 0;
	for (int i = 0; i < CHAINS; i++)
		mean += c->share[i] / CHAINS;
	for (int i = 0; i < CHAINS; i++)
		variance += (c->share[i] - mean) * (c->share[i] - mean) / (CHAINS - 1);
	*se = sqrt(variance / CHAINS);
	return mean;
}

/* One σ; sets the wide well's shares by the kernel's law and in chains. */
static void check_chains(double beta, double sigma, bool tied, double decay, double *law, double *share)
{
	struct kernel k;
	struct chains c;
	char title[80];
	double se;
	snprintf(title, sizeof title, sigma > 0 ? "(iii) fsgld, β = %g, σ = %.3g%s%s" : "(iii) sgld, β = %g", beta, sigma,
	         tied ? " from η" : "", decay > 0 ? ", δ = 2 at θ itself" : "");
	kernel_open(&k, &wells, 0.1, beta, sigma, decay, fine);
	run_chains(&k, tied, in_full() ? 3000 : 150, &c);
	*law = 1 - kernel_below(&k, wells.barrier);
	*share = mean_share(&c, &se);
	const double d = largest_distance(&k, &c), p = fmin(1, 2 * exp(-2 * 0.98 * (double)c.n * d * d));
	note("%s: wide well %.4f by the kernel's law, %.4f ± %.4f in chains; %zu draws %zu steps apart: D %.4f, p %.2g or less",
	     title, *law, *share, se, c.n, c.apart, d, p);
	ok(p >= 1e-6, "%s: chains have the law of the kernel (Kolmogorov–Smirnov)", title);
	near((*share - *law) / se, 0, 7.5, "%s: the wide well's share is that law's (t)", title);
	free(c.draw);
	kernel_close(&k);
}

static void check_shares(double beta)
{
	static const double sigmas[] = {0, 0.2, 0.4};
	double law[3], share[3];
	for (int i = 0; i < 3; i++)
		check_chains(beta, sigmas[i], false, 0, &law[i], &share[i]);
	ok(law[0] < law[1] && law[1] < law[2], "(iii) β = %g: the wide well's share grows with σ by the kernel's law", beta);
	ok(share[0] < share[1] && share[1] < share[2], "(iii) β = %g: and in chains", beta);
}

int main(void)
{
	struct device *d;
	char words[160];
	double law, share;
	if (in_haste()) {
		skip("wells", "FAST");
		return done_testing();
	}
	MUST(backend_open("cpu", 1, &d));
	wells_open(&wells);
	wells_words(&wells, words);
	MUST(analytic_open(words, d, &potential));
	check_wells();
	check_laws();
	check_discretisation(2, pow(2, -1.1 / 4));
	check_discretisation(4, pow(4, -1.1 / 4));
	check_discretisation(4, 0.4);
	check_discretisation(4, 0);
	check_grid();
	check_shares(2);
	check_shares(4);
	check_chains(4, pow(4, -1.1 / 4), true, 0, &law, &share);
	check_chains(4, 0.8, false, 2, &law, &share);
	potential_close(potential);
	d->ops->close(d);
	return done_testing();
}
