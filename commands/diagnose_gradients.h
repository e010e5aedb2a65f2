/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What basin diagnose takes gradients with, for the temperature (diagnose_configurational.c) and for their noise (diagnose_noise.c). */
#ifndef BASIN_COMMANDS_DIAGNOSE_GRADIENTS_H
#define BASIN_COMMANDS_DIAGNOSE_GRADIENTS_H

#include "chains/state.h"
#include "commands/diagnose.h"
#include "commands/problem.h"
#include "commands/progress.h"
#include "predict/temperature.h"

enum { GRADIENTS_SIGMA = SLOT_SAMPLER };   /* slot */

struct gradients {
	struct diagnosis *d;
	struct problem problem;
	struct state state;        /* of plain SGLD: θ, a gradient, and the run's batches */
	struct law law;
	double sigma;              /* of fSGLD's smoothed ℓ, or 0 */
	float *theta, *gradient;   /* (n_params): host */
	double *half[2];           /* (n_params): means of a chain's first and second half */
	size_t at;                 /* draws of a chain at which a gradient is taken */
	double *virial;            /* (chains, at) */
	double noise;              /* trace of the covariance of a step's gradient, mean over chains */
	struct progress progress;
};

/* An option of the run; NaN where it has none of that name. */
double gradients_option(const struct diagnosis *d, const char *name);

/* Opens the run's training set for at most so many gradients of a chain; g->d is set. It is closed whether that works or not. Errors:
 * problem_open's. */
status gradients_open(struct gradients *g, size_t most);
void gradients_close(struct gradients *g);

/* Of mean ℓ over all data at g->theta, or, where the law is smoothed, at a point beside it that is drawn afresh for each draw: that
 * gradient is the smoothed one's on average. out: (n_params). Errors: ERR_LIBRARY. */
status gradients_take(struct gradients *g, uint64_t chain, uint64_t step, float *out);

/* Draw number `draw` of a chain into g->theta. Errors: as selection_read's. */
status gradients_read(struct gradients *g, size_t chain, size_t draw);

/* What stands before √(2λ/β) in a step's injected noise, squared; NaN of methods whose step is another. */
double noise_share(const struct diagnosis *d);

/* Adds a chain's part to g->noise: the trace of the covariance of minibatches' gradients at its last draw. Errors: as
 * selection_read's; ERR_LIBRARY. */
status noise_of_chain(struct gradients *g, size_t chain);

/* λ²tr(C)/B against 2λd/β times the injected share: what a step adds that is not its noise's. */
double noise_ratio(const struct gradients *g, double share);

/* Adds the check of that ratio; unjudged: why it says nothing, or NULL. */
void noise_check(struct diagnosis *d, double ratio, const char *unjudged);

#endif
