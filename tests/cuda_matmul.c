/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A linear layer's products on the stand-in: algorithms that are written down and made again, addresses aligned as they
 * come, and plans that take another one's place. */
#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/layer.h"
#include "tests/choice_of.h"
#include "tests/cuda_driver.h"
#include "tests/device_vec.h"
#include "tests/standin/standin.h"
#include "tests/tap.h"

enum { N = 33, IN = 70, OUT = 20, LEAD = 1 };
static const char forward_key[] = "matmul fp32 nt 33x20x70 bias";
static char heard[1024];

static void hear(const char *text)
{
	snprintf(heard, sizeof heard, "%s", text);
}

static const struct layer_ops *ops_of(struct device *d)
{
	return d->ops->layers[LAYER_LINEAR];
}

static struct layer_plan *plan_of(struct device *d, int n, int in, int out)
{
	struct layer l = {.kind = LAYER_LINEAR, .input = {INPUT_BATCH, INPUT_NONE}, .in = {in, 1, 1}, .out = {out, 1, 1},
	                  .param = {1, 2}};
	struct layer_plan *p;
	MUST(ops_of(d)->plan(d, &(struct plan_request){.layer = &l, .n = n, .mode = PLAN_TRAIN}, &p));
	return p;
}

/* Numbers for a layer from IN to OUT or from OUT to IN; θ and its gradient begin with LEAD others. */
struct numbers {
	struct device_vec x, theta, y, dy, dx, gradient;
};

static struct numbers numbers_new(struct device *d)
{
	struct numbers v = {
		device_vec_new(d, N * IN), device_vec_new(d, LEAD + OUT * IN + IN), device_vec_new(d, N * IN),
		device_vec_new(d, N * IN), device_vec_new(d, N * IN), device_vec_new(d, LEAD + OUT * IN + IN),
	};
	struct device_vec *all[] = {&v.x, &v.theta, &v.dy};
	for (int k = 0; k < 3; k++) {
		for (size_t i = 0; i < all[k]->n; i++)
			all[k]->host[i] = (float)((i * 37 + (size_t)k * 11) % 101) / 50 - 1;
		device_vec_put(all[k]);
	}
	return v;
}

static void numbers_free(struct numbers *v)
{
	struct device_vec *all[] = {&v->x, &v->theta, &v->y, &v->dy, &v->dx, &v->gradient};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		device_vec_free(all[i]);
}

/* Both passes, W beginning at element `lead` of θ, without the gradient of b: products alone. */
static void pass(struct device *d, struct layer_plan *p, struct numbers *v, size_t lead, size_t weights)
{
	struct layer_io io = {
		.x = {v->x.device}, .y = v->y.device, .param = {v->theta.device + lead, v->theta.device + lead + weights},
		.dy = {v->dy.device}, .dx = {v->dx.device},
		.dparam = {v->gradient.device + lead},
	};
	MUST(ops_of(d)->forward(p, &io));
	MUST(ops_of(d)->backward(p, &io));
	MUST(d->ops->sync(d));
}

/* How far y is from x Wᵀ + b, and dW from dyᵀ x, at most. */
static double error_of(struct numbers *v, int n, int in, int out, size_t lead)
{
	double worst = 0;
	device_vec_get(&v->y);
	device_vec_get(&v->gradient);
	const float *w = v->theta.host + lead;
	for (int i = 0; i < n; i++)
		for (int j = 0; j < out; j++) {
			double want = (double)w[out * in + j];
			for (int k = 0; k < in; k++)
				want += (double)v->x.host[i * in + k] * (double)w[j * in + k];
			worst = fmax(worst, fabs((double)v->y.host[i * out + j] - want));
		}
	for (int j = 0; j < out; j++)
		for (int k = 0; k < in; k++) {
			double want = 0;
			for (int i = 0; i < n; i++)
				want += (double)v->dy.host[i * out + j] * (double)v->x.host[i * in + k];
			worst = fmax(worst, fabs((double)v->gradient.host[lead + (size_t)(j * in + k)] - want));
		}
	return worst;
}

/* A choice's name on this card and with this cuBLAS. */
static const char *name_of(const char *key)
{
	static char name[512];
	struct cudaDeviceProp card;
	MUST(cudaGetDeviceProperties(&card, 0) != cudaSuccess);
	snprintf(name, sizeof name, "%s of cuBLAS %zu on %s", key, cublasLtGetVersion(), card.name);
	return name;
}

