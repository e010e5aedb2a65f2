/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows of a csv file from a pipe, as they come: another program keeps one process and feeds it rows. */
#ifndef BASIN_CSV_STREAM_H
#define BASIN_CSV_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "src/data/dataset.h"

/* Bytes: a row may be as long as this; and what is waiting is handed out up to this many at a time, and a row. */
enum { CSV_STREAM_ROW = 64 << 20, CSV_STREAM_TEXT = 4 << 20 };

struct csv_stream {
	int fd;
	size_t most;              /* bytes in memory from which no more is read than it takes to have a row */
	bool ended;               /* there is no more to read */
	char *bytes;              /* the first row, then what was not handed out before, then a zero byte */
	size_t size, room;
	size_t first;             /* bytes of the first row and what is before it; 0: it is not there whole */
	size_t given;             /* end of what was handed out last; 0: it is forgotten */
	bool again;               /* the first row was handed out */
	size_t seen;              /* bytes that were looked at */
	size_t whole;             /* end of the last whole row among them; 0: there is none */
	size_t line;              /* number of the line behind the first row in `bytes` */
	size_t lines, whole_lines;   /* line ends behind that one, up to `seen` and up to `whole` */
	char separator;           /* 0 until the first row is there */
	int place;                /* in a cell */
	bool begun;               /* the row holds something */
};

/* Reads from an open file, pipe or socket that stays the caller's. */
void csv_stream_begin(struct csv_stream *s, int fd);
void csv_stream_end(struct csv_stream *s);

/* The whole rows that are there, all behind the first row, after waiting for one; out->size is 0 at the end. What is handed
 * out first may be the first row alone. A row that ends in CR is whole when the next begins, and the last without a line end
 * at the end. `out` is valid until the next call. Errors: ERR_INPUT (nothing but blank lines, a row longer than
 * CSV_STREAM_ROW, the system's reason), ERR_MEMORY. */
status csv_stream_next(struct csv_stream *s, struct csv_text *out);

/* All that there will be, as one file; likewise valid. Nothing else may have been read. Errors: ERR_INPUT (nothing, the
 * system's reason), ERR_MEMORY. */
status csv_stream_all(struct csv_stream *s, struct csv_text *out);

#endif
