/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the SAM family shares (Foret et al. 2021, arXiv 2010.01412). A method finds a direction v of ascent and its squared length;
 * the second gradient, of the same examples under the same augmentation, is taken a length ρ uphill, and the base update takes it:
 *   e = ρ v / (length + ε);  g₂ = ĝ(θ + e).
 * The decay acts at θ and has no part in e, as in most implementations; with --perturb-decay it is part of the loss, as in the
 * authors' own: v is made of ĝ(θ) + δθ, and g₂ = ĝ(θ + e) + δ(θ + e). */
#ifndef BASIN_SAM_H
#define BASIN_SAM_H

#include "samplers/base.h"

/* First among a method's parameters and slots; its own begin at SAM_…_END. */
enum { SAM_RHO, SAM_PERTURB_DECAY, SAM_PARAMS_END };
enum { SAM_LENGTH = BASE_SLOTS_END, SAM_EPSILON, SAM_DECAY, SAM_SLOTS_END };
enum { SAM_SQUARE = SLOT_RESULT, SAM_SCALE, SAM_RESULTS_END };   /* the device's */

/* A method's own parameters stand between these and BASE_PARAMS. */
#define SAM_PARAMS(rho_default)                                                                                         \
	{.name = "rho", .type = PARAM_REAL, .arg = "RHO", .fallback = rho_default, .min = 0, .max = 1e6,                \
	 .help = "length ρ of the step uphill to where the second gradient is taken"},                                  \
	{.name = "perturb-decay", .type = PARAM_FLAG, .help = "take the weight decay as part of the loss: in the step uphill, and at its end"}

/* Scratch vectors of a method that has none of its own: the point θ + e, where something besides a gradient is taken there. */
#define SAM_SCRATCH .scratch = 1, .scratch_when = "perturb-decay"

/* As struct sampler has them; epsilon: ε. */
status sam_init(struct sampler_state *s, double lr_max);
void sam_coef(struct sampler_state *s, double epsilon);

/* The first gradient g (device, n_params), which is ĝ(θ) or a weighted mean in its place, gets the decay that it has a part of:
 * g ← g + δθ with --perturb-decay, else nothing. */
status sam_first(struct sampler_state *s, float *g);

/* The second gradient, into s->gradient. */
struct sam_second {
	float *v;                    /* device, n_params: the direction; may be s->gradient, or s->scratch[0] */
	int square;                  /* slot of its squared length */
	const struct batch *batch;   /* as in struct sampler_gradient_request; with --perturb-decay: */
	bool accumulate;
	int decay;                   /* slot of δ, or of the batch's share of it */
};

/* With --perturb-decay v must not be s->gradient where accumulate adds to that. Errors: ERR_LIBRARY. */
status sam_second(struct sampler_state *s, const struct sam_second *r);

/* A step whose direction is g₁ itself, once the caller has it in s->gradient: sam_first and all that follows it. */
status sam_step(struct sampler_state *s);

#endif
