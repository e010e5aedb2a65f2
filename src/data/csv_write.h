/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Cells of a csv file that is written (RFC 4180). Who closes the stream asks whether they came to be. */
#ifndef BASIN_CSV_WRITE_H
#define BASIN_CSV_WRITE_H

#include <stdio.h>

/* A text as JSON has it (json_words.h), as the bytes that it stands for; in quotes where it holds a comma, a quote, a line's
 * end, or what programs take for another separator or leave away: semicolons, tabs, blanks at its ends. */
void csv_put_words(FILE *to, const char *words);

/* A decimal number that is read as x again, of 15 digits at most where these are enough, else of 16 or 17; nothing, an empty cell, for
 * NaN; inf and -inf. */
void csv_put_number(FILE *to, double x);

#endif
