/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A csv file's rows as they are read: numbers, and the texts of all cells that hold something else. */
#ifndef BASIN_CSV_ROWS_H
#define BASIN_CSV_ROWS_H

#include "src/data/csv_plan.h"

/* Columns are counted as the plan has them: its features, and behind them the target. */
struct csv_rows {
	const char *path;
	const struct csv_plan *plan;
	enum decimal decimal;
	const char *const *name; /* (plan->width + 1) of the columns, for messages; NULL: there are none */
	size_t n, room;
	double *x;               /* (n, plan->width); NaN where there is no number */
	double *target;          /* (n) likewise; all NaN where no target is read */
	const char ***text;      /* (plan->width + 1, n) of the cells without a number, in the file's memory, NULL in others; NULL for a
	                          * column of numbers alone */
	const char **id;         /* (n) the rows' names, where the plan has any, in the file's memory */
	size_t *line;            /* (n) where each row begins */
};

/* Reads the rows below the first line, or from it on where it is no header; a text's may be none yet. Close it whether that
 * worked or not. Errors: ERR_INPUT naming the line, ERR_MEMORY. */
status csv_rows_read(struct csv_file *c, const struct csv_plan *plan, const struct dataset_request *q, struct csv_rows *out);
void csv_rows_close(struct csv_rows *r);

/* Column k's number in row i, or NaN, and its text, or NULL. Whether it has neither, or a text that stands for that. */
double csv_rows_number(const struct csv_rows *r, size_t i, size_t k);
const char *csv_rows_text(const struct csv_rows *r, size_t i, size_t k);
bool csv_rows_gap(const struct csv_rows *r, size_t i, size_t k);

/* "FILE:LINE: column 3 (age)", of a cell that a message is about. */
struct csv_place {
	char at[512];
};
struct csv_place csv_rows_place(const struct csv_rows *r, size_t i, size_t k);

/* Refuses a cell that is no number, saying why. Errors: ERR_INPUT. */
status csv_rows_refuse(const struct csv_rows *r, size_t i, size_t k);

#endif
