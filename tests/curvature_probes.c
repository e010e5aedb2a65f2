/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Traces and spectral densities by random probes, of matrices whose own are known. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_statistics_double.h>

#include "curvature/density.h"
#include "tests/device_vec.h"
#include "tests/symmetric_matrix.h"
#include "tests/tap.h"

static const struct rng_key key = {33, 1};

static double of(const struct symmetric *m, size_t i, size_t j)
{
	return m->a[i * m->base.n + j];
}

/* The trace of the block of the elements of a part, or of all with −1; and the variance of zᵀHz over it: of all, 2 Σ_{i≠j} Hᵢⱼ²;
 * of a part, whose rows reach all elements, Σ over its pairs 2Hᵢⱼ² and over those with others Hᵢⱼ². */
static double trace_of(const struct symmetric *m, const int *parts, int part, double *variance)
{
	double sum = 0;
	*variance = 0;
	for (size_t i = 0; i < m->base.n; i++) {
		if (part >= 0 && parts[i] != part)
			continue;
		sum += of(m, i, i);
		for (size_t j = 0; j < m->base.n; j++)
			*variance += j == i ? 0 : (part < 0 || parts[j] == part ? 2 : 1) * of(m, i, j) * of(m, i, j);
	}
	return sum;
}

/* ---- Hutchinson's ---- */

/* Many estimates, each of its own probes: their mean, their variance, and the mean of their squared errors are as they must be.
 * The mean's deviation is the exact one's; the variances' are estimated with their fourth moments. All are within five, 6·10⁻⁷
 * each of chance. */
static void check_law(void)
{
	enum { N = 40, SEEDS = 2000, PROBES = 10, PARTS = 3 };
	static double got[1 + PARTS][SEEDS], square[1 + PARTS][SEEDS];
	struct symmetric m;
	int parts[N];
	const size_t seeds = in_haste() ? SEEDS / 4 : SEEDS;
	symmetric_wigner(&m, N, 4);
	for (int i = 0; i < N; i++)
		parts[i] = i < 5 ? 2 : i % 2;
	for (size_t k = 0; k < seeds; k++) {
		struct estimate part[PARTS];
		struct trace t = {.part = part};
		MUST(trace_run(&m.base, key, k * PROBES, PROBES, parts, PARTS, &t));
		for (int p = 0; p <= PARTS; p++) {
			const struct estimate *e = p ? &part[p - 1] : &t.whole;
			got[p][k] = e->value;
			square[p][k] = e->se * e->se;
		}
	}
	for (int p = 0; p <= PARTS; p++) {
		double variance;
		const double exact = trace_of(&m, parts, p - 1, &variance), mean = gsl_stats_mean(got[p], 1, seeds);
		char name[32];
		snprintf(name, sizeof name, p ? "part %d" : "the whole", p);
		near(mean, exact, 5 * sqrt(variance / PROBES / (double)seeds), "%s: the mean of %zu traces is the trace", name, seeds);
		for (size_t k = 0; k < seeds; k++)
			got[p][k] = (got[p][k] - exact) * (got[p][k] - exact);
		near(gsl_stats_mean(got[p], 1, seeds), variance / PROBES, 5 * gsl_stats_sd(got[p], 1, seeds) / sqrt((double)seeds),
		     "%s: their variance is 2(‖H‖² − Σ Hᵢᵢ²)/M", name);
		near(gsl_stats_mean(square[p], 1, seeds), variance / PROBES, 5 * gsl_stats_sd(square[p], 1, seeds) / sqrt((double)seeds),
		     "%s: and so are the squared errors", name);
	}
	symmetric_free(&m);
}

