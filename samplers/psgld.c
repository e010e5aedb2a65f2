/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Preconditioned SGLD (Li, Chen, Carlson & Carin 2016, arXiv 1512.07666), with RMSprop's preconditioner, on the mean-potential scale:
 *   V ← αV + (1−α)ĝ(θ)²;  G = 1/(ε + √V);  θ ← θ − λG(ĝ(θ) + δθ) + (λ/β)Γ + √(2λ/β) √G ξ,  all by element, V = ĝ² at first,
 * with Γᵢ = ∂Gᵢ/∂θᵢ = −(1−α) ĝᵢ Hᵢᵢ Gᵢ²/√Vᵢ, H the Hessian of the batch's mean; or without Γ, as it is run everywhere. Hᵢᵢ is exact,
 * or the estimate zᵢ(ĝ(θ + hz) − ĝ(θ))ᵢ/h with random signs z, whose mean it is up to terms in h². Γ belongs to the noise: where that is
 * left out, so is Γ. */
#include <math.h>

#include "samplers/sgld.h"

enum { RMS_DECAY, RMS_EPS, CORRECTION, PROBE_SIZE };   /* param */
enum { CORRECTION_NONE, CORRECTION_EXACT, CORRECTION_PROBE };
enum { THETA, SQUARE };                                /* vector */
enum { DIAGONAL, WORK };                               /* scratch */
enum { ALPHA = SLOT_SAMPLER, EPS, RATE, NOISE, SLOPE, DECAY, PROBE, PER_PROBE };

static const struct param params[] = {
	{.name = "rms-decay", .type = PARAM_REAL, .arg = "ALPHA", .fallback = "0.99", .min = 0, .max = 1,
	 .help = "weight α of the past in the mean V of squared gradients"},
	{.name = "rms-eps", .type = PARAM_REAL, .arg = "EPS", .fallback = "1e-5", .min = 1e-30, .max = 1e30,
	 .help = "ε of the preconditioner G = 1/(ε + √V)"},
	{.name = "correction", .type = PARAM_CHOICE, .arg = "none|exact|probe", .fallback = "none",
	 .help = "the term Γ in the derivative of G: left out, with exact second derivatives, or with estimated ones"},
	{.name = "probe-size", .type = PARAM_REAL, .arg = "H", .min = 1e-12, .max = 1e6,
	 .help = "distance h, by element, of the second gradient from which {correction} probe takes them; without it 1e-3"},
	{0},
};

static status init(struct sampler_state *s, double lr_max)
{
	(void)lr_max;
	if (s->param[CORRECTION] == CORRECTION_EXACT && !s->potential->ops->hvp)
		return fail(ERR_USAGE, "{correction} exact: second derivatives are known of analytic targets alone; take {correction} probe or "
		            "none");
	if (s->param[CORRECTION] != CORRECTION_PROBE && !isnan(s->param[PROBE_SIZE]))
		return fail(ERR_USAGE, "{probe-size} belongs to {correction} probe; leave it out, or take that");
	/* Only then: a run keeps what its method fills in, and is opened with it when it goes on. */
	if (s->param[CORRECTION] == CORRECTION_PROBE && isnan(s->param[PROBE_SIZE]))
		s->param[PROBE_SIZE] = 1e-3;
	return OK;
}

static void coef(struct sampler_state *s)
{
	double *v = s->slots.value, alpha = s->param[RMS_DECAY];
	v[ALPHA] = s->slots.step == 0 ? 0 : alpha;
	v[EPS] = s->param[RMS_EPS];
	v[RATE] = s->lr;
	v[NOISE] = sampler_noise(s);
	v[SLOPE] = s->exploring ? 0 : s->lr * (1 - alpha) / s->beta;
	v[DECAY] = s->decay;
	v[PROBE] = s->param[PROBE_SIZE];
	v[PER_PROBE] = 1 / s->param[PROBE_SIZE];
}

/* ---- the Hessian's diagonal ---- */