static const char *name_elsewhere(const char *place)
{
	static char name[512];
	snprintf(name, sizeof name, "%s of cuBLAS %s", forward_key, place);
	return name;
}

static void know(json_t *choices, const char *key, const char *text)
{
	json_object_set_new(choices, name_of(key), json_string(text));
}

static json_t *choices_of(struct device *d)
{
	json_t *j = json_object();
	MUST(d->ops->choices_save(d, j));
	return j;
}

/* The layer on a device that knows these choices; those that it then has. */
static json_t *choices_after(const json_t *known, float **bits, double *error, size_t *asked)
{
	struct device *d = open_cuda();
	size_t before = standin_calls("cublasLtMatmulAlgoGetHeuristic");
	heard[0] = '\0';
	if (known)
		MUST(d->ops->choices_load(d, known, true));
	struct numbers v = numbers_new(d);
	struct layer_plan *p = plan_of(d, N, IN, OUT);
	pass(d, p, &v, 0, OUT * IN);
	*error = error_of(&v, N, IN, OUT, 0);
	*bits = device_vec_bits(&v.y);
	*asked = standin_calls("cublasLtMatmulAlgoGetHeuristic") - before;
	json_t *j = choices_of(d);
	ops_of(d)->drop(p);
	numbers_free(&v);
	d->ops->close(d);
	return j;
}

static void check_choices(void)
{
	float *first, *second;
	double error;
	size_t asked;
	json_t *chosen = choices_after(NULL, &first, &error, &asked);
	const char *text = json_string_value(json_object_get(chosen, name_of(forward_key)));
	ok(json_object_size(chosen) == 3 && text && strncmp(text, "id=", 3) == 0 && strstr(text, " splitk=1 reduction=0 "),
	   "each product has a choice, whose sums are in one piece (%s)", text ? text : "none");
	ok(asked == 3 && error < 1e-5 && !heard[0], "cuBLAS was asked for each, and the products are right (%.2g)", error);
	json_t *again = choices_after(chosen, &second, &error, &asked);
	ok(asked == 0 && !heard[0] && json_equal(chosen, again), "what is known is not asked for again");
	ok(memcmp(first, second, N * OUT * sizeof *first) == 0, "and has the same bits");
	json_decref(again);
	free(first), free(second);

	static const char *const refused[] = {
		"id=999 tile=0 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=0", "winograd",
		"id=31 tile=0 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=70000 cluster=0", "",
		"id=31 tile=0 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=0 more=0",
		"id=31 tiles=0 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=0",
	};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		json_t *other = json_deep_copy(chosen);
		know(other, forward_key, refused[i]);
		again = choices_after(other, &second, &error, &asked);
		ok(asked == 1 && error < 1e-5 && json_equal(again, chosen) && strstr(heard, forward_key) &&
		   strstr(heard, refused[i]),
		   "a text that is refused is told of and replaced: \"%s\"", refused[i]);
		json_decref(other);
		json_decref(again);
		free(second);
	}
	json_decref(chosen);
}

/* Where cuBLAS refuses one call, of which the forward product's is the first, its choice begins with `word`, and is known again. */
static void check_refusal(const char *call, int error, const char *word, const char *what)
{
	float *usual, *first, *second;
	double error_first, error_second;
	size_t asked;
	json_t *chosen = choices_after(NULL, &usual, &error_first, &asked);
	json_decref(chosen);
	standin_fail(call, 1, error);
	chosen = choices_after(NULL, &first, &error_first, &asked);
	standin_fail(call, 0, 0);
	const char *text = json_string_value(json_object_get(chosen, name_of(forward_key)));
	ok(text && strncmp(text, word, strlen(word)) == 0 && error_first < 1e-5, "%s (%s)", what, text ? text : "none");
	ok(memcmp(usual, first, N * OUT * sizeof *first) == 0, "%s: with the same bits", what);
	json_t *again = choices_after(chosen, &second, &error_second, &asked);
	ok(asked == 0 && !heard[0] && json_equal(chosen, again) && memcmp(first, second, N * OUT * sizeof *first) == 0,
	   "%s: and it is known again", what);
	json_decref(chosen);
	json_decref(again);
	free(usual), free(first), free(second);
}

