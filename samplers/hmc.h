/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A trajectory of Hamiltonian Monte Carlo without what is decided at its end, for whoever looks at the integrator alone. */
#ifndef BASIN_HMC_H
#define BASIN_HMC_H

#include "samplers/sampler.h"

enum { HMC_TRAJECTORY, HMC_ACCEPT };      /* param */
enum { HMC_THETA };                       /* vector */
enum { HMC_MOMENTUM, HMC_START };         /* scratch: w, and θ₀ */

/* Scalars: log step is the logarithm of √(2λ/β). What is of the last trajectory is so in the log too. */
enum {
	HMC_LOG_STEP = SLOT_SCALAR,       /* of the next trajectory in the burn-in, */
	HMC_LOG_STEP_MEAN,                /* and of those behind it: its weighted mean */
	HMC_LACK,                         /* mean by which the acceptance falls short */
	HMC_ACCEPTANCE_SUM,               /* of min(1, e^−ΔE) over the trajectories of the burn-in, or of those behind it */
	HMC_ACCEPTANCE,                   /* and their mean */
	HMC_ENERGY_ERROR,                 /* ΔE of the last trajectory, accepted or not, nats */
	HMC_LEAPFROGS                     /* its leapfrog steps */
};

/* w ~ N(0, (2λ/β) I), of the step's λ; frozen tensors have none. Errors: ERR_LIBRARY. */
status hmc_draw(struct sampler_state *s);

/* n leapfrog steps of (θ, w) from the gradient of the mean over all data at θ, which is in s->gradient before and after; the value at
 * the last point in SLOT_NLL. Errors: ERR_LIBRARY. */
status hmc_leapfrog(struct sampler_state *s, int n);

#endif
