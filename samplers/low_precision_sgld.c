/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Low-precision SGLD (Zhang, Wilson & De Sa 2022, arXiv 2206.09909), fixed point, simulated in float32. Numbers are multiples of
 * Δ = 2^−F from −2^(W−F−1) to 2^(W−F−1) − 2^−F; Q rounds to them stochastically, up with the probability of the fraction:
 *   full:       θ ← θ − λ(Q′(ĝ(Q(θ))) + δθ) + √(2λ/β) ξ
 *   naive:      θ ← Q(θ − λ(Q′(ĝ(θ)) + δθ) + √(2λ/β) ξ)
 *   corrected:  θ ← Q^vc(θ − λ(Q′(ĝ(θ)) + δθ), 2λ/β), whose mean and variance are its arguments (pointwise.h)
 * where Q′ rounds gradients to multiples of 2^−F′, or leaves them as they are. */
#include <math.h>

#include "samplers/sgld.h"

enum { BITS, FRACTION, GRADIENT_FRACTION, VARIANT };      /* param */
enum { FULL, NAIVE, CORRECTED };
enum { GAP = SGLD_SLOTS, PER_GAP, LOWEST, HIGHEST,        /* of θ, */
       GRADIENT_GAP, GRADIENT_PER_GAP, GRADIENT_LOWEST, GRADIENT_HIGHEST,
       RATE, SPREAD, DECAY };                             /* and of Q^vc besides */
enum { MANTISSA = 24 };                                   /* bits of a float32 */

static const struct param params[] = {
	{.name = "bits", .type = PARAM_COUNT, .arg = "W", .fallback = "8", .min = 2, .max = 32, .unit = "bits",
	 .help = "width W of a number: θ has 2^W values at most"},
	{.name = "fraction", .type = PARAM_COUNT, .arg = "F", .fallback = "6", .min = 0, .max = 40, .unit = "bits",
	 .help = "bits F behind the point: values of θ lie 2^−F apart"},
	{.name = "gradient-fraction", .type = PARAM_COUNT, .arg = "F", .min = 0, .max = 40, .unit = "bits",
	 .help = "bits behind the point of gradients, which have W bits too; without it they are not rounded"},
	{.name = "variant", .type = PARAM_CHOICE, .arg = "full|naive|corrected", .fallback = "corrected",
	 .help = "gradients at rounded parameters alone (full), rounded steps (naive), or steps rounded with the variance that the noise "
	         "has (corrected)"},
	{0},
};

/* Δ, 1/Δ and the range, the highest as float32 has it. */
static void set_grid(double *v, double bits, double fraction)
{
	v[0] = ldexp(1, -(int)fraction);
	v[1] = ldexp(1, (int)fraction);
	v[2] = -ldexp(1, (int)bits - (int)fraction - 1);
	v[3] = -v[2] - fmax(v[0], -v[2] * ldexp(1, -MANTISSA));
}

static void coef(struct sampler_state *s)
{
	double *v = s->slots.value, variance = 2 * s->lr / s->beta;
	const double *p = s->param;
	sgld_coef(s);
	set_grid(v + GAP, p[BITS], p[FRACTION]);
	if (!isnan(p[GRADIENT_FRACTION]))
		set_grid(v + GRADIENT_GAP, p[BITS], p[GRADIENT_FRACTION]);
	const double gap = v[GAP], spare = variance - gap * gap / 4;
	v[RATE] = s->lr;
	v[SPREAD] = spare >= 0 ? sqrt(spare) : variance / (gap * gap);
	v[DECAY] = s->decay;
}

/* from ← … → to, on the grid whose slots begin at `grid`; random numbers, where the rounding has any, of a stream. */
static status on_grid(struct sampler_state *s, enum pointwise_fn how, const float *from, float *to, int grid, enum stream stream)
{
	return sampler_pointwise(s, s->potential->pieces, &(struct pointwise){
		.fn = how, .x = {from}, .y = {to}, .coef = {grid, grid + 1, grid + 2, grid + 3}, .stream = {stream},
	});
}

