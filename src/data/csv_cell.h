/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a cell of a table holds. */
#ifndef BASIN_CSV_CELL_H
#define BASIN_CSV_CELL_H

#include <stdbool.h>

#include "src/data/table.h"
#include "src/err.h"

/* What programs write for a missing value, letter by letter: Na is sodium. */
#define CSV_MISSING_WORDS "?|-|--|.|NA|na|N/A|n/a|#N/A|#NA|<NA>|NaN|nan|NAN|-NaN|-nan|null|NULL|Null|none|None|NONE|nil|NIL|" \
	"1.#IND|-1.#IND|1.#QNAN|-1.#QNAN"

enum cell_kind { CELL_EMPTY, CELL_NUMBER, CELL_MISSING, CELL_TEXT };

/* For telling a header from data: any notation of a number counts as one, also those that csv_number does not take (0x10,
 * inf). */
enum cell_kind csv_kind(const char *text, enum decimal d);

/* Decimal numbers that a float32 can hold: no hexadecimal, no infinities, no NaN, and no marks between thousands. */
bool csv_number(const char *text, enum decimal d, double *out);

/* Whether a text that is not taken for a number looks like one that is too large, or with other marks for decimals or
 * thousands; dates and lists of codes do not. */
bool csv_is_foreign(const char *text, enum decimal d);

/* Whether it is a whole number with commas between its thousands: 51,494, and not 0,494. */
bool csv_has_thousands(const char *text);

/* Refuses what csv_is_foreign finds; where: "FILE:LINE: column 3". Errors: ERR_INPUT. */
status csv_check_notation(const char *where, const char *text, enum decimal d);

#endif
