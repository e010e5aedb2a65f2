/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "curvature/hessian.h"

#include <math.h>
#include <stdlib.h>

#include "src/arena.h"

struct hessian {
	struct curvature base;
	struct arena arena;
	struct potential *potential;
	struct slots slots;
	size_t *offset;           /* (segments): of each in the operator's vectors; SIZE_MAX: held */
	float *theta, *stats;     /* device */
	float *v, *product;       /* device: (n_params); v is 0 where tensors are held */
	uint32_t *rows;           /* device, or NULL */
	size_t n_rows;
	double *prior_slope;      /* (n) what the prior adds to the gradient, and */
	double *prior;            /* (n) to the diagonal; both NULL where it is left out */
	curvature_tick *tick;
	void *tick_of;
};

static const struct segments *segments(const struct hessian *h)
{
	return h->potential->params;
}

size_t hessian_offset(const struct curvature *c, int segment)
{
	return ((const struct hessian *)c)->offset[segment];
}

static const char *part(const struct curvature *c, size_t element)
{
	const struct hessian *h = (const struct hessian *)c;
	const struct segments *s = segments(h);
	int i = s->n - 1;
	while (h->offset[i] == SIZE_MAX || h->offset[i] > element)
		i--;
	return s->at[i].name;
}

/* ---- passes ---- */

/* Over all rows: the product with h->v, or value and gradient, in h->product. */
static status take_batches(struct hessian *h, bool product)
{
	struct potential *p = h->potential;
	const size_t most = (size_t)p->batch, batches = (h->n_rows + most - 1) / most;
	struct gradient_request r = {
		.at = {.theta = h->theta}, .batch = {.index = h->rows, .scale = 1 / (double)h->n_rows}, .gradient = h->product,
		.policy = STATS_USE, .stats = h->stats,
	};
	for (size_t k = 0; k < batches; k++) {
		if (h->tick)
			TRY(h->tick(h->tick_of, k, batches));
		r.batch.offset = k * most;
		r.batch.n = (int)(h->n_rows - k * most < most ? h->n_rows - k * most : most);
		r.accumulate = k > 0;
		TRY(product ? p->ops->hvp(p, &h->slots, &r, h->v) : p->ops->value_grad(p, &h->slots, &r));
	}
	return OK;
}

/* Between the operator's vectors and the device's. */
static status exchange(struct hessian *h, const float *v, float *out)
{
	struct device *d = h->potential->device;
	const struct segments *s = segments(h);
	for (int i = 0; i < s->n; i++) {
		const size_t to = h->offset[i], at = s->at[i].offset, bytes = s->at[i].count * sizeof *out;
		if (to == SIZE_MAX)
			continue;
		TRY(v ? d->ops->put(d, h->v + at, v + to, bytes) : d->ops->get(d, out + to, h->product + at, bytes));
	}
	return OK;
}

static status apply(struct curvature *c, const float *v, float *out)
{
	struct hessian *h = (struct hessian *)c;
	TRY(exchange(h, v, NULL));
	TRY(take_batches(h, true));
	TRY(exchange(h, NULL, out));
	for (size_t i = 0; h->prior && i < c->n; i++)
		out[i] = (float)((double)out[i] + h->prior[i] * (double)v[i]);
	return OK;
}

status hessian_loss(struct curvature *c, double *loss, float *gradient)
{
	struct hessian *h = (struct hessian *)c;
	struct device *d = h->potential->device;
	TRY(take_batches(h, false));
	TRY(d->ops->slots_fetch(d, &h->slots));
	*loss = h->slots.value[SLOT_NLL];
	TRY(exchange(h, NULL, gradient));
	for (size_t i = 0; h->prior && i < c->n; i++)
		gradient[i] = (float)((double)gradient[i] + h->prior_slope[i]);
	return OK;
}

/* ---- opening ---- */

static status choose(struct hessian *h, const bool *chosen)
{
	const struct segments *s = segments(h);
	TRY(ARENA_NEW(&h->arena, (size_t)s->n, &h->offset));
	for (int i = 0; i < s->n; i++) {
		const bool held = s->at[i].frozen || (chosen && !chosen[i]);
		h->offset[i] = held ? SIZE_MAX : h->base.n;
		h->base.n += held ? 0 : s->at[i].count;
	}
	return h->base.n ? OK : fail(ERR_USAGE, "a Hessian of no parameters: all of these tensors are frozen");
}

