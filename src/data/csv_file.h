/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows of cells with commas, semicolons or tabs between them (csv_separator.h). Cells may be quoted, and then hold
 * separators, line ends and doubled quotes; lines end in LF, CRLF, CR or CRCRLF (what a program makes of CRLF that ends its
 * lines twice); blank lines are left out. */
#ifndef BASIN_CSV_FILE_H
#define BASIN_CSV_FILE_H

#include <stddef.h>

#include "src/arena.h"

struct csv_text;

struct csv_file {
	const char *path;    /* as messages name it */
	char separator;      /* 0 until the first row is read */
	char given;          /* what it will be; 0: the first row says it */
	const char *blanks;  /* what does not count around cells */
	char stops[4];       /* what ends a cell that is not quoted */
	struct arena arena;  /* the text */
	char *at;            /* what is still to be read; a zero byte ends it, */
	const char *end;     /* here; one before it is no text */
	size_t next;         /* number of that line, from 1 */
	size_t line;         /* where the row read last begins */
	size_t second;       /* number of the line behind the first row, where that is not the next; else 0 */
	char **cell;         /* its cells (n), without blanks around them, also within quotes; in the text */
	size_t n, room;
};

/* Reads the file whole, inflated where it is gzip's. Close it whether that worked or not. Errors: ERR_INPUT,
 * ERR_MEMORY. */
status csv_open(const char *path, struct csv_file *out);

/* The same of rows in memory, of which a copy is made. A zero byte in one of them is not told before that row is read. */
status csv_open_text(const struct csv_text *text, struct csv_file *out);

/* The next row; n = 0 at the end. Errors: ERR_INPUT naming line and column, ERR_MEMORY. */
status csv_next(struct csv_file *c);

/* What follows the line end at p: p itself at the end of the text. */
char *csv_line_end(char *p);

void csv_close(struct csv_file *c);

#endif
