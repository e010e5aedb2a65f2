/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/norm_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/tap.h"

static const struct rng_key key = {13, 0};
static uint64_t draws;

static void *must_have(void *p)
{
	if (!p)
		exit(99);
	return p;
}

void tensor4_new(struct device *d, struct format f, int n, int channels, int pixels, struct tensor4 *t)
{
	*t = (struct tensor4){d, f, n, channels, pixels, (size_t)n * (size_t)channels * (size_t)pixels, NULL, NULL};
	t->value = must_have(calloc(t->count, sizeof *t->value));
	MUST(d->ops->alloc(d, t->count * format_bytes(f), &t->device));
}

void tensor4_free(struct tensor4 *t)
{
	if (t->d)
		t->d->ops->free(t->d, t->device);
	free(t->value);
}

/* Where (i, c, j) lies. */
static size_t place(const struct tensor4 *t, int i, int c, int j)
{
	int block = t->format.block ? t->format.block : t->channels;
	return (((size_t)i * (size_t)(t->channels / block) + (size_t)(c / block)) * (size_t)t->pixels + (size_t)j) * (size_t)block +
	       (size_t)(c % block);
}

/* bf16 by arithmetic: 8 significant bits, ties to even. */
static float to_bf16(double x)
{
	int exponent;
	if (!isfinite(x) || x == 0)
		return (float)x;
	frexp(x, &exponent);
	return (float)ldexp(nearbyint(ldexp(x, 8 - exponent)), exponent - 8);
}

static void each(struct tensor4 *t, void *memory, bool put)
{
	size_t at = 0;
	for (int i = 0; i < t->n; i++)
		for (int c = 0; c < t->channels; c++)
			for (int j = 0; j < t->pixels; j++, at++) {
				float *full = (float *)memory + place(t, i, c, j), x;
				uint16_t *half = (uint16_t *)memory + place(t, i, c, j);
				uint32_t bits;
				if (put) {
					x = t->format.bf16 ? to_bf16(t->value[at]) : (float)t->value[at];
					t->value[at] = (double)x;
					memcpy(&bits, &x, sizeof bits);
					if (t->format.bf16)
						*half = (uint16_t)(bits >> 16);
					else
						*full = x;
				} else if (t->format.bf16) {
					bits = (uint32_t)*half << 16;
					memcpy(&x, &bits, sizeof x);
					t->value[at] = (double)x;
				} else {
					t->value[at] = (double)*full;
				}
			}
}

void tensor4_put(struct tensor4 *t)
{
	size_t bytes = t->count * format_bytes(t->format);
	void *memory = must_have(malloc(bytes));
	each(t, memory, true);
	MUST(t->d->ops->put(t->d, t->device, memory, bytes));
	free(memory);
}

void tensor4_get(struct tensor4 *t)
{
	size_t bytes = t->count * format_bytes(t->format);
	void *memory = must_have(malloc(bytes));
	MUST(t->d->ops->get(t->d, memory, t->device, bytes));
	each(t, memory, false);
	free(memory);
}

void tensor4_random(struct tensor4 *t, double mean, double sd)
{
	uint64_t step = draws++;
	for (size_t i = 0; i < t->count; i++)
		t->value[i] = mean + sd * (double)rng_normal(key, STREAM_PROBE, step, i);
	tensor4_put(t);
}

struct ref_norm norm_case_ref(const struct norm_case *c)
{
	return (struct ref_norm){c->norm, c->activation, c->shape.n, c->shape.channels, c->shape.height * c->shape.width, c->x.value,
	                         c->residual ? c->r.value : NULL, c->gamma.value, c->beta.value, c->tau.value,
	                         c->norm == NORM_BATCH && c->policy == STATS_USE ? c->stats.value : NULL};
}

/* Moves numbers away from where an activation has a kink: rounding would decide its slope. */
static void avoid_kinks(struct norm_case *c)
{
	double *z = must_have(malloc(c->x.count * sizeof *z));
	double margin = c->x_bf16 || c->y_bf16 || c->r_bf16 ? 0.03 : 1e-4;
	struct ref_norm l = norm_case_ref(c);
	bool moved = c->activation == ACTIVATION_RELU || c->activation == ACTIVATION_THRESHOLD;
	for (int round = 0; moved && round < 20; round++) {
		moved = false;
		ref_norm(&l, z, NULL);
		for (size_t i = 0; i < c->x.count; i++) {
			size_t channel = i / (size_t)c->x.pixels % (size_t)c->x.channels;
			double kink = c->activation == ACTIVATION_RELU ? 0 : c->tau.value[channel];
			double *from = c->residual ? &c->r.value[i] : &c->x.value[i];
			if (fabs(z[i] - kink) < (c->residual ? margin : 1e-4)) {
				*from += fabs(*from) * 0.01 + (c->residual ? 4 * margin : 0.02);
				moved = true;
			}
		}
		tensor4_put(&c->x);
		if (c->residual)
			tensor4_put(&c->r);
	}
	free(z);
}

