/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Numbers in the text of an option. */
#ifndef BASIN_NUMBER_H
#define BASIN_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

/* Reads the finite decimal number that a text begins with: no blanks, hexadecimal, "inf" or "nan", all of which strtod takes.
 * Returns what follows it; NULL where there is none. */
const char *number_read(const char *text, double *out);

/* Whether such a number takes up all `length` bytes. */
bool number_whole(const char *text, size_t length, double *out);

#endif
