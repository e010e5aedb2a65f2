/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a card does at most, and what Basin's passes over a parameter vector make of it: copying, updates with and without noise, the
 * perturbation on the way into working weights, a sum, and cuBLAS' product of two square matrices by the backend's own choice of
 * algorithm. A line of JSON for each, as soon as it is known; medians over rounds of calls that are put off and replayed as a graph,
 * as a step's are.
 *
 *   bench/cuda_passes [PARAMETERS [SIDE [ROUNDS [REPEATS]]]]     (11173962, a ResNet-18's; 8192; 15; 20)
 *
 * Exit status 2: there is no card, for the reason on standard error. */
#include <stdio.h>

#include "bench/cuda_timing.h"
#include "src/cuda/matmul.h"

enum { VECTORS = 3 };

enum { A = SLOT_SAMPLER, B, NOISE, PRIOR };  /* slots */

struct work {
	struct device *d;
	struct slots s;
	struct piece whole;
	struct pieces pieces;
	float *at[VECTORS];        /* device: θ, g, anchor */
	size_t n;
	int side;
	struct timing timing;
	void *matrix[3];           /* device, side × side */
	struct matmul product;
};

static const struct affine_output absent = {.base = -1};

/* θ ← θ + Aθ' + …: one output that moves `to`, with the gradient. */
static struct affine_output moves(const struct work *w, int to, int input, int noise, enum stream stream)
{
	struct affine_output out = absent;
	out.y = w->at[to];
	out.base = out.prior_at = input;
	out.coef[1] = A;
	out.prior = PRIOR;
	out.noise = noise;
	out.stream = stream;
	return out;
}

static status descent(struct work *w, int noise)
{
	const struct affine a = {.n_in = 2, .n_out = 1, .x = {w->at[0], w->at[1]},
	                         .out = {moves(w, 0, 0, noise, STREAM_LANGEVIN_0), absent}};
	return w->d->ops->affine(w->d, &w->s, &w->pieces, &a);
}

static status pass_copy(void *work)
{
	struct work *w = work;
	return w->d->ops->copy(w->d, w->at[0], w->at[1], w->n * sizeof(float));
}

static status pass_sgd(void *work)
{
	struct work *w = work;
	return descent(w, SLOT_NONE);
}

static status pass_sgld(void *work)
{
	struct work *w = work;
	return descent(w, NOISE);
}

static status pass_entropy_mcmc(void *work)
{
	struct work *w = work;
	struct affine a = {.n_in = 3, .n_out = 2, .x = {w->at[0], w->at[1], w->at[2]},
	                   .out = {moves(w, 0, 0, NOISE, STREAM_LANGEVIN_0), moves(w, 2, 2, NOISE, STREAM_LANGEVIN_1)}};
	a.out[0].coef[2] = a.out[1].coef[0] = B;
	a.out[1].coef[1] = SLOT_NONE;
	return w->d->ops->affine(w->d, &w->s, &w->pieces, &a);
}

static status perturb(struct work *w, const float *v, int sigma)
{
	const struct point at = {.theta = w->at[0], .v = v, .v_coef = v ? A : SLOT_NONE, .sigma = sigma, .stream = STREAM_PERTURB};
	return w->d->ops->point(w->d, &w->s, &at, 0, w->n, false, w->at[2]);
}

static status pass_perturb(void *work)
{
	struct work *w = work;
	return perturb(w, NULL, NOISE);
}

static status pass_shift(void *work)
{
	struct work *w = work;
	return perturb(w, w->at[1], SLOT_NONE);
}

static status pass_dot(void *work)
{
	struct work *w = work;
	return w->d->ops->reduce(w->d, &w->s, w->n, w->at[0], w->at[1], NULL, SLOT_RESULT);
}

static status pass_product(void *work)
{
	struct work *w = work;
	return matmul_later(cuda_of(w->d), &w->product, "product", w->matrix[0], w->matrix[1], NULL, false, w->matrix[2]);
}

static void say(const char *what, double value, const char *unit, double seconds)
{
	printf("{\"what\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"microseconds\": %.3f}\n", what, value, unit, seconds * 1e6);
	fflush(stdout);
}

static status measure_vectors(struct work *w)
{
	/* Bytes that each reads and writes of an element. */
	static const struct {
		const char *name;
		int bytes;
		status (*run)(void *w);
	} passes[] = {
		{"copy", 8, pass_copy},
		{"update, SGD", 12, pass_sgd},
		{"update, SGLD", 12, pass_sgld},
		{"update, Entropy-MCMC", 20, pass_entropy_mcmc},
		{"point, perturbed", 8, pass_perturb},
		{"point, moved along a vector", 12, pass_shift},
		{"scalar product", 8, pass_dot},
	};
	for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
		double seconds;
		TRY(timing_seconds(&w->timing, passes[i].run, w, &seconds));
		say(passes[i].name, (double)w->n * passes[i].bytes / seconds / 1e9, "GB/s", seconds);
	}
	return OK;
}

