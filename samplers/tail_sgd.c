/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Truncated SGD with heavy-tailed noise (Wang, Oh & Rhee, ICLR 2022, arXiv 2102.04297; Wang & Rhee, arXiv 2510.20905):
 *   θ ← θ − φ_b(λh),  φ_b(x) = x·min(1, b/‖x‖),  h = ĝ_SB(θ) + w(ĝ_SB*(θ) − ĝ_LB(θ)) + δθ,
 * with one w a step, w = c·((1−u)^(−1/α) − 1), u uniform: a Pareto variate of index α, shifted to begin at 0. SB is the step's batch;
 *   same   SB* = SB, and LB the large batch;
 *   fresh  SB* a second batch, and LB the large batch;
 *   full   ĝ_SB is that of all N examples too, as LB, and SB* the step's batch: the noise is added to the full gradient;
 *   none   the theory's noise of no batch, h = ĝ_SB(θ) + W ξ/‖ξ‖ + δθ with W = c·(1−u)^(−1/α): P(W > z) = (c/z)^α for z ≥ c.
 * The large batch has M examples of the order that is SB*'s in fresh, which is the first B of them; or it is all N. */
#include <math.h>

#include "samplers/sampler.h"

enum { CLIP, TAIL_INDEX, TAIL_SCALE, HEAVY_BATCH, LARGE_BATCH };   /* param */
enum { SAME, FRESH, FULL, NONE };                                  /* HEAVY_BATCH */
enum { ONE = SLOT_SAMPLER, MINUS, DECAY, WEIGHT, STEP, LENGTH };
enum { SQUARES = SLOT_RESULT, DIRECTED, MOVE_GRADIENT, MOVE_DECAY, MOVE_HEAVY };
enum { DIFFERENCE, SUM };                                          /* scratch */

static const struct param params[] = {
	{.name = "clip", .type = PARAM_REAL, .arg = "B", .above_min = true, .max = 1e12,
	 .help = "length b that no step exceeds; without it none is clipped"},
	{.name = "tail-index", .type = PARAM_REAL, .arg = "ALPHA", .fallback = "1.4", .min = 1, .above_min = true, .max = 1000,
	 .help = "index α of the tail of the noise: P(w > z) falls as z^−α"},
	{.name = "tail-scale", .type = PARAM_REAL, .arg = "C", .fallback = "0.5", .min = 0, .max = 1e6,
	 .help = "scale c of the noise's weight w; 0: SGD, clipped or not"},
	{.name = "heavy-batch", .type = PARAM_CHOICE, .arg = "same|fresh|full|none",
	 .help = "batch whose gradient less the large batch's is the noise: the step's own (same), a second one (fresh), or the step's "
	         "own beside the gradient of all data (full); or a random direction (none). By default same, and none where there is "
	         "one example"},
	{.name = "large-batch", .type = PARAM_COUNT, .arg = "M", .min = 1, .max = 2147483647, .unit = "examples",
	 .help = "size of the large batch, a multiple of {batch}; without it all data"},
	{0},
};

static bool is(const struct sampler_state *s, int word)
{
	return (int)s->param[HEAVY_BATCH] == word;
}

static bool clips(const struct sampler_state *s)
{
	return !isnan(s->param[CLIP]);
}

static bool has_noise(const struct sampler_state *s)
{
	return s->param[TAIL_SCALE] > 0;
}

static status check_large(const struct sampler_state *s)
{
	double large = s->param[LARGE_BATCH];
	if (isnan(large))
		return OK;
	if (!has_noise(s))
		return fail(ERR_USAGE, "{large-batch} %g: with a {tail-scale} of 0 there is no noise to make of it; leave it out", large);
	if (is(s, FULL))
		return fail(ERR_USAGE, "{large-batch} %g: {heavy-batch} full takes all data; take same or fresh, or leave it out",
		            large);
	if (is(s, NONE))
		return fail(ERR_USAGE, "{large-batch} %g: {heavy-batch} none compares no batches; take same or fresh, or leave it "
		            "out", large);
	if (fmod(large, s->size) != 0 || large > s->n)
		return fail(ERR_USAGE, "{large-batch} %g: expected a multiple of {batch} %d, up to the %g examples that there are",
		            large, s->size, s->n);
	return OK;
}

