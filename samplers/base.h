/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The base update: what moves θ once a method has made its gradient, shared by all methods that descend, with g in s->gradient.
 * sgd (Sutskever et al. 2013 with λ outside the velocity, PyTorch's form):
 *   v ← μv + g + δθ;  θ ← θ − λv,  or with Nesterov's  θ ← θ − λ(g + δθ + μv).
 * adamw (Loshchilov & Hutter 2019, arXiv 1711.05101, algorithm 2; t counts from 1), the right-hand θ being the old one:
 *   m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  θ ← θ − λδθ − λ/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε),
 * or in the coupled form (Kingma & Ba 2015)  g ← g + δθ  first, and no λδθ.
 * A method has sgd's parameters, or adamw's, or both and the choice between them. */
#ifndef BASIN_BASE_H
#define BASIN_BASE_H

#include "samplers/sampler.h"

/* First among a method's vectors and slots; its own begin at BASE_…_END. The two updates are never there together. */
enum { BASE_THETA, BASE_VELOCITY, BASE_MEAN, BASE_SQUARE, BASE_VECTORS_END };
enum {
	BASE_ONE = SLOT_SAMPLER, BASE_DECAY, BASE_KEEP,             /* v ← KEEP·v + ONE·g + DECAY·θ */
	BASE_STEP_GRADIENT, BASE_STEP_DECAY, BASE_STEP_VELOCITY,    /* θ ← θ + … */
	BASE_SLOTS_END
};

/* The parameters, read by their names; a method puts them behind its own. Those of adamw have no default where sgd may be chosen,
 * so that one that is given without effect is seen. */
#define BASE_SGD_PARAMS                                                                                                 \
	{.name = "momentum", .type = PARAM_REAL, .arg = "MU", .fallback = "0", .min = 0, .max = 0.999999,               \
	 .help = "momentum μ of the velocity"},                                                                         \
	{.name = "nesterov", .type = PARAM_FLAG, .help = "use Nesterov's momentum"}

#define BASE_ADAMW_PARAMS(beta1_default, beta2_default, eps_default, form_default, of_adamw)                            \
	{.name = "beta1", .type = PARAM_REAL, .arg = "BETA", .fallback = beta1_default, .min = 0, .max = 0.999999,      \
	 .help = "weight β₁ of the past in the mean of the gradients" of_adamw("0.9")},                                 \
	{.name = "beta2", .type = PARAM_REAL, .arg = "BETA", .fallback = beta2_default, .min = 0, .max = 0.999999,      \
	 .help = "weight β₂ of the past in the mean of their squares" of_adamw("0.999")},                               \
	{.name = "adam-eps", .type = PARAM_REAL, .arg = "EPS", .fallback = eps_default, .min = 1e-30, .max = 1e12,      \
	 .help = "ε, added to the root of the mean square" of_adamw("1e-8")},                                           \
	{.name = "decay-form", .type = PARAM_CHOICE, .arg = "decoupled|coupled", .fallback = form_default,              \
	 .help = "weight decay moves θ by itself (decoupled), or enters the gradient's means (coupled)"                 \
	         of_adamw("decoupled")}

#define BASE_NO_WORDS(value) ""
#define BASE_OF_ADAMW(value) "; of {base} adamw, " value " if not given"

/* What adamw has, and what the methods have that descend by either. */
#define BASE_ADAMW_ALONE BASE_ADAMW_PARAMS("0.9", "0.999", "1e-8", "decoupled", BASE_NO_WORDS)
#define BASE_PARAMS                                                                                                     \
	BASE_SGD_PARAMS,                                                                                                \
	{.name = "base", .type = PARAM_CHOICE, .arg = "sgd|adamw", .fallback = "sgd",                                   \
	 .help = "what moves θ by the gradient that the method has made"},                                              \
	BASE_ADAMW_PARAMS(NULL, NULL, NULL, NULL, BASE_OF_ADAMW)

#define BASE_SGD_VECTORS                                          \
	[BASE_THETA] = {.name = "theta", .role = "theta"},        \
	[BASE_VELOCITY] = {.name = "velocity", .when = "momentum", .zero = true}
#define BASE_ADAMW_VECTORS(condition)                                                   \
	[BASE_MEAN] = {.name = "gradient-mean", .when = condition, .zero = true},       \
	[BASE_SQUARE] = {.name = "gradient-square", .when = condition, .zero = true}
#define BASE_VECTORS BASE_SGD_VECTORS, BASE_ADAMW_VECTORS("base")

/* Whether θ is moved by adamw; and whether that has the decay in its gradient. */
bool base_is_adamw(const struct sampler_state *s);
bool base_is_coupled(const struct sampler_state *s);

/* As struct sampler has them. */
status base_init(struct sampler_state *s, double lr_max);
void base_coef(struct sampler_state *s);
status base_update(struct sampler_state *s);

/* After base_coef: this step's gradient has the decay already. */
void base_without_decay(struct sampler_state *s);

#endif
