/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What sgld makes of analytic targets: the density that quadrature gives, the moments that noise on the gradients and batches of
 * terms lead to. Standard errors are those between independent chains. */
#include <math.h>
#include <string.h>

#include "chains/state.h"
#include "src/analytic.h"
#include "tests/tap.h"

enum { CHAINS = 48, BINS = 12, STATISTICS = 16 };

static struct device *d;

struct law {
	const char *spec, *noise;
	double lr, decay;
	int batch;
	bool iid;
	uint64_t burn, steps;
};

/* Means over one chain's states of what `look` adds to out, by chain. */
static void sample(const struct law *l, void (*look)(double x, double *out), double means[CHAINS][STATISTICS])
{
	struct potential *p;
	const struct sampler *sampler;
	MUST(sampler_find("sgld", &sampler));
	MUST(analytic_open(l->spec, d, &p));
	if (l->noise)
		MUST(analytic_noise(p, l->noise));
	memset(means, 0, sizeof(double[CHAINS][STATISTICS]));
	for (uint32_t c = 0; c < CHAINS; c++) {
		struct state st;
		const struct state_plan plan = {.sampler = sampler, .potential = p, .n = p->n, .batch = l->batch, .iid = l->iid, .temperature = 1,
		                                .decay = l->decay, .lr_max = l->lr};
		float x;
		MUST(state_open(&st, &plan, (struct rng_key){7, c}));
		segments_init(p->params, (struct rng_key){7, c}, &x);
		MUST(state_put(&st, 0, &x));
		for (uint64_t k = 0; k < l->burn + l->steps; k++) {
			double one[STATISTICS] = {0};
			MUST(state_step(&st, l->lr, 1));
			if (k < l->burn)
				continue;
			MUST(state_get(&st, 0, &x));
			look((double)x, one);
			for (int i = 0; i < STATISTICS; i++)
				means[c][i] += one[i] / (double)l->steps;
		}
		state_close(&st);
	}
	potential_close(p);
}

/* (mean − want) in standard errors. */
static double t_of(double means[CHAINS][STATISTICS], int i, double want)
{
	double mean = 0, square = 0;
	for (int c = 0; c < CHAINS; c++)
		mean += means[c][i] / CHAINS;
	for (int c = 0; c < CHAINS; c++)
		square += (means[c][i] - mean) * (means[c][i] - mean);
	note("%d: %.5g, expected %.5g", i, mean, want);
	return (mean - want) / sqrt(square / (CHAINS - 1) / CHAINS);
}

static void bins(double x, double *out)
{
	int k = (int)floor((x + 3) / 6 * BINS);
	out[k < 0 ? 0 : k >= BINS ? BINS - 1 : k] = 1;
}

static void moments(double x, double *out)
{
	out[0] = x;
	out[1] = x * x;
}

/* The histogram of a target in one dimension on [−3, 3], whose mass beyond is in the last bins. */
static void check_histogram(const struct law *l)
{
	static double means[CHAINS][STATISTICS];
	struct potential *p;
	double want[BINS] = {0}, all = 0, worst = 0;
	MUST(analytic_open(l->spec, d, &p));
	for (int i = 0; i < 120000; i++) {
		double x = -6 + (i + 0.5) * 1e-4, one[STATISTICS] = {0}, density = exp(-analytic_energy(p, &x));
		bins(x, one);
		all += density;
		for (int k = 0; k < BINS; k++)
			want[k] += density * one[k];
	}
	potential_close(p);
	sample(l, bins, means);
	for (int k = 0; k < BINS; k++)
		if (want[k] / all > 2e-3)
			worst = fmax(worst, fabs(t_of(means, k, want[k] / all)));
	ok(worst < 5, "%s: sgld's histogram is the density's, |t| ≤ %.1f", l->spec, worst);
}

/* Gaussian in one dimension, variance V, noise of deviation σ: x′ = (1 − λ/V)x − λσζ + √(2λ)ξ. */
static void check_noise(void)
{
	static double means[CHAINS][STATISTICS];
	const struct law l = {.spec = "gaussian:2", .noise = "1.5", .lr = 0.8, .batch = 1, .burn = 50, .steps = 3000};
	const double want = 2 * (1 + l.lr * 1.5 * 1.5 / 2) / (1 - l.lr / 4);
	sample(&l, moments, means);
	double t = fabs(t_of(means, 1, want));
	ok(t < 5, "noise of deviation σ: sgld's variance is (V/β)(1 + λβσ²/2)/(1 − λ/2V), t %.1f", t);
}

/* Batches of one drawn with replacement: E x′ = x − λ mean(h(x − m)) and E x′² from the mean over the terms. */
static void check_batches(void)
{
	static double means[CHAINS][STATISTICS];
	static const double m[] = {1, -2, 3}, h[] = {2, 0.5, 1};
	const struct law l = {.spec = "quadratics:1/2,-2/0.5,3/1", .lr = 0.3, .decay = 0.1, .batch = 1, .iid = true, .burn = 50, .steps = 3000};
	double a = 0, c = 0, aa = 0, ac = 0, cc = 0;
	for (int i = 0; i < 3; i++) {
		/* x′ = A x + C + noise */
		double A = 1 - l.lr * (h[i] + l.decay), C = l.lr * h[i] * m[i];
		a += A / 3, c += C / 3, aa += A * A / 3, ac += A * C / 3, cc += C * C / 3;
	}
	double first = c / (1 - a), second = (2 * ac * first + cc + 2 * l.lr / 3) / (1 - aa);
	sample(&l, moments, means);
	double t[2] = {fabs(t_of(means, 0, first)), fabs(t_of(means, 1, second))};
	ok(t[0] < 5 && t[1] < 5, "quadratics in batches of one: sgld's exact moments, t %.1f and %.1f", t[0], t[1]);
}

int main(void)
{
	MUST(backend_open("cpu", 1, &d));
	check_histogram(&(struct law){.spec = "double-well:1.5,1", .lr = 0.004, .batch = 1, .burn = 500, .steps = 8000});
	check_histogram(&(struct law){.spec = "wells:-1/0.3/0,1/0.6/0", .lr = 0.004, .batch = 1, .burn = 500, .steps = 8000});
	check_histogram(&(struct law){.spec = "basins:0.8/4,0.5/6", .lr = 0.004, .batch = 1, .burn = 500, .steps = 8000});
	check_noise();
	check_batches();
	d->ops->close(d);
	return done_testing();
}
