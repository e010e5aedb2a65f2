/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Where the records of a snapshot file lie. 16 bytes are kept of each, since there may be many. */
#ifndef BASIN_SNAPS_PLACES_H
#define BASIN_SNAPS_PLACES_H

#include "src/files/snaps_format.h"

/* A record whose head is not a record's has role −1: it is damaged, and so is one that the file ends in although the
 * checkpoint counts it. */
struct snaps_place {
	uint64_t begin_role;   /* its first byte · 8 + its role + 1 */
	uint64_t step;
};

struct snaps_places {
	const char *path;
	int fd;
	uint64_t size;                      /* of the file, bytes */
	uint64_t committed;                 /* the checkpoint's length, or 0 */
	const struct snaps_header *header;
	struct snaps_place *at;             /* one behind the other */
	size_t n, capacity;
	uint64_t end;                       /* of the last one */
	uint64_t torn;                      /* bytes beyond it */
};

/* Finds all records, with the facts above given. Errors: ERR_IO, ERR_DAMAGE (the file became shorter), ERR_MEMORY. */
status snaps_places_find(struct snaps_places *p);
int snaps_places_role(const struct snaps_places *p, size_t i);
uint64_t snaps_places_begin(const struct snaps_places *p, size_t i);
uint64_t snaps_places_end(const struct snaps_places *p, size_t i);

#endif
