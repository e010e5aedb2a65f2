/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a run says of itself in run.json and in every snapshot header. */
#ifndef BASIN_FACTS_H
#define BASIN_FACTS_H

#include "commands/problem.h"

/* Fills p->first, p->target, p->facts and p->plan.meta. Errors: ERR_MEMORY, ERR_USAGE (the sampler's own checks). */
status facts_open(struct problem *p, const struct opts *o);

/* The time, UTC, ISO 8601. */
enum { FACTS_TIME = 32 };
void facts_time(char out[FACTS_TIME]);

/* run.json: the facts, and the program, device, options and time. The caller's to free; NULL without memory. */
json_t *facts_run(const struct problem *p, const struct opts *o);

#endif
