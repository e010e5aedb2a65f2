/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Lists of real numbers in JSON. */
#ifndef BASIN_JSON_NUMBERS_H
#define BASIN_JSON_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "src/err.h"

/* An array of n numbers, null for one that is not finite; NULL without memory. */
json_t *json_numbers(const double *x, int n);

/* The member `name` of a header's object into x (n). *found: false, and x left alone, where it is absent or null.
 * Errors: ERR_INPUT for another length. */
status json_numbers_read(const json_t *owner, const char *name, size_t n, double *x, bool *found);

#endif
