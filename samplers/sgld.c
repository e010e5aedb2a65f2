/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Stochastic gradient Langevin dynamics (Welling & Teh 2011, eq. 4, on the mean-potential scale):
 *   θ ← θ − λ(ĝ(θ) + δθ) + √(2λ/β) ξ,  β = N/T. */
#include "samplers/sgld.h"


void sgld_coef(struct sampler_state *s)
{
	double *v = s->slots.value;
	v[SGLD_GRADIENT] = -s->lr;
	v[SGLD_DECAY] = -s->lr * s->decay;
	v[SGLD_NOISE] = sampler_noise(s);
}

status sgld_update(struct sampler_state *s)
{
	float *theta = s->vector[0];
	const struct affine a = {
		.n_in = 2, .n_out = 1, .x = {theta, s->gradient},
		.out = {{.y = theta, .base = 0, .coef = {SLOT_NONE, SGLD_GRADIENT}, .prior = SGLD_DECAY,
		         .noise = SGLD_NOISE, .stream = STREAM_LANGEVIN_0}},
	};
	return sampler_affine(s, &a);
}

static status step(struct sampler_state *s)
{
	TRY(sampler_gradient(s, SLOT_NONE));
	return sgld_update(s);
}

void sgld_law(const struct sampler_state *s, struct text *to)
{
	text_add(to, "θ ~ exp(−(N/T) u(θ)), u(θ) = (1/N) Σ ℓᵢ(θ) + (δ/2)‖θ‖², N = %g, T = %g, δ = %g",
	         s->n, s->n / s->beta, s->decay);
}

static void target(const struct sampler_state *s, struct text *to)
{
	sgld_law(s, to);
	text_add(to, ", as λ → 0; at λ, where u is quadratic with curvature h, θ's variance is 1/(1 − λh/2) times that, and gradient noise "
	         "of variance σ² a coordinate makes it 1 + (N/T)λσ²/2 times as large");
}

const struct sampler sampler_sgld = {
	.name = "sgld",
	.help = "stochastic gradient Langevin dynamics",
	.reference = "Welling & Teh 2011",
	.vectors = {{.name = "theta", .role = "theta"}},
	.explores = true,
	.coef = sgld_coef,
	.step = step,
	.target = target,
};