/* What an algorithm is, and which is the best, is for one version of cuBLAS and one kind of card to say. */
static void check_elsewhere(void)
{
	static const char *const places[] = {"1 on a card", "2 on another"};
	float *bits, *usual;
	double error;
	size_t asked;
	json_t *chosen = choices_after(NULL, &usual, &error, &asked), *other = json_object();
	for (int i = 0; i < 2; i++)
		json_object_set_new(other, name_elsewhere(places[i]),
		                    json_string("id=31 tile=2 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=0"));
	json_t *after = choices_after(other, &bits, &error, &asked);
	ok(asked == 3 && error < 1e-5 && strstr(heard, "another cuBLAS or on another card") && strstr(heard, " of cuBLAS 1 on a card: id=31"),
	   "choices made elsewhere are not taken, which is said: %s", heard);
	ok(memcmp(usual, bits, N * OUT * sizeof *bits) == 0, "the product's bits are those of a run that was always here");
	json_object_update(other, chosen);
	ok(json_equal(after, other), "and they are kept beside those made here");
	free(bits);
	json_decref(after);
	after = choices_after(other, &bits, &error, &asked);
	ok(asked == 0 && !heard[0] && json_equal(after, other), "with both, cuBLAS is not asked, and nothing is said");
	json_decref(chosen);
	json_decref(other);
	json_decref(after);
	free(bits), free(usual);
}

/* All that a text says is done: each of its numbers changes the order of sums here, and so their last bits. */
static void check_texts(void)
{
	static const char *const texts[] = {
		"id=31 tile=0 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=0",
		"id=31 tile=2 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=0",
		"id=31 tile=0 stages=3 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=0",
		"id=9 tile=0 stages=0 splitk=5 reduction=2 swizzle=0 custom=0 inner=0 cluster=0",
		"id=31 tile=0 stages=0 splitk=1 reduction=0 swizzle=5 custom=0 inner=0 cluster=0",
		"id=31 tile=0 stages=0 splitk=1 reduction=0 swizzle=0 custom=6 inner=0 cluster=0",
		"id=31 tile=0 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=7 cluster=0",
		"id=31 tile=0 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=8",
	};
	enum { TEXTS = sizeof texts / sizeof *texts };
	float *bits[TEXTS];
	bool told = false, apart = true, right = true;
	for (int i = 0; i < TEXTS; i++) {
		json_t *known = json_object(), *after;
		double error;
		size_t asked;
		know(known, forward_key, texts[i]);
		after = choices_after(known, &bits[i], &error, &asked);
		right = right && error < 2e-5 && asked == 2;
		told = told || heard[0];
		for (int j = 0; j < i; j++)
			apart = apart && memcmp(bits[i], bits[j], N * OUT * sizeof(float)) != 0;
		json_decref(known);
		json_decref(after);
	}
	ok(right && !told, "texts of many algorithms are taken, and the products right");
	ok(apart, "and each does what it says");
	for (int i = 0; i < TEXTS; i++)
		free(bits[i]);
}

/* What is not for these addresses, or wants more than there is. */
static void check_limits(void)
{
	enum { EVEN = 64 };
	static const char key[] = "matmul fp32 nt 33x20x64 bias", large[] = "matmul fp32 nt 4200x2000x4 bias";
	struct device *d = open_cuda();
	struct numbers v = numbers_new(d);
	json_t *known = json_object();
	know(known, key, "id=24 tile=0 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=0");
	know(known, large, "id=17 tile=0 stages=0 splitk=1 reduction=0 swizzle=0 custom=0 inner=0 cluster=0");
	MUST(d->ops->choices_load(d, known, true));
	heard[0] = '\0';
	struct layer_plan *p = plan_of(d, N, EVEN, OUT);
	pass(d, p, &v, 0, OUT * EVEN);
	double error = error_of(&v, N, EVEN, OUT, 0);
	pass(d, p, &v, LEAD, OUT * EVEN);
	ok(error < 1e-5 && error_of(&v, N, EVEN, OUT, LEAD) < 1e-5 && !heard[0],
	   "an algorithm that wants aligned addresses is not used for others");
	const size_t before = standin_calls("cublasLtMatmulAlgoCheck");
	pass(d, p, &v, LEAD, OUT * EVEN);
	ok(standin_calls("cublasLtMatmulAlgoCheck") == before, "and nothing is chosen twice");
	ops_of(d)->drop(p);
	p = plan_of(d, 4200, 4, 2000);
	ok(strstr(heard, large) && strstr(heard, "it needs a workspace of 33600000 bytes"), "nor one that wants a larger workspace: %s", heard);
	ops_of(d)->drop(p);
	json_decref(known);
	numbers_free(&v);
	d->ops->close(d);
}

