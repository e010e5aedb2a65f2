/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* SGLD with control variates (Baker, Fearnhead, Fox & Nemeth 2019, arXiv 1706.05439) and, where θ̂ is renewed, variance-reduced
 * SGLD (Dubey et al. 2016, SVRG-LD), on the mean-potential scale:
 *   g = ĝ(θ) − ĝ(θ̂) + Ḡ, both of one batch, Ḡ = (1/N) Σ ∇ℓᵢ(θ̂);  θ ← θ − λ(g + δθ) + √(2λ/β) ξ,
 *   θ̂ ← θ at the chain's first step and, with R > 0, before each step whose number is a multiple of R. */

#include "samplers/sgld.h"

enum { REFRESH };                    /* param */
enum { THETA, CENTRE, FULL };        /* vector */
enum { AT_CENTRE };                  /* scratch */
enum { ONE = SGLD_SLOTS, MINUS };

static const struct param params[] = {
	{.name = "refresh", .type = PARAM_COUNT, .arg = "R", .fallback = "0", .min = 0, .max = 1e9, .unit = "steps",
	 .help = "steps after which the point θ̂ of the full gradient is renewed; 0: it stays where the chain began"},
	{0},
};

/* Ḡ would be the gradient of one drawing of the augmentation, or of statistics that no batch has, and the mean of g another
 * than that of ĝ(θ). */
static status init(struct sampler_state *s, double lr_max)
{
	(void)lr_max;
	if (s->potential->fixed)
		return OK;
	if (s->potential->n_stats)
		return fail(ERR_USAGE, "sgld-cv takes the gradient over all data for the mean of the batches', which it is not with batch norm; "
		            "take {norm} frn, and {augment} none");
	return fail(ERR_USAGE, "sgld-cv takes the gradient over all data for the mean of the batches', which it is not with augmentation; "
	            "take {augment} none");
}

static void coef(struct sampler_state *s)
{
	sgld_coef(s);
	s->slots.value[ONE] = 1;
	s->slots.value[MINUS] = -1;
}

static status renew(struct sampler_state *s)
{
	const struct potential *p = s->potential;
	TRY(p->device->ops->copy(p->device, s->vector[CENTRE], s->vector[THETA], p->n_params * sizeof(float)));
	return sampler_full_gradient(s, &(struct point){.theta = s->vector[CENTRE]}, false, s->vector[FULL]);
}

static status step(struct sampler_state *s)
{
	const uint64_t k = s->slots.step, refresh = (uint64_t)s->param[REFRESH];
	if (refresh ? k % refresh == 0 : k == 0)
		TRY(renew(s));
	/* θ̂'s first: the value that stays is the one at θ, which counts. */
	TRY(sampler_gradient_at(s, &(struct sampler_gradient_request){
		.at = {.theta = s->vector[CENTRE]}, .gradient = s->scratch[AT_CENTRE],
	}));
	TRY(sampler_gradient(s, SLOT_NONE));
	/* Summed from the left, so that Ḡ alone is left, to the bit, where θ = θ̂. */
	const struct affine reduced = {
		.n_in = 3, .n_out = 1, .x = {s->gradient, s->scratch[AT_CENTRE], s->vector[FULL]},
		.out = {{.y = s->gradient, .base = -1, .coef = {ONE, MINUS, ONE}}},
	};
	TRY(sampler_affine(s, &reduced));
	return sgld_update(s);
}

static void target(const struct sampler_state *s, struct text *to)
{
	const double refresh = s->param[REFRESH];
	sgld_law(s, to);
	text_add(to, ", as λ → 0; at λ, where u is quadratic with curvature h, θ's variance is 1/(1 − λh/2) times that; minibatch noise, which "
	         "is 0 at θ̂, comes on top: θ̂ is the point ");
	if (refresh > 0)
		text_add(to, "where the chain was at the last multiple of R = %g steps", refresh);
	else
		text_add(to, "where the chain began");
}

const struct sampler sampler_sgld_cv = {
	.name = "sgld-cv",
	.help = "SGLD with control variates: gradients without minibatch noise at a point that is renewed or not",
	.reference = "arXiv 1706.05439",
	.params = params,
	.vectors = {[THETA] = {.name = "theta", .role = "theta"}, [CENTRE] = {.name = "centre"},
	            [FULL] = {.name = "full-gradient", .zero = true}},
	.scratch = 1,
	.init = init,
	.explores = true,
	.coef = coef,
	.step = step,
	.target = target,
};