/* One product with each unit vector: for analytic targets, which are small and computed on the host. */
static status exact_diagonal(struct sampler_state *s)
{
	struct potential *p = s->potential;
	const struct backend *ops = p->device->ops;
	float *unit = s->scratch[WORK];
	const struct affine none = {.n_in = 1, .n_out = 1, .x = {unit}, .out = {{.y = unit, .base = -1}}};
	const struct gradient_request r = {.at = {.theta = s->vector[THETA]}, .batch = s->batch, .gradient = unit, .policy = STATS_FREEZE};
	const float one = 1;
	for (size_t i = 0; i < p->n_params; i++) {
		TRY(sampler_affine(s, &none));
		TRY(ops->put(p->device, unit + i, &one, sizeof one));
		TRY(p->ops->hvp(p, &s->slots, &r, unit));
		TRY(ops->copy(p->device, s->scratch[DIAGONAL] + i, unit + i, sizeof one));
	}
	return OK;
}

/* ĝ(θ + hz) to where the diagonal will be. */
static status probe_gradient(struct sampler_state *s)
{
	float *at = s->scratch[WORK];
	TRY(sampler_probe(s, PROBE, at));
	return sampler_gradient_at(s, &(struct sampler_gradient_request){.at = {.theta = at}, .gradient = s->scratch[DIAGONAL]});
}

static status probe_diagonal(struct sampler_state *s)
{
	float *diagonal = s->scratch[DIAGONAL];
	return sampler_pointwise(s, s->potential->pieces, &(struct pointwise){
		.fn = POINTWISE_SIGN_DIFFERENCE, .x = {diagonal, s->gradient}, .y = {diagonal}, .coef = {PER_PROBE},
		.stream = {STREAM_RADEMACHER},
	});
}

/* ---- a step ---- */

static status step(struct sampler_state *s)
{
	const int correction = (int)s->param[CORRECTION];
	float *theta = s->vector[THETA], *square = s->vector[SQUARE];
	/* Before the gradient that counts, so that the value which stays is the one at θ. */
	if (correction == CORRECTION_PROBE)
		TRY(probe_gradient(s));
	TRY(sampler_gradient(s, SLOT_NONE));
	if (correction == CORRECTION_PROBE)
		TRY(probe_diagonal(s));
	if (correction == CORRECTION_EXACT)
		TRY(exact_diagonal(s));
	return sampler_pointwise(s, s->potential->pieces, &(struct pointwise){
		.fn = correction == CORRECTION_NONE ? POINTWISE_PSGLD_STEP : POINTWISE_PSGLD_CORRECTED,
		.x = {theta, square, s->gradient, s->scratch[DIAGONAL]}, .y = {theta, square}, .coef = {ALPHA, EPS, RATE, NOISE, SLOPE},
		.prior = DECAY, .prior_at = 0, .stream = {STREAM_LANGEVIN_0},
	});
}

static void target(const struct sampler_state *s, struct text *to)
{
	sgld_law(s, to);
	text_add(to, ", as λ → 0 where the preconditioner G no longer moves (α → 1)");
	if (s->param[CORRECTION] == CORRECTION_NONE)
		text_add(to, "; with α = %g it moves, and the law is off by the missing term Γ in its derivative: in one "
		         "dimension, for α = 0 and all rows as batch, it is exp(−(N/T) u(θ))/G(θ)", s->param[RMS_DECAY]);
	else
		text_add(to, ", and where it depends on θ alone (α = 0, all rows as batch); with α = %g it follows "
		         "past gradients, which Γ does not know", s->param[RMS_DECAY]);
}

const struct sampler sampler_psgld = {
	.name = "psgld",
	.help = "preconditioned SGLD: step sizes by parameter, from squared gradients as RMSprop has them",
	.reference = "arXiv 1512.07666",
	.params = params,
	.vectors = {[THETA] = {.name = "theta", .role = "theta"}, [SQUARE] = {.name = "squares", .zero = true}},
	.scratch = 2,
	.scratch_when = "correction",
	.init = init,
	.explores = true,
	.coef = coef,
	.step = step,
	.target = target,
};
