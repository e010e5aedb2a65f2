/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Reweighted SAM (Luo et al. 2025, arXiv 2509.18001): examples whose gradients are long count for more in the step uphill,
 *   z ∈ {±1}^d, one for the batch;  nᵢ = |ℓᵢ(θ + hz) − ℓᵢ(θ)|/h;  pᵢ = exp(λ_rw nᵢ)/Σⱼ exp(λ_rw nⱼ);
 *   g₁ = Σ pᵢ∇ℓᵢ(θ);  e = ρ g₁/(‖g₁‖ + 10⁻¹²);  g₂ = ĝ(θ + e);  the base update with g₂.
 * nᵢ is about |zᵀ∇ℓᵢ|. The value at θ + hz comes first, so that the pass at θ knows the weights before it goes back: two gradients
 * and a value. */
#include "samplers/sam.h"

enum { REWEIGHT = SAM_PARAMS_END, PROBE_SIZE };   /* param */
enum { PROBE = SAM_SLOTS_END, RATE };
enum { THERE, HERE, WEIGHTS };                    /* losses */

static const struct param params[] = {
	SAM_PARAMS("0.05"),
	{.name = "reweight", .type = PARAM_REAL, .arg = "LAMBDA", .fallback = "0.1", .min = 0, .max = 1e6,
	 .help = "rate λ at which an example's weight in the step uphill grows with its gradient; 0: all weigh the same"},
	{.name = "probe-size", .type = PARAM_REAL, .arg = "H", .fallback = "1e-3", .min = 1e-12, .max = 1e6,
	 .help = "length h, in every element, of the step over which the losses are differenced"},
	BASE_PARAMS,
	{0},
};

static void coef(struct sampler_state *s)
{
	sam_coef(s, 1e-12);
	s->slots.value[PROBE] = s->param[PROBE_SIZE];
	s->slots.value[RATE] = s->param[REWEIGHT] / s->param[PROBE_SIZE];
}

/* The losses at θ + hz, which s->gradient holds until the first gradient is there. */
static status probe(struct sampler_state *s)
{
	float *there = s->gradient;
	TRY(sampler_probe(s, PROBE, there));
	return sampler_gradient_at(s, &(struct sampler_gradient_request){.at = {.theta = there}, .each = s->losses[THERE]});
}

static status step(struct sampler_state *s)
{
	const struct reweight by = {.other = s->losses[THERE], .rate = RATE, .weight = s->losses[WEIGHTS]};
	TRY(probe(s));
	TRY(sampler_gradient_at(s, &(struct sampler_gradient_request){
		.at = {.theta = s->vector[BASE_THETA]}, .gradient = s->gradient, .first = true, .each = s->losses[HERE], .reweight = &by,
	}));
	return sam_step(s);
}

const struct sampler sampler_rw_sam = {
	.name = "rw-sam",
	.help = "reweighted SAM: the step uphill follows the examples with the longest gradients",
	.reference = "arXiv 2509.18001",
	.params = params,
	.athermal = true,
	.vectors = {BASE_VECTORS},
	SAM_SCRATCH,
	.losses = 3,
	.init = sam_init,
	.coef = coef,
	.step = step,
};
