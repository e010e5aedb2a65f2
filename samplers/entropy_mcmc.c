/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Entropy-MCMC (Li & Zhang 2024, arXiv 2310.05401, algorithm 1, on the mean-potential scale), both from the old values:
 *   θ ← θ − λ(ĝ(θ) + δθ + (θ − a)/(κN)) + √(2λ/β) ξ₁
 *   a ← a − λ(δₐa + (a − θ)/(κN)) + √(2λ/β) ξ₂
 * Its joint target is exp(−(N/T)[mean ℓ(θ) + (δ/2)‖θ‖² + (δₐ/2)‖a‖² + ‖θ − a‖²/(2κN)]). */
#include <math.h>

#include "samplers/sampler.h"

enum { COUPLING, ANCHOR_DECAY };   /* param */
enum { THETA, ANCHOR };            /* vector */
enum { GRADIENT = SLOT_SAMPLER, DECAY, APART, TOGETHER, DECAY_ANCHOR, NOISE };

static const struct param params[] = {
	{.name = "coupling", .type = PARAM_REAL, .arg = "KAPPA", .fallback = "4e-4", .above_min = true, .max = 1e12,
	 .help = "coupling κ: θ and a differ with variance κT"},
	{.name = "anchor-decay", .type = PARAM_REAL, .arg = "DELTA", .min = 0, .max = 1e6, .unit = "per example",
	 .help = "weight decay δₐ of the anchor a; without it δ, as published; 0 is the paper's joint"},
	{0},
};

static status init(struct sampler_state *s, double lr_max)
{
	double c = 1 / (s->param[COUPLING] * s->n);
	double anchor = isnan(s->param[ANCHOR_DECAY]) ? s->decay : s->param[ANCHOR_DECAY];
	double d = sampler_decay_most(s, s->decay), da = sampler_decay_most(s, anchor);
	/* The largest eigenvalue of the linear part of both equations, where ℓ is flat. */
	double rate = c + (d + da) / 2 + sqrt(c * c + (d - da) * (d - da) / 4);
	s->param[ANCHOR_DECAY] = anchor;
	if (lr_max * rate >= 2)
		return fail(ERR_USAGE, "{coupling} %g: with {lr} %g the pair diverges (λ(c + (δ+δₐ)/2 + √(c² + (δ−δₐ)²/4)) = %g, "
		            "2 or more, where c = 1/(κN)); take a larger coupling or a {lr} below %g",
		            s->param[COUPLING], lr_max, lr_max * rate, 2 / rate);
	return OK;
}

static void coef(struct sampler_state *s)
{
	double *v = s->slots.value, pull = s->lr / (s->param[COUPLING] * s->n);
	v[GRADIENT] = -s->lr;
	v[DECAY] = -s->lr * s->decay;
	v[APART] = -pull;
	v[TOGETHER] = pull;
	v[DECAY_ANCHOR] = -s->lr * s->param[ANCHOR_DECAY];
	v[NOISE] = sampler_noise(s);
}

static status step(struct sampler_state *s)
{
	float *theta = s->vector[THETA], *anchor = s->vector[ANCHOR];
	TRY(sampler_gradient(s, SLOT_NONE));
	const struct affine a = {
		.n_in = 3, .n_out = 2, .x = {theta, anchor, s->gradient},
		.out = {{.y = theta, .base = 0, .coef = {APART, TOGETHER, GRADIENT}, .prior = DECAY, .prior_at = 0,
		         .noise = NOISE, .stream = STREAM_LANGEVIN_0},
		        {.y = anchor, .base = 1, .coef = {TOGETHER, APART, SLOT_NONE}, .prior = DECAY_ANCHOR, .prior_at = 1,
		         .noise = NOISE, .stream = STREAM_LANGEVIN_1}},
	};
	return sampler_affine(s, &a);
}

static void target(const struct sampler_state *s, struct text *to)
{
	double c = 1 / (s->param[COUPLING] * s->n), da = s->param[ANCHOR_DECAY], t = s->n / s->beta;
	text_add(to, "(θ, a) ~ exp(−(N/T)[mean ℓ(θ) + (δ/2)‖θ‖² + (δₐ/2)‖a‖² + ‖θ − a‖²/(2κN)]), N = %g, T = %g, "
	         "δ = %g, δₐ = %g, κ = %g, as λ → 0: θ and a differ with variance κT = %g",
	         s->n, t, s->decay, da, s->param[COUPLING], s->param[COUPLING] * t);
	/* The anchor's prior passes through the coupling to another Gaussian one where it is Gaussian itself. */
	if (sampler_prior_is_gaussian(s))
		text_add(to, ", and θ's marginal carries the extra prior precision (N/T)·cδₐ/(c + δₐ) = %g, "
		         "c = 1/(κN)", s->beta * c * da / (c + da));
	text_add(to, "; at λ, where the bracket is quadratic, the variance along an eigenvector of its Hessian of eigenvalue h is 1/(1 − λh/2) "
	         "times that, and gradient noise comes on top");
}

const struct sampler sampler_entropy_mcmc = {
	.name = "entropy-mcmc",
	.help = "Entropy-MCMC: θ coupled to an anchor a, both kept",
	.reference = "arXiv 2310.05401",
	.params = params,
	.vectors = {[THETA] = {.name = "theta", .role = "theta"}, [ANCHOR] = {.name = "anchor", .role = "anchor"}},
	.init = init,
	.explores = true,
	.coef = coef,
	.step = step,
	.target = target,
};
