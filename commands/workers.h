/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Workers run the chains of a process side by side: threads, each with a device, a potential and a chain of its own, where the
 * device is the host's processors, and else one thread in rounds (rounds.h). Data, model and run are shared. No chain's numbers
 * depend on how many there are. */
#ifndef BASIN_WORKERS_H
#define BASIN_WORKERS_H

#include "commands/crew.h"

/* How many of `chains` chains of a problem run side by side: as many as --workers says; else a thread for as many processors as a
 * chain has threads, as far as the devices' memory of all takes no more than half of what is available. Where the device is no
 * processor as many as half of its free memory takes, by equal parts for the processes that a launcher has given it to, and 64 at
 * most. */
int workers_choose(const struct problem *p, const struct opts *o, const struct launcher *l, int chains);

/* Runs the chains of a share, so many of them side by side, each to its end or until the plan's stop is set; called by the thread
 * that opened the problem, which is one of the workers. *out: what has become of them. Errors of one chain are said at once, where
 * there are several, and leave the others; here they are errors of none. Errors: ERR_MEMORY. */
status workers_run(struct problem *p, const struct share *share, struct watch *watch, int workers, bool resumed,
                   struct crew_result *out);

#endif
