/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What a run learns from a table of words, ids and gaps, so that later files become the same features: of each column its use, of
 * words their levels, of gaps what fills them. A table of numbers without gaps teaches nothing, and is read as it is. */
#ifndef BASIN_TABLE_H
#define BASIN_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "src/arena.h"
#include "src/data/columns.h"
#include "src/text.h"

/* What is done about cells that hold no value. */
enum missing {
	MISSING_REFUSE,      /* the first of them are named */
	MISSING_MEAN,        /* the mean of the feature over the training rows; of words, the levels' shares there */
	MISSING_INDICATOR    /* the same for numbers, and a feature that is 1 there; of words, a level of its own */
};
#define MISSING_WORDS "refuse|mean|indicator"

/* What is done about a word, or a gap, in a column that had none like it where the run learnt. */
enum unknown {
	UNKNOWN_REFUSE,      /* it is named */
	UNKNOWN_OTHER        /* a word has no level: all its features are 0; a gap in numbers has the mean */
};
#define UNKNOWN_WORDS "refuse|other"

enum decimal { DECIMAL_POINT, DECIMAL_COMMA };
#define DECIMAL_WORDS "point|comma"

enum column_use { COLUMN_NUMBER, COLUMN_WORDS };
#define COLUMN_USE_WORDS "number|words"

/* A column of features: of all columns of the file but the target, the id and those that were dropped, in their order. Its
 * features are a number, or each level of words as 1 or 0; and where `marked` one more, which is 1 for a gap. */
struct column {
	enum column_use use;
	size_t n_levels;          /* words: what they are, sorted by their bytes, a feature each; else 0 */
	const char *const *level; /* (n_levels), bytes */
	size_t gaps;              /* cells without a value where the run learnt, held-out rows among them */
	bool marked;
	size_t first, width;      /* its features */
};

/* Zeroed: nothing was learnt. The memory is whose arena it was learnt or read into. */
struct table {
	size_t n;                 /* columns of features */
	const struct column *at;  /* (n) */
	size_t width;             /* features */
	const double *fill;       /* (width) their means over the training rows, without the gaps; NULL until these are known */
	enum missing missing;
	enum unknown unknown;
	size_t n_classes;         /* a target of words: what they are, sorted by their bytes; else 0 */
	const char *const *class_name;
	const char *id;           /* the column that names the rows, as JSON has it, or NULL */
	size_t n_dropped;         /* columns that were left out by name, as JSON has them */
	const char *const *dropped;
};

/* Whether it has words or gaps, of which float32 tables of numbers know nothing. */
bool table_is_mixed(const struct table *t);

/* The column that feature j belongs to, and whether it is 1 or 0 for a word or a gap, not an amount. */
size_t table_column_of(const struct table *t, size_t j);
bool table_is_indicator(const struct table *t, size_t j);

/* What feature j is, for messages: "age", "age (missing)", "sex = female"; of a column without a name its number. names:
 * the table's. */
void table_feature(const struct table *t, const struct columns *names, size_t j, struct text *to);

/* The place of a word among n that are sorted by their bytes; n where it is not among them. */
size_t table_find(const char *const *sorted, size_t n, const char *word);

/* {columns: [{name, use, levels, gaps, marked}], fill, missing, unknown, classes, id, dropped}: what a snapshot's header says;
 * NULL where nothing was learnt, or without memory. Reading it: an earlier version's is absent, and nothing was learnt.
 * Errors: ERR_INPUT for what is no table, ERR_MEMORY. */
json_t *table_to_json(const struct table *t, const struct columns *names);
status table_from_json(const json_t *j, struct arena *a, struct table *out);

#endif
