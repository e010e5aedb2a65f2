/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/fidelity/regression_methods.h"

#include <math.h>

#include "tests/tap.h"

enum { D = LAW_DIMS, N = LAW_ROWS };

const double regression_noise = 0.8, regression_decay = 0.3;
const double regression_start[D] = {0.4, -0.3, 0.6};
const double regression_rows[N][D] = {
	{1.1, -0.4, 1.7}, {-0.6, 0.9, -0.2}, {0.3, 1.4, 1.1}, {-1.2, -0.7, -1.9}, {0.8, 0.5, 0.4}, {-0.1, -1.3, 0.2},
	{1.6, 0.2, 2.6}, {-0.9, 0.3, -1.6}, {0.4, -0.8, 1.3}, {-1.4, 1.1, -1.2}, {0.2, 0.6, 0.9}, {-0.3, -1.1, -1.4},
};

/* ---- Langevin steps: θ ← θ − λ(g + δθ) + √(2λ/β) ξ ---- */

static void langevin(struct linear_law *l, const struct setting *s)
{
	law_begin(l, 1, s->batch);
	law_drift(l, 0, s->lr, regression_decay);
	law_noise(l, 0, 2 * s->lr * s->temperature / N);
}

static void sgld(struct linear_law *l, const struct gradients *of, const struct setting *s)
{
	langevin(l, s);
	law_solve(l, of);
}

static void fsgld(struct linear_law *l, const struct gradients *of, const struct setting *s)
{
	langevin(l, s);
	l->sigma = 0.5;
	law_solve(l, of);
}

static void sgld_cv(struct linear_law *l, const struct gradients *of, const struct setting *s)
{
	langevin(l, s);
	l->centre = regression_start;
	law_solve(l, of);
}

/* V is so slow a mean that it stands still: G = 1/(ε + √E ĝ²), with the E ĝ² of the law that this G makes. */
static void psgld(struct linear_law *l, const struct gradients *of, const struct setting *s)
{
	double g[D] = {1, 1, 1};
	for (int k = 0; k < 100; k++) {
		langevin(l, s);
		for (int i = 0; i < D; i++) {
			l->a[i][i] = 1 - s->lr * g[i] * regression_decay;
			l->g[i][i] *= g[i];
			l->q[i][i] *= g[i];
		}
		law_solve(l, of);
		for (int i = 0; i < D; i++)
			g[i] = 1 / (0.1 + sqrt(l->squares[i]));
	}
}

/* The chain's first step, which would begin V anew, is behind it. */
static void prepare_squares(struct state *st, const struct linear_law *l)
{
	float square[D];
	for (int i = 0; i < D; i++)
		square[i] = (float)l->squares[i];
	MUST(state_put(st, 1, square));
	st->step = 1;
}

/* ---- with a momentum: v ← (1−a)v − λ(ĝ + δθ) + √(2Aλ/β) ξ; θ ← θ + v ---- */

static void momentum(struct linear_law *l, const struct gradients *of, const struct setting *s, double a, double injected)
{
	const double variance = 2 * injected * s->lr * s->temperature / N;
	law_begin(l, 2, s->batch);
	law_add(l, 1, 1, -a);
	law_add(l, 0, 1, 1 - a);
	for (int i = 0; i < 2; i++) {
		law_drift(l, i, s->lr, regression_decay);
		law_noise(l, i, variance);
	}
	/* The same ξ in both. */
	for (int i = 0; i < D; i++)
		l->q[i][D + i] = l->q[D + i][i] = variance;
	law_solve(l, of);
}

static void sghmc(struct linear_law *l, const struct gradients *of, const struct setting *s)
{
	momentum(l, of, s, 0.3, 0.3);
}

/* So heavy a thermostat holds the friction where ‖v‖²/d is λ/β on average. A is a friction a step, and so goes with √λ. */
static const double thermostat_lr = 0.05;
static void sgnht(struct linear_law *l, const struct gradients *of, const struct setting *s)
{
	const double injected = 0.05 * sqrt(s->lr / thermostat_lr);
	double low = injected / 2, high = 1;
	while (high - low > 1e-12) {
		double middle = (low + high) / 2, kinetic = 0;
		momentum(l, of, s, middle, injected);
		for (int i = D; i < 2 * D; i++)
			kinetic += l->covariance[i][i] / D;
		if (kinetic > s->lr * s->temperature / N)
			low = middle;
		else
			high = middle;
	}
}

static void prepare_friction(struct state *st, const struct linear_law *l)
{
	const double friction = 1 - l->a[D][D];
	st->s.slots.value[SLOT_SCALAR] = friction - 0.05;
}

/* ---- θ and its anchor: c = 1/(κN), δₐ = δ ---- */

static const double coupling = 2 / 3.0;   /* c */
static void entropy_mcmc(struct linear_law *l, const struct gradients *of, const struct setting *s)
{
	law_begin(l, 2, s->batch);
	law_drift(l, 0, s->lr, regression_decay);
	for (int i = 0; i < 2; i++) {
		law_add(l, i, i, -s->lr * coupling);
		law_add(l, i, 1 - i, s->lr * coupling);
		law_noise(l, i, 2 * s->lr * s->temperature / N);
	}
	law_add(l, 1, 1, -s->lr * regression_decay);
	law_solve(l, of);
}

/* ---- Metropolis: no bias at any λ ---- */

static void hmc(struct linear_law *l, const struct gradients *of, const struct setting *s)
{
	double covariance[D][D];
	law_begin(l, 1, 0);
	posterior(of, N / s->temperature, regression_decay, l->mean, covariance);
	for (int i = 0; i < D; i++)
		for (int j = 0; j < D; j++)
			l->covariance[i][j] = covariance[i][j];
}

/* ---- the table ---- */

const struct method regression_methods[] = {
	{.name = "sgld", .lr = 0.3, .settle = 100, .law = sgld},
	{.name = "fsgld", .words = {"--sigma", "0.5"}, .lr = 0.3, .settle = 100, .law = fsgld},
	{.name = "sgld-cv", .lr = 0.3, .settle = 100, .law = sgld_cv},
	/* Rounded so that mean and variance of a step stay: 2λ/β is above Δ²/4 at all settings. */
	{.name = "low-precision-sgld", .words = {"--bits", "16", "--fraction", "4"}, .lr = 0.3, .settle = 100, .law = sgld},
	{.name = "sghmc", .words = {"--friction", "0.3"}, .lr = 0.1, .settle = 150, .law = sghmc},
	{.name = "entropy-mcmc", .words = {"--coupling", "0.125"}, .lr = 0.3, .settle = 150, .law = entropy_mcmc,
	 .extra = coupling * regression_decay / (coupling + regression_decay)},
	{.name = "psgld", .words = {"--rms-decay", "0.999", "--rms-eps", "0.1"}, .lr = 0.1, .settle = 300, .law = psgld,
	 .bound = 0.02, .prepare = prepare_squares},
	{.name = "sgnht", .words = {"--friction", "0.05", "--thermostat-mass", "30"}, .lr = thermostat_lr, .settle = 3000,
	 .law = sgnht, .bound = 0.02, .prepare = prepare_friction},
	/* One leapfrog step where T = 1, and two where it is 1/4. */
	{.name = "hmc", .words = {"--trajectory", "0.23"}, .lr = 0.3, .settle = 100, .law = hmc, .whole = true},
	{0},
};
