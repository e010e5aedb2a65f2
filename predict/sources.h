/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Snapshot files: those behind a path, with their headers, and whether they may be pooled. */
#ifndef BASIN_SOURCES_H
#define BASIN_SOURCES_H

#include <jansson.h>

#include "src/arena.h"
#include "src/files/snaps.h"

/* One snapshot file. */
struct source {
	const char *path;
	uint64_t committed;   /* bytes that the chain's checkpoint counts, or 0 */
	json_t *header;       /* the file's; where a run has its data elsewhere now, with the new place */
	json_t *checkpoint;   /* the chain's, or NULL */
};

/* Zeroed it is empty. */
struct sources {
	struct arena arena;
	struct source *source;        /* in the order of the paths given and of their chains */
	size_t n;
	struct snaps_reader *reader;  /* the one file that is open */
	size_t reading;
	const char **damage;          /* what is said of files that are lost, misplaced or unreadable, and are done without */
	size_t n_damage;
};

/* Adds the snapshot files behind a path, in the order of their chains: all of a run's, or the one it names. Chains that
 * have not begun are left out with a warning, and so is one whose file is lost. Errors: ERR_INPUT (neither a run nor a snapshot file), ERR_DAMAGE. */
status sources_add(struct sources *s, const char *path);

/* Opens source i and closes the one before. *out is the sources'. Errors: as snaps_open's. */
status sources_reader(struct sources *s, size_t i, struct snaps_reader **out);

/* Whether the sources may be pooled: one model, likelihood and input transform. Warns where two share seed and chain or
 * differ in target or training data, and about chains that are not done. Errors: ERR_USAGE, naming two files and what
 * differs; ERR_MEMORY. */
status sources_check(const struct sources *s);

void sources_close(struct sources *s);

#endif
