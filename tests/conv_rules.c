/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What Basin's own convolutions promise beyond their values: bits that threads and the rest of a batch leave alone, noise and NaN
 * where they belong. */
#include "tests/conv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/tap.h"

struct results {
	char *y, *dx, *dw, *db;
};

static struct results run_both(struct conv_case *c)
{
	const struct layer_ops *ops = c->d->ops->layers[LAYER_CONV];
	struct layer_io io = conv_case_io(c);
	MUST(ops->forward(c->plan, &io));
	MUST(ops->backward(c->plan, &io));
	return (struct results){
		.y = fetch(c->d, c->device_y, c->ny * sizeof(float)), .dx = fetch(c->d, c->device_dx, c->nx * sizeof(float)),
		.dw = fetch(c->d, c->dw, c->nw * sizeof(float)), .db = fetch(c->d, c->db, (size_t)c->layer.out[0] * sizeof(float)),
	};
}

static void results_free(struct results *r)
{
	free(r->y), free(r->dx), free(r->dw), free(r->db);
}

/* Compares, and frees b. */
static bool alike(const struct conv_case *c, const struct results *a, struct results b)
{
	bool same = !memcmp(a->y, b.y, c->ny * sizeof(float)) && !memcmp(a->dx, b.dx, c->nx * sizeof(float)) &&
	            !memcmp(a->dw, b.dw, c->nw * sizeof(float)) && !memcmp(a->db, b.db, (size_t)c->layer.out[0] * sizeof(float));
	results_free(&b);
	return same;
}

/* A plan anew, for n of its examples on a device, which may have other threads. */
static void plan_again(struct conv_case *c, struct device *d, int n)
{
	c->d->ops->layers[LAYER_CONV]->drop(c->plan);
	c->d = d;
	c->request.n = n;
	MUST(d->ops->layers[LAYER_CONV]->plan(d, &c->request, &c->plan));
	conv_case_materialise(c);
}

/* ---- images side by side ---- */

/* Both devices' threads are more than one: of a few rows of tiles they take parts of other sizes. */
void check_conv_threads(struct device *d, struct device *other, struct format f, enum conv_algo algo, const char *name)
{
	struct conv_setup s = {.dims = {5, 64, 16, 16, 64, 3, 1, 1, 1, true}, .x = f, .y = f, .mode = PLAN_TRAIN, .algo = algo};
	struct conv_case c;
	conv_case_new(d, &s, &c);
	struct results first = run_both(&c);
	plan_again(&c, other, s.dims.n);
	ok(alike(&c, &first, run_both(&c)), "%s: the same bits from a device of other threads", name);
	plan_again(&c, d, s.dims.n);
	results_free(&first);
	conv_case_free(&c);
}

/* Predictions of the rest of a batch, which has the same way as the whole one. */
void check_conv_rest(struct device *d, struct format f, enum conv_algo algo, const char *name)
{
	enum { REST = 3 };
	struct conv_setup s = {.dims = {20, 32, 4, 4, 64, 3, 1, 1, 1, true}, .x = f, .y = f, .mode = PLAN_INFER, .algo = algo};
	struct conv_case c;
	conv_case_new(d, &s, &c);
	const struct layer_io io = conv_case_io(&c);
	const size_t bytes = REST * shape_size(c.layer.out) * sizeof(float);
	MUST(d->ops->layers[LAYER_CONV]->forward(c.plan, &io));
	void *whole = fetch(d, c.device_y, bytes), *none = calloc(bytes, 1);
	MUST(d->ops->put(d, c.device_y, none, bytes));
	c.request.batch = s.dims.n;
	plan_again(&c, d, REST);
	MUST(d->ops->layers[LAYER_CONV]->forward(c.plan, &io));
	void *rest = fetch(d, c.device_y, bytes);
	ok(!memcmp(whole, rest, bytes), "%s: the rest of a batch has the same bits", name);
	free(whole), free(none), free(rest);
	conv_case_free(&c);
}

