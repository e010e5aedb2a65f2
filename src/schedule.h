/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Schedules: the step size λ(k) and the temperature T(k), k = updates done before the step. */
#ifndef BASIN_SCHEDULE_H
#define BASIN_SCHEDULE_H

#include <stdint.h>

#include "src/err.h"

#define SCHEDULE_WORDS "constant|cosine|cyclical|step"   /* in the order of the enum */
enum schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_COSINE, SCHEDULE_CYCLICAL, SCHEDULE_STEP };
enum { MILESTONES_MAX = 64 };

struct schedule {
	enum schedule_kind kind;
	double lr, lr_end;
	uint64_t total;                       /* steps of the run */
	uint64_t cycles;                      /* M; 1 for cosine */
	int n_milestones;
	uint64_t milestone[MILESTONES_MAX];   /* steps at which λ is multiplied by gamma */
	double gamma;
	double temperature;                   /* T of every step */
};

/* constant: lr. cosine: cyclical with M = 1. cyclical: lr_end + (lr − lr_end)/2 · (cos(π·frac(k·M/total)) + 1)
 * (Zhang et al. 2020, eq. 1, with an end value). step: lr · gamma^(milestones ≤ k). */
double schedule_lr(const struct schedule *s, uint64_t k);

double schedule_temperature(const struct schedule *s, uint64_t k);

/* The largest step size of the run. */
double schedule_max(const struct schedule *s);

/* Reads "100,150" (in epochs of `epoch_steps` steps each; a count ending in "steps" is in steps), rising.
 * Errors: ERR_USAGE. */
status schedule_milestones(struct schedule *s, const char *text, uint64_t epoch_steps);

/* First step (0-based count of updates done) of cycle c of M over total steps; cycle M is the end. */
uint64_t schedule_cycle_start(const struct schedule *s, uint64_t c);

#endif
