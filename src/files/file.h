/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Files that are whole or not there: replaced by rename, or grown at the end by pieces that fit entirely or not at all. */
#ifndef BASIN_FILE_H
#define BASIN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/err.h"

/* ---- a file that grows: whole pieces at its end ---- */

struct tail {
	char *path;
	int fd;             /* −1: closed */
	uint64_t length;    /* bytes; what lies beyond is not there */
	uint64_t synced;    /* bytes known to survive a power cut */
};

/* Makes a new file, which must not exist. Errors: ERR_IO, ERR_MEMORY. */
status tail_create(const char *path, struct tail *out);
/* Opens a file to go on at `length` bytes and cuts off what lies beyond. A file that is shorter is ERR_DAMAGE.
 * Errors: ERR_IO, ERR_MEMORY. */
status tail_open(const char *path, uint64_t length, struct tail *out);
/* Appends n bytes; where they don't fit, the file is cut back to what it was. Errors: ERR_IO, with what to do. */
status tail_write(struct tail *t, const void *data, size_t n);
/* Makes what was written survive a power cut; free where nothing was. Errors: ERR_IO. */
status tail_sync(struct tail *t);
/* A closed tail is fine. Errors: ERR_IO. */
status tail_close(struct tail *t);

/* ---- a file that is replaced ---- */

struct replacement {
	const char *path;   /* borrowed */
	char *temporary;    /* path.tmp… */
	bool begins;        /* set by the caller where without this file there is nothing to go on with; for the message */
	bool keeps;         /* likewise where a file that is there by then must stay: commit fails */
	int fd;
};

/* Opens path.tmp for writing, or, where others keep files in the folder, a name that nobody has (path.tmp-PID…); commit
 * syncs it, renames it over path and syncs the folder. On any failure, of abandon too, the temporary file is gone and path
 * is as it was. Errors: ERR_IO, ERR_MEMORY; errno says why replace_begin failed. */
status replace_begin(const char *path, bool shared_folder, struct replacement *out);
status replace_write(struct replacement *r, const void *data, size_t n);
status replace_commit(struct replacement *r);
void replace_abandon(struct replacement *r);

/* Makes the names in the folder of `path` survive a power cut. Errors: ERR_IO. */
status folder_sync(const char *path);

/* ---- a file that is read ---- */

/* Whether there is something of this name. Errors: ERR_IO, ERR_INPUT (no permission) where that can't be told: it is not the same as no. */
status file_present(const char *path, bool *out);

/* Opens a regular file for reading and says how long it is. Errors: ERR_INPUT (missing, unreadable, a folder). */
status file_open(const char *path, int *fd, uint64_t *bytes);
/* Reads exactly n bytes from `offset`. Errors: ERR_IO; ERR_DAMAGE when the file ends before. */
status file_read(int fd, const char *path, uint64_t offset, void *to, size_t n);

/* ---- what both need ---- */

/* Writes all n bytes, however many calls that takes. Returns 0, or the errno of the one that failed. */
int file_write(int fd, const void *data, size_t n);

/* n bytes of memory, or ERR_MEMORY naming what they were for. The caller frees *out. */
status file_memory(const char *path, size_t n, void *out);

#endif
