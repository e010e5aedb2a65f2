/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The potential of an analytic target: points, batches and gradients go between the device and the host, which computes. */
#include "src/analytic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/analytic/target.h"
#include "src/number.h"

struct analytic {
	struct potential base;
	struct target target;
	struct arena arena;
	struct segments params, stats;
	struct pieces pieces;
	double *noise;                         /* (d) deviations; NULL: none */
	char *note;
	double *theta, *gradient, *sum, *v;    /* (d) */
	float *host, *weight, *each;           /* (d), (N), (N) */
	uint32_t *row;                         /* (N) */
	float *point;                          /* device, (d) */
};

const struct target *analytic_target(const struct potential *p)
{
	return &((const struct analytic *)p)->target;
}

/* ---- from the device ---- */

/* The batch's terms to a->row, and the factor of each on its ℓ to a->weight. */
static status fetch_batch(struct analytic *a, const struct slots *s, const struct batch *b)
{
	struct device *d = a->base.device;
	if (b->n < 1 || b->n > a->base.batch)
		return fail(ERR_USAGE, "a batch of %d, but the target %s has %zu term%s", b->n, a->target.spec, a->target.n,
		            a->target.n == 1 ? "" : "s");
	size_t n = (size_t)b->n, first = slots_row(s, b->row, b->offset);
	if (b->index)
		TRY(d->ops->get(d, a->row, b->index + first, n * sizeof *a->row));
	else
		for (size_t i = 0; i < n; i++)
			a->row[i] = (uint32_t)(first + i);
	for (size_t i = 0; i < n; i++)
		if (a->row[i] >= a->target.n)
			return fail(ERR_USAGE, "term %u of the target %s, which has %zu", a->row[i], a->target.spec, a->target.n);
	if (b->weight)
		return d->ops->get(d, a->weight, b->weight, n * sizeof *a->weight);
	for (size_t i = 0; i < n; i++)
		a->weight[i] = 1;
	return OK;
}

static status fetch_vector(struct analytic *a, const float *from, double *to)
{
	struct device *d = a->base.device;
	TRY(d->ops->get(d, a->host, from, (size_t)a->target.d * sizeof(float)));
	for (int j = 0; j < a->target.d; j++)
		to[j] = (double)a->host[j];
	return OK;
}

/* Copies θ + c·v + σξ to a->theta. */
static status fetch_point(struct analytic *a, const struct slots *s, const struct point *at)
{
	struct device *d = a->base.device;
	TRY(d->ops->point(d, s, at, 0, (size_t)a->target.d, a->params.at[0].frozen, a->point));
	return fetch_vector(a, a->point, a->theta);
}

/* ---- and back ---- */

/* a->sum to the device, or added to what is there. */
static status put_sum(struct analytic *a, float *to, bool accumulate)
{
	struct device *d = a->base.device;
	size_t bytes = (size_t)a->target.d * sizeof(float);
	if (accumulate)
		TRY(d->ops->get(d, a->host, to, bytes));
	for (int j = 0; j < a->target.d; j++)
		a->host[j] = (float)(a->sum[j] + (accumulate ? (double)a->host[j] : 0));
	return d->ops->put(d, to, a->host, bytes);
}

/* The noise of the step's batch, whose rows begin at slot `row`, as if every term had it: `factor` is the sum of theirs. */
static void add_noise(struct analytic *a, const struct slots *s, int row, double factor)
{
	uint64_t first = row == SLOT_FIRST ? 0 : (uint64_t)a->target.d;
	for (int j = 0; j < a->target.d; j++)
		if (a->noise[j] > 0)
			a->sum[j] += factor * a->noise[j] * rng_normal(s->key, STREAM_GRADIENT, s->step, first + (uint64_t)j);
}

