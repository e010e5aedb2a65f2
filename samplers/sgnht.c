/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The stochastic gradient Nosé–Hoover thermostat (Ding et al. 2014): SGHMC whose friction a follows the kinetic energy of the d
 * parameters that move, and so takes up gradient noise of an unknown variance,
 *   v ← (1−a)√(λ/λ₋) v − λ(ĝ(θ) + δθ) + √(2Aλ/β) ξ;  θ ← θ + v;  a ← a + (‖v‖²/d − λ/β)/m,
 * a beginning with A. With v = √(λ/β) p and a = √(λ/β) ζ that is a step √(λ/β) of dynamics in (θ, p, ζ) on U = βu; where λ
 * changes, a − A goes with its root as v does. */
#include <math.h>

#include "samplers/sghmc.h"

enum { MASS = SGHMC_PARAMS_END };                      /* param */
enum { EXCESS = SLOT_SCALAR, FRICTION, KINETIC };      /* a − A, a, and ‖v‖²/d in units of λ/N */
enum { KEEP = SLOT_RESULT, CHANGE, SQUARES };
enum { RESCALE = SGHMC_SLOTS, LESS_RESCALE, KEEP_AT_A, CHANGE_AT_A, AT_A, ONE, MOVING, WARMTH, INERTIA, UNIT };

static const struct param params[] = {
	SGHMC_PARAMS("0.05", "friction A with which a begins, and to which injected noise belongs"),
	{.name = "thermostat-mass", .type = PARAM_REAL, .arg = "M", .fallback = "1", .above_min = true, .max = 1e300,
	 .help = "mass m of the thermostat: how slowly a follows the kinetic energy; 1e300 holds a"},
	{0},
};

/* The kinetic energy stays at λ/β where a(2 − a) = 2A + λβσ², which has no solution beyond 1 (sghmc's stationary law, λ → 0). */
static status init(struct sampler_state *s, double lr_max)
{
	double a = s->param[SGHMC_FRICTION];
	if (a >= 0.5)
		return fail(ERR_USAGE, "{friction} %g: from 0.5 on no friction takes up the injected noise, and the thermostat would drive the "
		            "chain to diverge; take less, or {sampler} sghmc", a);
	/* About kinetic energies of λ/β the thermostat swings by √(2λ/(βm)) a step, which grows from 2 on. */
	const double swing = lr_max / (s->beta * s->param[MASS]);
	if (swing >= 2)
		return fail(ERR_USAGE, "{thermostat-mass} %g: with {lr} %g the thermostat diverges by itself (λT/(Nm) = %g, 2 or more); take a mass "
		            "of %g or more, or a smaller {lr}", s->param[MASS], lr_max, swing, 10 * lr_max / s->beta);
	return sghmc_init(s, lr_max);
}

static void coef(struct sampler_state *s)
{
	double *v = s->slots.value, r = sghmc_rescale(s), a = s->param[SGHMC_FRICTION], d = sampler_moving(s);
	sghmc_coef(s, a);
	v[RESCALE] = r;
	v[LESS_RESCALE] = -r;
	v[KEEP_AT_A] = r - r * a;
	v[CHANGE_AT_A] = (r - 1) - r * a;
	v[AT_A] = a;
	v[ONE] = 1;
	v[MOVING] = d;
	v[WARMTH] = s->lr / s->beta;
	v[INERTIA] = s->param[MASS];
	v[UNIT] = s->n / (d * s->lr);
}

static status step(struct sampler_state *s)
{
	struct device *d = s->potential->device;
	const float *v = s->vector[SGHMC_VELOCITY];
	const struct scalar rescale = {.fn = SCALAR_PRODUCT, .in = {RESCALE, EXCESS}, .out = {EXCESS}};
	const struct scalar keep = {.fn = SCALAR_AXPY, .in = {KEEP_AT_A, LESS_RESCALE, EXCESS}, .out = {KEEP}};
	const struct scalar change = {.fn = SCALAR_AXPY, .in = {CHANGE_AT_A, LESS_RESCALE, EXCESS}, .out = {CHANGE}};
	const struct scalar follow = {.fn = SCALAR_THERMOSTAT, .in = {EXCESS, SQUARES, MOVING, WARMTH, INERTIA}, .out = {EXCESS}};
	const struct scalar friction = {.fn = SCALAR_AXPY, .in = {AT_A, ONE, EXCESS}, .out = {FRICTION}};
	const struct scalar kinetic = {.fn = SCALAR_PRODUCT, .in = {SQUARES, UNIT}, .out = {KINETIC}};
	TRY(device_scalar(d, &s->slots, &rescale));
	TRY(device_scalar(d, &s->slots, &keep));
	TRY(device_scalar(d, &s->slots, &change));
	TRY(sghmc_move(s, KEEP, CHANGE));
	TRY(sampler_product(s, v, v, SQUARES));
	TRY(device_scalar(d, &s->slots, &follow));
	TRY(device_scalar(d, &s->slots, &friction));
	return device_scalar(d, &s->slots, &kinetic);
}

static void target(const struct sampler_state *s, struct text *to)
{
	text_add(to, "(θ, v, a) ~ exp(−(N/T) u(θ)) N(v; 0, (λT/N) I) N(a; A, λT/(N d m)) as λ → 0, u(θ) = (1/N) Σ ℓᵢ(θ) + "
	         "(δ/2)‖θ‖², N = %g, T = %g, δ = %g, A = %g, m = %g, d = %g parameters that move; at λ, where u is quadratic and λT/(Nm) = %g far "
	         "below 1, θ's variance is about 1 − a/2 times that; gradient noise of variance σ², the same in every coordinate, moves a's mean to "
	         "about A + (N/T)λσ²/2 and leaves θ's law",
	         s->n, s->n / s->beta, s->decay, s->param[SGHMC_FRICTION], s->param[MASS], sampler_moving(s),
	         s->lr_max / (s->beta * s->param[MASS]));
}

const struct sampler sampler_sgnht = {
	.name = "sgnht",
	.help = "stochastic gradient Nosé–Hoover thermostat: SGHMC with a friction that follows the kinetic energy",
	.reference = "Ding et al. 2014",
	.params = params,
	.vectors = {SGHMC_VECTORS},
	.scalars = {"friction_excess", "friction", "kinetic_temperature"},
	.reports = {{"friction", FRICTION}, {"kinetic_temperature", KINETIC}},
	.init = init,
	.coef = coef,
	.step = step,
	.target = target,
};
