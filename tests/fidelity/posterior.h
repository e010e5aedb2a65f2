/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A small Bayesian classifier twice: as the program builds its potential from a command line, and in plain double,
 * from where parameters come by the prior and labels by the model. θ ~ N(0, I/(Nδ)), y | θ by the softmax of the
 * network's outputs: the Bayes posterior is what every method with a target has to sample at T = 1. */
#ifndef BASIN_FIDELITY_POSTERIOR_H
#define BASIN_FIDELITY_POSTERIOR_H

#include <gsl/gsl_rng.h>

#include "chains/state.h"
#include "commands/problem.h"
#include "tests/ref/ref.h"

enum { POSTERIOR_ROWS = 32, POSTERIOR_PARAMS = 48 /* at most */ };
/* What is looked at: the parameters, and behind them log p(y | θ), log p(θ) but for its constant, and their sum. */
enum { LOG_LIKELIHOOD = POSTERIOR_PARAMS, LOG_PRIOR, LOG_DENSITY, QUANTITIES };

struct posterior {
	struct opts *options;
	struct problem problem;
	struct ref_mlp network;
	int width[4];
	int n, d;                          /* examples, parameters */
	double precision;                  /* Nδ */
	double x[POSTERIOR_ROWS * 16];     /* (n, inputs) */
	double label[POSTERIOR_ROWS];
};

/* A network of so many widths, inputs, hidden …, classes, of tanh between them; δ is such that Nδ = 1. Inputs are
 * normal with this deviation, the same ones always. words: further options of `basin sample`, ending with NULL. */
struct network_shape {
	const char *model;
	int n_widths, width[4];
	double input_sd;
};
void posterior_open(struct posterior *p, const struct network_shape *shape, const char *const *words);
void posterior_close(struct posterior *p);

/* θ (d) of the prior, each rounded to float32. */
void posterior_prior(const struct posterior *p, gsl_rng *r, double *theta);
/* Labels of the model at θ, and the program's potential of them. */
void posterior_data(struct posterior *p, gsl_rng *r, const double *theta);

/* All quantities at θ with the labels that are there; those of parameters that there are not stay. */
void posterior_quantities(const struct posterior *p, const double *theta, double out[QUANTITIES]);
/* ∇U (d), U = −log p(θ, y). */
void posterior_gradient(const struct posterior *p, const double *theta, double *gradient);

/* What a wrong program would do: the numbers that a state has, times what they should be. */
struct fault {
	const char *what;
	double n, temperature, decay;
};
enum { FAULTS = 4 };
extern const struct fault no_fault, faults[FAULTS];

/* The method of the command line with a key of its own, at θ (d); to be closed. */
void posterior_state(const struct posterior *p, struct rng_key key, const double *theta, const struct fault *f,
                     struct state *st);
/* So many of its steps, and where they led. */
void posterior_steps(const struct posterior *p, struct state *st, uint64_t steps, const struct fault *f, double *theta);

/* What a step size does to the law of sgld or sghmc at the posterior that is there, U expanded at θ to third order:
 * deviations along U's principal axes and means, in posterior deviations, at worst. Along an axis of curvature h of
 * u, with gradient noise of variance σ², the variance is (1 + λβσ²/2a)/(1 − λh/(2(2 − a))) times the posterior's,
 * with friction a, which is 1 for sgld; the mean moves by −½ C Σ_v e_v ∂ᵥ²∇U, where C is the posterior's covariance
 * and e_v what the variance along axis v has too much: sgld's density to first order is exp(−U + (λ/β)(‖∇U‖²/4 −
 * ΔU/2)). */
struct step_bias {
	double deviation, mean;
	double quadratic;                  /* of a quadratic function's mean, in its own deviations, whichever it is */
};
struct step_bias posterior_bias(const struct posterior *p, const double *theta, double friction);

#endif
