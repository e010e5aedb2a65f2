/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A chain's log: one JSON object a line. */
#ifndef BASIN_LOG_H
#define BASIN_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "src/err.h"

enum { LOG_REPORTS = 4 };

struct log_line {
	uint64_t step;
	double epoch, lr, temperature;
	double nll, accuracy;               /* means since the last line; NaN is written as null */
	double step_ms, examples_per_s;
	double report[LOG_REPORTS];         /* what the method adds, under the names that the log was opened with */
};

struct log_file;

/* Opens (length 0: creates) a log to go on at `length` bytes; anything beyond is cut off. reports: names of a line's further
 * numbers, NULL-terminated. Errors: ERR_IO, ERR_MEMORY. */
status log_open(const char *path, uint64_t length, const char *const *reports, struct log_file **out);
/* Appends a line; lines that come faster than ten a second are held and written together. What doesn't fit on the disk
 * leaves nothing half-written behind. Errors: ERR_IO. */
status log_write(struct log_file *l, const struct log_line *line);
/* Writes what is held and makes it survive a power cut. Errors: ERR_IO. */
status log_sync(struct log_file *l);
/* Bytes in the file; after a sync, those of every line. */
uint64_t log_length(const struct log_file *l);
status log_close(struct log_file *l);

#endif
