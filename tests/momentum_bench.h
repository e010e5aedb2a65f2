/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the tests of SGHMC and of SGNHT share: noisy gradients, and steps of a schedule. */
#ifndef BASIN_TESTS_MOMENTUM_BENCH_H
#define BASIN_TESTS_MOMENTUM_BENCH_H

#include "tests/sampler_bench.h"

enum { MOMENTUM_STEPS = 50 };
extern const struct rng_key momentum_key;
extern const double momentum_start[2 * SAMPLER_DIMS];   /* θ and v */

/* A potential whose gradients are noisy: plus σξ, of a stream that no method draws from. */
struct noisy {
	struct potential base;
	struct potential *inner;
	double sigma;
};

struct noisy noisy_of(struct potential *inner, double sigma);

/* A schedule's step sizes, with a restart. */
double momentum_lr(uint64_t k);
/* Step k at a step size and the tests' temperature. */
void momentum_step(struct bench *b, uint64_t k, double lr, bool exploring);
/* Whether two methods' θ have the same bits after each step under that schedule, the noise off in every third. */
bool same_path(struct potential *p, const char *one, const char *const *words_one, const char *other,
               const char *const *words_other);

#endif
