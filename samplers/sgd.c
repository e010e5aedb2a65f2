/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Stochastic gradient descent with momentum (Sutskever et al. 2013, in PyTorch's form): the base update with g = ĝ(θ). */
#include "samplers/base.h"

static const struct param params[] = {BASE_SGD_PARAMS, {0}};

static status step(struct sampler_state *s)
{
	TRY(sampler_gradient(s, SLOT_NONE));
	return base_update(s);
}

const struct sampler sampler_sgd = {
	.name = "sgd",
	.help = "stochastic gradient descent: one point, or the members of a deep ensemble",
	.reference = "Sutskever et al. 2013",
	.params = params,
	.athermal = true,
	.vectors = {BASE_SGD_VECTORS},
	.init = base_init,
	.coef = base_coef,
	.step = step,
};
