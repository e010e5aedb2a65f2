/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Snapshot files: those behind a path, with their headers, and whether they may be pooled.
 * Of a chain little is kept, whatever its files hold: a struct source and its path, about 130 bytes. A header is kept once
 * for all files that have it, and the facts of a checkpoint go as soon as what is used of them is known. */
#ifndef BASIN_SOURCES_H
#define BASIN_SOURCES_H

#include <jansson.h>

#include "src/arena.h"
#include "src/files/snaps.h"

/* What a chain's checkpoint says of it. */
struct source_state {
	const char *word;     /* running, done or failed, or another of a later version, of lower-case letters, digits, - and _;
	                       * NULL where there is no checkpoint that can be read, or it says none */
	json_int_t step;
	uint64_t committed;   /* bytes of its snapshot file that it counts, or 0 */
	bool known;           /* there is a checkpoint, and it was read, */
	bool has_step;        /* and has a step */
};

/* One snapshot file. */
struct source {
	const char *path;
	const struct snaps_shared *shared;
	const json_t *header;        /* the file's, without the chain's number; where a run has its data elsewhere now, with the
	                              * new place. One pointer where files have one header */
	json_int_t chain;
	bool numbered;               /* it has a chain's number */
	struct source_state state;
};

/* Zeroed it is empty. */
struct sources {
	struct arena arena;
	struct source *source;           /* in the order of the paths given and of their chains */
	size_t n, capacity;
	size_t paths;                    /* that were added */
	struct source_header *headers;   /* the newest first */
	bool whole;                      /* set before the first: all of each checkpoint is read and checked */
	size_t missing;                  /* chains of runs that have not begun */
	json_t *choices;                 /* measured choices between algorithms of the paths that are runs, {device's name: {…}}; where
	                                  * runs differ, the first's. NULL: there are none */
	struct snaps_reader *reader;     /* the one file that is open */
	size_t reading;
	const char **damage;             /* what is said of files that are lost, misplaced or unreadable, and are done without */
	size_t n_damage, damage_capacity;
};

/* Adds the snapshot files behind a path, in the order of their chains: all of a run's, or the one it names. Chains that
 * have not begun are left out with a warning, and so is one whose file is lost. Errors: ERR_INPUT (neither a run nor a snapshot file), ERR_DAMAGE. */
status sources_add(struct sources *s, const char *path);

/* Opens source i and closes the one before. *out is the sources'. Errors: as snaps_open_shared's. */
status sources_reader(struct sources *s, size_t i, struct snaps_reader **out);

/* Opens source i for a reader of the caller's own, also in several threads at once. Errors: as snaps_open_shared's. */
status sources_open(const struct sources *s, size_t i, struct snaps_reader **out);

/* Whether the sources may be pooled: one model, likelihood and input transform. Warns where two share seed and chain or
 * differ in target or training data, and about chains that are not done; apart: snapshots are looked at one by one, on one set, so
 * that of all these data and chains alone are warned of. Errors: ERR_USAGE, naming two files and what differs; ERR_MEMORY. */
status sources_check(const struct sources *s, bool apart);

void sources_close(struct sources *s);

#endif