/* Whether a step takes the gradient of all N examples. */
static bool takes_all(const struct sampler_state *s)
{
	return is(s, FULL) || (has_noise(s) && !is(s, NONE) && isnan(s->param[LARGE_BATCH]));
}

/* That gradient comes in parts, the last of which has what is left. */
static status check_rest(const struct sampler_state *s)
{
	const int least = s->potential->least_batch, rest = least ? (int)fmod(s->n, s->potential->batch) : 0;
	if (!takes_all(s) || !rest || rest >= least)
		return OK;
	return fail(ERR_USAGE, "{heavy-batch}: the last batch of a pass over all %g examples holds %d, and batch norm of a map of 1×1 pixels "
	            "needs %d at least; take another {batch} or a {large-batch}", s->n, rest, least);
}

static status init(struct sampler_state *s, double lr_max)
{
	(void)lr_max;
	if (isnan(s->param[HEAVY_BATCH]))
		s->param[HEAVY_BATCH] = s->n > 1 ? SAME : NONE;
	if (!is(s, NONE) && !(s->n > 1) && has_noise(s))
		return fail(ERR_USAGE, "{heavy-batch}: with one example all batches are the same, and differ by no noise; take none, "
		            "or a {tail-scale} of 0");
	TRY(check_large(s));
	/* All data have no order that a batch of B could be the first of. */
	if (s->param[LARGE_BATCH] == s->n)
		s->param[LARGE_BATCH] = NAN;
	return check_rest(s);
}

static int further(const struct sampler_state *s)
{
	if (!has_noise(s) || is(s, FULL) || is(s, NONE))
		return 0;
	if (!isnan(s->param[LARGE_BATCH]))
		return (int)s->param[LARGE_BATCH];
	return is(s, FRESH) ? s->size : 0;
}

static void coef(struct sampler_state *s)
{
	double *v = s->slots.value, u = rng_uniform(s->slots.key, STREAM_HEAVY, s->slots.step, 0);
	double excess = expm1(-log1p(-u) / s->param[TAIL_INDEX]);
	v[ONE] = 1;
	v[MINUS] = -1;
	v[DECAY] = s->decay;
	v[WEIGHT] = s->param[TAIL_SCALE] * (is(s, NONE) ? 1 + excess : excess);
	v[STEP] = -s->lr;
	v[LENGTH] = clips(s) && s->lr > 0 ? s->param[CLIP] / s->lr : (double)INFINITY;   /* of h, where λh has length b */
}

/* ĝ_LB into DIFFERENCE. */
static status large_gradient(struct sampler_state *s)
{
	const struct point here = {.theta = s->vector[0]};
	float *out = s->scratch[DIFFERENCE];
	const bool full = isnan(s->param[LARGE_BATCH]);
	const struct batch all = {.row = SLOT_NONE}, *rows = full ? &all : &s->further;
	const size_t n = full ? s->potential->n : (size_t)s->further.n;
	/* All rows as they are in the step's batch where that has them all: then there is no noise. */
	const enum stream augment = full && !s->batch.index ? STREAM_AUGMENT : STREAM_AUGMENT_1;
	return sampler_gradient_over(s, &here, rows, n, augment, out);
}

/* ĝ_SB* − ĝ_LB into DIFFERENCE, rounded by itself, so that it is 0 where both are the same; of FULL, ĝ_LB to the gradient. */
static status batch_noise(struct sampler_state *s)
{
	const struct point here = {.theta = s->vector[0]};
	float *large = s->scratch[DIFFERENCE], *small = is(s, FRESH) ? s->scratch[SUM] : s->gradient;
	TRY(large_gradient(s));
	if (is(s, FRESH))
		TRY(sampler_gradient_over(s, &here, &s->further, (size_t)s->size, STREAM_AUGMENT_1, small));
	const struct affine a = {
		.n_in = 2, .n_out = is(s, FULL) ? 2 : 1, .x = {small, large},
		.out = {{.y = large, .base = 0, .coef = {SLOT_NONE, MINUS}}, {.y = s->gradient, .base = 1}},
	};
	return sampler_affine(s, &a);
}

