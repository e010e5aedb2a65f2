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
/* Seconds from one line to the next; 0: there are none. */
double progress_interval(const struct progress *p);
/* Counts a step that was taken; true when it is time to show a line. Cheap enough for every step. */
bool progress_step(struct progress *p);

/* The chains of a process, as a line shows them. */
struct progress_chains {
	int n, done, failed;        /* those that it takes; that came to their end, that ended as failed */
	int elsewhere;              /* that another process has */
	double mean, worst;         /* of the losses that their logs show last, nats per example; NaN: none yet */
	struct log_line line;       /* of n = 1: the last one of its log; step 0: none yet */
};

/* "step 1200/5000  24 %  812 steps/s  ETA 0:05  nll 0.4312  λ 0.05  T 1", and of several chains
 * "1 of 4 chains done  24 %  812 steps/s  ETA 0:05  nll 0.4312 mean, 0.5120 worst": the steps are those of all of them. */
void progress_show(struct progress *p, const struct progress_chains *c);
/* "snapshot 12/40", as ensemble_run tells of them; the last one wipes the line of a terminal. */
status progress_snapshots(void *progress, size_t done, size_t total);

/* Products with a Hessian, of snapshots one after another. */
struct progress_products {
	size_t snapshot, snapshots; /* the one under way, from 1 */
	const char *part;           /* what is measured of it: "trace" */
	size_t products;            /* begun in all */
	double done, left;          /* with the part of the one under way; left: as far as is known */
};

/* "snapshot 1/2  eigenvalues  product 14  23 %  3.1 s each  ETA 1:09"; counts as a step. */
void progress_products(struct progress *p, const struct progress_products *c);

/* Wipes the line; the next one is a new one. */
void progress_end(struct progress *p);

#endif
