/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which states of a chain become snapshots. Steps are counts of updates done; step 0 is never kept. */
#ifndef BASIN_KEEP_H
#define BASIN_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "src/schedule.h"

struct keep {
	uint64_t every;         /* every so many steps; 0: the rule below */
	uint64_t last_epochs;   /* the ends of so many epochs of every cycle; 0: the last state alone */
	uint64_t burn_in;       /* states up to this step are not kept */
	uint64_t epoch_steps;
	uint64_t steps;         /* of the run */
	struct schedule schedule;
};

/* Errors: ERR_USAGE where a run keeps nothing. */
status keep_check(const struct keep *k);

bool keep_due(const struct keep *k, uint64_t step);
/* How many states a whole run keeps. */
uint64_t keep_count(const struct keep *k);

#endif