/* A tensor's part of the gradient and of the diagonal, (count) from `slope` and from `diagonal` on. */
static status add_prior(const struct hessian_options *o, const struct segment *s, double *slope, double *diagonal)
{
	const double decay = o->decay * s->prior;
	if (!(decay > 0))
		return OK;
	if (s->kind != PRIOR_GAUSSIAN && !(o->deviation > 0 && isfinite(o->deviation)))
		return fail(ERR_USAGE, "{prior} %s has no curvature without its deviation", prior_name(s->kind));
	const struct prior_curve c = prior_curve(s->kind, s->nu, s->prior, o->deviation);
	for (size_t i = 0; i < s->count; i++) {
		const double x = (double)o->theta[s->offset + i];
		if (s->kind == PRIOR_LAPLACE && x == 0)
			return fail(ERR_USAGE, "{prior} laplace has a kink at 0, where element %zu of %s is: the Hessian with the prior "
			                       "({decay}) is not there; take that of the loss alone", i + 1, s->name);
		slope[i] = decay * prior_gradient(&c, x);
		diagonal[i] = decay * prior_second(&c, x);
	}
	return OK;
}

static status open_prior(struct hessian *h, const struct hessian_options *o)
{
	const struct segments *s = segments(h);
	if (o->decay == 0)
		return OK;
	TRY(ARENA_NEW(&h->arena, h->base.n, &h->prior));
	TRY(ARENA_NEW(&h->arena, h->base.n, &h->prior_slope));
	for (int i = 0; i < s->n; i++)
		if (h->offset[i] != SIZE_MAX)
			TRY(add_prior(o, &s->at[i], h->prior_slope + h->offset[i], h->prior + h->offset[i]));
	return OK;
}

/* Device memory, filled from the host's where there is some. */
static status place(struct hessian *h, const void *host, size_t bytes, void *out)
{
	struct potential *p = h->potential;
	struct device *d = p->device;
	TRY(potential_lacks(p, d->ops->alloc(d, bytes, out), bytes, "the Hessian's vectors"));
	return host ? d->ops->put(d, *(void **)out, host, bytes) : OK;
}

static status open_rows(struct hessian *h, const struct hessian_options *o)
{
	const size_t n = h->potential->n;
	h->n_rows = o->rows ? o->n_rows : n;
	if (!h->n_rows)
		return fail(ERR_USAGE, "a Hessian over no examples");
	for (size_t i = 0; o->rows && i < o->n_rows; i++)
		if (o->rows[i] >= n)
			return fail(ERR_USAGE, "a Hessian over row %u of %zu", o->rows[i], n);
	return o->rows ? place(h, o->rows, o->n_rows * sizeof *o->rows, &h->rows) : OK;
}

static status open_parts(struct hessian *h, const struct hessian_options *o)
{
	struct potential *p = h->potential;
	const size_t bytes = p->n_params * sizeof(float);
	if (!p->ops->hvp)
		return fail(ERR_USAGE, "{device} %s has no exact products with the Hessian of this model; {device} cpu has",
		            p->device->ops->name);
	TRY(p->device->ops->slots_open(p->device, &h->slots));
	TRY(choose(h, o->tensor));
	TRY(open_prior(h, o));
	TRY(open_rows(h, o));
	TRY(place(h, o->theta, bytes, &h->theta));
	TRY(place(h, NULL, bytes, &h->v));
	TRY(place(h, NULL, bytes, &h->product));
	return p->n_stats ? place(h, o->stats, p->n_stats * sizeof(float), &h->stats) : OK;
}

status hessian_open(const struct hessian_options *o, struct curvature **out)
{
	struct hessian *h = calloc(1, sizeof *h);
	*out = NULL;
	if (!h)
		return fail(ERR_MEMORY, "out of memory: a Hessian");
	h->base = (struct curvature){.apply = apply, .part = part};
	h->potential = o->potential;
	h->tick = o->tick;
	h->tick_of = o->tick_of;
	status s = open_parts(h, o);
	if (s != OK) {
		hessian_close(&h->base);
		return s;
	}
	*out = &h->base;
	return OK;
}

void hessian_close(struct curvature *c)
{
	struct hessian *h = (struct hessian *)c;
	if (!c)
		return;
	struct device *d = h->potential->device;
	d->ops->free(d, h->theta);
	d->ops->free(d, h->stats);
	d->ops->free(d, h->v);
	d->ops->free(d, h->product);
	d->ops->free(d, h->rows);
	d->ops->slots_close(d, &h->slots);
	arena_free(&h->arena);
	free(h);
}
