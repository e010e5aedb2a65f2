/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A chain's checkpoint: a msgpack map of facts and binary vectors, with a checksum, replaced whole by rename. */
#ifndef BASIN_CHECKPOINT_H
#define BASIN_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "src/err.h"

struct checkpoint_blob {
	const char *name;
	void *data;      /* host memory: read when writing, filled when reading */
	size_t bytes;
};

/* Writes path.tmp, syncs it, renames it over path, syncs the folder. meta is borrowed; its numbers come back exactly.
 * Errors: ERR_IO (the old checkpoint is then still whole). */
status checkpoint_write(const char *path, const json_t *meta, const struct checkpoint_blob *blobs, int n);

/* Reads meta alone, or meta and the blobs, whose names and sizes must be the file's. *meta is the caller's to free.
 * Errors: ERR_INPUT, ERR_DAMAGE, ERR_IO. */
status checkpoint_meta(const char *path, json_t **meta);
status checkpoint_read(const char *path, json_t **meta, const struct checkpoint_blob *blobs, int n);
/* checkpoint_meta for those who use nothing else of it, in a time that does not depend on the vectors: these are not looked
 * at where the file is large, only whether its end is there. */
status checkpoint_facts(const char *path, json_t **meta);

/* The fact "snaps_header" of a chain's checkpoint: the checksum of the header of its snapshot file. And whether a
 * checkpoint was written beside the file that has this one; earlier versions did not keep it, and theirs may be any. */
enum { CHECKPOINT_HEADER = 17 };
void checkpoint_header(uint64_t checksum, char out[CHECKPOINT_HEADER]);
bool checkpoint_is_of(const json_t *meta, uint64_t checksum);

#endif
