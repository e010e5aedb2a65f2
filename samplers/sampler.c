/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "samplers/sampler.h"

#include <math.h>
#include <string.h>

size_t sampler_vectors(const struct sampler *s)
{
	size_t n = 1 + (size_t)s->scratch;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		n += s->vectors[i].name != NULL;
	return n;
}

size_t sampler_kept(const struct sampler *s)
{
	size_t n = 0;
	for (int i = 0; i < SAMPLER_VECTORS; i++)
		n += s->vectors[i].role != NULL;
	return n;
}

int sampler_param(const struct sampler *s, const char *name)
{
	for (int i = 0; s->params && s->params[i].name; i++)
		if (strcmp(s->params[i].name, name) == 0)
			return i;
	return -1;
}

status sampler_gradient_at(struct sampler_state *s, const struct sampler_gradient_request *r)
{
	const struct gradient_request request = {
		.at = r->at,
		.batch = r->batch ? *r->batch : s->batch,
		.gradient = r->gradient,
		.accumulate = r->accumulate,
		.count = r->first,
		.policy = r->first ? STATS_RUN : STATS_FREEZE,
		.stats = s->stats,
		.augment = r->augment ? r->augment : STREAM_AUGMENT,
		.each = r->each,
		.reweight = r->reweight,
	};
	return s->potential->ops->value_grad(s->potential, &s->slots, &request);
}

status sampler_gradient(struct sampler_state *s, int sigma)
{
	return sampler_gradient_at(s, &(struct sampler_gradient_request){
		.at = {.theta = s->vector[0], .sigma = sigma, .stream = STREAM_PERTURB}, .gradient = s->gradient, .first = true,
	});
}

static status gradient_over(struct sampler_state *s, const struct point *at, const struct batch *rows, size_t n,
                            enum stream augment, bool first_pass, float *gradient)
{
	const size_t most = (size_t)s->potential->batch;
	for (size_t first = 0; first < n; first += most) {
		size_t left = n - first;
		const struct batch part = {.index = rows->index, .row = rows->row, .offset = rows->offset + first,
		                           .n = (int)(left < most ? left : most), .scale = 1 / (double)n};
		TRY(sampler_gradient_at(s, &(struct sampler_gradient_request){
			.at = *at, .batch = &part, .gradient = gradient, .first = first_pass, .accumulate = first > 0,
			.augment = augment,
		}));
	}
	return OK;
}

status sampler_gradient_over(struct sampler_state *s, const struct point *at, const struct batch *rows, size_t n,
                             enum stream augment, float *gradient)
{
	return gradient_over(s, at, rows, n, augment, false, gradient);
}

status sampler_full_gradient(struct sampler_state *s, const struct point *at, bool first, float *gradient)
{
	return gradient_over(s, at, &(struct batch){.row = SLOT_NONE}, s->potential->n, STREAM_AUGMENT, first, gradient);
}

int sampler_reported(const struct sampler *s, const char *name)
{
	for (int i = 0; i < SAMPLER_REPORTS && s->reports[i].name; i++)
		if (strcmp(s->reports[i].name, name) == 0)
			return i;
	return -1;
}

double sampler_noise(const struct sampler_state *s)
{
	return s->exploring ? 0 : sqrt(2 * s->lr / s->beta);
}

double sampler_decay_most(const struct sampler_state *s, double decay)
{
	const struct pieces *p = s->potential->pieces;
	double most = 0;
	for (int i = 0; i < p->n; i++)
		if (!p->at[i].frozen)
			most = fmax(most, p->at[i].prior * prior_curvature(p->at[i].kind, p->at[i].nu));
	return decay * most;
}

bool sampler_prior_is_gaussian(const struct sampler_state *s)
{
	return pieces_gaussian(s->potential->pieces);
}

status sampler_affine(struct sampler_state *s, const struct affine *a)
{
	struct device *d = s->potential->device;
	return d->ops->affine(d, &s->slots, s->potential->pieces, a);
}

status sampler_pointwise(struct sampler_state *s, const struct pieces *p, const struct pointwise *w)
{
	struct device *d = s->potential->device;
	return d->ops->pointwise(d, &s->slots, p, w);
}

status sampler_probe(struct sampler_state *s, int h, float *to)
{
	struct device *d = s->potential->device;
	/* Frozen tensors too, which the row leaves alone. */
	TRY(d->ops->copy(d, to, s->vector[0], s->potential->n_params * sizeof *to));
	return sampler_pointwise(s, s->potential->pieces, &(struct pointwise){
		.fn = POINTWISE_SIGN_STEP, .x = {to}, .y = {to}, .coef = {h}, .stream = {STREAM_RADEMACHER},
	});
}

double sampler_moving(const struct sampler_state *s)
{
	return fmax((double)pieces_moving(s->potential->pieces), 1);
}

status sampler_product(struct sampler_state *s, const float *x, const float *y, int slot)
{
	struct device *d = s->potential->device;
	return d->ops->reduce_moving(d, &s->slots, s->potential->pieces, x, y, NULL, slot);
}
