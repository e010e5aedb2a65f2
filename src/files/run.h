/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A run folder: run.json, and for each chain chain-k.snaps, chain-k.log.jsonl, chain-k.ckpt. */
#ifndef BASIN_RUN_H
#define BASIN_RUN_H

#include <jansson.h>

#include <stdbool.h>

#include "src/arena.h"

/* The most chains that a run has. */
enum { RUN_CHAINS_MOST = 100000 };

struct run {
	struct arena arena;
	const char *path;
	json_t *json;       /* run.json */
	int chains;
	int lock;           /* file descriptor that holds the lock while the run is written, or −1 */
};

/* Makes the folder, which must not exist, locks it and writes run.json (borrowed) by rename.
 * Errors: ERR_USAGE when it exists or its parent does not; ERR_IO. A folder that could not be filled is removed again. */
status run_create(const char *path, json_t *json, struct run *out);
/* Opens a run for reading, or (lock) to go on with it. Errors: ERR_INPUT when it is not a run; ERR_USAGE when another
 * process writes it. */
status run_open(const char *path, bool lock, struct run *out);
/* Writes r->json again, by rename; the run must be locked. Errors: ERR_IO. */
status run_save(struct run *r);
void run_close(struct run *r);

/* "PATH/chain-K.SUFFIX" in the run's arena. */
status run_file(struct run *r, int chain, const char *suffix, const char **out);

#endif
