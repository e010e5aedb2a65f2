/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What stands between the cells of a table: commas, semicolons or tabs. */
#ifndef BASIN_CSV_SEPARATOR_H
#define BASIN_CSV_SEPARATOR_H

/* By the first line of a text that a zero byte ends, what is in quotes apart: a tab between two cells that hold something;
 * without one a semicolon, without that a comma. A line that has none of them is taken for one of commas. */
char csv_separator(const char *text);

/* "comma", "semicolon" or "tab". */
const char *csv_separator_word(char separator);

/* What does not count around cells. */
const char *csv_separator_blanks(char separator);

#endif