static void check_exact(void)
{
	enum { N = 50 };
	double values[N], sum = 0, odd = 0;
	int parts[N];
	struct symmetric m;
	struct estimate part[2];
	struct trace t = {.part = part};
	for (int i = 0; i < N; i++) {
		values[i] = 1 / (1 + (double)i) - 0.05;
		parts[i] = i % 2;
		sum += values[i];
		odd += i % 2 ? values[i] : 0;
	}
	symmetric_of(&m, N, values, false, 0);
	MUST(trace_run(&m.base, key, 0, 4, parts, 2, &t));
	near(t.whole.value, sum, 1e-6, "a diagonal's trace is exact to float's rounding");
	near(t.whole.se, 0, 1e-12, "and its error 0");
	near(part[1].value, odd, 1e-6, "and so is a part's");
	near(part[0].value + part[1].value, t.whole.value, 1e-12, "parts add up");
	ok(m.made == 4 && m.base.products == 4, "by a product a probe");
	MUST(trace_run(&m.base, key, 0, 1, NULL, 0, &t));
	ok(isnan(t.whole.se) && !isnan(t.whole.value), "one probe has no error");
	symmetric_free(&m);

	symmetric_of(&m, 6, values, true, 9);
	double variance;
	const double exact = trace_of(&m, parts, 1, &variance);
	MUST(trace_run(&m.base, key, 0, 6, parts, 2, &t));
	near(t.whole.value, values[0] + values[1] + values[2] + values[3] + values[4] + values[5], 1e-6,
	     "of six elements six probes take the trace exactly");
	near(part[1].value, exact, 1e-6, "and a part's");
	ok(t.whole.se == 0 && part[1].se == 0 && m.made == 6, "without error, in six products");
	MUST(trace_run(&m.base, key, 0, 5, parts, 2, &t));
	ok(t.whole.se > 0 && m.made == 11, "five have one");
	symmetric_free(&m);
}

/* ---- densities ---- */

/* (1/n)·zᵀAᵏz of probe `probe`, in double. */
static double moment(const struct symmetric *m, uint64_t probe, int k)
{
	const size_t n = m->base.n;
	float *z = host_take(n * sizeof *z);
	double *x = host_doubles(n), *y = host_doubles(n), sum = 0;
	curvature_signs(key, probe, n, z);
	for (size_t i = 0; i < n; i++)
		x[i] = (double)z[i];
	for (; k > 0; k--) {
		for (size_t i = 0; i < n; i++) {
			y[i] = 0;
			for (size_t j = 0; j < n; j++)
				y[i] += of(m, i, j) * x[j];
		}
		memcpy(x, y, n * sizeof *x);
	}
	for (size_t i = 0; i < n; i++)
		sum += (double)z[i] * x[i] / (double)n;
	free(z);
	free(x);
	free(y);
	return sum;
}

/* Gauss quadrature of m nodes has the first 2m moments, and no more. */
static void check_moments(void)
{
	enum { N = 60, STEPS = 5, PROBES = 3, FIRST = 17 };
	struct symmetric m;
	struct arena arena = {0};
	struct density d;
	double off = 0, further = 0;
	symmetric_wigner(&m, N, 6);
	const struct density_options o = {.probes = PROBES, .steps = STEPS, .points = 100, .key = key, .first = FIRST};
	MUST(density_run(&m.base, &o, &arena, &d));
	for (int k = 0; k <= 2 * STEPS; k++) {
		double got = 0, want = 0;
		for (size_t i = 0; i < d.nodes; i++)
			got += d.weight[i] * pow(d.node[i], k);
		for (uint64_t p = 0; p < PROBES; p++)
			want += moment(&m, FIRST + p, k) / PROBES;
		if (k < 2 * STEPS)
			off = fmax(off, fabs(got - want) / pow(2, k));
		else
			further = fabs(got - want) / pow(2, k);
	}
	/* Nodes and weights are of float vectors, k factors of at most 2 of them. */
	ok(off < 5e-7, "the first %d moments are the probes': %.2g", 2 * STEPS, off);
	ok(further > 1e-4, "the next one is not: %.2g", further);
	ok(d.nodes == STEPS * PROBES && d.products == STEPS * PROBES && m.made == d.products, "%zu nodes, by as many products",
	   d.nodes);
	struct trace t = {.part = NULL};
	MUST(trace_run(&m.base, key, FIRST, PROBES, NULL, 0, &t));
	near(d.trace.value, t.whole.value, 1e-6 * N, "the trace is Hutchinson's of the same probes");
	near(d.trace.se, t.whole.se, 1e-6 * N, "and so is its error");
	arena_free(&arena);
	symmetric_free(&m);
}