/* ξ into DIFFERENCE, and W/‖ξ‖ into DIRECTED. */
static status directed_noise(struct sampler_state *s)
{
	struct device *d = s->potential->device;
	float *xi = s->scratch[DIFFERENCE];
	const struct affine draw = {
		.n_in = 1, .n_out = 1, .x = {s->gradient}, .out = {{.y = xi, .base = -1, .noise = ONE, .stream = STREAM_LANGEVIN_0}},
	};
	TRY(sampler_affine(s, &draw));
	TRY(sampler_product(s, xi, xi, SQUARES));
	return device_scalar(d, &s->slots, &(struct scalar){SCALAR_INVERSE_NORM, {WEIGHT, SQUARES}, {DIRECTED}});
}

/* −λ·min(1, b/‖λh‖) into MOVE_GRADIENT, and what the other terms of h are moved by; `heavy`: the noise's coefficient, or none. */
static status clip(struct sampler_state *s, int heavy)
{
	struct device *d = s->potential->device;
	float *theta = s->vector[0], *noise = s->scratch[DIFFERENCE], *h = s->scratch[SUM];
	const struct affine sum = {
		.n_in = 3, .n_out = 1, .x = {s->gradient, theta, noise},
		.out = {{.y = h, .base = 0, .coef = {SLOT_NONE, SLOT_NONE, heavy}, .prior = DECAY, .prior_at = 1}},
	};
	if (clips(s)) {
		TRY(sampler_affine(s, &sum));
		TRY(sampler_product(s, h, h, SQUARES));
	}
	const struct scalar moves[] = {
		{SCALAR_CLIP, {STEP, clips(s) ? SQUARES : SLOT_NONE, LENGTH}, {MOVE_GRADIENT}},
		{SCALAR_PRODUCT, {MOVE_GRADIENT, DECAY}, {MOVE_DECAY}},
		{SCALAR_PRODUCT, {MOVE_GRADIENT, heavy}, {MOVE_HEAVY}},
	};
	for (int i = 0; i < (heavy == SLOT_NONE ? 2 : 3); i++)
		TRY(device_scalar(d, &s->slots, &moves[i]));
	return OK;
}

static status step(struct sampler_state *s)
{
	float *theta = s->vector[0];
	int heavy = !has_noise(s) ? SLOT_NONE : is(s, NONE) ? DIRECTED : WEIGHT;
	TRY(sampler_gradient(s, SLOT_NONE));
	if (is(s, FULL) || heavy == WEIGHT)
		TRY(batch_noise(s));
	else if (heavy == DIRECTED)
		TRY(directed_noise(s));
	TRY(clip(s, heavy));
	const struct affine a = {
		.n_in = heavy == SLOT_NONE ? 2 : 3, .n_out = 1, .x = {theta, s->gradient, s->scratch[DIFFERENCE]},
		.out = {{.y = theta, .base = 0, .coef = {SLOT_NONE, MOVE_GRADIENT, heavy == SLOT_NONE ? SLOT_NONE : MOVE_HEAVY},
		         .prior = MOVE_DECAY}},
	};
	return sampler_affine(s, &a);
}

const struct sampler sampler_tail_sgd = {
	.name = "tail-sgd",
	.help = "SGD with heavy-tailed noise and clipped steps, which leaves sharp minima: no sampling target",
	.reference = "arXiv 2102.04297",
	.params = params,
	.athermal = true,
	.vectors = {{.name = "theta", .role = "theta"}},
	.scratch = 2,
	.init = init,
	.further = further,
	.coef = coef,
	.step = step,
};
