/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a csv file's first line is, and which of its cells are read as what. */
#ifndef BASIN_CSV_PLAN_H
#define BASIN_CSV_PLAN_H

#include "src/data/csv_file.h"
#include "src/data/dataset.h"

struct csv_plan {
	bool header;             /* the first line holds names */
	size_t cells;            /* on every line */
	size_t width;            /* columns of the table */
	const size_t *feature;   /* (width) their cells */
	size_t target;           /* the target's cell; `cells`: none is read */
	struct columns names;    /* those that a run would keep; without a header there are none */
};

/* Plans by the first line, which was just read. Everything lies in the arena. Errors: ERR_USAGE naming {target},
 * ERR_INPUT naming the line, or both lists of columns where they are not the run's; ERR_MEMORY. */
status csv_plan(const struct csv_file *first, const struct dataset_request *r, struct arena *a, struct csv_plan *out);

#endif
