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
	json_t *json;       /* run.json; NULL where `unfilled` */
	json_t *read;       /* as it was read, where the run may be written */
	int chains;
	int lock;           /* file descriptor of `lock` where the run may be written, or −1 */
	bool unfilled;      /* this process holds a folder without a run.json, */
	bool made;          /* and made it */
};

/* Makes the folder, which must not exist, and writes run.json (borrowed) by exclusive creation. Errors: ERR_USAGE when it
 * exists or its parent does not; ERR_IO. A folder that could not be filled is removed again. */
status run_create(const char *path, json_t *json, struct run *out);

/* For a run that several processes may begin at once: opens the one that is there, waiting for a process that is just making
 * it; or makes its folder and holds it, its json NULL, until run_fill or run_close, which removes it again. Errors: ERR_USAGE
 * where the folder is no run's or its parent does not exist; ERR_IO. */
status run_reserve(const char *path, struct run *out);
/* Writes the run.json (borrowed) of a folder that run_reserve made. Errors: ERR_IO; ERR_BUSY where there is one all the same. */
status run_fill(struct run *r, json_t *json);

/* Opens a run for reading, or (write) to go on with it. Errors: ERR_INPUT when it is not a run; ERR_IO. */
status run_open(const char *path, bool write, struct run *out);
/* Writes r->json, which was changed since it was read, where nobody else has changed run.json meanwhile, or only in the same
 * way; alone: nobody else may write a chain then. Errors: ERR_BUSY, ERR_IO, ERR_MEMORY. */
status run_change(struct run *r, bool alone);
void run_close(struct run *r);

/* "PATH/chain-K.SUFFIX" in an arena. */
status run_file(const struct run *r, struct arena *a, int chain, const char *suffix, const char **out);

/* ---- who writes what: locks that the kernel releases when a process ends, however it ends ---- */

/* Takes chain k to write it. Errors: ERR_BUSY where another process has it, naming that; ERR_IO. */
status run_take(struct run *r, int k);
void run_leave(struct run *r, int k);

#endif
