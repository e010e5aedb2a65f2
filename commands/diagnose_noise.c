/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How much of a step's noise is that of its minibatch. */
#include <math.h>
#include <string.h>

#include "commands/diagnose_gradients.h"

enum { NOISE_BATCHES = 64 };   /* minibatches at the last draw of a chain */

/* λ of the step that made the last draw. */
static double step_size(const struct diagnosis *d)
{
	const uint64_t made = d->chosen.choice[d->panel.first[0] + d->panel.draws - 1].step;
	return schedule_lr(&d->schedule, made - (made > 0));
}

double noise_share(const struct diagnosis *d)
{
	static const char *const plain[] = {"sgld", "fsgld", "low-precision-sgld", "entropy-mcmc"};
	const char *name = d->sampler ? d->sampler->name : "";
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (strcmp(name, plain[i]) == 0)
			return 1;
	if (strcmp(name, "sghmc") == 0)
		/* As a step computes it: with b̂ = a and λ the largest nothing is injected. */
		return gradients_option(d, "friction") - gradients_option(d, "noise-estimate") * (step_size(d) / schedule_max(&d->schedule));
	return strcmp(name, "sgnht") == 0 ? gradients_option(d, "friction") : (double)NAN;
}

/* Σ x² over the parameters that move. */
static double squares(const struct pieces *p, const double *x)
{
	double sum = 0;
	for (int i = 0; i < p->n; i++)
		for (size_t j = p->at[i].offset; !p->at[i].frozen && j < p->at[i].offset + p->at[i].count; j++)
			sum += x[j] * x[j];
	return sum;
}

/* Of the k-th minibatch at the draw that the state has, where the method takes it; each is of another epoch, as those
 * of one share out its examples, and so are independent. */
static status batch_gradient(struct gradients *g, uint64_t k)
{
	struct sampler_state *s = &g->state.s;
	struct device *d = s->potential->device;
	const uint64_t step = k * (g->state.batches.epoch_steps + 1);
	const struct point at = {.theta = s->vector[0], .sigma = g->sigma > 0 ? GRADIENTS_SIGMA : SLOT_NONE, .stream = STREAM_PROBE};
	s->slots.step = step;
	s->slots.value[GRADIENTS_SIGMA] = g->sigma;
	TRY(batches_at(&g->state.batches, step, &s->slots, &s->batch));
	TRY(d->ops->slots_send(d, &s->slots));
	TRY(sampler_gradient_at(s, &(struct sampler_gradient_request){.at = at, .gradient = s->gradient}));
	return d->ops->get(d, g->gradient, s->gradient, s->potential->n_params * sizeof *g->gradient);
}

status noise_of_chain(struct gradients *g, size_t chain)
{
	const size_t n = g->problem.potential->n_params;
	double *mean = g->half[0], *apart = g->half[1], sum = 0;
	TRY(gradients_read(g, chain, g->d->panel.draws - 1));
	TRY(state_put(&g->state, 0, g->theta));
	memset(mean, 0, n * sizeof *mean);
	/* Welford's: what is left of two large sums would be rounding alone where the batch is all data. */
	for (uint64_t k = 0; k < NOISE_BATCHES; k++) {
		TRY(batch_gradient(g, k));
		for (size_t j = 0; j < n; j++) {
			apart[j] = g->gradient[j] - mean[j];
			mean[j] += apart[j] / ((double)k + 1);
		}
		sum += squares(g->law.pieces, apart) * (double)k / ((double)k + 1);
	}
	g->noise += sum / (NOISE_BATCHES - 1) / g->d->panel.chains;
	return OK;
}

double noise_ratio(const struct gradients *g, double share)
{
	const double d = (double)pieces_moving(g->law.pieces), lr = step_size(g->d);
	return lr * g->noise * g->problem.first.beta / (2 * d * share);
}

void noise_check(struct diagnosis *d, double ratio, const char *unjudged)
{
	const double most = opts_real(d->options, "max-gradient-noise");
	checks_add(&d->checks, &(struct check){
		.name = "gradient_noise", .title = "gradient noise / injected noise", .kind = CHECK_AT_MOST, .value = ratio,
		.threshold = most,
		.unjudged = unjudged ? unjudged : isnan(most) ? "what it does is in the temperature; --max-gradient-noise judges it" : NULL,
	});
}