/* ĝ at θ, or at Q(θ), and rounded where that is asked for. */
static status take_gradient(struct sampler_state *s, bool full)
{
	struct device *d = s->potential->device;
	float *at = s->vector[0];
	if (full) {
		at = s->scratch[0];
		TRY(d->ops->copy(d, at, s->vector[0], s->potential->n_params * sizeof(float)));
		TRY(on_grid(s, POINTWISE_QUANTISE, at, at, GAP, STREAM_QUANTISE_0));
	}
	TRY(sampler_gradient_at(s, &(struct sampler_gradient_request){.at = {.theta = at}, .gradient = s->gradient, .first = true}));
	if (isnan(s->param[GRADIENT_FRACTION]))
		return OK;
	return on_grid(s, POINTWISE_QUANTISE, s->gradient, s->gradient, GRADIENT_GAP, STREAM_QUANTISE_1);
}

static status corrected_update(struct sampler_state *s)
{
	const double *v = s->slots.value;
	const bool wide = 2 * s->lr / s->beta >= v[GAP] * v[GAP] / 4;
	return sampler_pointwise(s, s->potential->pieces, &(struct pointwise){
		.fn = wide ? POINTWISE_CORRECTED_WIDE : POINTWISE_CORRECTED_SMALL, .x = {s->vector[0], s->gradient}, .y = {s->vector[0]},
		.coef = {GAP, PER_GAP, LOWEST, HIGHEST, RATE, SPREAD}, .prior = DECAY, .prior_at = 0,
		.stream = {wide ? STREAM_LANGEVIN_0 : STREAM_QUANTISE_0, STREAM_QUANTISE_0},
	});
}

static status step(struct sampler_state *s)
{
	const int variant = (int)s->param[VARIANT];
	float *theta = s->vector[0];
	/* Where θ itself has few bits it has them from the start. */
	if (s->slots.step == 0 && variant != FULL)
		TRY(on_grid(s, POINTWISE_NEAREST, theta, theta, GAP, STREAM_QUANTISE_0));
	TRY(take_gradient(s, variant == FULL));
	if (variant == CORRECTED)
		return corrected_update(s);
	TRY(sgld_update(s));
	return variant == FULL ? OK : on_grid(s, POINTWISE_QUANTISE, theta, theta, GAP, STREAM_QUANTISE_0);
}

static void target(const struct sampler_state *s, struct text *to)
{
	static const char *const said[] = {
		[FULL] = "gradients are those at θ rounded to such: on average those at its neighbours among them, interpolated",
		[NAIVE] = "θ is rounded to such, which inside the range adds up to Δ²/4 to a step's variance, and Δ²/6 where its noise is wide "
		          "against Δ: the law is wider",
		[CORRECTED] = "θ is rounded to such, and inside the range a step has sgld's mean and variance where 2λ/β is Δ²/4 or more; where it "
		              "is less, the variance may be as much as Δ²/4",
	};
	const double range = ldexp(1, (int)s->param[BITS] - (int)s->param[FRACTION] - 1);
	sgld_law(s, to);
	text_add(to, ", as λ → 0 and Δ²/λ → 0; with multiples of Δ = %g from −%g to %g − Δ, %s", ldexp(1, -(int)s->param[FRACTION]), range,
	         range, said[(int)s->param[VARIANT]]);
	if (!isnan(s->param[GRADIENT_FRACTION]))
		text_add(to, "; gradients are rounded to multiples of Δ′ = %g, which is noise on them of variance Δ′²/4 at "
		         "most, and cut off at ±%g", ldexp(1, -(int)s->param[GRADIENT_FRACTION]),
		         ldexp(1, (int)s->param[BITS] - (int)s->param[GRADIENT_FRACTION] - 1));
}

const struct sampler sampler_low_precision_sgld = {
	.name = "low-precision-sgld",
	.help = "SGLD with parameters of few bits, simulated",
	.reference = "arXiv 2206.09909",
	.params = params,
	.vectors = {{.name = "theta", .role = "theta"}},
	.scratch = 1,
	.coef = coef,
	.step = step,
	.target = target,
};
