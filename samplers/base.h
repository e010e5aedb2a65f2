/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The base update: what moves θ once a method has made its gradient, shared by all methods that descend (Sutskever et al.
 * 2013 with λ outside the velocity, PyTorch's form), with g in s->gradient:
 *   v ← μv + g + δθ;  θ ← θ − λv,  or with Nesterov's  θ ← θ − λ(g + δθ + μv). */
#ifndef BASIN_BASE_H
#define BASIN_BASE_H

#include "samplers/sampler.h"

/* First among a method's parameters, vectors and slots; its own begin at BASE_…_END. */
enum { BASE_MOMENTUM, BASE_NESTEROV, BASE_PARAMS_END };
enum { BASE_THETA, BASE_VELOCITY, BASE_VECTORS_END };
enum {
	BASE_ONE = SLOT_SAMPLER, BASE_DECAY, BASE_KEEP,             /* v ← KEEP·v + ONE·g + DECAY·θ */
	BASE_STEP_GRADIENT, BASE_STEP_DECAY, BASE_STEP_VELOCITY,    /* θ ← θ + … */
	BASE_SLOTS_END
};

#define BASE_PARAMS                                                                                                     \
	{.name = "momentum", .type = PARAM_REAL, .arg = "MU", .fallback = "0", .min = 0, .max = 0.999999,               \
	 .help = "momentum μ of the velocity"},                                                                         \
	{.name = "nesterov", .type = PARAM_FLAG, .help = "use Nesterov's momentum"}

#define BASE_VECTORS                                              \
	[BASE_THETA] = {.name = "theta", .role = "theta"},        \
	[BASE_VELOCITY] = {.name = "velocity", .when = "momentum", .zero = true}

/* As struct sampler has them. */
status base_init(struct sampler_state *s, double lr_max);
void base_coef(struct sampler_state *s);
status base_update(struct sampler_state *s);

#endif
