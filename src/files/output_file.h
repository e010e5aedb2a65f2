/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A file that a command writes, by one rule for all commands: "-" is standard output; a symbolic link is followed, also to
 * where nothing is yet; a device or a FIFO is opened once and written to; a folder is refused; a regular file that is there
 * already is refused unless it may be overwritten. A regular file appears, or is replaced, when all of it is written. */
#ifndef BASIN_OUTPUT_FILE_H
#define BASIN_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "src/arena.h"
#include "src/files/file.h"

/* Zeroed it is closed. It stays where it is while it is open. */
struct output_file {
	FILE *to;                 /* write here; output_close asks whether that worked. NULL: closed */
	const char *option;       /* the parameter that it is the value of, for messages; NULL: none */
	const char *path;         /* as given */
	const char *target;       /* what a link leads to, else path */
	bool standard;            /* it is standard output */
	int fd;                   /* of standard output, a device, a FIFO; −1: a regular file */
	struct stat before;       /* of what was there; of no type where there was nothing */
	struct replacement file;  /* a regular file's; begun with its first bytes: one killed before leaves none */
	int error;                /* errno of the first write that failed; 0: none did */
};

/* Whether a path means standard output: "-", or the name of the file or FIFO that standard output goes to (/dev/stdout). */
bool output_is_standard(const char *path);

/* Opens PATH for writing, of which all that can be known beforehand is checked here: for a command to call before its work.
 * option may be NULL; it and the path must outlive the file. Opening a FIFO waits for its reader. Errors: ERR_USAGE (a
 * folder, no name, or a file that exists and may not be overwritten), ERR_IO, ERR_MEMORY. */
status output_open(struct output_file *f, struct arena *a, const char *option, const char *path, bool overwrite);

/* Whether two open files are one: what is written to them would get mixed, or lost. Not so for devices. */
bool output_same(const struct output_file *a, const struct output_file *b);

/* Ends what began with output_open; `so_far` is what the work between came to. OK: puts the file in its place, and where
 * that fails, or a write did, PATH is as it was. Else: nothing is left of it, and so_far is returned, with the system's
 * reason where that was that a write failed. A closed file is fine. Errors: ERR_IO; ERR_NO_READER for standard output;
 * ERR_MEMORY. */
status output_close(struct output_file *f, status so_far);

#endif
