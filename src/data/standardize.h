/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is done to a table's columns and real targets: each to mean 0 and deviation 1 over the training rows. */
#ifndef BASIN_STANDARDIZE_H
#define BASIN_STANDARDIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "src/arena.h"

/* value = mean + sd · stored. The memory is whose arena it was measured or read into. */
struct standardize {
	const double *x_mean, *x_sd;            /* (columns), or NULL: nothing was done */
	const double *target_mean, *target_sd;  /* (targets), or NULL likewise */
	bool single;                            /* by an earlier version, which rounded the values to float32 first */
};

/* Mean and population deviation of each column of x (n, columns), or of wide where that is not NULL, over the rows that
 * left_out (n), where that is not NULL, does not mark, in two passes of double. A column of one value has that for its mean
 * and the deviation 0, whatever its sum is rounded to. Errors: ERR_MEMORY. */
status standardize_moments(struct arena *a, const float *x, const double *wide, size_t n, size_t columns,
                           const uint8_t *left_out, double **mean, double **sd);

/* The same, and 1 where the deviation is 0. */
status standardize_measure(struct arena *a, const float *x, const double *wide, size_t n, size_t columns,
                           const uint8_t *left_out, double **mean, double **sd);

/* x (n, columns) becomes (x − mean)/sd, or that of wide where it is not NULL, in double and rounded once. */
void standardize_rows(float *x, const double *wide, size_t n, size_t columns, const double *mean, const double *sd);

/* {x_mean, x_sd, target_mean, target_sd, float64}, or null where nothing was done: what a snapshot's header says.
 * targets = 0: those of the targets are not read. Errors: ERR_INPUT for lists of other lengths, ERR_MEMORY. */
json_t *standardize_to_json(const struct standardize *s, int columns, int targets);
bool standardize_was_single(const json_t *j);
/* Whether two of these are of the same values, as far as their sums' rounding goes: what fingerprints, which are of float32 values,
 * don't see of columns that lie far from 0. What only one of them has is no difference. */
bool standardize_alike(const json_t *a, const json_t *b);
status standardize_from_json(const json_t *j, struct arena *a, size_t columns, size_t targets, struct standardize *out);

#endif
