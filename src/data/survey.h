/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a csv file's columns hold, also of a file that can't be fitted as it is. */
#ifndef BASIN_SURVEY_H
#define BASIN_SURVEY_H

#include "src/data/csv_rows.h"

enum survey_kind { SURVEY_NUMBER, SURVEY_WORDS, SURVEY_MIXED, SURVEY_EMPTY };
const char *survey_kind_name(enum survey_kind k);

struct survey_level {
	const char *word;         /* bytes */
	size_t n;
};

struct survey_column {
	const char *name;         /* bytes; NULL: the file has no names */
	size_t cell;              /* which cell of a line, from 0 */
	enum survey_kind kind;
	size_t numbers, words, gaps;
	double least, most;       /* of the numbers; 0 without any */
	bool whole;               /* there are numbers, all of them whole */
	bool names;               /* each row has its own, or nearly each word is another: names of the rows */
	bool comma;               /* its words are numbers with decimal commas, which were not read so */
	bool thousands;           /* or with commas between thousands, which are not read */
	size_t n_levels;          /* different words */
	const struct survey_level *level;   /* (n_levels) sorted by their bytes */
	size_t distinct;          /* different numbers; counted of a target, of mixed columns and of what is called an id, else 0 */
};

/* Zeroed: no row was seen. */
struct survey {
	struct arena arena;       /* owns everything below */
	size_t n;                 /* rows */
	char separator;
	enum header header;
	size_t n_columns;         /* that are read, the target last; the names of rows and what is dropped are not */
	struct survey_column *column;
	bool target;              /* there is one */
	bool comma;               /* of a column */
};

/* Looks at rows that were read. Errors: ERR_MEMORY. Close it whether that worked or not. */
status survey_rows(const struct csv_rows *r, char separator, struct survey *out);
void survey_close(struct survey *s);

#endif
