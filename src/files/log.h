/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chain's log: one JSON object a line. And the progress line on standard error. */
#ifndef BASIN_LOG_H
#define BASIN_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "src/err.h"

struct log_line {
	uint64_t step;
	double epoch, lr, temperature;
	double nll, accuracy;               /* means since the last line; NaN is written as null */
	double step_ms, examples_per_s;
};

struct log_file;

/* Opens (length 0: creates) a log to go on at `length` bytes; anything beyond is cut off. Errors: ERR_IO. */
status log_open(const char *path, uint64_t length, struct log_file **out);
/* Appends a line; lines that come faster than ten a second are held and written together. What doesn't fit on the disk
 * leaves nothing half-written behind. Errors: ERR_IO. */
status log_write(struct log_file *l, const struct log_line *line);
/* Writes what is held and makes it survive a power cut. Errors: ERR_IO. */
status log_sync(struct log_file *l);
/* Bytes in the file; after a sync, those of every line. */
uint64_t log_length(const struct log_file *l);
status log_close(struct log_file *l);

/* Progress of a whole run: on a terminal one line that is rewritten at most ten times a second; with `plain` a line per
 * interval of seconds; else nothing. */
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
void progress_end(struct progress *p);

double clock_seconds(void);             /* monotonic */

#endif
