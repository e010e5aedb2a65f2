/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A replacement (file.h) that is written as a stream. */
#ifndef BASIN_OUTPUT_FILE_H
#define BASIN_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "src/arena.h"
#include "src/files/file.h"

struct output_file {
	struct replacement file;
	FILE *to;                /* write here */
};

/* Opens a stream on PATH's replacement. Errors: ERR_IO, ERR_USAGE (PATH is a folder, or exists and may not be replaced),
 * ERR_MEMORY. */
status output_open(struct output_file *f, struct arena *a, const char *path, bool replace);

/* Whether PATH, an option's value or NULL, can be written: for a command to say so before its work, not after it.
 * Errors: as output_open's. */
status output_check(const char *option, const char *path, struct arena *a);

/* Closes the stream and puts the file in its place; where anything went wrong since output_open PATH is as it was.
 * Errors: ERR_IO. */
status output_commit(struct output_file *f);

/* Closes and removes the temporary file. */
void output_abandon(struct output_file *f);

#endif
