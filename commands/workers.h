/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Workers: threads that run the chains of a process side by side, each with a device, a potential and a chain of its own. Data,
 * model and run are shared. No chain's numbers depend on how many there are. */
#ifndef BASIN_WORKERS_H
#define BASIN_WORKERS_H

#include "commands/share.h"
#include "commands/watch.h"

/* How many workers run `chains` chains of a problem: those of --workers, or one for as many processors as a chain has threads,
 * as far as the devices' memory of all takes no more than half of what is available; one where the device is no processor. */
int workers_choose(const struct problem *p, const struct opts *o, const struct launcher *l, int chains);

struct workers_result {
	int done, failed;       /* chains that this process brought to their end, or that ended as failed */
	int already_done;       /* that had come to their end before */
	int busy, broken;       /* that another process has; that could not go on, see `why` */
	int stopped;            /* that a signal stopped, under way or before they began */
	uint64_t step;          /* of the last one that was stopped */
	status why;             /* of the first one that is broken, or else busy; OK: none is */
	char *words;            /* its message, as fail_again takes it; the caller's to free */
};

/* Runs the chains of a share, each to its end or until the plan's stop is set; called by the thread that opened the problem, which
 * is one of the workers. Errors of one chain are said at once, where there are several, and leave the others; here they are errors
 * of none. Errors: ERR_MEMORY. */
status workers_run(struct problem *p, const struct share *share, struct watch *watch, int workers, bool resumed,
                   struct workers_result *out);

#endif
