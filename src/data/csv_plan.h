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
	size_t id;               /* the cell that names the row; `cells`: none does */
	const bool *words;       /* (width + 1) features, and the target last, that are words whatever they look like */
	struct columns names;    /* those of the table and the target, which a run would keep; without a header there are none */
	const char *id_name;     /* and those of the others, as JSON has them, where they are learnt; NULL: there is none */
	size_t n_dropped;
	const char *const *dropped;
};

/* Plans by the first line, which was just read. Everything lies in the arena. Errors: ERR_USAGE naming {target}, {drop}, {id}
 * or {category}, ERR_INPUT naming the line, or both lists of columns where they are not the run's; ERR_MEMORY. */
status csv_plan(const struct csv_file *first, const struct dataset_request *r, struct arena *a, struct csv_plan *out);

#endif
