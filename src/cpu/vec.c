/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The affine verb: an update of the flat vectors, block by block. */
#include "src/cpu/vec.h"

static const _Alignas(64) float zeros[VEC_BLOCK];

/* What is made for a block: noises first, then gradients of priors that are not x itself. */
enum { NOISES = AFFINE_OUTPUTS, MADE = 2 * AFFINE_OUTPUTS };

/* One output of an affine call in one piece: what is left of it once absent terms are dropped. */
struct terms {
	int n;
	const float *from[AFFINE_TERMS];  /* whole vectors; NULL: made for the block, */
	int made[AFFINE_TERMS];           /* as number so-and-so */
	float coef[AFFINE_TERMS];
	const float *base;                /* NULL: zeros */
	float *y;
};

/* An affine call in one piece. */
struct affine_plan {
	int outputs, terms;               /* terms of the longer output */
	int noises, priors;
	struct terms out[AFFINE_OUTPUTS];
	enum stream stream[AFFINE_OUTPUTS];
	const float *prior_at[AFFINE_OUTPUTS];
	struct prior_curve curve;         /* of the piece's prior */
};

static void plan_term(struct terms *t, const float *from, int made, double coef)
{
	t->from[t->n] = from;
	t->made[t->n] = made;
	t->coef[t->n++] = (float)coef;
}

static void plan_noise(struct affine_plan *plan, struct terms *t, enum stream stream, double scale)
{
	int i = 0;
	while (i < plan->noises && plan->stream[i] != stream)
		i++;
	plan->stream[i] = stream;
	if (i == plan->noises)
		plan->noises++;
	plan_term(t, NULL, i, scale);
}

static void plan_prior(struct affine_plan *plan, struct terms *t, const float *at, double coef)
{
	int i = 0;
	while (i < plan->priors && plan->prior_at[i] != at)
		i++;
	plan->prior_at[i] = at;
	if (i == plan->priors)
		plan->priors++;
	plan_term(t, NULL, NOISES + i, coef);
}

static void plan_output(struct affine_plan *plan, const struct slots *s, const struct piece *piece,
                        const struct affine *a, const struct affine_output *o)
{
	struct terms *t = &plan->out[plan->outputs];
	*t = (struct terms){.base = o->base >= 0 ? a->x[o->base] : NULL, .y = o->y};
	if (piece->frozen) {
		if (t->base && t->base != t->y)
			plan->outputs++;
		return;
	}
	plan->outputs++;
	double decay = o->prior == SLOT_NONE ? 0 : s->value[o->prior] * piece->prior;
	bool linear = piece->kind == PRIOR_GAUSSIAN;
	for (int i = 0; i < a->n_in; i++) {
		bool prior = linear && o->prior != SLOT_NONE && o->prior_at == i;
		if (o->coef[i] == SLOT_NONE && !prior)
			continue;
		double c = o->coef[i] == SLOT_NONE ? 0 : s->value[o->coef[i]];
		plan_term(t, a->x[i], 0, prior ? c + decay : c);
	}
	if (!linear && decay != 0)
		plan_prior(plan, t, a->x[o->prior_at], decay);
	if (o->noise != SLOT_NONE && (float)s->value[o->noise] != 0)
		plan_noise(plan, t, o->stream, s->value[o->noise]);
	if (t->n > plan->terms)
		plan->terms = t->n;
}

/* Elements from … to − 1 of the vectors, all within one block. */
static void affine_block(const struct kernels *k, const struct slots *s, const struct affine_plan *plan, size_t from,
                         size_t to)
{
	_Alignas(64) float made[MADE][VEC_BLOCK];
	size_t first, n = vec_noise(from, to, &first);
	for (int i = 0; i < plan->noises; i++)
		k->normals(s->key, plan->stream[i], s->step, first, n, made[i]);
	for (int i = 0; i < plan->priors; i++)
		k->prior(&plan->curve, plan->prior_at[i] + from, made[NOISES + i], to - from);
	struct affine_kernel kernel;
	for (int o = 0; o < plan->outputs; o++) {
		const struct terms *t = &plan->out[o];
		kernel.y[o] = t->y + from;
		kernel.base[o] = t->base ? t->base + from : zeros;
		for (int j = 0; j < plan->terms; j++) {
			kernel.term[o][j] = j >= t->n ? zeros
			                    : t->from[j] ? t->from[j] + from
			                                 : made[t->made[j]] + (t->made[j] < NOISES ? from - first : 0);
			kernel.coef[o][j] = j >= t->n ? 0 : t->coef[j];
		}
	}
	k->affine(&kernel, plan->outputs, plan->terms, to - from);
}

static void affine_range(const struct kernels *k, const struct slots *s, const struct pieces *p, const struct affine *a,
                         size_t from, size_t to)
{
	for (int i = 0; i < p->n; i++) {
		size_t first, end;
		if (!vec_part(&p->at[i], from, to, &first, &end))
			continue;
		struct affine_plan plan = {.curve = prior_curve(p->at[i].kind, p->at[i].nu, p->at[i].prior, s->value[SLOT_PRIOR])};
		for (int o = 0; o < a->n_out; o++)
			plan_output(&plan, s, &p->at[i], a, &a->out[o]);
		if (!plan.outputs)
			continue;
		for (size_t e = first, next; e < end; e = next) {
			next = vec_block_end(e, end);
			affine_block(k, s, &plan, e, next);
		}
	}
}

status cpu_affine(struct device *d, const struct slots *s, const struct pieces *p, const struct affine *a)
{
	const struct kernels *k = kernels_of(d);
	for (int o = 0; o < a->n_out; o++)
		if (slot_may_count(s, a->out[o].prior))
			TRY(prior_check(s, p));
	if (cpu_alone(d, p->count)) {
		affine_range(k, s, p, a, 0, p->count);
		return OK;
	}
#pragma omp parallel num_threads(cpu_threads(d))
	{
		size_t from, to;
		vec_share(p->count, &from, &to);
		affine_range(k, s, p, a, from, to);
	}
	return OK;
}
