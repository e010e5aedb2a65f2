/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* States of Hamiltonian Monte Carlo for its tests, with Metropolis or without. */
#ifndef BASIN_TESTS_HMC_BENCH_H
#define BASIN_TESTS_HMC_BENCH_H

#include "samplers/hmc.h"
#include "tests/momentum_bench.h"

/* The method without what is decided at a trajectory's end; good until the next call. */
const struct sampler *hmc_bare(int leapfrogs);

struct trial {
	struct state_plan plan;
	struct state st;
};

/* Of a trajectory of so many leapfrog steps at λ, under momentum_key; burn_in: steps of adaptation. */
void trial_open(struct trial *t, struct potential *p, const struct sampler *method, double lr, int leapfrogs, uint64_t burn_in);
void trial_close(struct trial *t);
/* θ, and any vector of the state. */
void trial_put(struct trial *t, const double *theta);
void trial_get(struct trial *t, const float *from, double *to);
/* Step number k, at the λ that it was opened with. */
void trial_step(struct trial *t, uint64_t k);
double trial_slot(struct trial *t, int i);

#endif
