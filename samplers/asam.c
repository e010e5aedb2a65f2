/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Adaptive sharpness-aware minimisation (Kwon et al. 2021, arXiv 2102.11600): SAM with lengths measured in units of the weights,
 *   T = |θ| + η in tensors whose name ends in ".weight", those of norms among them, and 1 in all others;
 *   g₁ = ĝ(θ);  e = ρ T²g₁/(‖T g₁‖ + 10⁻¹⁶);  g₂ = ĝ(θ + e);  the base update with g₂. */
#include "samplers/sam.h"

enum { ETA = SAM_PARAMS_END };
enum { SHIFT = SAM_SLOTS_END, ONE };

static const struct param params[] = {
	SAM_PARAMS("0.5"),
	{.name = "asam-eta", .type = PARAM_REAL, .arg = "ETA", .fallback = "0.01", .min = 0, .max = 1e6,
	 .help = "η, added to |θ| in the unit of length of a weight"},
	BASE_PARAMS,
	{0},
};

static void coef(struct sampler_state *s)
{
	sam_coef(s, 1e-16);
	s->slots.value[SHIFT] = s->param[ETA];
	s->slots.value[ONE] = 1;
}

/* T²g into `to`: ‖T g‖² is then Σ g·T²g. */
static status scale(struct sampler_state *s, const float *g, float *to)
{
	struct device *d = s->potential->device;
	const struct affine copy = {.n_in = 1, .n_out = 1, .x = {g}, .out = {{.y = to, .base = -1, .coef = {ONE}}}};
	TRY(sampler_pointwise(s, &s->weights, &(struct pointwise){
		.fn = POINTWISE_ASAM, .x = {s->vector[BASE_THETA], g}, .y = {to}, .coef = {SHIFT},
	}));
	return d->ops->affine(d, &s->slots, &s->others, &copy);
}

static status step(struct sampler_state *s)
{
	float *v = s->scratch[0];
	TRY(sampler_gradient(s, SLOT_NONE));
	TRY(sam_first(s, s->gradient));
	TRY(scale(s, s->gradient, v));
	TRY(sampler_product(s, s->gradient, v, SAM_SQUARE));
	TRY(sam_second(s, &(struct sam_second){.v = v, .square = SAM_SQUARE, .decay = SAM_DECAY}));
	return base_update(s);
}

const struct sampler sampler_asam = {
	.name = "asam",
	.help = "adaptive sharpness-aware minimisation: uphill in units of the weights",
	.reference = "arXiv 2102.11600",
	.params = params,
	.athermal = true,
	.vectors = {BASE_VECTORS},
	.scratch = 1,
	.weights = true,
	.init = sam_init,
	.coef = coef,
	.step = step,
};
