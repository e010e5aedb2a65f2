/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows as a table makes features and classes of them. */
#ifndef BASIN_TABLE_ENCODE_H
#define BASIN_TABLE_ENCODE_H

#include "src/data/csv_rows.h"
#include "src/data/table.h"

/* The features of all rows into x (r->n, t->width): words are 1 at their level, else 0; what a mean is to fill is NaN.
 * unknown: what is done about words and gaps that it does
 * not know. Errors: ERR_INPUT naming the first cell that it can't read. */
status table_encode(const struct csv_rows *r, const struct table *t, enum unknown unknown, double *x);

/* The classes of a target of words into label (r->n); gaps: −1 where the target is one, which is refused otherwise. Errors:
 * ERR_INPUT naming a class that the table does not know. */
status table_encode_classes(const struct csv_rows *r, const struct table *t, bool gaps, int32_t *label);

#endif
