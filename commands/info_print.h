/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What basin info says of snapshots, as a table for people. */
#ifndef BASIN_INFO_PRINT_H
#define BASIN_INFO_PRINT_H

#include <jansson.h>

#include "src/err.h"

/* Prints the report that --json would print whole; what says the same in fewer words is put in its place. Errors: ERR_MEMORY,
 * and report_end's. */
status info_print(json_t **report);

#endif
