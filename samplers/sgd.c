/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stochastic gradient descent with momentum, in PyTorch's form (Sutskever et al. 2013 with λ outside the velocity):
 *   v ← μv + ĝ(θ) + δθ;  θ ← θ − λv,  or with Nesterov's  θ ← θ − λ(ĝ(θ) + δθ + μv). */
#include <math.h>

#include "samplers/sampler.h"

enum { MOMENTUM, NESTEROV };                               /* param */
enum { THETA, VELOCITY };                                  /* vector */
enum { ONE = SLOT_SAMPLER, DECAY, KEEP,                    /* v ← KEEP·v + ONE·ĝ + DECAY·θ */
       STEP_GRADIENT, STEP_DECAY, STEP_VELOCITY };         /* θ ← θ + … */

static const struct param params[] = {
	{.name = "momentum", .type = PARAM_REAL, .arg = "MU", .fallback = "0", .min = 0, .max = 0.999999,
	 .help = "momentum μ of the velocity"},
	{.name = "nesterov", .type = PARAM_FLAG, .help = "use Nesterov's momentum"},
	{0},
};

static status init(struct sampler_state *s, double lr_max)
{
	(void)lr_max;
	if (s->param[NESTEROV] > 0 && s->param[MOMENTUM] <= 0)
		return fail(ERR_USAGE, "{nesterov} needs a {momentum} above 0");
	return OK;
}

static void coef(struct sampler_state *s)
{
	/* One step's θ increment, with v written out: −λ(1 + μ[nesterov])(ĝ + δθ) − λμ(or μ²)v. */
	double mu = s->param[MOMENTUM], fresh = s->param[NESTEROV] > 0 ? 1 + mu : 1, *v = s->slots.value;
	v[ONE] = 1;
	v[DECAY] = s->decay;
	v[KEEP] = mu;
	v[STEP_GRADIENT] = -s->lr * fresh;
	v[STEP_DECAY] = -s->lr * fresh * s->decay;
	v[STEP_VELOCITY] = -s->lr * (s->param[NESTEROV] > 0 ? mu * mu : mu);
}

static status step(struct sampler_state *s)
{
	float *theta = s->vector[THETA], *velocity = s->vector[VELOCITY];
	TRY(sampler_gradient(s, SLOT_NONE));
	const struct affine with_velocity = {
		.n_in = 3, .n_out = 2, .x = {theta, s->gradient, velocity},
		.out = {{.y = theta, .base = 0, .coef = {SLOT_NONE, STEP_GRADIENT, STEP_VELOCITY}, .prior = STEP_DECAY},
		        {.y = velocity, .base = -1, .coef = {SLOT_NONE, ONE, KEEP}, .prior = DECAY}},
	};
	const struct affine plain = {
		.n_in = 2, .n_out = 1, .x = {theta, s->gradient},
		.out = {{.y = theta, .base = 0, .coef = {SLOT_NONE, STEP_GRADIENT}, .prior = STEP_DECAY}},
	};
	return sampler_affine(s, velocity ? &with_velocity : &plain);
}

const struct sampler sampler_sgd = {
	.name = "sgd",
	.help = "stochastic gradient descent: one point, or the members of a deep ensemble",
	.reference = "Sutskever et al. 2013",
	.params = params,
	.vectors = {[THETA] = {.name = "theta", .role = "theta"},
	            [VELOCITY] = {.name = "velocity", .when = "momentum", .zero = true}},
	.init = init,
	.coef = coef,
	.step = step,
};
