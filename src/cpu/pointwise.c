/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The pointwise verb: rows of pointwise.h over the pieces. Whole ranges where a row reads vectors alone; block by block where
 * variates, or the gradient of a prior that is not x itself, are made for it. */
#include "src/cpu/vec.h"

#include "src/pointwise.h"

/* What a row sees besides vectors. */
static const struct row {
	int inputs, prior, normals, variates;
} rows[] = {
#define POINTWISE_SIGHT(fn, inputs, prior, normals, uniforms, outputs) {inputs, prior, normals, normals + uniforms},
	POINTWISE_ROWS(POINTWISE_SIGHT)
};

/* One call in one piece. */
struct pointwise_plan {
	const struct pointwise *w;
	const struct row *row;
	struct pointwise_kernel kernel;   /* but for what moves on from block to block */
	struct prior_curve curve;
};

/* Elements from … to − 1 of the vectors, in one block where anything is made for them. */
static void pointwise_part(const struct kernels *k, const struct slots *s, const struct pointwise_plan *plan, size_t from,
                           size_t to)
{
	_Alignas(64) float made[1 + POINTWISE_VARIATES][VEC_BLOCK];
	const struct pointwise *w = plan->w;
	const struct row *row = plan->row;
	struct pointwise_kernel kernel = plan->kernel;
	for (int j = 0; j < row->inputs; j++)
		kernel.x[j] = w->x[j] + from;
	for (int j = 0; j < POINTWISE_OUTPUTS; j++)
		kernel.y[j] = w->y[j] ? w->y[j] + from : NULL;
	if (row->prior) {
		kernel.x[row->inputs] = w->x[w->prior_at] + from;
		if (plan->curve.kind != PRIOR_GAUSSIAN) {
			k->prior(&plan->curve, w->x[w->prior_at] + from, made[0], to - from);
			kernel.x[row->inputs] = made[0];
		}
	}
	for (int j = 0; j < row->variates; j++) {
		size_t first, n = vec_noise(from, to, &first);
		(j < row->normals ? k->normals : k->fractions)(s->key, w->stream[j], s->step, first, n, made[1 + j]);
		kernel.x[row->inputs + row->prior + j] = made[1 + j] + (from - first);
	}
	k->pointwise(w->fn, &kernel, to - from);
}

static void pointwise_range(const struct kernels *k, const struct slots *s, const struct pieces *p,
                            const struct pointwise_plan *call, size_t from, size_t to)
{
	struct pointwise_plan plan = *call;
	double decay = plan.w->prior == SLOT_NONE ? 0 : s->value[plan.w->prior];
	for (int i = 0; i < p->n; i++) {
		const struct piece *at = &p->at[i];
		size_t first, end;
		if (at->frozen || !vec_part(at, from, to, &first, &end))
			continue;
		plan.kernel.decay = (float)(decay * at->prior);
		/* A prior without weight may have no deviation either. */
		enum prior_kind kind = decay * at->prior != 0 ? at->kind : PRIOR_GAUSSIAN;
		plan.curve = prior_curve(kind, at->nu, at->prior, s->value[SLOT_PRIOR]);
		bool whole = !plan.row->variates && plan.curve.kind == PRIOR_GAUSSIAN;
		for (size_t e = first, next; e < end; e = next) {
			next = whole ? end : vec_block_end(e, end);
			pointwise_part(k, s, &plan, e, next);
		}
	}
}

status cpu_pointwise(struct device *d, const struct slots *s, const struct pieces *p, const struct pointwise *w)
{
	const struct kernels *k = kernels_of(d);
	struct pointwise_plan plan = {.w = w, .row = &rows[w->fn]};
	for (int j = 0; j < POINTWISE_COEFS; j++) {
		double c = w->coef[j] == SLOT_NONE ? 0 : s->value[w->coef[j]];
		plan.kernel.c[j] = (float)c;
		plan.kernel.rest[j] = (float)(1 - c);
	}
	if (plan.row->prior && slot_may_count(s, w->prior))
		TRY(prior_check(s, p));
	if (cpu_alone(d, p->count)) {
		pointwise_range(k, s, p, &plan, 0, p->count);
		return OK;
	}
#pragma omp parallel num_threads(cpu_threads(d))
	{
		size_t from, to;
		vec_share(p->count, &from, &to);
		pointwise_range(k, s, p, &plan, from, to);
	}
	return OK;
}
