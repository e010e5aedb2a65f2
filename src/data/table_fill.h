/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is put where a table has no value. */
#ifndef BASIN_TABLE_FILL_H
#define BASIN_TABLE_FILL_H

#include "src/data/dataset.h"

/* Gives each NaN of d's features the mean of its feature: that which its table has learnt, or learns now over the rows that
 * left_out (n) does not mark. Nothing is done where nothing was learnt. Errors: ERR_INPUT where none of these rows has a value,
 * ERR_MEMORY. */
status table_fill(struct dataset *d, const uint8_t *left_out);

/* Leaves 0 and 1 as they are: of every feature but numbers the mean becomes 0 and the deviation 1. mean, sd: (width). */
void table_keep_indicators(const struct table *t, double *mean, double *sd);

#endif
