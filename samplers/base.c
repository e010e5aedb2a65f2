/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "samplers/base.h"

#include <math.h>

enum { FORM_DECOUPLED, FORM_COUPLED };

/* adamw's slots, in the place of sgd's. */
enum { BETA1 = SLOT_SAMPLER, BETA2, RATE, UNBIAS, EPS, ADAMW_DECAY, ADAMW_SLOTS_END };
_Static_assert((int)ADAMW_SLOTS_END == (int)BASE_SLOTS_END, "one place for either's slots");

/* The parameters' names, in the order of a state's `base`: those of sgd, the choice, and those of adamw. */
enum { MOMENTUM, NESTEROV, BASE, FIRST_OF_ADAMW, PARAM_BETA1 = FIRST_OF_ADAMW, PARAM_BETA2, PARAM_EPS, FORM, PARAMS };
static const char *const names[PARAMS] = {"momentum", "nesterov", "base", "beta1", "beta2", "adam-eps", "decay-form"};
static const double fallback[PARAMS] = {[PARAM_BETA1] = 0.9, [PARAM_BETA2] = 0.999, [PARAM_EPS] = 1e-8, [FORM] = FORM_DECOUPLED};
_Static_assert((int)PARAMS == (int)SAMPLER_BASE, "a place in the state for each");

/* NaN where the method has it not. */
static double param_of(const struct sampler_state *s, int which)
{
	return s->base[which] < 0 ? NAN : s->param[s->base[which]];
}

bool base_is_adamw(const struct sampler_state *s)
{
	return s->base[MOMENTUM] < 0 || param_of(s, BASE) > 0;
}

bool base_is_coupled(const struct sampler_state *s)
{
	return base_is_adamw(s) && param_of(s, FORM) > 0;
}

/* ---- parameters ---- */

static status init_sgd(const struct sampler_state *s)
{
	for (int i = FIRST_OF_ADAMW; i < PARAMS; i++)
		if (!isnan(param_of(s, i)))
			return fail(ERR_USAGE, "{%s} belongs to {base} adamw; this run has {base} sgd", names[i]);
	if (param_of(s, NESTEROV) > 0 && param_of(s, MOMENTUM) <= 0)
		return fail(ERR_USAGE, "{nesterov} needs a {momentum} above 0");
	return OK;
}

static status init_adamw(struct sampler_state *s)
{
	if (param_of(s, MOMENTUM) > 0 || param_of(s, NESTEROV) > 0)
		return fail(ERR_USAGE, "{%s} belongs to {base} sgd; the mean of the gradients in {base} adamw has {beta1} instead",
		            names[param_of(s, NESTEROV) > 0 ? NESTEROV : MOMENTUM]);
	for (int i = FIRST_OF_ADAMW; i < PARAMS; i++) {
		double *value = &s->param[s->base[i]];
		*value = isnan(*value) ? fallback[i] : *value;
	}
	return OK;
}

status base_init(struct sampler_state *s, double lr_max)
{
	(void)lr_max;
	/* Once: a step has no time for names. */
	for (int i = 0; i < PARAMS; i++)
		s->base[i] = sampler_param(s->sampler, names[i]);
	return base_is_adamw(s) ? init_adamw(s) : init_sgd(s);
}

/* ---- coefficients ---- */

static void coef_sgd(struct sampler_state *s)
{
	/* One step's θ increment, with v written out: −λ(1 + μ[nesterov])(g + δθ) − λμ(or μ²)v. */
	bool nesterov = param_of(s, NESTEROV) > 0;
	double mu = param_of(s, MOMENTUM), fresh = nesterov ? 1 + mu : 1, *v = s->slots.value;
	v[BASE_ONE] = 1;
	v[BASE_DECAY] = s->decay;
	v[BASE_KEEP] = mu;
	v[BASE_STEP_GRADIENT] = -s->lr * fresh;
	v[BASE_STEP_DECAY] = -s->lr * fresh * s->decay;
	v[BASE_STEP_VELOCITY] = -s->lr * (nesterov ? mu * mu : mu);
}

/* 1 − βᵗ, without the loss of digits where it is small. */
static double unseen(double beta, double t)
{
	return -expm1(t * log(beta));
}

static void coef_adamw(struct sampler_state *s)
{
	double t = (double)s->slots.step + 1, *v = s->slots.value;
	v[BETA1] = param_of(s, PARAM_BETA1);
	v[BETA2] = param_of(s, PARAM_BETA2);
	v[RATE] = s->lr / unseen(v[BETA1], t);
	v[UNBIAS] = 1 / sqrt(unseen(v[BETA2], t));
	v[EPS] = param_of(s, PARAM_EPS);
	v[ADAMW_DECAY] = base_is_coupled(s) ? s->decay : s->lr * s->decay;
}

void base_coef(struct sampler_state *s)
{
	if (base_is_adamw(s))
		coef_adamw(s);
	else
		coef_sgd(s);
}

void base_without_decay(struct sampler_state *s)
{
	double *v = s->slots.value;
	if (base_is_adamw(s))
		v[ADAMW_DECAY] = 0;
	else
		v[BASE_DECAY] = v[BASE_STEP_DECAY] = 0;
}

/* ---- the step ---- */

static status update_sgd(struct sampler_state *s)
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

static status update_adamw(struct sampler_state *s)
{
	float *theta = s->vector[BASE_THETA], *mean = s->vector[BASE_MEAN], *square = s->vector[BASE_SQUARE];
	return sampler_pointwise(s, s->potential->pieces, &(struct pointwise){
		.fn = base_is_coupled(s) ? POINTWISE_ADAM : POINTWISE_ADAMW, .x = {theta, mean, square, s->gradient},
		.y = {theta, mean, square}, .coef = {BETA1, BETA2, RATE, UNBIAS, EPS}, .prior = ADAMW_DECAY,
	});
}

status base_update(struct sampler_state *s)
{
	return base_is_adamw(s) ? update_adamw(s) : update_sgd(s);
}
