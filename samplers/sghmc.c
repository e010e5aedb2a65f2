/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Stochastic gradient Hamiltonian Monte Carlo (Chen, Fox & Guestrin 2014, arXiv 1402.4102, on the mean-potential scale):
 *   v ← (1−a)√(λ/λ₋) v − λ(ĝ(θ) + δθ) + √(2(a − b̂)λ/β) ξ;  θ ← θ + v,
 * with the step size λ₋ of the step before. The estimate b̂ = λβσ̂²/2 of what gradient noise of variance σ̂² does goes with λ. */
#include "samplers/sghmc.h"

#include <math.h>

enum { NOISE_ESTIMATE = SGHMC_PARAMS_END };   /* param */
enum { KEEP = SGHMC_SLOTS, CHANGE, UNIT };
enum { SQUARES = SLOT_RESULT, KINETIC };      /* ‖v‖², and the temperature that it has */

static const struct param params[] = {
	SGHMC_PARAMS("0.1", "friction a: what a step takes of the velocity; momentum is 1 − a"),
	{.name = "noise-estimate", .type = PARAM_REAL, .arg = "B", .fallback = "0", .min = 0, .max = 1,
	 .help = "estimate b̂ = λβσ̂²/2 of the gradient noise's part in the friction, σ̂² its variance a coordinate, at the largest "
	         "step size; it goes with the step size, and that much less noise is injected"},
	{0},
};

/* ---- shared with SGNHT ---- */

status sghmc_init(struct sampler_state *s, double lr_max)
{
	double a = s->param[SGHMC_FRICTION], decay = sampler_decay_most(s, s->decay), most = 2 * (2 - a);
	if (lr_max * decay >= most)
		return fail(ERR_USAGE, "{lr} %g: with {friction} %g the weight decay alone diverges (λδ = %g, 2(2 − a) = %g or more); take "
		            "a {lr} below %g or a smaller {weight-decay}", lr_max, a, lr_max * decay, most, most / decay);
	return OK;
}

void sghmc_coef(struct sampler_state *s, double injected)
{
	double *v = s->slots.value;
	v[SGHMC_GRADIENT] = -s->lr;
	v[SGHMC_DECAY] = -s->lr * s->decay;
	v[SGHMC_NOISE] = sampler_noise(s) * sqrt(injected);
	v[SGHMC_DRAWN] = sqrt(s->lr / s->beta);   /* where the chain begins, which no step injects */
}

double sghmc_rescale(const struct sampler_state *s)
{
	/* A velocity that met a step size of 0 is 0. */
	return s->lr_before > 0 ? sqrt(s->lr / s->lr_before) : 1;
}

/* Frozen tensors' velocities stay 0. */
static status draw_velocity(struct sampler_state *s)
{
	float *velocity = s->vector[SGHMC_VELOCITY];
	const struct affine a = {
		.n_in = 1, .n_out = 1, .x = {velocity},
		.out = {{.y = velocity, .base = -1, .noise = SGHMC_DRAWN, .stream = STREAM_MOMENTUM}},
	};
	return sampler_affine(s, &a);
}

status sghmc_move(struct sampler_state *s, int keep, int change)
{
	float *theta = s->vector[SGHMC_THETA], *velocity = s->vector[SGHMC_VELOCITY];
	if (s->slots.step == 0 && s->param[SGHMC_MOMENTUM_INIT] > 0)
		TRY(draw_velocity(s));
	TRY(sampler_gradient(s, SLOT_NONE));
	/* v is an increment to itself, so that a small a is not rounded away. */
	const struct affine a = {
		.n_in = 3, .n_out = 2, .x = {theta, s->gradient, velocity},
		.out = {{.y = theta, .base = 0, .coef = {SLOT_NONE, SGHMC_GRADIENT, keep}, .prior = SGHMC_DECAY, .prior_at = 0,
		         .noise = SGHMC_NOISE, .stream = STREAM_LANGEVIN_0},
		        {.y = velocity, .base = 2, .coef = {SLOT_NONE, SGHMC_GRADIENT, change}, .prior = SGHMC_DECAY, .prior_at = 0,
		         .noise = SGHMC_NOISE, .stream = STREAM_LANGEVIN_0}},
	};
	return sampler_affine(s, &a);
}

/* ---- the method ---- */

static status init(struct sampler_state *s, double lr_max)
{
	double a = s->param[SGHMC_FRICTION], estimate = s->param[NOISE_ESTIMATE];
	if (estimate > a)
		return fail(ERR_USAGE, "{noise-estimate} %g: more than the {friction} %g, so that no noise could make up for it; take a "
		            "larger friction or a smaller {lr}, to which the estimate is proportional", estimate, a);
	return sghmc_init(s, lr_max);
}

static void coef(struct sampler_state *s)
{
	double *v = s->slots.value, a = s->param[SGHMC_FRICTION], r = sghmc_rescale(s);
	sghmc_coef(s, a - s->param[NOISE_ESTIMATE] * (s->lr / s->lr_max));
	v[KEEP] = r - r * a;
	v[CHANGE] = (r - 1) - r * a;
	v[UNIT] = (1 - a / 2) * s->n / (sampler_moving(s) * s->lr);
}

static status step(struct sampler_state *s)
{
	return sghmc_move(s, KEEP, CHANGE);
}

/* What ‖v‖² is in the stationary law as λ → 0, (λ/β)/(1 − a/2) a parameter, is 1 for T. */
static status report(struct sampler_state *s)
{
	const float *v = s->vector[SGHMC_VELOCITY];
	const struct scalar kinetic = {.fn = SCALAR_PRODUCT, .in = {SQUARES, UNIT}, .out = {KINETIC}};
	TRY(sampler_product(s, v, v, SQUARES));
	return device_scalar(s->potential->device, &s->slots, &kinetic);
}

static void target(const struct sampler_state *s, struct text *to)
{
	text_add(to, "(θ, v) ~ exp(−(N/T) u(θ)) N(v; 0, (λT/N)/(1 − a/2) I) as λ → 0, u(θ) = (1/N) Σ ℓᵢ(θ) + (δ/2)‖θ‖², N = %g, T = %g, "
	         "δ = %g; at λ, where u is quadratic with curvature h, θ's variance is 1/(1 − λh/(2(2 − a))) times that, and gradient "
	         "noise of variance σ² a coordinate makes it 1 + ((N/T)λσ²/2 − b̂)/a times as large, a = %g, b̂ = %g",
	         s->n, s->n / s->beta, s->decay, s->param[SGHMC_FRICTION], s->param[NOISE_ESTIMATE]);
}

const struct sampler sampler_sghmc = {
	.name = "sghmc",
	.help = "stochastic gradient Hamiltonian Monte Carlo: Langevin dynamics with a momentum",
	.reference = "arXiv 1402.4102",
	.params = params,
	.vectors = {SGHMC_VECTORS},
	.explores = true,
	.reports = {{"kinetic_temperature", KINETIC}},
	.init = init,
	.coef = coef,
	.step = step,
	.report = report,
	.target = target,
};
