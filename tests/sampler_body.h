/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Each method against its equation on a quadratic potential, on any device. */
#ifndef BASIN_TESTS_SAMPLER_BODY_H
#define BASIN_TESTS_SAMPLER_BODY_H

#include "commands/problem.h"
#include "chains/state.h"

enum { SAMPLER_DIMS = 3 };
#define SAMPLER_TARGET "gaussian:1,2,0.5@0.4"

/* The options of a method, `extra` ending with NULL, or NULL; the caller's to free. */
struct opts *sampler_words(const char *sampler, const char *const *extra);
/* A plan for one example at the tests' step size, decay and temperature. */
struct state_plan sampler_plan(struct potential *p, const struct sampler *s, const struct opts *o);

/* Trajectories; and stationary covariances, which take some million steps. */
void check_samplers(struct device *d, bool stationary);

#endif
