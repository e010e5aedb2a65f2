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

/* A column of features, of c.columns but the target, in their order. */
struct column {
	enum column_use use;
	size_t n_levels;          /* words: what they are, sorted by their bytes, a feature each; else 0 */
	const char *const *level; /* (n_levels), as JSON has them (json_words.h) */
	bool gaps;                /* there were any where the run learnt */
	size_t first, width;      /* its features */
};

/* Zeroed: nothing was learnt. The memory is whose arena it was learnt or read into. */
struct table {
	size_t n;                 /* columns of features */
	const struct column *at;  /* (n) */
	size_t width;             /* features */
	const double *fill;       /* (width) what a gap has there: means over the training rows; NULL where gaps are refused */
	enum missing missing;
	enum unknown unknown;
	size_t n_classes;         /* a target of words: what they are, sorted by their bytes; else 0 */
	const char *const *class_name;
	const char *id;           /* the column that names the rows, or NULL */
	size_t n_dropped;         /* columns that were left out by name */
	const char *const *dropped;
};

#endif