/* ---- planes ---- */

/* The working weights of θ + σξ against those of the same point made beforehand. */
static void planes_noise(struct conv_case *c)
{
	struct device *d = c->d;
	c->slots.key = (struct rng_key){14, 0};
	c->slots.value[SLOT_SAMPLER] = 1e-3;
	c->at.sigma = SLOT_SAMPLER;
	c->at.stream = STREAM_PERTURB;
	conv_case_materialise(c);
	struct results with = run_both(c);
	float *moved = device_take(d, c->nw * sizeof *moved);
	MUST(d->ops->point(d, &c->slots, &c->at, 0, c->nw, false, moved));
	ok(memcmp(moved, c->theta, c->nw * sizeof *moved) != 0, "planes: the perturbation is there");
	c->at = (struct point){.theta = moved};
	conv_case_materialise(c);
	ok(alike(c, &with, run_both(c)), "planes: the perturbation σ = 1e-3 is in the working weights of both passes");
	results_free(&with);
	d->ops->free(d, moved);
	c->at = (struct point){.theta = c->theta};
	conv_case_materialise(c);
}

static int nans(const double *v, size_t n)
{
	int count = 0;
	for (size_t i = 0; i < n; i++)
		count += isnan(v[i]) != 0;
	return count;
}

/* Only what a number goes into becomes NaN with it: 5 × 5 pixels of every output channel; 6 × 5 × 5 × 16 weights have
 * one of its channel's 25 in every row. */
static void planes_nan(struct conv_case *c, const struct conv_setup *s)
{
	double *y = host_doubles(c->ny), *dw = host_doubles(c->nw);
	int flat[] = {(int)c->nw, 1, 1};
	c->x[7 * 14 + 6] = NAN;
	conv_put(c->d, s->x, s->dims.n, c->layer.in, c->x, c->device_x);
	struct results r = run_both(c);
	conv_read(c->d, s->y, s->dims.n, c->layer.out, c->device_y, y);
	conv_read(c->d, (struct format){0}, 1, flat, c->dw, dw);
	ok(nans(y, c->ny) == 16 * 25, "planes: NaN is in every output that its pixel goes into, and in no other");
	bool right = true;
	for (size_t i = 0; i < c->nw; i++)
		right = right && (isnan(dw[i]) != 0) == (i % 6 == 0);
	ok(right, "planes: NaN is in every weight's gradient that its pixel goes into, and in no other");
	results_free(&r);
	free(y), free(dw);
}

/* Of n examples, since few of them and many are done in two ways. */
static void planes_rules(struct device *d, struct device *other, int n)
{
	const struct format planes = {false, 1};
	struct conv_setup s = {.dims = {n, 6, 14, 14, 16, 5, 1, 0, 1, true}, .x = planes, .y = planes, .mode = PLAN_TRAIN};
	struct conv_case c;
	conv_case_new(d, &s, &c);
	struct results first = run_both(&c);
	ok(alike(&c, &first, run_both(&c)), "planes: the same bits from run to run");
	plan_again(&c, other, n);
	ok(alike(&c, &first, run_both(&c)), "planes: the same bits from a device of other threads");
	results_free(&first);
	planes_noise(&c);
	planes_nan(&c, &s);
	struct layer_io io = conv_case_io(&c);
	char *dw = fetch(other, c.dw, c.nw * sizeof(float));
	io.dparam[PARAM_WEIGHT] = NULL;
	io.dx[0] = NULL;
	MUST(other->ops->layers[LAYER_CONV]->backward(c.plan, &io));
	char *after = fetch(other, c.dw, c.nw * sizeof(float));
	ok(!memcmp(dw, after, c.nw * sizeof(float)), "planes: a gradient that is not wanted is left alone");
	free(dw), free(after);
	conv_case_free(&c);
}

void check_conv_planes_rules(struct device *d, struct device *other)
{
	planes_rules(d, other, 5);
	planes_rules(d, other, 40);
}
