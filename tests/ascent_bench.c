/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/ascent_bench.h"

#include <stdlib.h>
#include <string.h>

#include "samplers/base.h"
#include "tests/device_vec.h"
#include "tests/tap.h"

enum { SIDE = 8, CLASSES = 3 };
const struct rng_key ascent_key = {17, 2};
const double ascent_lr = 0.05, ascent_decay = 0.2;

static void make_images(struct dataset *data)
{
	enum { PIXELS = 3 * SIDE * SIDE };
	uint8_t *x = host_take(ASCENT_ROWS * PIXELS);
	int32_t *label = host_take(ASCENT_ROWS * sizeof *label);
	for (int i = 0; i < ASCENT_ROWS * PIXELS; i++)
		x[i] = (uint8_t)rng_below(ascent_key, STREAM_DATA, 0, (uint32_t)i, 256);
	for (int i = 0; i < ASCENT_ROWS; i++)
		label[i] = i % CLASSES;
	*data = (struct dataset){.kind = "npy", .spec = "npy:test", .n = ASCENT_ROWS, .element = ELEMENT_U8, .c = 3, .h = SIDE, .w = SIDE,
	                         .x = x, .label = label, .n_classes = CLASSES, .image = true};
}

bool ascent_open(struct ascent *q, struct device *d, const char *spec, enum precision precision, const char *freeze)
{
	const struct likelihood *likelihood;
	*q = (struct ascent){.d = d};
	make_images(&q->data);
	MUST(normalize_parse("data", &q->data, &q->normalize));
	MUST(likelihood_find("categorical", &likelihood));
	MUST(model_build(spec, "relu", NULL, (int[]){3, SIDE, SIDE}, CLASSES, &q->model));
	if (freeze)
		MUST(segments_freeze(&q->model.params, freeze));
	MUST(segments_prior(&q->model.params, "gaussian,*.weight=3"));
	const struct net_options o = {.model = &q->model, .data = &q->data, .normalize = &q->normalize, .likelihood = likelihood, .noise_sd = 1,
	                              .augment = AUGMENT_CROP_FLIP, .precision = precision, .algo = CONV_DIRECT, .batch = ASCENT_BATCH};
	if (model_lacks(&q->model, d) || net_open(&o, d, &q->p) != OK)
		return false;
	q->n = q->p->n_params;
	q->start = host_take(q->n * sizeof *q->start);
	segments_init(q->p->params, ascent_key, q->start);
	return true;
}

void ascent_close(struct ascent *q)
{
	potential_close(q->p);
	model_free(&q->model);
	free((void *)q->data.x), free((void *)q->data.label), free(q->start);
}

void ascent_begin(struct bench *b, const struct ascent *q, const char *method, const char *const *extra, double delta)
{
	const struct state_plan plan = {.potential = q->p, .n = ASCENT_ROWS, .batch = ASCENT_BATCH, .temperature = 1, .decay = delta, .lr_max = 1};
	float *stats = host_take((q->p->n_stats + 1) * sizeof *stats);
	bench_open_plan(b, &plan, method, extra);
	b->state.s.slots.key = ascent_key;
	segments_init(q->p->stats, ascent_key, stats);
	MUST(state_put(&b->state, BASE_THETA, q->start));
	MUST(state_put_stats(&b->state, stats));
	free(stats);
}

struct outcome ascent_after(const struct ascent *q, const char *method, const char *const *extra, int steps)
{
	struct bench b;
	struct outcome o = {host_take(q->n * sizeof(float)), host_take((q->p->n_stats + 1) * sizeof(float))};
	ascent_begin(&b, q, method, extra, ascent_decay);
	for (int k = 0; k < steps; k++)
		MUST(state_step(&b.state, ascent_lr, 1));
	MUST(state_get(&b.state, BASE_THETA, o.theta));
	MUST(state_get_stats(&b.state, o.stats));
	bench_close(&b);
	return o;
}

bool outcome_same(const struct ascent *q, const struct outcome *a, const struct outcome *b)
{
	return !memcmp(a->theta, b->theta, q->n * sizeof(float)) && !memcmp(a->stats, b->stats, q->p->n_stats * sizeof(float));
}

void outcome_free(struct outcome *o)
{
	free(o->theta), free(o->stats);
}

void ascent_gradient(struct sampler_state *s, size_t n, const float *theta, size_t first, int count, float *g)
{
	struct device *d = s->potential->device;
	struct batch part = s->batch;
	float *there = upload(d, theta, n * sizeof *theta);
	part.offset += first;
	part.n = count;
	part.scale = 1.0 / count;
	MUST(sampler_gradient_at(s, &(struct sampler_gradient_request){.at = {.theta = there}, .batch = &part, .gradient = s->gradient}));
	MUST(d->ops->get(d, g, s->gradient, n * sizeof *g));
	d->ops->free(d, there);
}
