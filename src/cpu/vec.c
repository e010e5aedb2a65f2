/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vector verbs over pieces: ranges of elements shared among threads, and blocks that stay in the L1 cache. */
#include "src/cpu/cpu.h"

#include <omp.h>
#include <string.h>

enum {
	BLOCK = 512,            /* elements of a block; a multiple of NOISE_GROUP */
	REDUCE_BLOCK = 4096,    /* elements summed together, whatever the threads */
	REDUCE_BLOCKS = 4096    /* partial sums kept at a time */
};

static const _Alignas(64) float zeros[BLOCK];

/* One output of an affine call in one piece: what is left of it once absent terms are dropped. */
struct terms {
	int n;
	const float *from[AFFINE_TERMS];  /* whole vectors; NULL: the block's noise */
	float coef[AFFINE_TERMS];
	int noise;                        /* which of the block's noises */
	const float *base;                /* NULL: zeros */
	float *y;
};

/* An affine call in one piece. */
struct affine_plan {
	int outputs, terms;               /* terms of the longer output */
	int noises;
	struct terms out[AFFINE_OUTPUTS];
	enum stream stream[AFFINE_OUTPUTS];
};

static void plan_noise(struct affine_plan *plan, struct terms *t, enum stream stream, float scale)
{
	int i = 0;
	while (i < plan->noises && plan->stream[i] != stream)
		i++;
	plan->stream[i] = stream;
	if (i == plan->noises)
		plan->noises++;
	t->noise = i;
	t->from[t->n] = NULL;
	t->coef[t->n++] = scale;
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
	for (int i = 0; i < a->n_in; i++) {
		bool prior = o->prior != SLOT_NONE && o->prior_at == i;
		if (o->coef[i] == SLOT_NONE && !prior)
			continue;
		double c = o->coef[i] == SLOT_NONE ? 0 : s->value[o->coef[i]];
		t->from[t->n] = a->x[i];
		t->coef[t->n++] = (float)(prior ? c + s->value[o->prior] * piece->prior : c);
	}
	if (o->noise != SLOT_NONE && (float)s->value[o->noise] != 0)
		plan_noise(plan, t, o->stream, (float)s->value[o->noise]);
	if (t->n > plan->terms)
		plan->terms = t->n;
}

/* Elements from … to − 1 of the vectors, all within one block. */
static void affine_block(const struct kernels *k, const struct slots *s, const struct affine_plan *plan, size_t from,
                         size_t to)
{
	_Alignas(64) float noise[AFFINE_OUTPUTS][BLOCK];
	size_t first = from - from % NOISE_GROUP, n = (to - first + NOISE_GROUP - 1) / NOISE_GROUP * NOISE_GROUP;
	for (int i = 0; i < plan->noises; i++)
		k->normals(s->key, plan->stream[i], s->step, first, n, noise[i]);
	struct affine_kernel kernel;
	for (int o = 0; o < plan->outputs; o++) {
		const struct terms *t = &plan->out[o];
		kernel.y[o] = t->y + from;
		kernel.base[o] = t->base ? t->base + from : zeros;
		for (int j = 0; j < plan->terms; j++) {
			kernel.term[o][j] = j >= t->n ? zeros
			                    : t->from[j] ? t->from[j] + from
			                                 : noise[t->noise] + (from - first);
			kernel.coef[o][j] = j >= t->n ? 0 : t->coef[j];
		}
	}
	k->affine(&kernel, plan->outputs, plan->terms, to - from);
}

/* The elements of the flat vector that one thread works on; `count` in all. Shares start at whole blocks. */
static void share(size_t count, size_t *from, size_t *to)
{
	size_t blocks = (count + BLOCK - 1) / BLOCK;
	size_t threads = (size_t)omp_get_num_threads(), thread = (size_t)omp_get_thread_num();
	*from = blocks * thread / threads * BLOCK;
	*to = blocks * (thread + 1) / threads * BLOCK;
	if (*to > count)
		*to = count;
}

/* The part of a piece that lies in from … to − 1. */
static bool part_of(const struct piece *p, size_t from, size_t to, size_t *first, size_t *end)
{
	*first = p->offset > from ? p->offset : from;
	*end = p->offset + p->count < to ? p->offset + p->count : to;
	return *first < *end;
}

