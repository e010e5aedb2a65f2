/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A linear regression whose ln σ is sampled, as the program opens it: chains against the posterior, in which the weights are
 * integrated out by hand and ln σ by quadrature. The mean over 48 chains is held against its own standard error (Student's t, 47
 * degrees of freedom): |t| < 7.5 has a false-alarm rate below 2e-9 for each of the four numbers of a chain. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_linalg.h>

#include "commands/problem.h"
#include "tests/fidelity/regression_methods.h"
#include "tests/tap.h"

enum { D = LAW_DIMS, N = LAW_ROWS, CHAINS = 48, FIGURES = 4 };

/* What is compared: mean and variance of ln σ, mean and variance of a weight. */
struct figures_of {
	double at[FIGURES];
};

static char csv[256];

static void write_csv(void)
{
	snprintf(csv, sizeof csv, "csv:%s/twelve.csv", scratch_folder());
	FILE *f = fopen(csv + 4, "w");
	for (int i = 0; f && i < N; i++)
		fprintf(f, "%.17g,%.17g,%.17g\n", regression_rows[i][0], regression_rows[i][1], regression_rows[i][2]);
	ok(f && fclose(f) == 0, "a table of %d rows", N);
}

/* ---- the posterior ---- */

/* Of the weights where σ is known: their mean and the first one's variance. Returns the log density of η = ln σ with them
 * integrated out, but for a constant: −βu at their mean, less ½ ln |β(e^−2η XᵀX/N + δ)|. */
static double given(double eta, double decay, double precision, double temperature, double *mean, double *variance)
{
	double a[D * D] = {0}, b[D] = {0}, m[D], e[D] = {1}, c[D], squares = 0, log_det = 0, quadratic = 0;
	const double tau = exp(-2 * eta);
	for (int i = 0; i < N; i++) {
		const double x[D] = {regression_rows[i][0], regression_rows[i][1], 1}, y = regression_rows[i][2];
		for (int j = 0; j < D; j++) {
			b[j] += tau * x[j] * y;
			for (int k = 0; k < D; k++)
				a[j * D + k] += tau * x[j] * x[k];
		}
		squares += tau * y * y;
	}
	for (int j = 0; j < D; j++)
		a[j * D + j] += N * decay;
	gsl_matrix_view matrix = gsl_matrix_view_array(a, D, D);
	gsl_vector_view right = gsl_vector_view_array(b, D), left = gsl_vector_view_array(m, D);
	gsl_vector_view first = gsl_vector_view_array(e, D), column = gsl_vector_view_array(c, D);
	gsl_linalg_cholesky_decomp1(&matrix.matrix);
	gsl_linalg_cholesky_solve(&matrix.matrix, &right.vector, &left.vector);
	gsl_linalg_cholesky_solve(&matrix.matrix, &first.vector, &column.vector);
	for (int j = 0; j < D; j++) {
		quadratic += b[j] * m[j];
		log_det += 2 * log(a[j * D + j]);
	}
	*mean = m[0];
	*variance = c[0] * temperature;
	return (-N * eta - squares / 2 + quadratic / 2 - precision * eta * eta / 2) / temperature - log_det / 2;
}

static void law(double decay, double precision, double temperature, struct figures_of *out)
{
	enum { POINTS = 4000 };
	const double from = -2.5, to = 2.5;
	double mass = 0, sum[2] = {0}, square[2] = {0}, top = -INFINITY;
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < POINTS; i++) {
			double eta = from + (to - from) * (i + 0.5) / POINTS, mean, variance;
			double log_p = given(eta, decay, precision, temperature, &mean, &variance), p = exp(log_p - top);
			if (pass == 0) {
				top = fmax(top, log_p);
				continue;
			}
			mass += p;
			sum[0] += p * eta;
			square[0] += p * eta * eta;
			sum[1] += p * mean;
			square[1] += p * (mean * mean + variance);
		}
	for (int i = 0; i < 2; i++) {
		out->at[2 * i] = sum[i] / mass;
		out->at[2 * i + 1] = square[i] / mass - sum[i] / mass * (sum[i] / mass);
	}
}

/* ---- chains ---- */

struct chains_of {
	const char *sampler, *lr, *extra[4];
	int settle, draws;
	const char *decay, *prior, *temperature;
	double delta, precision, t;    /* the same as numbers, and ln σ's precision */
	double bound;                  /* how far off the law at this λ may be, in its deviations; or 0 */
};