void norm_case_new(struct norm_case *c)
{
	const struct norm_shape *s = &c->shape;
	struct format x = {c->x_bf16, s->block}, r = {c->r_bf16, s->block}, y = {c->y_bf16, s->block}, flat = {false, 1};
	struct tensor4 *by_x[] = {&c->x, &c->dx}, *by_r[] = {&c->r, &c->dr}, *by_y[] = {&c->y, &c->dy[0], &c->dy[1]};
	struct tensor4 *params[] = {&c->gamma, &c->beta, &c->tau, &c->dgamma, &c->dbeta, &c->dtau};
	int pixels = s->height * s->width;
	draws = (uint64_t)c->seed << 32;
	for (int i = 0; i < 2; i++) {
		tensor4_new(c->d, x, s->n, s->channels, pixels, by_x[i]);
		tensor4_new(c->d, r, s->n, s->channels, pixels, by_r[i]);
	}
	for (int i = 0; i < 3; i++)
		tensor4_new(c->d, y, s->n, s->channels, pixels, by_y[i]);
	for (int i = 0; i < 6; i++)
		tensor4_new(c->d, flat, 1, s->channels, 1, params[i]);
	tensor4_new(c->d, flat, 1, 2 * s->channels + 1, 1, &c->stats);
	tensor4_random(&c->x, 0.5, 2);
	tensor4_random(&c->r, 0, 1);
	tensor4_random(&c->dy[0], 0.1, 1);
	tensor4_random(&c->dy[1], 0, 1);
	tensor4_random(&c->gamma, 1, 0.3);
	tensor4_random(&c->beta, 0, 0.5);
	tensor4_random(&c->tau, -0.2, 0.3);
	tensor4_random(&c->dx, 0, 1), tensor4_random(&c->dr, 0, 1), tensor4_random(&c->y, 0, 1);
	for (int i = 3; i < 6; i++)
		tensor4_random(params[i], 0, 1);
	tensor4_random(&c->stats, 0.4, 0.3);
	for (int i = s->channels; i < 2 * s->channels; i++)
		c->stats.value[i] = 0.5 + fabs(c->stats.value[i]);
	c->stats.value[2 * s->channels] = 0;
	tensor4_put(&c->stats);
	avoid_kinks(c);
}

void norm_case_free(struct norm_case *c)
{
	struct tensor4 *all[] = {&c->x, &c->r, &c->y, &c->dy[0], &c->dy[1], &c->dx, &c->dr, &c->gamma, &c->beta, &c->tau,
	                         &c->dgamma, &c->dbeta, &c->dtau, &c->stats};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tensor4_free(all[i]);
	c->d->ops->free(c->d, c->kept);
}

struct layer_plan *norm_case_plan(struct norm_case *c, enum plan_mode mode)
{
	const struct norm_shape *s = &c->shape;
	struct layer_plan *p;
	c->layer = (struct layer){.kind = LAYER_NORM, .input = {0, c->residual ? 1 : INPUT_NONE},
	                          .in = {s->channels, s->height, s->width},
	                          .out = {s->channels, s->height, s->width},
	                          .param = {1, 2, c->activation == ACTIVATION_THRESHOLD ? 3 : 0},
	                          .stat = c->norm == NORM_BATCH, .activation = c->activation, .norm = c->norm};
	struct plan_request r = {.layer = &c->layer, .n = s->n, .mode = mode,
	                         .precision = c->y_bf16 ? PRECISION_BF16 : PRECISION_FP32,
	                         .x = {c->x.format, c->r.format}, .y = c->y.format};
	MUST(c->d->ops->layers[LAYER_NORM]->plan(c->d, &r, &p));
	if (!c->kept)
		MUST(c->d->ops->alloc(c->d, c->d->ops->layers[LAYER_NORM]->kept_bytes(c->d, &r), &c->kept));
	return p;
}

/* Tensors that backward does not say it reads are left out of its pointers. */
struct layer_io norm_case_io(struct norm_case *c)
{
	bool threshold = c->activation == ACTIVATION_THRESHOLD;
	return (struct layer_io){.x = {c->x.device, c->residual ? c->r.device : NULL}, .y = c->y.device,
	                         .param = {c->gamma.device, c->beta.device, threshold ? c->tau.device : NULL},
	                         .kept = c->kept,
	                         .stats = c->norm == NORM_BATCH ? c->stats.device : NULL, .policy = c->policy,
	                         .dy = {c->dy[0].device, c->second ? c->dy[1].device : NULL},
	                         .dx = {c->dx.device, c->residual ? c->dr.device : NULL},
	                         .dparam = {c->dgamma.device, c->dbeta.device, threshold ? c->dtau.device : NULL},
	                         .add_dparams = c->add};
}
