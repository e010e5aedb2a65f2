/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Going on with a run: its own options, and the few that may change. */
#ifndef BASIN_RESUME_H
#define BASIN_RESUME_H

#include "commands/problem.h"

/* The run's options with what may change taken from `given`. The caller frees *out.
 * Errors: ERR_USAGE naming an option that can't change; ERR_INPUT for a run.json that doesn't fit. */
status resume_options(struct run *run, const struct opts *given, struct opts **out);

/* Refuses data that are not the run's and a run.json that is no longer its files', warns where bits will differ, and writes a
 * new length and new places of the data to run.json. given: what the command was given; o: what resume_options made of it.
 * Errors: ERR_USAGE, ERR_INPUT, ERR_DAMAGE, ERR_IO. */
status resume_check(struct run *run, const struct problem *p, const struct opts *given, const struct opts *o);

/* Whether each chain's file was begun as the chain number that its name says, with the options that run.json has now: those
 * that a step's numbers depend on. Errors: ERR_INPUT naming the option, ERR_DAMAGE. */
status resume_same(struct run *run, const struct problem *p);

/* The measured choices between algorithms that the run's checkpoints hold, {device's name: {…}}; where chains differ, the
 * first's. The caller frees *out. Errors: ERR_DAMAGE, ERR_IO, ERR_MEMORY. */
status resume_choices(struct run *run, json_t **out);

/* Steps that the run's checkpoints have done, over all chains. Errors: ERR_DAMAGE, ERR_IO. */
status resume_steps_done(struct run *run, uint64_t *done);

#endif
