/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What has started this process among others like it: mpirun or srun, by the variables that they set. */
#ifndef BASIN_LAUNCHER_H
#define BASIN_LAUNCHER_H

#include "src/err.h"

struct launcher {
	const char *name;   /* NULL: none, and then rank 0 of 1 */
	int rank, ranks;
	int local;          /* the rank among those on this machine */
};

/* Errors: ERR_USAGE, naming a variable that holds no number, or a rank that is none of them. */
status launcher_find(struct launcher *out);

#endif
