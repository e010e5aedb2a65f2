/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101), and Adam with the decay in the gradient (Kingma & Ba 2015): the base update
 * with g = ĝ(θ). Decay outside the gradient is that of no potential. */
#include "samplers/base.h"

static const struct param params[] = {BASE_ADAMW_ALONE, {0}};

static status step(struct sampler_state *s)
{
	TRY(sampler_gradient(s, SLOT_NONE));
	return base_update(s);
}

const struct sampler sampler_adamw = {
	.name = "adamw",
	.help = "AdamW, or Adam: steps scaled by running means of the gradient and its square",
	.reference = "arXiv 1711.05101",
	.params = params,
	.athermal = true,
	.vectors = {[BASE_THETA] = {.name = "theta", .role = "theta"}, BASE_ADAMW_VECTORS(NULL)},
	.init = base_init,
	.coef = base_coef,
	.step = step,
};
