/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The progress line on standard error. */
#ifndef BASIN_PROGRESS_H
#define BASIN_PROGRESS_H

#include <stddef.h>

#include "src/files/log.h"

/* Progress of a whole run, or of an ensemble's snapshots for its steps: on a terminal one line that is rewritten
 * at most ten times a second; with `plain` a line per interval of seconds; else nothing. */
struct progress {
	bool terminal, plain;
	double started, last;               /* monotonic seconds */
	uint64_t first, done, total;        /* steps over all chains; first: those done before this process began; total:
	                                     * without those that a failed chain will not take */
	int width;                          /* columns of the last line, to wipe it */
};

void progress_start(struct progress *p, bool quiet, bool plain, uint64_t done, uint64_t total);
/* Counts a step that was taken; true when it is time to show a line. Cheap enough for every step. */
bool progress_step(struct progress *p);
/* Steps that will not be taken after all. */
void progress_drop(struct progress *p, uint64_t steps);
/* "chain 2/4  step 1200/5000  24 %  812 steps/s  ETA 0:05  nll 0.4312  λ 0.05  T 1": step and steps are the chain's, the
 * share and the time left the whole run's. */
void progress_show(struct progress *p, int chain, int chains, uint64_t step, const struct log_line *line, uint64_t steps);
/* "snapshot 12/40", as ensemble_run tells of them; the last one wipes the line of a terminal. */
status progress_snapshots(void *progress, size_t done, size_t total);
/* Wipes the line; the next one is a new one. */
void progress_end(struct progress *p);

#endif
