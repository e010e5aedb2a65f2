/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the columns of a csv file are, and the levels and classes of those of words. */
#ifndef BASIN_TABLE_LEARN_H
#define BASIN_TABLE_LEARN_H

#include "src/data/csv_rows.h"
#include "src/data/dataset.h"
#include "src/data/table.h"

/* Learns from all rows what the request's options say, all but the means (dataset_divide.c); *out stays zeroed where numbers
 * without gaps teach nothing. It owns its words in the arena. Errors: ERR_INPUT naming the first cells without a value where
 * these are refused, a cell of a column that is neither numbers nor words, and a column of words where nearly each row has its
 * own; ERR_MEMORY. */
status table_learn(const struct csv_rows *r, const struct dataset_request *q, struct arena *a, struct table *out);

/* The different words of column k, numbers and gaps left out, sorted by their bytes, as table_find looks for them: *n of them, in the
 * arena. Errors: ERR_MEMORY. */
status table_levels(const struct csv_rows *r, size_t k, struct arena *a, size_t *n, const char *const **out);

/* Whether a column of so many words, of which so many are different, is taken for names of the rows. */
bool table_words_are_names(size_t words, size_t levels);

#endif
