/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What Entropy-SGD and Entropy-SGLD share: they differ in the noise on x alone. */
#ifndef BASIN_ENTROPY_SGD_H
#define BASIN_ENTROPY_SGD_H

#include "samplers/sampler.h"

enum { ENTROPY_COUPLING, ENTROPY_INNER, ENTROPY_AVERAGE, ENTROPY_OUTER, ENTROPY_RESTART_X };   /* param */
enum { ENTROPY_THETA, ENTROPY_X, ENTROPY_MEAN };                                                /* vector */

#define ENTROPY_PARAMS                                                                                         \
	{.name = "coupling", .type = PARAM_REAL, .arg = "KAPPA", .fallback = "4e-4", .above_min = true,          \
	 .max = 1e12, .help = "coupling κ: the force towards x is (θ′ − x)/(κN)"},                            \
	{.name = "inner-steps", .type = PARAM_COUNT, .arg = "K", .fallback = "20", .min = 1, .max = 1e9,         \
	 .unit = "steps", .help = "inner Langevin steps between two updates of x"},                            \
	{.name = "average", .type = PARAM_REAL, .arg = "ALPHA", .fallback = "0.25", .above_min = true, .max = 1, \
	 .help = "weight α of the newest θ′ in the running mean μ"},                                           \
	{.name = "outer-rate", .type = PARAM_REAL, .arg = "R", .fallback = "1", .above_min = true, .max = 2,     \
	 .help = "rate r of the outer update x ← x + r(μ − x)"},                                              \
	{.name = "restart", .type = PARAM_CHOICE, .arg = "none|x", .fallback = "none",                           \
	 .help = "after an outer update θ′ runs on (none) or restarts from x (x)"}

#define ENTROPY_VECTORS \
	{[ENTROPY_THETA] = {.name = "theta"}, [ENTROPY_X] = {.name = "anchor", .role = "anchor"}, [ENTROPY_MEAN] = {.name = "mean"}}

status entropy_init(struct sampler_state *s, double lr_max);
void entropy_coef(struct sampler_state *s);
/* The inner step, and every K steps the outer one with its noise read from the given slot. */
status entropy_step(struct sampler_state *s, int outer_noise);

/* First slot that entropy_coef leaves free. */
extern const int entropy_slots;

#endif