/* The weights that follow from the terms at a->theta, to a->weight. */
static status reweigh(struct analytic *a, const struct slots *s, const struct gradient_request *r)
{
	struct device *d = a->base.device;
	const size_t bytes = (size_t)r->batch.n * sizeof *a->each;
	for (int i = 0; i < r->batch.n; i++)
		a->each[i] = (float)a->target.kind->value(&a->target, a->row[i], a->theta, a->gradient);
	TRY(d->ops->put(d, r->each, a->each, bytes));
	TRY(d->ops->weigh(d, s, &(struct weigh){r->each, r->reweight->other, r->batch.n, r->reweight->rate, r->reweight->weight}));
	return d->ops->get(d, a->weight, r->reweight->weight, bytes);
}

static status value_grad(struct potential *base, struct slots *s, const struct gradient_request *r)
{
	struct analytic *a = (struct analytic *)base;
	const struct target *t = &a->target;
	struct device *d = base->device;
	double value = 0, plain = 0, factors = 0;
	TRY(fetch_batch(a, s, &r->batch));
	TRY(fetch_point(a, s, &r->at));
	if (r->reweight)
		TRY(reweigh(a, s, r));
	memset(a->sum, 0, (size_t)t->d * sizeof *a->sum);
	for (int i = 0; i < r->batch.n; i++) {
		double one = t->kind->value(t, a->row[i], a->theta, a->gradient), factor = r->batch.scale * (double)a->weight[i];
		a->each[i] = (float)one;
		plain += one;
		value += factor * one;
		factors += factor;
		for (int j = 0; j < t->d; j++)
			a->sum[j] += factor * a->gradient[j];
	}
	if (a->noise && r->batch.row != SLOT_NONE)
		add_noise(a, s, r->batch.row, factors);
	if (r->gradient)
		TRY(put_sum(a, r->gradient, r->accumulate));
	if (r->each)
		TRY(d->ops->put(d, r->each, a->each, (size_t)r->batch.n * sizeof *a->each));
	TRY(d->ops->slots_fetch(d, s));
	if (r->reweight)
		slots_value(s, r->batch.scale * plain, false, r->count);
	slots_value(s, value, r->accumulate, r->count && !r->reweight);
	if (r->count) {
		s->value[SLOT_NLL_TOTAL] += plain;
		s->value[SLOT_SEEN_TOTAL] += r->batch.n;
	}
	return d->ops->slots_set(d, s);
}

static status hvp(struct potential *base, struct slots *s, const struct gradient_request *r, const float *v)
{
	struct analytic *a = (struct analytic *)base;
	const struct target *t = &a->target;
	TRY(fetch_batch(a, s, &r->batch));
	TRY(fetch_point(a, s, &r->at));
	TRY(fetch_vector(a, v, a->v));
	memset(a->sum, 0, (size_t)t->d * sizeof *a->sum);
	for (int i = 0; i < r->batch.n; i++) {
		t->kind->hvp(t, a->row[i], a->theta, a->v, a->gradient);
		for (int j = 0; j < t->d; j++)
			a->sum[j] += r->batch.scale * (double)a->weight[i] * a->gradient[j];
	}
	return put_sum(a, r->gradient, r->accumulate);
}

static void analytic_close(struct potential *base)
{
	struct analytic *a = (struct analytic *)base;
	base->device->ops->free(base->device, a->point);
	arena_free(&a->arena);
	free(a);
}

static const char *target_note(const struct potential *p)
{
	return ((const struct analytic *)p)->note;
}

static const struct potential_ops analytic_ops = {.value_grad = value_grad, .hvp = hvp, .target_note = target_note,
                                                  .close = analytic_close};

double analytic_energy(const struct potential *p, const double *theta)
{
	const struct analytic *a = (const struct analytic *)p;
	double sum = 0;
	for (size_t i = 0; i < a->target.n; i++)
		sum += a->target.kind->value(&a->target, i, theta, a->gradient);
	return sum / (double)a->target.n;
}

void analytic_gradient(const struct potential *p, const double *theta, double *gradient)
{
	const struct analytic *a = (const struct analytic *)p;
	for (int j = 0; j < a->target.d; j++)
		gradient[j] = 0;
	for (size_t i = 0; i < a->target.n; i++) {
		a->target.kind->value(&a->target, i, theta, a->gradient);
		for (int j = 0; j < a->target.d; j++)
			gradient[j] += a->gradient[j] / (double)a->target.n;
	}
}

