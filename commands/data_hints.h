/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a table looks like that is about to be fitted as it was perhaps not meant. */
#ifndef BASIN_DATA_HINTS_H
#define BASIN_DATA_HINTS_H

#include "commands/problem.h"

/* Warns of columns on widely different scales that are not standardised, and of real targets that look like classes.
 * Errors: ERR_MEMORY. */
status data_hints(const struct problem *p);

/* Adds to what a likelihood says that does not fit the set's targets how they are read. Returns s. */
status data_explain_targets(const struct problem *p, status s);

/* Adds to what a network says that does not fit the set what of the set was perhaps not meant. Returns s. */
status data_explain(const struct problem *p, const struct opts *o, status s);

#endif
