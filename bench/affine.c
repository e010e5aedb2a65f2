/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the update verb costs: SGLD and Entropy-MCMC steps over a ResNet-18's 11,173,962 parameters beside copying as
 * much memory, then the small verbs of an MLP's step. Interleaved rounds; medians. Usage: bench/affine [rounds] */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/backend.h"

enum { LARGE = 11173962, SMALL = 4810, ROUNDS_MAX = 1000 };

enum { A = SLOT_SAMPLER, B, NOISE, PRIOR, SUM = SLOT_RESULT };  /* slots */

struct work {
	struct device *d;
	struct slots s;
	float *theta, *anchor, *gradient;
	size_t n;
};

static void *take(struct device *d, size_t bytes)
{
	void *p;
	if (d->ops->alloc(d, bytes, &p) != OK) {
		fprintf(stderr, "%s\n", fail_message(ERR_MEMORY));
		exit(1);
	}
	return p;
}

static struct pieces whole(struct piece *one, size_t n)
{
	*one = (struct piece){.count = n, .prior = 1};
	return (struct pieces){one, 1, n};
}

static const struct affine_output absent = {
	.base = -1, .coef = {SLOT_NONE, SLOT_NONE, SLOT_NONE, SLOT_NONE, SLOT_NONE}, .noise = SLOT_NONE, .prior = SLOT_NONE,
};

static void sgld(struct work *w, int noise)
{
	struct piece one;
	struct pieces p = whole(&one, w->n);
	struct affine a = {.n_in = 2, .n_out = 1, .x = {w->theta, w->gradient}, .out = {absent}};
	a.out[0].y = w->theta;
	a.out[0].base = 0;
	a.out[0].coef[1] = A;
	a.out[0].prior = PRIOR;
	a.out[0].prior_at = 0;
	a.out[0].noise = noise;
	a.out[0].stream = STREAM_LANGEVIN_0;
	w->d->ops->affine(w->d, &w->s, &p, &a);
}

static void run_sgd(struct work *w)
{
	sgld(w, SLOT_NONE);
}

static void run_sgld(struct work *w)
{
	sgld(w, NOISE);
}

static void run_entropy_mcmc(struct work *w)
{
	struct piece one;
	struct pieces p = whole(&one, w->n);
	struct affine a = {
		.n_in = 3, .n_out = 2, .x = {w->theta, w->gradient, w->anchor}, .out = {absent, absent},
	};
	for (int o = 0; o < 2; o++) {
		a.out[o].y = o ? w->anchor : w->theta;
		a.out[o].base = a.out[o].prior_at = o ? 2 : 0;
		a.out[o].coef[0] = o ? A : B;
		a.out[o].coef[2] = o ? B : A;
		a.out[o].prior = PRIOR;
		a.out[o].noise = NOISE;
		a.out[o].stream = o ? STREAM_LANGEVIN_1 : STREAM_LANGEVIN_0;
	}
	a.out[0].coef[1] = A;
	w->d->ops->affine(w->d, &w->s, &p, &a);
}

static void run_copy(struct work *w)
{
#pragma omp parallel
	{
		size_t t = (size_t)omp_get_thread_num(), threads = (size_t)omp_get_num_threads();
		size_t from = w->n * t / threads, to = w->n * (t + 1) / threads;
		memcpy(w->anchor + from, w->gradient + from, (to - from) * sizeof(float));
	}
}

static void run_reduce(struct work *w)
{
	w->d->ops->reduce(w->d, &w->s, w->n, w->theta, w->gradient, NULL, SUM);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static const struct {
	const char *name;
	void (*run)(struct work *w);
} rows[] = {
	{"copy", run_copy}, {"SGD", run_sgd}, {"SGLD", run_sgld}, {"Entropy-MCMC", run_entropy_mcmc}, {"reduce", run_reduce},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void measure(size_t n, int threads, int rounds, int repeats)
{
	static double ms[ROWS][ROUNDS_MAX];
	struct work w = {.n = n};
	if (backend_open("cpu", threads, &w.d) != OK) {
		fprintf(stderr, "%s\n", fail_message(ERR_USAGE));
		exit(1);
	}
	w.theta = take(w.d, n * sizeof(float));
	w.anchor = take(w.d, n * sizeof(float));
	w.gradient = take(w.d, n * sizeof(float));
	for (size_t i = 0; i < n; i++)
		w.gradient[i] = 1e-3f * (float)(i % 1024);
	w.s.value[A] = -1e-3;
	w.s.value[B] = -2e-3;
	w.s.value[NOISE] = 1e-4;
	w.s.value[PRIOR] = -5e-7;
	for (int r = -2; r < rounds; r++)
		for (int i = 0; i < ROWS; i++) {
			double start = omp_get_wtime();
			for (int j = 0; j < repeats; j++, w.s.step++)
				rows[i].run(&w);
			if (r >= 0)
				ms[i][r] = (omp_get_wtime() - start) * 1e3 / repeats;
		}
	for (int i = 0; i < ROWS; i++) {
		qsort(ms[i], (size_t)rounds, sizeof ms[i][0], compare);
		printf("%10zu elements  %d thread%s  %-13s %9.4f ms  (best %.4f, worst %.4f)\n", n, threads,
		       threads > 1 ? "s" : " ", rows[i].name, ms[i][rounds / 2], ms[i][0], ms[i][rounds - 1]);
	}
	w.d->ops->free(w.d, w.theta);
	w.d->ops->free(w.d, w.anchor);
	w.d->ops->free(w.d, w.gradient);
	w.d->ops->close(w.d);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 15;
	rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
	measure(LARGE, 1, rounds, 1);
	measure(LARGE, 2, rounds, 1);
	measure(SMALL, 1, rounds, 1000);
	return 0;
}
