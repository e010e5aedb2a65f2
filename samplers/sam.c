/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Sharpness-aware minimisation (Foret et al. 2021, arXiv 2010.01412):
 *   g₁ = ĝ(θ);  e = ρ g₁/(‖g₁‖ + 10⁻¹²);  g₂ = ĝ(θ + e);  the base update with g₂.
 * ‖·‖ is over all parameters that move. Running statistics are those of the first pass. */
#include "samplers/sam.h"

status sam_init(struct sampler_state *s, double lr_max)
{
	TRY(base_init(s, lr_max));
	if (s->param[SAM_PERTURB_DECAY] > 0 && base_is_adamw(s) && !base_is_coupled(s))
		return fail(ERR_USAGE, "{perturb-decay} takes the decay as part of the loss, and {decay-form} decoupled keeps it out of "
		            "the gradient; take {decay-form} coupled");
	return OK;
}

void sam_coef(struct sampler_state *s, double epsilon)
{
	double *v = s->slots.value;
	base_coef(s);
	v[SAM_LENGTH] = s->param[SAM_RHO];
	v[SAM_EPSILON] = epsilon;
	v[SAM_DECAY] = s->decay;
	if (s->param[SAM_PERTURB_DECAY] > 0)
		base_without_decay(s);
}

/* g ← g + δh(x), with the tensors' factors and priors. */
static status add_decay(struct sampler_state *s, float *g, const float *x, int decay)
{
	if (s->param[SAM_PERTURB_DECAY] <= 0)
		return OK;
	const struct affine a = {.n_in = 2, .n_out = 1, .x = {g, x}, .out = {{.y = g, .base = 0, .prior = decay, .prior_at = 1}}};
	return sampler_affine(s, &a);
}

status sam_first(struct sampler_state *s, float *g)
{
	return add_decay(s, g, s->vector[BASE_THETA], SAM_DECAY);
}

/* θ + e where the decay is taken there too: a vector of its own. */
static status uphill(struct sampler_state *s, const float *v, float *to)
{
	const struct affine a = {.n_in = 2, .n_out = 1, .x = {s->vector[BASE_THETA], v},
	                         .out = {{.y = to, .base = 0, .coef = {SLOT_NONE, SAM_SCALE}}}};
	return sampler_affine(s, &a);
}

status sam_second(struct sampler_state *s, const struct sam_second *r)
{
	struct device *d = s->potential->device;
	struct sampler_gradient_request request = {
		.at = {.theta = s->vector[BASE_THETA], .v = r->v, .v_coef = SAM_SCALE},
		.batch = r->batch, .gradient = s->gradient, .accumulate = r->accumulate,
	};
	float *point = s->param[SAM_PERTURB_DECAY] > 0 ? s->scratch[0] : NULL;
	TRY(device_scalar(d, &s->slots, &(struct scalar){.fn = SCALAR_INVERSE_NORM, .in = {SAM_LENGTH, r->square, SAM_EPSILON},
	                                                 .out = {SAM_SCALE}}));
	if (point) {
		TRY(uphill(s, r->v, point));
		request.at = (struct point){.theta = point};
	}
	TRY(sampler_gradient_at(s, &request));
	return point ? add_decay(s, s->gradient, point, r->decay) : OK;
}

status sam_step(struct sampler_state *s)
{
	TRY(sam_first(s, s->gradient));
	TRY(sampler_product(s, s->gradient, s->gradient, SAM_SQUARE));
	TRY(sam_second(s, &(struct sam_second){.v = s->gradient, .square = SAM_SQUARE, .decay = SAM_DECAY}));
	return base_update(s);
}

static const struct param params[] = {SAM_PARAMS("0.05"), BASE_PARAMS, {0}};

static void coef(struct sampler_state *s)
{
	sam_coef(s, 1e-12);
}

static status step(struct sampler_state *s)
{
	TRY(sampler_gradient(s, SLOT_NONE));
	return sam_step(s);
}

const struct sampler sampler_sam = {
	.name = "sam",
	.help = "sharpness-aware minimisation: the gradient is taken a length ρ uphill",
	.reference = "arXiv 2010.01412",
	.params = params,
	.athermal = true,
	.vectors = {BASE_VECTORS},
	SAM_SCRATCH,
	.init = sam_init,
	.coef = coef,
	.step = step,
};
