/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Flatness-aware SGLD (arXiv 2510.02174): the gradient is taken at a Gaussian perturbation,
 *   θ ← θ − λ(ĝ(θ + σε) + δθ) + √(2λ/β) ξ,  one ε a step,
 * with σ = β^(−(1+η)/4) unless it is given. The weight decay acts at θ. */
#include <math.h>

#include "samplers/sgld.h"

enum { SIGMA, ETA };             /* param */
enum { POINT_SIGMA = SGLD_SLOTS };

static const struct param params[] = {
	{.name = "sigma", .type = PARAM_REAL, .arg = "SD", .min = 0, .max = 1e6, .rival = "eta",
	 .help = "deviation σ of the perturbation; without it σ = β^(−(1+η)/4)"},
	{.name = "eta", .type = PARAM_REAL, .arg = "ETA", .fallback = "0.1", .min = 0, .max = 100, .rival = "sigma",
	 .help = "exponent η that ties σ to the inverse temperature β = N/T"},
	{0},
};

static double tied_sigma(const struct sampler_state *s)
{
	return pow(s->beta, -(1 + s->param[ETA]) / 4);
}

/* A σ that is given leaves no η. */
static status init(struct sampler_state *s, double lr_max)
{
	(void)lr_max;
	if (isnan(s->param[SIGMA]))
		s->param[SIGMA] = tied_sigma(s);
	else
		s->param[ETA] = NAN;
	return OK;
}

static void coef(struct sampler_state *s)
{
	sgld_coef(s);
	/* β is the step's, and so is what is tied to it. */
	s->slots.value[POINT_SIGMA] = isnan(s->param[ETA]) ? s->param[SIGMA] : tied_sigma(s);
}

static status step(struct sampler_state *s)
{
	TRY(sampler_gradient(s, POINT_SIGMA));
	return sgld_update(s);
}

static void target(const struct sampler_state *s, struct text *to)
{
	text_add(to, "θ ~ exp(−(N/T) u_σ(θ)), u_σ(θ) = E[(1/N) Σ ℓᵢ(θ + σε)] + (δ/2)‖θ‖², ε ~ N(0, I), "
	         "σ = %g, N = %g, T = %g, δ = %g, as λ → 0; at λ, where ℓ is quadratic with curvature h, θ's variance is "
	         "(1 + (N/T)λh²σ²/2)/(1 − λ(h + δ)/2) times that, and gradient noise comes on top",
	         s->param[SIGMA], s->n, s->n / s->beta, s->decay);
}

const struct sampler sampler_fsgld = {
	.name = "fsgld",
	.help = "flatness-aware SGLD: Langevin steps with randomly perturbed gradients",
	.reference = "arXiv 2510.02174",
	.params = params,
	.vectors = {{.name = "theta", .role = "theta"}},
	.init = init,
	.explores = true,
	.coef = coef,
	.step = step,
	.target = target,
};