/* ---- opening ---- */

static status open_parts(struct analytic *a, const char *spec)
{
	struct target *t = &a->target;
	t->kind = analytic_kind(spec);
	if (!t->kind)
		return fail(ERR_USAGE, "{model} %s: no analytic target is called that", spec);
	char *copy;
	TRY(arena_text(&a->arena, &copy, "%s", spec));
	t->spec = copy;
	const char *rest = copy + strlen(t->kind->name);
	if (*rest != ':')
		return fail(ERR_USAGE, "{model} %s: expected %s:%s", spec, t->kind->name, t->kind->rest);
	TRY(t->kind->open(t, rest + 1));
	a->note = t->note;
	size_t d = (size_t)t->d;
	TRY(ARENA_NEW(&a->arena, d, &a->theta));
	TRY(ARENA_NEW(&a->arena, d, &a->gradient));
	TRY(ARENA_NEW(&a->arena, d, &a->sum));
	TRY(ARENA_NEW(&a->arena, d, &a->v));
	TRY(ARENA_NEW(&a->arena, d, &a->host));
	TRY(ARENA_NEW(&a->arena, t->n, &a->weight));
	TRY(ARENA_NEW(&a->arena, t->n, &a->each));
	TRY(ARENA_NEW(&a->arena, t->n, &a->row));
	double u = analytic_energy(&a->base, a->theta);
	for (size_t j = 0; j < d; j++)
		u += a->gradient[j];
	if (!isfinite(u))
		return fail(ERR_USAGE, "{model} %s: the target at 0 is beyond double precision", spec);
	TRY(a->base.device->ops->alloc(a->base.device, d * sizeof(float), (void **)&a->point));
	/* Chains start apart, as widely as the target is. */
	TRY(segments_add(&a->params, &a->arena, "theta", 1, (int64_t[]){t->d}, INIT_NORMAL, t->spread, NULL));
	return pieces_of(&a->params, &a->arena, &a->pieces);
}

status analytic_open(const char *spec, struct device *d, struct potential **out)
{
	*out = NULL;
	struct analytic *a = calloc(1, sizeof *a);
	if (!a)
		return fail(ERR_MEMORY, "out of memory: an analytic target");
	a->base = (struct potential){.ops = &analytic_ops, .device = d, .fixed = true, .params = &a->params, .stats = &a->stats,
	                             .pieces = &a->pieces};
	a->target = (struct target){.arena = &a->arena, .n = 1};
	status s = open_parts(a, spec);
	if (s != OK) {
		analytic_close(&a->base);
		return s;
	}
	a->base.n_params = a->params.count;
	a->base.n = a->target.n;
	a->base.batch = (int)a->target.n;
	*out = &a->base;
	return OK;
}

status analytic_noise(struct potential *p, const char *text)
{
	struct analytic *a = (struct analytic *)p;
	size_t d = (size_t)a->target.d, n = 0;
	double *noise;
	TRY(ARENA_NEW(&a->arena, d, &noise));
	for (const char *at = text; at; n++) {
		const char *comma = strchr(at, ',');
		size_t length = comma ? (size_t)(comma - at) : strlen(at);
		double value;
		if (!number_whole(at, length, &value) || value < 0)
			return fail(ERR_USAGE, "{gradient-noise} %s: number %zu, \"%.*s\": expected a standard deviation, 0 or above", text, n + 1,
			            (int)(length < 60 ? length : 60), at);
		if (n < d)
			noise[n] = value;
		at = comma ? comma + 1 : NULL;
	}
	if (n != 1 && n != d)
		return fail(ERR_USAGE, "{gradient-noise} %s: %zu numbers; {model} %s has %zu dimension%s: give one for all, or one each", text, n,
		            a->target.spec, d, d == 1 ? "" : "s");
	for (size_t j = 1; n == 1 && j < d; j++)
		noise[j] = noise[0];
	a->noise = noise;
	return arena_text(&a->arena, &a->note, "%s, with normal noise of deviation %s on the gradients of batches", a->target.note, text);
}