static void affine_range(const struct kernels *k, const struct slots *s, const struct pieces *p, const struct affine *a,
                         size_t from, size_t to)
{
	for (int i = 0; i < p->n; i++) {
		size_t first, end;
		if (!part_of(&p->at[i], from, to, &first, &end))
			continue;
		struct affine_plan plan = {0};
		for (int o = 0; o < a->n_out; o++)
			plan_output(&plan, s, &p->at[i], a, &a->out[o]);
		if (!plan.outputs)
			continue;
		for (size_t e = first, next; e < end; e = next) {
			next = (e / BLOCK + 1) * BLOCK;
			if (next > end)
				next = end;
			affine_block(k, s, &plan, e, next);
		}
	}
}

status cpu_affine(struct device *d, const struct slots *s, const struct pieces *p, const struct affine *a)
{
	const struct kernels *k = kernels_of(d);
	if (cpu_alone(d, p->count)) {
		affine_range(k, s, p, a, 0, p->count);
		return OK;
	}
#pragma omp parallel num_threads(cpu_threads(d))
	{
		size_t from, to;
		share(p->count, &from, &to);
		affine_range(k, s, p, a, from, to);
	}
	return OK;
}

/* One block of a sum over n elements. */
static double reduce_block(const struct kernels *k, size_t n, const float *x, const float *y, const float *w, size_t from)
{
	size_t length = n - from < REDUCE_BLOCK ? n - from : REDUCE_BLOCK;
	return k->dot(x + from, y + from, w ? w + from : NULL, length);
}

status cpu_reduce(struct device *d, struct slots *s, size_t n, const float *x, const float *y, const float *w, int slot)
{
	const struct kernels *k = kernels_of(d);
	double total = 0;
	if (cpu_alone(d, n)) {
		for (size_t from = 0; from < n; from += REDUCE_BLOCK)
			total += reduce_block(k, n, x, y, w, from);
		s->value[slot] = total;
		return OK;
	}
	for (size_t from = 0; from < n; from += (size_t)REDUCE_BLOCKS * REDUCE_BLOCK) {
		double part[REDUCE_BLOCKS];
		size_t blocks = (n - from + REDUCE_BLOCK - 1) / REDUCE_BLOCK;
		blocks = blocks < REDUCE_BLOCKS ? blocks : REDUCE_BLOCKS;
#pragma omp parallel for schedule(static) num_threads(cpu_threads(d))
		for (size_t b = 0; b < blocks; b++)
			part[b] = reduce_block(k, n, x, y, w, from + b * REDUCE_BLOCK);
		for (size_t b = 0; b < blocks; b++)
			total += part[b];
	}
	s->value[slot] = total;
	return OK;
}

static void pointwise_range(const struct kernels *k, const struct pieces *p, const struct pointwise *w,
                            const struct pointwise_kernel *coefs, size_t from, size_t to)
{
	for (int i = 0; i < p->n; i++) {
		size_t first, end;
		if (p->at[i].frozen || !part_of(&p->at[i], from, to, &first, &end))
			continue;
		struct pointwise_kernel kernel = *coefs;
		for (int j = 0; j < POINTWISE_INPUTS; j++)
			kernel.x[j] = w->x[j] ? w->x[j] + first : NULL;
		for (int j = 0; j < POINTWISE_OUTPUTS; j++)
			kernel.y[j] = w->y[j] ? w->y[j] + first : NULL;
		k->pointwise(w->fn, &kernel, end - first);
	}
}

status cpu_pointwise(struct device *d, const struct slots *s, const struct pieces *p, const struct pointwise *w)
{
	const struct kernels *k = kernels_of(d);
	struct pointwise_kernel coefs = {0};
	for (int j = 0; j < POINTWISE_COEFS; j++) {
		double c = w->coef[j] == SLOT_NONE ? 0 : s->value[w->coef[j]];
		coefs.c[j] = (float)c;
		coefs.rest[j] = (float)(1 - c);
	}
	if (cpu_alone(d, p->count)) {
		pointwise_range(k, p, w, &coefs, 0, p->count);
		return OK;
	}
#pragma omp parallel num_threads(cpu_threads(d))
	{
		size_t from, to;
		share(p->count, &from, &to);
		pointwise_range(k, p, w, &coefs, from, to);
	}
	return OK;
}
