/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a chain's log says, read again. */
#ifndef BASIN_LOG_READ_H
#define BASIN_LOG_READ_H

#include "src/arena.h"
#include "src/files/log.h"

struct log_series {
	size_t n;                       /* lines */
	uint64_t *step;                 /* (n), rising */
	double *value[LOG_REPORTS];     /* (n) each, in the order of the names; NaN where a line has no such number */
};

/* The log of the chain whose snapshots are in a file: beside it, NAME.log.jsonl of NAME.snaps. NULL where the name is another. Errors:
 * ERR_MEMORY. */
status log_path_beside(const char *snaps, struct arena *a, char **out);

/* The lines of a log that stand beyond a step, and among its last `most` bytes (0: all of it): the numbers of those names, which are
 * LOG_REPORTS at most, NULL-terminated. A log that is not there has no lines, and a last line without an end is not one. It takes
 * memory for the part of the log that is read, and the arena's for what comes out. Errors: ERR_DAMAGE, naming the line's place;
 * ERR_INPUT, ERR_IO, ERR_MEMORY. */
status log_read(const char *path, uint64_t beyond, uint64_t most, const char *const *names, struct arena *a, struct log_series *out);

/* The mean of what is finite of them; NaN where nothing is. */
double log_mean(const double *x, size_t n);

#endif
