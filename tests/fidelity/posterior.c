/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/fidelity/posterior.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands/problem_device.h"
#include "tests/files.h"
#include "tests/tap.h"

enum { WORDS = 48 };

/* ---- opening ---- */

/* Every class has a row, so that the file says how many there are; labels are drawn anew before anything is made of
 * them. */
static const char *write_table(const struct network_shape *s)
{
	static char spec[600];
	gsl_rng *r = gsl_rng_alloc(gsl_rng_mt19937);
	snprintf(spec, sizeof spec, "csv:%s", scratch_path("table.csv"));
	FILE *f = fopen(spec + 4, "w");
	for (int i = 0; i < POSTERIOR_ROWS; i++) {
		for (int j = 0; j < s->width[0]; j++)
			fprintf(f, "%.6f,", gsl_ran_gaussian(r, s->input_sd));
		fprintf(f, "%d\n", i % s->width[s->n_widths - 1]);
	}
	fclose(f);
	gsl_rng_free(r);
	return spec;
}

static struct opts *read_words(const struct network_shape *s, const char *const *words)
{
	static char decay[32];
	snprintf(decay, sizeof decay, "%.17g", 1.0 / POSTERIOR_ROWS);
	const char *first[] = {"sample", "--data", write_table(s), "--header", "no", "--model", s->model, "--activation",
	                       "tanh", "--likelihood", "categorical", "--weight-decay", decay, "--steps", "1000000", NULL};
	char *argv[WORDS];
	int argc = 0;
	for (const char *const *w = first; *w; w++)
		argv[argc++] = (char *)(uintptr_t)*w;
	for (; *words; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	struct opts *o;
	MUST(opts_parse(&o, sample_tables, argc, argv));
	return o;
}

void posterior_open(struct posterior *p, const struct network_shape *shape, const char *const *words)
{
	struct device *d;
	memset(p, 0, sizeof *p);
	p->options = read_words(shape, words);
	MUST(backend_open("cpu", 1, &d));
	MUST(problem_open(p->options, d, NULL, &p->problem));
	memcpy(p->width, shape->width, sizeof p->width);
	p->network = (struct ref_mlp){.n_widths = shape->n_widths, .width = p->width, .activation = ACTIVATION_TANH,
	                              .loss = LOSS_CATEGORICAL};
	p->n = (int)p->problem.data.n;
	p->d = (int)p->problem.potential->n_params;
	if ((size_t)p->d != ref_mlp_params(&p->network) || p->d > POSTERIOR_PARAMS || p->n != POSTERIOR_ROWS)
		MUST(fail(ERR_CHECK, "%s: %d parameters, %d rows", shape->model, p->d, p->n));
	p->precision = (double)p->n * p->problem.plan.state.decay;
	for (int i = 0; i < p->n * p->width[0]; i++)
		p->x[i] = (double)((const float *)p->problem.data.x)[i];
}

void posterior_close(struct posterior *p)
{
	problem_close(&p->problem);
	opts_free(p->options);
}

/* ---- drawing ---- */

void posterior_prior(const struct posterior *p, gsl_rng *r, double *theta)
{
	for (int j = 0; j < p->d; j++)
		theta[j] = (double)(float)gsl_ran_gaussian(r, 1 / sqrt(p->precision));
}

void posterior_data(struct posterior *p, gsl_rng *r, const double *theta)
{
	int32_t *label = (int32_t *)(uintptr_t)p->problem.data.label;
	int classes = p->width[p->network.n_widths - 1];
	double output[POSTERIOR_ROWS * 8], share[8] = {0};
	ref_mlp(&p->network, theta, p->n, p->x, p->label, NULL, 1, NULL, output);
	potential_close(p->problem.potential);   /* the data is its own until it is closed */
	for (int i = 0; i < p->n; i++) {
		double all = 0, u = gsl_rng_uniform(r);
		for (int k = 0; k < classes; k++)
			all += share[k] = exp(output[i * classes + k]);
		label[i] = 0;
		while (label[i] < classes - 1 && (u -= share[label[i]] / all) >= 0)
			label[i]++;
		p->label[i] = label[i];
	}
	MUST(problem_place(&p->problem, NULL));
}

/* ---- densities ---- */

void posterior_quantities(const struct posterior *p, const double *theta, double out[QUANTITIES])
{
	out[LOG_LIKELIHOOD] = -ref_mlp(&p->network, theta, p->n, p->x, p->label, NULL, 1, NULL, NULL);
	out[LOG_PRIOR] = 0;
	for (int j = 0; j < p->d; j++) {
		out[j] = theta[j];
		out[LOG_PRIOR] -= p->precision * theta[j] * theta[j] / 2;
	}
	out[LOG_DENSITY] = out[LOG_LIKELIHOOD] + out[LOG_PRIOR];
}

void posterior_gradient(const struct posterior *p, const double *theta, double *gradient)
{
	ref_mlp(&p->network, theta, p->n, p->x, p->label, NULL, 1, gradient, NULL);
	for (int j = 0; j < p->d; j++)
		gradient[j] += p->precision * theta[j];
}

/* ---- the program's side ---- */

const struct fault no_fault = {"nothing is wrong", 1, 1, 1};
const struct fault faults[FAULTS] = {
	{"N is 10 % too large", 1.1, 1, 1},
	{"T is doubled", 1, 2, 1},
	{"the noise lacks √2", 1, 0.5, 1},
	{"δ is doubled", 1, 1, 2},
};

void posterior_state(const struct posterior *p, struct rng_key key, const double *theta, const struct fault *f,
                     struct state *st)
{
	struct state_plan plan = p->problem.plan.state;
	float x[POSTERIOR_PARAMS];
	plan.potential = p->problem.potential;
	for (int j = 0; j < p->d; j++)
		x[j] = (float)theta[j];
	MUST(state_open(st, &plan, key));
	MUST(state_put(st, 0, x));
	st->s.n *= f->n;
	st->s.decay *= f->decay;
}

void posterior_steps(const struct posterior *p, struct state *st, uint64_t steps, const struct fault *f, double *theta)
{
	float x[POSTERIOR_PARAMS];
	for (uint64_t k = 0; k < steps; k++)
		MUST(state_step(st, p->problem.plan.state.lr_max, f->temperature));
	MUST(state_get(st, 0, x));
	for (int j = 0; j < p->d; j++)
		theta[j] = (double)x[j];
}
