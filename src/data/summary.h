/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Figures of a data set as it was read. */
#ifndef BASIN_SUMMARY_H
#define BASIN_SUMMARY_H

#include "src/data/dataset.h"

/* Mean and population deviation of every channel of images (pixels counted from 0 to 1) or column of a table, *n of
 * them. Errors: ERR_MEMORY. */
status summary_moments(const struct dataset *d, struct arena *a, int *n, double **mean, double **sd);

/* The largest magnitude in each column of a table, into out (w). */
void summary_largest(const struct dataset *d, double *out);

/* Sorts n numbers, none of them NaN, and moves one of each value to the front; returns how many there are. */
size_t summary_unique(double *x, size_t n);

/* How many values a single real target has, and how many of these are whole numbers. Errors: ERR_MEMORY. */
status summary_distinct(const struct dataset *d, size_t *distinct, size_t *whole);

/* The name of the column that a table's value j is of, or NULL where there are none. */
const char *summary_column(const struct dataset *d, int j);

#endif
