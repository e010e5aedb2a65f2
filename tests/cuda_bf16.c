/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Linear layers whose output is bf16, on a CUDA device: a bias is added before y is rounded, on the way through memory that
 * layers share. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/layer.h"
#include "tests/choice_of.h"
#include "tests/cuda_driver.h"
#include "tests/device_vec.h"
#include "tests/tap.h"

/* A layer whose tensors are bf16: θ is float32. */
struct narrow {
	struct layer_plan *p;
	int n, in, out;
	bool bias;
	uint16_t *x, *y, *w;       /* device */
	float *b;
	double *exact;             /* y as it should be */
};

/* Of multiples of 1/16 below 4, which are bf16 numbers. */
static uint16_t narrowed(double x)
{
	float f = (float)x;
	uint32_t bits;
	memcpy(&bits, &f, sizeof bits);
	return (uint16_t)(bits >> 16);
}

static uint16_t *narrow_numbers(struct device *d, size_t n, size_t seed, double *exact)
{
	uint16_t *host = host_take(n * sizeof *host);
	for (size_t i = 0; i < n; i++) {
		exact[i] = ((double)((i * 37 + seed) % 101) - 50) / 16;
		host[i] = narrowed(exact[i]);
	}
	uint16_t *device = upload(d, host, n * sizeof *host);
	free(host);
	return device;
}

static struct narrow narrow_new(struct device *d, int n, int in, int out, bool bias)
{
	const struct format bf16 = {true, 0};
	struct layer l = {.kind = LAYER_LINEAR, .input = {INPUT_BATCH, INPUT_NONE}, .in = {in, 1, 1}, .out = {out, 1, 1},
	                  .param = {1, bias ? 2 : 0}};
	struct narrow a = {.n = n, .in = in, .out = out, .bias = bias, .exact = host_doubles((size_t)(n * out))};
	double *x = host_doubles((size_t)(n * in)), *w = host_doubles((size_t)(out * in));
	float *b = host_take((size_t)out * sizeof *b);
	a.x = narrow_numbers(d, (size_t)(n * in), 3, x);
	a.w = narrow_numbers(d, (size_t)(out * in), 8, w);
	a.y = device_take(d, (size_t)(n * out) * sizeof *a.y);
	for (int j = 0; bias && j < out; j++)
		b[j] = (float)j / 7 - 1;
	a.b = upload(d, b, (size_t)out * sizeof *b);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < out; j++) {
			double *y = &a.exact[i * out + j];
			*y = (double)b[j];
			for (int k = 0; k < in; k++)
				*y += x[i * in + k] * w[j * in + k];
		}
	const struct plan_request r = {.layer = &l, .n = n, .mode = PLAN_TRAIN, .precision = PRECISION_BF16, .x = {bf16}, .y = bf16};
	MUST(d->ops->layers[LAYER_LINEAR]->plan(d, &r, &a.p));
	free(x), free(w), free(b);
	return a;
}

static void narrow_free(struct device *d, struct narrow *a)
{
	void *device[] = {a->x, a->y, a->w, a->b};
	d->ops->layers[LAYER_LINEAR]->drop(a->p);
	for (size_t i = 0; i < sizeof device / sizeof *device; i++)
		d->ops->free(d, device[i]);
	free(a->exact);
}

/* The worst error of y in units of half a bf16 step. */
static double narrow_pass(struct device *d, struct narrow *a)
{
	struct layer_io io = {.x = {a->x}, .y = a->y, .param = {a->w, a->bias ? a->b : NULL}};
	double worst = 0;
	/* Three calls at least are a graph. */
	for (int i = 0; i < 3; i++)
		MUST(d->ops->layers[LAYER_LINEAR]->forward(a->p, &io));
	uint16_t *y = fetch(d, a->y, (size_t)(a->n * a->out) * sizeof *y);
	for (int i = 0; i < a->n * a->out; i++) {
		uint32_t bits = (uint32_t)y[i] << 16;
		float f;
		memcpy(&f, &bits, sizeof f);
		worst = fmax(worst, fabs((double)f - a->exact[i]) / (0x1.01p-8 * fabs(a->exact[i]) + 1e-4));
	}
	free(y);
	return worst;
}

int main(void)
{
	struct device *d = open_cuda();
	test_prefix(cuda_label);
	struct narrow bare = narrow_new(d, 33, 70, 20, false), small = narrow_new(d, 3, 8, 5, true);
	ok(narrow_pass(d, &bare) <= 1, "bf16 without a bias: y is rounded once");
	json_t *chosen = json_object();
	MUST(d->ops->choices_save(d, chosen));
	ok(choice_of(chosen, "matmul bf16 nt 33x20x70") && choice_of(chosen, "matmul bf16-fp32 nt 3x5x8 bias") &&
	   choice_of(chosen, "matmul bf16-fp32 tn 20x70x33"), "and comes from a product in bf16; with a bias, from one in float32");
	json_decref(chosen);
	bool good = true;
	for (int i = 0; i < 3; i++)
		good = good && narrow_pass(d, &small) <= 1;
	/* Takes the place of what the first one's graph names. */
	struct narrow large = narrow_new(d, 40, 30, 50, true), last = narrow_new(d, 2, 8, 3, true);
	for (int i = 0; i < 3; i++)
		good = good && narrow_pass(d, &small) <= 1 && narrow_pass(d, &large) <= 1 && narrow_pass(d, &last) <= 1;
	ok(good, "bf16 with a bias, before and after larger and smaller layers are planned: y is rounded once");
	narrow_free(d, &bare);
	narrow_free(d, &small);
	narrow_free(d, &large);
	narrow_free(d, &last);
	d->ops->close(d);
	return done_testing();
}
