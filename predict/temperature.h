/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The configurational temperature of draws (the virial theorem). For a density π ∝ exp(−(N/T) u) and any c,
 *   E[(θ − c)·∇u(θ)] = d T/N,
 * d the parameters that move, by parts: it asks of u no more than that (θ − c)π vanishes far out, and so holds for
 * gaussian, laplace and student-t priors alike. Any c is right, and c = E θ is best: the term in c then has no part in
 * the variance where u is quadratic, while with c = 0 that is (Eθ)·H(Eθ) N/T beside 2d, far more where a likelihood
 * holds θ tightly. A mean over the draws themselves would bring in its own share of every draw, 1/(effective draws) too
 * little. So c is the mean of the other half of the same chain's draws: it is independent of the draw but for what is
 * left of the correlation over half a chain, and a chain in a basin of its own, as a network's are, is measured around
 * that basin.
 *
 * The anchored law of Entropy-MCMC has θ's marginal where all priors are gaussian: each parameter's own precision grows
 * by cδₐ/(c + δₐ), c = 1/(κN), δₐ the anchor's decay with the parameter's prior factor. */
#ifndef BASIN_TEMPERATURE_H
#define BASIN_TEMPERATURE_H

#include "src/tensor.h"

/* u besides the mean of ℓ. */
struct law {
	const struct pieces *pieces;
	double n, decay;         /* N, δ */
	double coupling;         /* c = 1/(κN); 0: no anchor */
	double anchor_decay;     /* δₐ */
};

/* (θ − c)·∇u(θ) N/d, whose mean over draws is T; θ and the gradient of the mean of ℓ (n_params), c (n_params), of the
 * host's. */
double temperature_virial(const struct law *l, const float *theta, const double *centre, const float *gradient);

#endif
