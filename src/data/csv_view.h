/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A csv file's columns without those that are no part of the table: the one that names the rows, and those that are dropped. */
#ifndef BASIN_CSV_VIEW_H
#define BASIN_CSV_VIEW_H

#include "src/data/csv_file.h"
#include "src/data/csv_plan.h"

struct csv_view {
	struct csv_file seen;    /* the first line, of the columns that are left; what it holds is the file's and the arena's */
	const size_t *cell;      /* (seen.n) which cells they are of all */
	const struct csv_file *all;
	bool *category;          /* (all cells) words, as the request says */
	bool *dropped;           /* (all cells) */
	size_t id;               /* all->n: none */
	bool named;
};

/* named: the first line may hold names, by which columns are left out. Errors: ERR_USAGE naming {drop}, {id} or {category}
 * where there is no such column; ERR_MEMORY. */
status csv_view_open(const struct csv_file *first, const struct dataset_request *r, bool named, struct arena *a,
                     struct csv_view *out);

/* Makes of the plan's cells, which are of those left, cells of all, and adds the others to it. Errors: ERR_USAGE, ERR_INPUT
 * where a run's table has other columns, ERR_MEMORY. */
status csv_view_plan(const struct csv_view *v, const struct dataset_request *r, struct arena *a, struct csv_plan *plan);

#endif
