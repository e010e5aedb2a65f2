/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What methods with friction share: SGHMC's is a number, SGNHT's is moved by a thermostat. v has the unit of θ: it is a momentum
 * times √(λ/β), and so is multiplied by √(λ′/λ) where the step size changes from λ to λ′. */
#ifndef BASIN_SGHMC_H
#define BASIN_SGHMC_H

#include "samplers/sampler.h"

enum { SGHMC_FRICTION, SGHMC_MOMENTUM_INIT, SGHMC_PARAMS_END };    /* param */
enum { SGHMC_THETA, SGHMC_VELOCITY };                              /* vector */
enum { SGHMC_GRADIENT = SLOT_SAMPLER, SGHMC_DECAY, SGHMC_NOISE, SGHMC_DRAWN, SGHMC_SLOTS };

#define SGHMC_PARAMS(friction, what)                                                                                      \
	{.name = "friction", .type = PARAM_REAL, .arg = "A", .fallback = friction, .above_min = true, .max = 1, .help = what},   \
	{.name = "momentum-init", .type = PARAM_CHOICE, .arg = "zero|normal", .fallback = "zero",                          \
	 .help = "the first step's velocity: 0, or one drawn from N(0, (λ/β)I)"}

#define SGHMC_VECTORS \
	[SGHMC_THETA] = {.name = "theta", .role = "theta"}, [SGHMC_VELOCITY] = {.name = "velocity", .zero = true}

/* Refuses step sizes at which the weight decay alone diverges. */
status sghmc_init(struct sampler_state *s, double lr_max);
/* The coefficients that don't read the friction: `injected` is what of it is answered with noise, √(2·injected·λ/β) ξ. */
void sghmc_coef(struct sampler_state *s, double injected);
/* √(λ/λ₋), of the step and the one before it: what a velocity is multiplied by. */
double sghmc_rescale(const struct sampler_state *s);
/* The gradient, and both equations from the old values with one ξ: slot `keep` has v's coefficient in θ's increment, `change` that
 * in its own, keep − 1. */
status sghmc_move(struct sampler_state *s, int keep, int change);

#endif
