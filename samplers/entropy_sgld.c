/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Entropy-SGLD (Dziugaite & Roy 2018, arXiv 1712.09376; in the form of the Entropy-MCMC authors' code): Entropy-SGD whose
 * outer step also adds noise,  x ← x + r(μ − x) + √(λκ) ξ. */
#include <math.h>

#include "samplers/entropy_sgd.h"

static const struct param params[] = {ENTROPY_PARAMS, {0}};

static void coef(struct sampler_state *s)
{
	entropy_coef(s);
	s->slots.value[entropy_slots] = sqrt(s->lr * s->param[ENTROPY_COUPLING]);
}

static status step(struct sampler_state *s)
{
	return entropy_step(s, entropy_slots);
}

const struct sampler sampler_entropy_sgld = {
	.name = "entropy-sgld",
	.help = "Entropy-SGLD: Entropy-SGD with noise on the outer step, no sampling target",
	.reference = "Dziugaite & Roy 2018",
	.params = params,
	.vectors = ENTROPY_VECTORS,
	.init = entropy_init,
	.coef = coef,
	.step = step,
};
