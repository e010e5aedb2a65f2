/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "chains/state.h"

#include <string.h>

status state_facts(const struct state_plan *p, struct rng_key key, struct sampler_state *out)
{
	*out = (struct sampler_state){
		.sampler = p->sampler, .potential = p->potential, .slots.key = key, .n = (double)p->n,
		.slots.value[SLOT_PRIOR] = prior_deviation((double)p->n, p->decay),
		.beta = (double)p->n / p->temperature, .decay = p->decay, .lr_max = p->lr_max, .size = p->batch, .burn_in = p->burn_in,
		.batch.n = p->batch, .rest = p->iid ? 0 : (int)(p->n % (size_t)p->batch),
	};
	memcpy(out->param, p->param, sizeof out->param);
	TRY(prior_check(&out->slots, p->potential->pieces));
	return p->sampler->init ? p->sampler->init(out, p->lr_max) : OK;
}

/* ---- opening ---- */

static bool wanted(const struct sampler_state *s, const struct sampler_vector *v)
{
	return v->name && (!v->when || s->param[sampler_param(s->sampler, v->when)] != 0);
}

static int scratch_of(const struct sampler_state *s)
{
	const struct sampler *m = s->sampler;
	return m->scratch_when && s->param[sampler_param(m, m->scratch_when)] == 0 ? 0 : m->scratch;
}

static status take_array(struct sampler_state *s, int i, size_t n_examples, const float *host)
{
	struct device *d = s->potential->device;
	size_t count = s->sampler->arrays[i].shape == ARRAY_PARAMS ? s->potential->n_params : n_examples;
	TRY(d->ops->alloc(d, count * sizeof *host, (void **)&s->array[i]));
	return d->ops->put(d, s->array[i], host, count * sizeof *host);
}

static status take_memory(struct state *st, const struct state_plan *p)
{
	struct sampler_state *s = &st->s;
	struct device *d = p->potential->device;
	size_t bytes = p->potential->n_params * sizeof(float), stats = p->potential->n_stats * sizeof(float);
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		if (wanted(s, &p->sampler->vectors[i]))
			TRY(d->ops->alloc(d, bytes, (void **)&s->vector[i]));
	for (int i = 0; i < scratch_of(s); i++)
		TRY(d->ops->alloc(d, bytes, (void **)&s->scratch[i]));
	for (int i = 0; i < p->sampler->losses; i++)
		TRY(d->ops->alloc(d, (size_t)p->batch * sizeof(float), (void **)&s->losses[i]));
	for (int i = 0; i < SAMPLER_ARRAYS; i++)
		if (p->array[i])
			TRY(take_array(s, i, p->n, p->array[i]));
	TRY(d->ops->alloc(d, bytes, (void **)&s->gradient));
	if (stats)
		TRY(d->ops->alloc(d, stats, (void **)&s->stats));
	if (p->sampler->weights)
		TRY(pieces_ending(p->potential->params, &st->arena, ".weight", &s->weights, &s->others));
	/* Of all data there is one order, and it is the data's. */
	TRY(batches_open(&st->batches, &st->arena, d, s->slots.key, p->n, p->sampler->whole ? (int)p->n : p->batch, p->iid));
	int further = p->sampler->further ? p->sampler->further(s) : 0;
	if (further)
		TRY(batches_open_further(&st->further, &st->arena, d, s->slots.key, p->n, further, p->iid));
	return d->ops->slots_open(d, &s->slots);
}

/* What take_memory asks the device for, but for the order of the examples. */
static size_t state_bytes(const struct sampler_state *s, const struct state_plan *p)
{
	size_t vectors = 1 + (size_t)scratch_of(s), bytes = p->potential->n_stats + (size_t)p->sampler->losses * (size_t)p->batch;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		vectors += wanted(s, &p->sampler->vectors[i]);
	for (int i = 0; i < SAMPLER_ARRAYS; i++)
		if (p->array[i])
			bytes += p->sampler->arrays[i].shape == ARRAY_PARAMS ? p->potential->n_params : p->n;
	return (bytes + vectors * p->potential->n_params) * sizeof(float);
}

status state_open(struct state *st, const struct state_plan *p, struct rng_key key)
{
	*st = (struct state){.step = 0};
	status s = state_facts(p, key, &st->s);
	if (s == OK)
		s = take_memory(st, p);
	if (s == OK)
		return OK;
	/* Snapshots' copies are still to come. */
	const size_t copies = p->potential->device->ops->get_begin ? sampler_kept(p->sampler) : 0;
	const size_t bytes = state_bytes(&st->s, p) + copies * p->potential->n_params * sizeof(float);
	state_close(st);
	return potential_lacks(p->potential, s, bytes, "a chain's vectors");
}

void state_close(struct state *st)
{
	struct sampler_state *s = &st->s;
	if (!s->potential)
		return;
	struct device *d = s->potential->device;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		d->ops->free(d, s->vector[i]);
	for (int i = 0; i < SAMPLER_SCRATCH; i++)
		d->ops->free(d, s->scratch[i]);
	for (int i = 0; i < SAMPLER_LOSSES; i++)
		d->ops->free(d, s->losses[i]);
	for (int i = 0; i < SAMPLER_ARRAYS; i++)
		d->ops->free(d, s->array[i]);
	d->ops->free(d, s->gradient);
	d->ops->free(d, s->stats);
	d->ops->slots_close(d, &s->slots);
	batches_close(&st->batches);
	batches_close(&st->further);
	arena_free(&st->arena);
	*st = (struct state){.step = 0};
}

/* ---- in and out ---- */

bool state_has(const struct state *st, int i)
{
	return st->s.vector[i] != NULL;
}

status state_put(struct state *st, int i, const float *host)
{
	struct potential *p = st->s.potential;
	return p->device->ops->put(p->device, st->s.vector[i], host, p->n_params * sizeof *host);
}

status state_get(struct state *st, int i, float *host)
{
	struct potential *p = st->s.potential;
	return p->device->ops->get(p->device, host, st->s.vector[i], p->n_params * sizeof *host);
}

status state_put_stats(struct state *st, const float *host)
{
	struct potential *p = st->s.potential;
	return p->n_stats ? p->device->ops->put(p->device, st->s.stats, host, p->n_stats * sizeof *host) : OK;
}

status state_get_stats(struct state *st, float *host)
{
	struct potential *p = st->s.potential;
	return p->n_stats ? p->device->ops->get(p->device, host, st->s.stats, p->n_stats * sizeof *host) : OK;
}

/* ---- a step ---- */

status state_step(struct state *st, double lr, double temperature)
{
	struct sampler_state *s = &st->s;
	struct device *d = s->potential->device;
	s->slots.step = st->step;
	s->lr_before = st->step > 0 && s->lr > 0 ? s->lr : lr;
	s->lr = lr;
	s->beta = s->n / temperature;
	TRY(batches_at(&st->batches, st->step, &s->slots, &s->batch));
	if (st->further.device)
		TRY(batches_at(&st->further, st->step, &s->slots, &s->further));
	s->sampler->coef(s);
	TRY(d->ops->slots_send(d, &s->slots));
	TRY(s->sampler->step(s));
	TRY(device_start(d));
	st->step++;
	return OK;
}
