/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "samplers/base.h"

status base_init(struct sampler_state *s, double lr_max)
{
	(void)lr_max;
	if (s->param[BASE_NESTEROV] > 0 && s->param[BASE_MOMENTUM] <= 0)
		return fail(ERR_USAGE, "{nesterov} needs a {momentum} above 0");
	return OK;
}

void base_coef(struct sampler_state *s)
{
	/* One step's θ increment, with v written out: −λ(1 + μ[nesterov])(g + δθ) − λμ(or μ²)v. */
	bool nesterov = s->param[BASE_NESTEROV] > 0;
	double mu = s->param[BASE_MOMENTUM], fresh = nesterov ? 1 + mu : 1, *v = s->slots.value;
	v[BASE_ONE] = 1;
	v[BASE_DECAY] = s->decay;
	v[BASE_KEEP] = mu;
	v[BASE_STEP_GRADIENT] = -s->lr * fresh;
	v[BASE_STEP_DECAY] = -s->lr * fresh * s->decay;
	v[BASE_STEP_VELOCITY] = -s->lr * (nesterov ? mu * mu : mu);
}

status base_update(struct sampler_state *s)
{
	float *theta = s->vector[BASE_THETA], *velocity = s->vector[BASE_VELOCITY];
	const struct affine with_velocity = {
		.n_in = 3, .n_out = 2, .x = {theta, s->gradient, velocity},
		.out = {{.y = theta, .base = 0, .coef = {SLOT_NONE, BASE_STEP_GRADIENT, BASE_STEP_VELOCITY}, .prior = BASE_STEP_DECAY},
		        {.y = velocity, .base = -1, .coef = {SLOT_NONE, BASE_ONE, BASE_KEEP}, .prior = BASE_DECAY}},
	};
	const struct affine plain = {
		.n_in = 2, .n_out = 1, .x = {theta, s->gradient},
		.out = {{.y = theta, .base = 0, .coef = {SLOT_NONE, BASE_STEP_GRADIENT}, .prior = BASE_STEP_DECAY}},
	};
	return sampler_affine(s, velocity ? &with_velocity : &plain);
}
