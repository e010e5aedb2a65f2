/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Entropy-SGD (Chaudhari et al. 2017, arXiv 1611.01838, algorithm 1, on the mean-potential scale):
 *   inner: θ′ ← θ′ − λ(ĝ(θ′) + δθ′ + (θ′ − x)/(κN)) + √(2λ/β) ξ;  μ ← (1−α)μ + αθ′ (the new one);
 *   every K steps: x ← x + r(μ − x); then μ restarts from θ′ (restart none), or both θ′ and μ from x (restart x). */
#include "samplers/entropy_sgd.h"

#include <math.h>

enum {
	GRADIENT = SLOT_SAMPLER, DECAY, PULL_THETA, PULL_X, NOISE,                       /* θ′ ← θ′ + … */
	MEAN_KEEP, MEAN_THETA, MEAN_GRADIENT, MEAN_DECAY, MEAN_X, MEAN_NOISE,            /* μ ← … */
	OUTER_MEAN, OUTER_X, ONE, ENTROPY_SLOTS
};
const int entropy_slots = ENTROPY_SLOTS;

static const struct param params[] = {ENTROPY_PARAMS, {0}};

status entropy_init(struct sampler_state *s, double lr_max)
{
	double kappa = s->param[ENTROPY_COUPLING], rate = 1 / (kappa * s->n) + sampler_decay_most(s, s->decay);
	if (lr_max * rate >= 2)
		return fail(ERR_USAGE, "{coupling} %g: λ(1/(κN) + δ) = %g is 2 or more, which diverges; take a larger coupling "
		            "or a {lr} below %g", kappa, lr_max * rate, 2 / rate);
	return OK;
}

void entropy_coef(struct sampler_state *s)
{
	double *v = s->slots.value, alpha = s->param[ENTROPY_AVERAGE];
	double pull = s->lr / (s->param[ENTROPY_COUPLING] * s->n);
	v[GRADIENT] = -s->lr;
	v[DECAY] = -s->lr * s->decay;
	v[PULL_THETA] = -pull;
	v[PULL_X] = pull;
	v[NOISE] = sqrt(2 * s->lr / s->beta);
	v[MEAN_KEEP] = -alpha;
	v[MEAN_THETA] = alpha * (1 - pull);
	v[MEAN_GRADIENT] = alpha * v[GRADIENT];
	v[MEAN_DECAY] = alpha * v[DECAY];
	v[MEAN_X] = alpha * pull;
	v[MEAN_NOISE] = alpha * v[NOISE];
	v[OUTER_MEAN] = s->param[ENTROPY_OUTER];
	v[OUTER_X] = -s->param[ENTROPY_OUTER];
	v[ONE] = 1;
}

status entropy_step(struct sampler_state *s, int outer_noise)
{
	float *theta = s->vector[ENTROPY_THETA], *x = s->vector[ENTROPY_X], *mean = s->vector[ENTROPY_MEAN];
	TRY(sampler_gradient(s, SLOT_NONE));
	/* μ takes the new θ′, written out in the old vectors and the same ξ: one pass over memory. */
	const struct affine inner = {
		.n_in = 4, .n_out = 2, .x = {theta, s->gradient, x, mean},
		.out = {{.y = theta, .base = 0, .coef = {PULL_THETA, GRADIENT, PULL_X, SLOT_NONE}, .prior = DECAY,
		         .noise = NOISE, .stream = STREAM_LANGEVIN_0},
		        {.y = mean, .base = 3, .coef = {MEAN_THETA, MEAN_GRADIENT, MEAN_X, MEAN_KEEP}, .prior = MEAN_DECAY,
		         .noise = MEAN_NOISE, .stream = STREAM_LANGEVIN_0}},
	};
	TRY(sampler_affine(s, &inner));
	if ((s->slots.step + 1) % (uint64_t)s->param[ENTROPY_INNER] != 0)
		return OK;
	bool from_x = s->param[ENTROPY_RESTART_X] > 0;
	const struct affine outer = {
		.n_in = 2, .n_out = 1, .x = {x, mean},
		.out = {{.y = x, .base = 0, .coef = {OUTER_X, OUTER_MEAN}, .noise = outer_noise, .stream = STREAM_LANGEVIN_1}},
	};
	const struct affine restart = {
		.n_in = 1, .n_out = from_x ? 2 : 1, .x = {from_x ? x : theta},
		.out = {{.y = mean, .base = -1, .coef = {ONE}}, {.y = theta, .base = -1, .coef = {ONE}}},
	};
	TRY(sampler_affine(s, &outer));
	return sampler_affine(s, &restart);
}

static status step(struct sampler_state *s)
{
	return entropy_step(s, SLOT_NONE);
}

const struct sampler sampler_entropy_sgd = {
	.name = "entropy-sgd",
	.help = "Entropy-SGD: descends the local entropy, no sampling target",
	.reference = "arXiv 1611.01838",
	.params = params,
	.vectors = ENTROPY_VECTORS,
	.init = entropy_init,
	.coef = entropy_coef,
	.step = step,
};
