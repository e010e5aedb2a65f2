/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "samplers/sampler.h"

#include <math.h>

status sampler_gradient(struct sampler_state *s, int sigma)
{
	const struct gradient_request r = {
		.at = {.theta = s->vector[0], .sigma = sigma, .stream = STREAM_PERTURB},
		.batch = s->batch,
		.gradient = s->gradient,
		.count = true,
		.policy = STATS_RUN,
		.stats = s->stats,
		.augment = STREAM_AUGMENT,
	};
	return s->potential->ops->value_grad(s->potential, &s->slots, &r);
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

status sampler_affine(struct sampler_state *s, const struct affine *a)
{
	struct device *d = s->potential->device;
	return d->ops->affine(d, &s->slots, s->potential->pieces, a);
}
