/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What has started this process among others like it: mpirun or srun, by the variables that they set. */
#ifndef BASIN_LAUNCHER_H
#define BASIN_LAUNCHER_H

#include "src/err.h"

struct launcher {
	const char *name;   /* NULL: none, and then rank 0 of 1 */
	int rank, ranks;
	int local, locals;  /* the rank among those on this machine, and how many these are, as far as it is said */
};

/* Errors: ERR_USAGE, naming a variable that holds no number, or a rank that is none of them. */
status launcher_find(struct launcher *out);

/* Processors for this process: those that it may use; where these are all of the machine, though a launcher has started others
 * here, and has bound none to processors of its own, its part of them. */
int launcher_processors(const struct launcher *l);

#endif
