/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Every method that claims a target, on a linear regression with Gaussian noise as the program opens it: chains against the
 * mean and covariance that the method's equation has at its step size, minibatches included, and that equation against the
 * posterior as the step size goes to 0.
 * The mean over 48 chains is held against its own standard error (Student's t, 47 degrees of freedom): |t| < 7.5 has a
 * false-alarm rate below 2e-9 for each of the 27 numbers of a law at most. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands/problem.h"
#include "src/cpu/onednn.h"
#include "tests/fidelity/regression_methods.h"
#include "tests/tap.h"

enum { D = LAW_DIMS, N = LAW_ROWS, B = 4, CHAINS = 48 };

static struct gradients gradients;
static char csv[256];

static void write_csv(void)
{
	snprintf(csv, sizeof csv, "csv:%s/twelve.csv", scratch_folder());
	FILE *f = fopen(csv + 4, "w");
	for (int i = 0; f && i < N; i++)
		fprintf(f, "%.17g,%.17g,%.17g\n", regression_rows[i][0], regression_rows[i][1], regression_rows[i][2]);
	ok(f && fclose(f) == 0, "a table of %d rows", N);
}

/* ---- chains ---- */

/* A number as a word, in one of a few buffers. */
static const char *word(double x)
{
	static char text[8][32];
	static int next;
	char *at = text[next++ % 8];
	snprintf(at, sizeof *text, "%.17g", x);
	return at;
}

/* The program's own problem at a setting; *o is the caller's to free after it. */
static void open_problem(struct problem *p, struct opts **o, const struct method *m, const struct setting *s,
                         const char *precision)
{
	const char *const words[] = {
		"sample", "--data", csv, "--model", "linear", "--likelihood", "gaussian", "--noise-sd", word(regression_noise),
		"--sampler", m->name, "--lr", word(s->lr), "--weight-decay", word(regression_decay),
		"--temperature", word(s->temperature), "--batch", word(s->batch), "--sampling", s->batch && !m->whole ? "iid" : "shuffle",
		"--steps", "1000", "--threads", "1", "--precision", precision,
	};
	char *argv[48];
	int argc = 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		argv[argc++] = (char *)(uintptr_t)words[i];
	for (const char *const *w = m->words; *w; w++)
		argv[argc++] = (char *)(uintptr_t)*w;
	MUST(opts_parse(o, sample_tables, argc, argv));
	MUST(problem_open(*o, NULL, NULL, p));
}

/* Averages over each chain's draws, about the law's mean. */
struct averages {
	double mean[CHAINS][LAW_STATE], square[CHAINS][LAW_STATE][LAW_STATE];
};

static void add_draw(struct state *st, const struct linear_law *l, double weight, uint32_t chain, struct averages *a)
{
	double z[LAW_STATE] = {0};
	for (int v = 0; v < l->n / D; v++) {
		float x[D];
		MUST(state_get(st, v, x));
		for (int i = 0; i < D; i++)
			z[v * D + i] = (double)x[i] - l->mean[v * D + i];
	}
	for (int i = 0; i < l->n; i++) {
		a->mean[chain][i] += weight * z[i];
		for (int j = 0; j < l->n; j++)
			a->square[chain][i][j] += weight * z[i] * z[j];
	}
}

static void run_chain(const struct problem *p, const struct method *m, const struct linear_law *l, struct rng_key key,
                      int draws, struct averages *a)
{
	const struct chain_plan *plan = &p->plan;
	float x[D];
	struct state st;
	MUST(state_open(&st, &plan->state, key));
	for (int i = 0; i < D; i++)
		x[i] = (float)regression_start[i];
	MUST(state_put(&st, 0, x));
	if (m->prepare)
		m->prepare(&st, l);
	for (int k = 0; k < m->settle + draws; k++) {
		MUST(state_step(&st, plan->schedule.lr, plan->state.temperature));
		if (k >= m->settle)
			add_draw(&st, l, 1.0 / draws, key.chain, a);
	}
	state_close(&st);
}

static void run_chains(const struct method *m, const struct setting *s, const char *precision, const struct linear_law *l,
                       int draws, struct averages *a)
{
	struct problem p;
	struct opts *o;
	memset(a, 0, sizeof *a);
	open_problem(&p, &o, m, s, precision);
	for (uint32_t c = 0; c < CHAINS; c++)
		run_chain(&p, m, l, (struct rng_key){s->seed, c}, draws, a);
	problem_close(&p);
	opts_free(o);
}

/* ---- the comparison ---- */

/* The mean over chains of a number each, `stride` apart, with its standard error. */
static double over_chains(const double *x, size_t stride, double *se)
{
	double mean = 0, variance = 0;
	for (size_t c = 0; c < CHAINS; c++)
		mean += x[c * stride] / CHAINS;
	for (size_t c = 0; c < CHAINS; c++)
		variance += (x[c * stride] - mean) * (x[c * stride] - mean) / (CHAINS - 1);
	*se = sqrt(variance / CHAINS);
	return mean;
}

/* By how many standard errors the mean over chains is off by more than `allowed`; NaN where it is none. */
static double excess(const double *x, size_t stride, double want, double allowed)
{
	double se, off = fabs(over_chains(x, stride, &se) - want) - allowed;
	return off <= 0 ? 0 : off / se;
}

/* The larger one, or NaN. */
static void keep_worst(double *worst, double t)
{
	if (!(t <= *worst))
		*worst = t;
}

/* The largest excess of a mean and of a covariance, where `bound` deviations are allowed. */
static void compare(const struct linear_law *l, const struct averages *a, double bound, double t[2])
{
	t[0] = t[1] = 0;
	for (int i = 0; i < l->n; i++) {
		const double sd = sqrt(l->covariance[i][i]);
		keep_worst(&t[0], excess(&a->mean[0][i], LAW_STATE, 0, bound * sd));
		for (int j = 0; j <= i; j++)
			keep_worst(&t[1], excess(&a->square[0][i][j], LAW_STATE * LAW_STATE, l->covariance[i][j],
			                         bound * sd * sqrt(l->covariance[j][j])));
	}
}

/* Mean variance of a coordinate of θ, in units of the posterior's: by the law, and of the chains. */
static void say(const char *title, const struct linear_law *l, const struct averages *a, const struct setting *s, double extra)
{
	double mean[D], covariance[D][D], law = 0, chains = 0, se;
	posterior(&gradients, N / s->temperature, regression_decay + extra, mean, covariance);
	for (int i = 0; i < D; i++) {
		law += l->covariance[i][i] / covariance[i][i] / D;
		chains += over_chains(&a->square[0][i][i], LAW_STATE * LAW_STATE, &se) / covariance[i][i] / D;
	}
	note("%-58s λ %-5g %8.4f %8.4f", title, s->lr, law, chains);
}

/* Not all rows a step: in batches, or the few at a time that gradients over all are taken of. */
static void check_chains(const struct method *m, bool cold, bool parts)
{
	static struct averages a;
	const struct setting s = {.temperature = cold ? 0.25 : 1, .lr = m->lr, .batch = parts ? B : 0,
	                          .seed = 15 + 2 * cold + parts};
	struct linear_law l;
	char title[96];
	double t[2];
	snprintf(title, sizeof title, "%s, T = %g, %s", m->name, s.temperature,
	         !parts ? "all rows" : m->whole ? "all rows, 4 at a time" : "independent batches of 4");
	m->law(&l, &gradients, &s);
	run_chains(m, &s, "fp32", &l, in_full() ? 60000 : 4000, &a);
	compare(&l, &a, m->bound, t);
	say(title, &l, &a, &s, m->extra);
	const char *how = m->bound > 0 ? "that of its equation to 2 %" : "that of its equation";
	near(t[0], 0, 7.5, "%s: the mean is %s (largest t)", title, how);
	near(t[1], 0, 7.5, "%s: the covariance is %s (largest t)", title, how);
}

/* With all rows, at a step size near 0. */
static void check_limit(const struct method *m)
{
	const struct setting s = {.temperature = 0.25, .lr = 1e-7};
	struct linear_law l;
	double mean[D], covariance[D][D], worst = 0;
	m->law(&l, &gradients, &s);
	posterior(&gradients, N / s.temperature, regression_decay + m->extra, mean, covariance);
	for (int i = 0; i < D; i++) {
		keep_worst(&worst, fabs(l.mean[i] - mean[i]) / sqrt(covariance[i][i]));
		for (int j = 0; j < D; j++)
			keep_worst(&worst, fabs(l.covariance[i][j] - covariance[i][j]) / sqrt(covariance[i][i] * covariance[j][j]));
	}
	near(worst, 0, 1e-3, "%s: as λ → 0 its equation's law is the posterior that it claims", m->name);
}

/* ---- bf16: what rounded inputs, parameters and gradients do ---- */

static void check_rounded(void)
{
	static struct averages a;
	const struct method *m = &regression_methods[0];
	for (int iid = 0; iid < 2; iid++) {
		const struct setting s = {.temperature = 1, .lr = m->lr, .batch = iid ? B : 0, .seed = 25 + (uint32_t)iid};
		struct linear_law l;
		double t[2], mean = 0, variance = 0, se;
		m->law(&l, &gradients, &s);
		run_chains(m, &s, "bf16", &l, in_full() ? 20000 : 2000, &a);
		for (int i = 0; i < D; i++) {
			keep_worst(&mean, fabs(over_chains(&a.mean[0][i], LAW_STATE, &se)) / sqrt(l.covariance[i][i]));
			keep_worst(&variance, fabs(over_chains(&a.square[0][i][i], LAW_STATE * LAW_STATE, &se) / l.covariance[i][i] - 1));
		}
		const char *rows = iid ? "independent batches of 4" : "all rows";
		note("bf16, %s: means are off by up to %.4f of a deviation, variances by up to %.4f of themselves", rows, mean, variance);
		compare(&l, &a, 0.05, t);
		keep_worst(&t[0], t[1]);
		near(t[0], 0, 7.5, "sgld in bf16, %s: mean and covariance are off by 0.05 deviations at most (largest t)", rows);
	}
}

static const struct method *method_of(const char *name)
{
	for (const struct method *m = regression_methods; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

int main(void)
{
	if (in_haste()) {
		skip("linear regressions", "FAST");
		return done_testing();
	}
	write_csv();
	gradients_of(&gradients, regression_rows, regression_noise);
	note("%-66s variances by posterior's: equation, chains", "");
	for (const struct sampler *const *s = samplers; *s; s++) {
		const struct method *m = method_of((*s)->name);
		if ((*s)->target)
			ok(m != NULL, "%s, which claims a target, is among these methods", (*s)->name);
		if (m)
			check_limit(m);
		for (int setting = 0; m && setting < 4; setting++)
			check_chains(m, setting / 2, setting % 2);
	}
	if (onednn_has_avx512())
		check_rounded();
	else
		skip("sgld in bf16", "oneDNN has no bf16 for this processor");
	return done_testing();
}