static status measure_product(struct work *w, bool bf16, const char *name)
{
	const double flop = 2.0 * w->side * w->side * w->side;
	const struct matmul_shape shape = {.m = w->side, .n = w->side, .k = w->side, .bf16 = bf16, .bf16_c = bf16};
	double seconds;
	TRY(timing_fill(w->d, w->matrix, 2, (size_t)w->side * (size_t)w->side, bf16));
	TRY(matmul_open(cuda_of(w->d), &shape, &w->product));
	status s = timing_seconds(&w->timing, pass_product, w, &seconds);
	cuda_forget(cuda_of(w->d));
	matmul_close(cuda_of(w->d), &w->product);
	if (s == OK)
		say(name, flop / seconds / 1e12, "TFLOP/s", seconds);
	return s;
}

static status open_work(struct work *w)
{
	const size_t square = (size_t)w->side * (size_t)w->side * sizeof(float);
	TRY(cuda_backend.open(0, 0, &w->d));
	w->timing.d = w->d;
	w->whole = (struct piece){.count = w->n, .prior = 1};
	w->pieces = (struct pieces){&w->whole, 1, w->n};
	w->s.value[A] = -1e-3, w->s.value[B] = 1e-4, w->s.value[NOISE] = 7e-4, w->s.value[PRIOR] = -5e-7;
	for (int i = 0; i < VECTORS; i++)
		TRY(w->d->ops->alloc(w->d, w->n * sizeof(float), (void **)&w->at[i]));
	for (int i = 0; i < 3; i++)
		TRY(w->d->ops->alloc(w->d, square, &w->matrix[i]));
	TRY(timing_fill(w->d, (void *const *)w->at, VECTORS, w->n, false));
	TRY(w->d->ops->slots_open(w->d, &w->s));
	return w->d->ops->slots_send(w->d, &w->s);
}

static void close_work(struct work *w)
{
	if (!w->d)
		return;
	w->d->ops->slots_close(w->d, &w->s);
	for (int i = 0; i < VECTORS; i++)
		w->d->ops->free(w->d, w->at[i]);
	for (int i = 0; i < 3; i++)
		w->d->ops->free(w->d, w->matrix[i]);
	w->d->ops->close(w->d);
}

int main(int argc, char **argv)
{
	struct work w = {
		.n = (size_t)timing_number(argc, argv, 1, 11173962, 1000000000), .side = (int)timing_number(argc, argv, 2, 8192, 32768),
		.timing = {.rounds = (int)timing_number(argc, argv, 3, 15, TIMING_ROUNDS_MAX),
		           .repeats = (int)timing_number(argc, argv, 4, 20, 10000)},
	};
	status s = open_work(&w);
	if (s == OK)
		s = measure_vectors(&w);
	if (s == OK)
		s = measure_product(&w, false, "product, fp32");
	if (s == OK)
		s = measure_product(&w, true, "product, bf16");
	if (s != OK)
		fprintf(stderr, "bench/cuda_passes: %s\n", fail_message(s));
	close_work(&w);
	return fail_exit_status(s);
}
