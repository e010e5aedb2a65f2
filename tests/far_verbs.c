/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The far device's verbs: each is put off with its arguments. */
#include "tests/far_private.h"

/* struct VERB_args of these MEMBERS, and the CPU's own verb called with what they hold. */
#define FAR_VERB(verb, MEMBERS, ...)                                        \
	struct verb##_args MEMBERS;                                         \
	static status run_##verb(struct device *cpu, const void *args)      \
	{                                                                   \
		const struct verb##_args *a = args;                         \
		return cpu->ops->verb(cpu, __VA_ARGS__);                    \
	}

#define FAR_LATER(verb, ...)                                                \
	far_later(d, run_##verb, &(const struct verb##_args){__VA_ARGS__}, sizeof(struct verb##_args))

FAR_VERB(copy, { void *to; const void *from; size_t bytes; }, a->to, a->from, a->bytes)
FAR_VERB(affine, { struct slots *s; const struct pieces *p; struct affine w; }, a->s, a->p, &a->w)
FAR_VERB(reduce, { struct slots *s; size_t n; const float *x; const float *y; const float *w; int slot; },
         a->s, a->n, a->x, a->y, a->w, a->slot)
FAR_VERB(reduce_moving, { struct slots *s; const struct pieces *p; const float *x; const float *y; const float *w; int slot; },
         a->s, a->p, a->x, a->y, a->w, a->slot)
FAR_VERB(prior_energy, { struct slots *s; const struct pieces *p; const float *x; int slot; }, a->s, a->p, a->x, a->slot)
FAR_VERB(pointwise, { struct slots *s; const struct pieces *p; struct pointwise w; }, a->s, a->p, &a->w)
FAR_VERB(point, { struct slots *s; struct point at; size_t offset; size_t count; bool frozen; float *out; },
         a->s, &a->at, a->offset, a->count, a->frozen, a->out)
FAR_VERB(add, { struct format f; size_t count; void *y; const void *x; }, a->f, a->count, a->y, a->x)
FAR_VERB(gather, { struct slots *s; struct gather g; }, a->s, &a->g)
FAR_VERB(loss, { struct slots *s; struct loss l; }, a->s, &a->l)
FAR_VERB(weigh, { struct slots *s; struct weigh w; }, a->s, &a->w)

static status far_copy(struct device *d, void *to, const void *from, size_t bytes)
{
	return FAR_LATER(copy, to, from, bytes);
}

/* What was asked wrongly is said at once, by what the host knows. */
static status far_affine(struct device *d, const struct slots *s, const struct pieces *p, const struct affine *a)
{
	for (int o = 0; o < a->n_out; o++)
		if (slot_may_count(s, a->out[o].prior))
			TRY(prior_check(s, p));
	return FAR_LATER(affine, slots_there(s), p, *a);
}

static status far_reduce(struct device *d, struct slots *s, size_t n, const float *x, const float *y, const float *w, int slot)
{
	TRY(slot_writable(slot));
	return FAR_LATER(reduce, slots_there(s), n, x, y, w, slot);
}

static status far_reduce_moving(struct device *d, struct slots *s, const struct pieces *p, const float *x, const float *y,
                                const float *w, int slot)
{
	TRY(slot_writable(slot));
	return FAR_LATER(reduce_moving, slots_there(s), p, x, y, w, slot);
}

static status far_prior_energy(struct device *d, struct slots *s, const struct pieces *p, const float *x, int slot)
{
	TRY(slot_writable(slot));
	TRY(prior_check(s, p));
	return FAR_LATER(prior_energy, slots_there(s), p, x, slot);
}

static status far_pointwise(struct device *d, const struct slots *s, const struct pieces *p, const struct pointwise *w)
{
	if (slot_may_count(s, w->prior))
		TRY(prior_check(s, p));
	return FAR_LATER(pointwise, slots_there(s), p, *w);
}

static status far_point(struct device *d, const struct slots *s, const struct point *at, size_t offset, size_t count,
                        bool frozen, float *out)
{
	return FAR_LATER(point, slots_there(s), *at, offset, count, frozen, out);
}

static status far_add(struct device *d, struct format f, size_t count, void *y, const void *x)
{
	return FAR_LATER(add, f, count, y, x);
}

static status far_gather(struct device *d, const struct slots *s, const struct gather *g)
{
	TRY(gather_check(g));
	return FAR_LATER(gather, slots_there(s), *g);
}

static status far_loss(struct device *d, struct slots *s, const struct loss *l)
{
	return FAR_LATER(loss, slots_there(s), *l);
}

static status far_weigh(struct device *d, const struct slots *s, const struct weigh *w)
{
	return FAR_LATER(weigh, slots_there(s), *w);
}

void far_verbs(struct backend *table)
{
	table->copy = far_copy;
	table->affine = far_affine;
	table->reduce = far_reduce;
	table->reduce_moving = far_reduce_moving;
	table->prior_energy = far_prior_energy;
	table->pointwise = far_pointwise;
	table->point = far_point;
	table->add = far_add;
	table->gather = far_gather;
	table->loss = far_loss;
	table->weigh = far_weigh;
}