static double integral(const struct density *d)
{
	double sum = 0;
	for (size_t i = 0; i + 1 < d->points; i++)
		sum += (d->value[i] + d->value[i + 1]) / 2 * (d->at[i + 1] - d->at[i]);
	return sum;
}

/* What Gaussians leave out beyond 5σ is 6·10⁻⁷, and the rule's own error e^(−2π²) at σ of a step. */
static void check_whole(const struct density *d, const char *name)
{
	double sum = 0, low = d->node[0], high = low;
	for (size_t i = 0; i < d->nodes; i++) {
		sum += d->weight[i];
		low = fmin(low, d->node[i]);
		high = fmax(high, d->node[i]);
	}
	near(sum, 1, 1e-12, "%s: the shares sum to 1", name);
	near(integral(d), 1, 1e-6, "%s: and the density integrates to 1", name);
	ok(d->at[0] <= low - 4.99 * d->sigma && d->at[d->points - 1] >= high + 4.99 * d->sigma, "%s: over a grid that has all nodes",
	   name);
	ok(d->sigma >= 0.999 * (d->at[1] - d->at[0]), "%s: whose steps are no wider than the Gaussians", name);
}

/* Wigner's semicircle of radius 2, smoothed as the nodes are. */
static double semicircle(double x, double sigma)
{
	enum { POINTS = 4000 };
	double sum = 0;
	for (int i = 0; i < POINTS; i++) {
		const double t = M_PI * (i + 0.5) / POINTS, y = 2 * cos(t), z = (x - y) / sigma;
		sum += 2 * sin(t) * sin(t) / M_PI * exp(-z * z / 2) / (sigma * sqrt(2 * M_PI)) * M_PI / POINTS;
	}
	return sum;
}

/* The smoothed density ρ of M probes has the variance ρ/(√π·σ·n·M), nearly: for n = 400, M = 40 and σ = 0.1 the distance from the
 * law, ∫|·|, is 0.03 in the mean, as ∫√ρ is 1.97, with a deviation of a sixth of it for each width's being drawn by itself; the
 * matrix' own eigenvalues are 0.017 off. Six deviations above both is 0.07. */
static void check_semicircle(void)
{
	enum { N = 400 };
	struct symmetric m;
	struct arena arena = {0};
	struct density d;
	double off = 0;
	symmetric_wigner(&m, N, 12);
	const struct density_options o = {.probes = 40, .steps = 50, .points = 200, .key = key};
	MUST(density_run(&m.base, &o, &arena, &d));
	check_whole(&d, "semicircle");
	for (size_t i = 0; i < d.points; i++)
		off += fabs(d.value[i] - semicircle(d.at[i], d.sigma)) * (d.at[1] - d.at[0]);
	ok(off < 0.07, "semicircle: within %.3f of Wigner's law in the mean, σ = %.3f", off, d.sigma);
	/* The semicircle's m nodes are 2cos(πk/(m + 1)), of shares 2 sin²(πk/(m + 1))/(m + 1) (Chebyshev's of the second kind): in
	 * the mean 2·π/(m + 1)·(2/π)∫sin³ = 16/(3(m + 1)) apart. */
	near(d.sigma, 16. / 3 / 51, 0.1 * 16 / 3 / 51, "semicircle: the width is the mean distance of nodes");
	arena_free(&arena);
	symmetric_free(&m);
}

