/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Schedules: the step size λ(k), the temperature T(k), and whether the step is one without injected noise; k = updates done before
 * the step. */
#ifndef BASIN_SCHEDULE_H
#define BASIN_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/err.h"

#define SCHEDULE_WORDS "constant|cosine|cyclical|step|swa"   /* in the order of the enum */
enum schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_COSINE, SCHEDULE_CYCLICAL, SCHEDULE_STEP, SCHEDULE_SWA };
enum { MILESTONES_MAX = 64 };

struct schedule {
	enum schedule_kind kind;
	double lr, lr_end;
	uint64_t total;                       /* steps of the run */
	uint64_t cycles;                      /* M; 1 for cosine */
	int n_milestones;
	uint64_t milestone[MILESTONES_MAX];   /* steps at which λ is multiplied by gamma */
	double gamma;
	uint64_t swa_start;                   /* swa: averaging is to begin after so many steps */
	double temperature;                   /* T of every step */
	double explore;                       /* share of each cycle, from its begin, without injected noise; 0 to 1 */
};

/* constant: lr. cosine: cyclical with M = 1. cyclical: lr_end + (lr − lr_end)/2 · (cos(π·frac(k·M/total)) + 1)
 * (Zhang et al. 2020, eq. 1, with an end value). step: lr · gamma^(milestones ≤ k). swa: lr up to k = swa_start/2, then linear to
 * lr_end at 0.9 swa_start, then lr_end (the code of Maddox et al. 2019, arXiv 1902.02476, by steps instead of epochs). */
double schedule_lr(const struct schedule *s, uint64_t k);

/* Whether step k lies in the first share `explore` of its cycle (Zhang et al. 2020, arXiv 1902.03932): frac(k·M/total) < explore. */
bool schedule_explores(const struct schedule *s, uint64_t k);

double schedule_temperature(const struct schedule *s, uint64_t k);

/* Whether lr_end has a say. */
bool schedule_has_end(enum schedule_kind kind);

/* The largest step size of the run. */
double schedule_max(const struct schedule *s);

/* Reads "100,150" (in epochs of `epoch_steps` steps each; a count ending in "steps" is in steps), rising.
 * Errors: ERR_USAGE. */
status schedule_milestones(struct schedule *s, const char *text, uint64_t epoch_steps);

/* Reads one such number, "160" or "5000steps", for swa: of 1 to total steps. Errors: ERR_USAGE. */
status schedule_swa_start(struct schedule *s, const char *text, uint64_t epoch_steps);

/* First step (0-based count of updates done) of cycle c of M over total steps; cycle M is the end. */
uint64_t schedule_cycle_start(const struct schedule *s, uint64_t c);

#endif