static void open_problem(struct problem *p, struct opts **o, const struct chains_of *r)
{
	const char *const words[] = {
		"sample", "--data", csv, "--model", "linear", "--noise-sd", "learn", "--sampler", r->sampler, "--lr", r->lr,
		"--weight-decay", r->decay, "--prior", r->prior, "--temperature", r->temperature, "--batch", "0", "--steps", "1000",
		"--threads", "1",
	};
	char *argv[40];
	int argc = 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		argv[argc++] = (char *)(uintptr_t)words[i];
	for (const char *const *w = r->extra; *w; w++)
		argv[argc++] = (char *)(uintptr_t)*w;
	MUST(opts_parse(o, sample_tables, argc, argv));
	MUST(problem_open(*o, NULL, NULL, p));
}

/* A chain's averages about the law's means. */
static void run_chain(const struct problem *p, const struct chains_of *r, const struct figures_of *l, uint32_t chain, double *out)
{
	const struct segment *own = segments_find(p->potential->params, "noise.log_sd");
	float x[D + 1] = {0.5f, -0.2f, 0.1f, 0};
	double off[2];
	struct state st;
	MUST(state_open(&st, &p->plan.state, (struct rng_key){19, chain}));
	MUST(state_put(&st, 0, x));
	for (int k = 0; k < r->settle + r->draws; k++) {
		MUST(state_step(&st, p->plan.schedule.lr, p->plan.state.temperature));
		if (k < r->settle)
			continue;
		MUST(state_get(&st, 0, x));
		off[0] = (double)x[own->offset] - l->at[0];
		off[1] = (double)x[0] - l->at[2];
		for (int i = 0; i < 2; i++) {
			out[2 * i] += off[i] / r->draws;
			out[2 * i + 1] += off[i] * off[i] / r->draws;
		}
	}
	state_close(&st);
}

static void check(const struct chains_of *r)
{
	static const char *const names[FIGURES] = {"mean of ln σ", "variance of ln σ", "mean of a weight", "variance of a weight"};
	double got[CHAINS][FIGURES] = {{0}};
	struct figures_of l;
	struct problem p;
	struct opts *o;
	law(r->delta, r->precision, r->t, &l);
	open_problem(&p, &o, r);
	for (uint32_t c = 0; c < CHAINS; c++)
		run_chain(&p, r, &l, c, got[c]);
	problem_close(&p);
	opts_free(o);
	for (int i = 0; i < FIGURES; i++) {
		const double variance = l.at[i | 1], scale = i % 2 ? variance : sqrt(variance), want = i % 2 ? variance : 0;
		double mean = 0, spread = 0;
		for (int c = 0; c < CHAINS; c++)
			mean += got[c][i] / CHAINS;
		for (int c = 0; c < CHAINS; c++)
			spread += (got[c][i] - mean) * (got[c][i] - mean) / (CHAINS - 1);
		const double excess = fmax(0, fabs(mean - want) - r->bound * scale);
		near(excess / sqrt(spread / CHAINS), 0, 7.5, "%s, δ = %s, T = %s, prior %s: the %s is the posterior's (t)", r->sampler, r->decay,
		     r->temperature, r->prior, names[i]);
		note("%s: %s off by %.4f, standard error %.4f, in deviations", r->sampler, names[i], (mean - want) / scale,
		     sqrt(spread / CHAINS) / scale);
	}
}

int main(void)
{
	const int more = in_full() ? 10 : 1;
	static const struct chains_of runs[] = {
		{.sampler = "hmc", .lr = "0.02", .extra = {"--trajectory", "0.5"}, .settle = 50, .draws = 300, .decay = "0.3", .prior = "gaussian",
		 .temperature = "1", .delta = 0.3, .precision = 1, .t = 1},
		{.sampler = "hmc", .lr = "0.02", .extra = {"--trajectory", "0.5"}, .settle = 50, .draws = 300, .decay = "0",
		 .prior = "gaussian,noise.*=12", .temperature = "1", .delta = 0, .precision = 12, .t = 1},
		{.sampler = "hmc", .lr = "0.02", .extra = {"--trajectory", "0.3"}, .settle = 50, .draws = 300, .decay = "0.1",
		 .prior = "gaussian,noise.*=12", .temperature = "0.25", .delta = 0.1, .precision = 12, .t = 0.25},
		{.sampler = "sgld", .lr = "0.01", .settle = 300, .draws = 3000, .decay = "0.3", .prior = "gaussian,noise.*=12", .temperature = "1",
		 .delta = 0.3, .precision = 12, .t = 1, .bound = 0.05},
		{.sampler = "sghmc", .lr = "0.005", .extra = {"--friction", "0.3"}, .settle = 300, .draws = 3000, .decay = "0.3",
		 .prior = "gaussian,noise.*=12", .temperature = "1", .delta = 0.3, .precision = 12, .t = 1, .bound = 0.05},
	};
	write_csv();
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		struct chains_of r = runs[i];
		r.draws *= more;
		check(&r);
	}
	return done_testing();
}
