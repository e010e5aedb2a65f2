/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Going on with a run: its own options, and the few that may change. */
#ifndef BASIN_RESUME_H
#define BASIN_RESUME_H

#include "commands/problem.h"
#include "commands/share.h"

/* Refuses a run that another command than basin sample made. Errors: ERR_USAGE. */
status resume_sampled(const struct run *run);

/* The run's options with what may change taken from `given`. The caller frees *out.
 * Errors: ERR_USAGE naming an option that can't change; ERR_INPUT for a run.json that doesn't fit. */
status resume_options(struct run *run, const struct opts *given, struct opts **out);

/* Whether no chain is still to begin. Errors: ERR_IO, ERR_INPUT. */
status resume_all_begun(struct run *run, bool *out);

/* Refuses data or, for chains still to begin, initial parameters that are not the run's and a run.json that is no longer the files'
 * of the share's chains, warns where bits will differ, and writes a new length, more chains, new places of the data and new choices
 * between algorithms to run.json. given: what the command was given; o: what resume_options made of it. Errors: ERR_USAGE, ERR_INPUT,
 * ERR_DAMAGE, ERR_BUSY, ERR_IO. */
status resume_check(struct run *run, const struct problem *p, const struct opts *given, const struct opts *o,
                    const struct share *share);

/* Refuses to join a run that was begun with other options or data than `o` and p have, which are whole by themselves; warns
 * where bits will differ. Errors: as resume_check's. */
status resume_join(struct run *run, const struct problem *p, const struct opts *o, const struct share *share);

/* Whether a whole command's options and facts are those of run.json, but for what may differ between processes that work on a
 * run. Errors: ERR_USAGE, naming what differs and both values. */
status resume_equal(const struct run *run, const struct problem *p, const struct opts *o);

/* Whether each chain's file was begun as the chain number that its name says, with the options that run.json has now: those
 * that a step's numbers depend on. Errors: ERR_INPUT naming the option, ERR_DAMAGE. */
status resume_same(struct run *run, const struct problem *p, const struct share *share);

/* The measured choices between algorithms that run.json has, and those that the run's checkpoints have besides:
 * {device's name: {…}}; where chains differ, the first's. The caller frees *out. Errors: ERR_DAMAGE, ERR_IO, ERR_MEMORY. */
status resume_choices(struct run *run, json_t **out);

/* Steps that the checkpoints of a share's chains have done, by chain; 0 for the others. done: (chains). Errors: ERR_IO, ERR_INPUT. */
status resume_steps_done(struct run *run, const struct share *share, int chains, uint64_t *done);

#endif
