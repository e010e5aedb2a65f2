/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A method on a quadratic potential, on any device, beside the linear map that its equation is there: first the very trajectory in
 * double, then the stationary covariance Σ = AΣAᵀ + Q against long runs. The statistical tests compare the mean over 48 chains with
 * its own standard error (Student's t, 47 degrees of freedom): |t| < 7.5 has a false-alarm rate below 2e-9 each. */
#ifndef BASIN_TESTS_SAMPLER_BENCH_H
#define BASIN_TESTS_SAMPLER_BENCH_H

#include "chains/state.h"
#include "commands/problem.h"
#include "tests/linear_map.h"

enum { SAMPLER_DIMS = 3 };
#define SAMPLER_TARGET "gaussian:1,2,0.5@0.4"

/* λ, δ and T of the tests. */
extern const double bench_lr, bench_decay, bench_temperature;

/* The options of a method, `extra` ending with NULL, or NULL; the caller's to free. */
struct opts *sampler_words(const char *sampler, const char *const *extra);
/* A plan for one example at the tests' step size, decay and temperature. */
struct state_plan sampler_plan(struct potential *p, const struct sampler *s, const struct opts *o);

/* A state of a method by its command line. */
struct bench {
	struct opts *opts;
	struct state_plan plan;
	struct state state;
	int vectors;             /* that it has, from the first on */
};

/* With sampler_plan's, or the caller's plan, whose method and parameters are filled in. */
void bench_open(struct bench *b, struct potential *p, const char *name, const char *const *extra);
void bench_open_plan(struct bench *b, const struct state_plan *plan, const char *name, const char *const *extra);
void bench_close(struct bench *b);
/* All vectors, one after another: z (vectors · n_params). */
void bench_set(struct bench *b, const double *z);
void bench_get(struct bench *b, double *z);
/* Step number `step` at the tests' λ and T. */
void bench_step(struct bench *b, uint64_t step);

/* What a method does on SAMPLER_TARGET. */
struct expectation {
	struct linear_map step, outer;   /* outer follows every `period` steps; period 1: no outer map */
	int period;
};

/* The Hessian of SAMPLER_TARGET's ℓ (d × d, row-major). */
const double *bench_hessian(struct potential *p);
/* −scale·(∇ℓ + δθ) at vector 0 into vector `to`. */
void bench_drift(struct linear_map *m, int to, double scale, const double *hessian);
/* √(2λT): the noise of a Langevin step. */
double bench_noise(void);

/* The trajectory, and where `samples` is above 0 the stationary covariance from so many a chain. */
void check_linear(struct potential *p, const char *name, const char *sampler, const char *const *extra,
                  struct expectation *e, int samples);

#endif
