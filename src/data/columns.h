/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The names of a table's columns: a run keeps them, and later files are matched by them. */
#ifndef BASIN_COLUMNS_H
#define BASIN_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "src/arena.h"
#include "src/text.h"

/* Zeroed: there are no names. Names are kept as JSON has them, so that a file's and a run's can be compared. */
struct columns {
	size_t n;                 /* all columns of the file, the target among them */
	const char *const *name;  /* (n) */
	size_t target;            /* which of them is the target */
};

/* The names in a file's first line, texts of any bytes; which is the target is for the caller to say. And a copy of
 * columns. Both own what they hold in the arena. Errors: ERR_MEMORY. */
status columns_of_cells(struct arena *a, size_t n, char *const *cell, struct columns *out);
status columns_copy(struct arena *a, const struct columns *from, struct columns *out);

/* Their list, cut where it grows long. */
void columns_list(const struct columns *c, struct text *to);

/* How a file's columns serve as a run's. */
struct columns_match {
	size_t *at;               /* (run's n) column of the file; its n: the file lacks the target, which may be */
	const char *missing;      /* a name that the file lacks, or NULL */
	const char *twice;        /* a name that would have to be two columns, or that two columns have; or NULL */
	bool target_twice;        /* so has the target, where the file may lack it */
	struct text extra;        /* list of the file's other columns */
	size_t extras;
};

/* Errors: ERR_MEMORY. */
status columns_find(const struct columns *file, const struct columns *run, bool without_target, struct arena *a,
                    struct columns_match *out);

/* "columns" and "target_column" of a run's facts of its data, nulls where there are no names; and reading them, which
 * an earlier version's facts lack; they stay the JSON's. Errors: ERR_INPUT for a target that is not one of them,
 * ERR_MEMORY. */
void columns_to_json(const struct columns *c, json_t **facts);
status columns_from_json(const json_t *facts, struct arena *a, struct columns *out);

#endif