/* A few numbers: the probes end after as many steps, their nodes are eigenvalues, and the Gaussians as narrow as the grid shows. */
static void check_atoms(void)
{
	enum { N = 30 };
	double values[N];
	struct symmetric m;
	struct arena arena = {0};
	struct density d;
	for (int i = 0; i < N; i++)
		values[i] = i < 3 ? 10 : i < 12 ? 1 : -2;
	symmetric_of(&m, N, values, true, 3);
	struct density_options o = {.probes = 4, .steps = 20, .points = 111, .key = key};
	MUST(density_run(&m.base, &o, &arena, &d));
	ok(d.nodes == 12 && m.made == 12, "three numbers, three nodes a probe");
	double off = 0;
	for (size_t i = 0; i < d.nodes; i++)
		off = fmax(off, fabs(d.node[i] - (i % 3 == 0 ? 10 : i % 3 == 1 ? 1 : -2)));
	ok(off < 1e-5, "which are they: %.2g", off);
	near(d.sigma, 12. / 100, 1e-6, "the width is a step of the grid");
	check_whole(&d, "atoms");
	o.probes = N;
	MUST(density_run(&m.base, &o, &arena, &d));
	double ten = 0;
	for (size_t i = 0; i < d.nodes; i++)
		ten += d.node[i] > 5 ? d.weight[i] : 0;
	near(ten, 0.1, 1e-6, "as many probes as elements have the shares exactly");
	near(d.trace.value, 30 + 9 - 36, 1e-4, "and the trace");
	ok(d.trace.se == 0, "without error");
	symmetric_free(&m);
	for (int k = 0; k < 2; k++) {
		const double equal[3] = {4. * k, 4. * k, 4. * k};
		symmetric_of(&m, 3, equal, false, 0);
		MUST(density_run(&m.base, &o, &arena, &d));
		check_whole(&d, k ? "4·I" : "0");
		near(d.sigma, k ? 0.04 : 0.01, 1e-9, "%s: a hundredth", k ? "4·I" : "0");
		symmetric_free(&m);
	}
	arena_free(&arena);
}

static void check_failures(void)
{
	static const char *const lacking[] = {"probes", "steps", "points"};
	double values[20] = {1, 2};
	struct symmetric m;
	struct arena arena = {0};
	struct density d;
	struct trace t = {.part = NULL};
	symmetric_of(&m, 20, values, true, 3);
	const struct density_options o = {.probes = 4, .steps = 3, .points = 50, .key = key};
	ok(trace_run(&m.base, key, 0, 0, NULL, 0, &t) == ERR_USAGE, "no probes are refused");
	for (int k = 0; k < 3; k++) {
		struct density_options other = o;
		*(size_t *[]){&other.probes, &other.steps, &other.points}[k] = k < 2 ? 0 : DENSITY_POINTS - 1;
		ok(density_run(&m.base, &other, &arena, &d) == ERR_USAGE, "and so is a density without %s", lacking[k]);
	}
	m.interrupt = m.made + 2;
	ok(trace_run(&m.base, key, 0, 4, NULL, 0, &t) == ERR_INTERRUPTED && m.made == m.interrupt,
	   "trace: an interruption is passed up at once");
	m.interrupt = m.made + 2;
	ok(density_run(&m.base, &o, &arena, &d) == ERR_INTERRUPTED && m.made == m.interrupt, "density: likewise");
	m.infinite = m.made + 1;
	ok(trace_run(&m.base, key, 0, 4, NULL, 0, &t) == ERR_INPUT && strstr(fail_message(ERR_INPUT), "not finite"),
	   "trace: what is not finite is an error");
	m.infinite = m.made + 1;
	ok(density_run(&m.base, &o, &arena, &d) == ERR_INPUT && strstr(fail_message(ERR_INPUT), "not finite"), "density: likewise");
	struct symmetric wide = {.base = {.n = (size_t)1 << 44, .apply = m.base.apply}};
	ok(trace_run(&wide.base, key, 0, 4, NULL, 0, &t) == ERR_MEMORY &&
	   strstr(fail_message(ERR_MEMORY), "out of memory: 2 vectors of 17592186044416"), "trace: memory that is not there is missed first");
	ok(density_run(&wide.base, &o, &arena, &d) == ERR_MEMORY &&
	   strstr(fail_message(ERR_MEMORY), "lanczos-steps 3: out of memory: 4 vectors of 17592186044416"), "density: likewise");
	ok(density_check(&wide.base, &o) == ERR_MEMORY && density_check(&m.base, &o) == OK && wide.made == 0,
	   "density: and is missed before anything is done");
	arena_free(&arena);
	symmetric_free(&m);
}

int main(void)
{
	check_law();
	check_exact();
	check_moments();
	check_semicircle();
	check_atoms();
	check_failures();
	return done_testing();
}