/* Slices of a parameter vector begin anywhere. */
static void check_alignment(void)
{
	struct device *d = open_cuda();
	struct numbers v = numbers_new(d);
	struct layer_plan *p = plan_of(d, N, IN, OUT);
	pass(d, p, &v, LEAD, OUT * IN);
	near(error_of(&v, N, IN, OUT, LEAD), 0, 1e-5, "weights at an address that is a multiple of 4: the products are right");
	json_t *chosen = choices_of(d);
	ok(choice_of(chosen, "matmul fp32 nt 33x20x70 bias aligned 16,4,4") &&
	   choice_of(chosen, "matmul fp32 nn 33x70x20 aligned 16,4,16") &&
	   choice_of(chosen, "matmul fp32 tn 20x70x33 aligned 16,16,4"), "and have algorithms of their own");
	json_decref(chosen);
	ops_of(d)->drop(p);
	numbers_free(&v);
	d->ops->close(d);
}

/* Calls of a plan whose memory another one has now look like that one's. */
static void check_places(void)
{
	struct device *d = open_cuda();
	struct numbers v = numbers_new(d);
	struct layer_plan *p = plan_of(d, N, IN, OUT), *first = p;
	long replays = standin_replays();
	for (int i = 0; i < 3; i++)
		pass(d, p, &v, 0, OUT * IN);
	ok(standin_replays() - replays == 2, "a plan's calls are replayed");
	ops_of(d)->drop(p);
	p = plan_of(d, N, OUT, IN);
	if (p == first) {
		pass(d, p, &v, 0, OUT * IN);
		near(error_of(&v, N, OUT, IN, 0), 0, 1e-5, "but not in the place of those of the next plan at its address");
	} else {
		skip("plans at one address", "the C library gave another");
	}
	ops_of(d)->drop(p);
	numbers_free(&v);
	d->ops->close(d);
}

/* The host need not wait for a product to have it begun. */
static void check_start(void)
{
	struct device *d = open_cuda();
	struct numbers v = numbers_new(d);
	struct layer_plan *p = plan_of(d, N, IN, OUT);
	struct layer_io io = {.x = {v.x.device}, .y = v.y.device, .param = {v.theta.device, v.theta.device + OUT * IN}};
	MUST(d->ops->sync(d));
	size_t before = standin_calls("cublasLtMatmul");
	MUST(ops_of(d)->forward(p, &io));
	size_t put_off = standin_calls("cublasLtMatmul");
	MUST(device_start(d));
	ok(put_off == before && standin_calls("cublasLtMatmul") == before + 1, "what was put off begins when the device is told to");
	ops_of(d)->drop(p);
	numbers_free(&v);
	d->ops->close(d);
}

static void check_failure(void)
{
	struct device *d = open_cuda();
	struct numbers v = numbers_new(d);
	struct layer_plan *p = plan_of(d, N, IN, OUT);
	struct layer_io io = {.x = {v.x.device}, .y = v.y.device, .param = {v.theta.device, v.theta.device + OUT * IN}};
	MUST(d->ops->sync(d));
	standin_fail("cublasLtMatmul", 1, 13);
	status s = ops_of(d)->forward(p, &io);
	if (s == OK)
		s = d->ops->sync(d);
	ok(s == ERR_LIBRARY && strstr(fail_message(s), "linear 70-20 forward: src/cuda/matmul.c: cublasLtMatmul: "),
	   "a product that fails is named with its layer: %s", fail_message(s));
	ops_of(d)->drop(p);
	numbers_free(&v);
	d->ops->close(d);
}

int main(void)
{
	test_prefix(cuda_label);
	warning_to(hear, "--");
	check_choices();
	check_refusal("cublasLtMatmulAlgoGetHeuristic", CUBLAS_STATUS_NOT_SUPPORTED, "apart id=",
	              "a bias that cuBLAS does not add is added behind the product");
	check_refusal("cublasLtMatmulAlgoInit", CUBLAS_STATUS_NOT_SUPPORTED, "whole ",
	              "an algorithm that its fields don't make again is kept as it is");
	check_elsewhere();
	check_texts();
	check_limits();
	check_alignment();
	check_places();
	check_start();
	check_failure();
	return done_testing();
}
