/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows of comma-separated cells. Cells may be quoted, and then hold commas, line ends and doubled quotes; lines end in
 * LF, CRLF, CR or CRCRLF (what a program makes of CRLF that ends its lines twice); blank lines are left out. */
#ifndef BASIN_CSV_FILE_H
#define BASIN_CSV_FILE_H

#include <stddef.h>

#include "src/arena.h"

struct csv_file {
	const char *path;
	struct arena arena;  /* the text */
	char *at;            /* what is still to be read; a zero byte ends it */
	size_t next;         /* number of that line, from 1 */
	size_t line;         /* where the row read last begins */
	char **cell;         /* its cells (n), without blanks around them, also within quotes; in the text */
	size_t n, room;
};

/* Reads the file whole, inflated where it is gzip's. Close it whether that worked or not. Errors: ERR_INPUT,
 * ERR_MEMORY. */
status csv_open(const char *path, struct csv_file *out);

/* The next row; n = 0 at the end. Errors: ERR_INPUT naming line and column, ERR_MEMORY. */
status csv_next(struct csv_file *c);

void csv_close(struct csv_file *c);

#endif
