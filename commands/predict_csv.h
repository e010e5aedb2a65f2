/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What basin predict --csv writes: a row for each example, in columns that are added one behind the other; those of the
 * predictions come first, and others may follow. */
#ifndef BASIN_PREDICT_CSV_H
#define BASIN_PREDICT_CSV_H

#include <stdio.h>

#include "predict/intervals.h"
#include "predict/mixture.h"

/* A column: its name as JSON has it (json_words.h), and who writes its cell of a row, counted from 0 (src/data/csv_write.h). */
struct csv_column {
	char *name;
	void (*put)(FILE *to, const void *of, size_t row, int part);
	const void *of;          /* whatever `put` knows, which outlives the table */
	int part;                /* likewise: which of several columns it is */
};

struct predict_csv {
	struct arena *arena;
	size_t rows;
	size_t first;            /* number of the first row, from 1 */
	const char *const *id;   /* (rows) their names as JSON has them; NULL: their numbers are their names */
	const size_t *number;    /* (rows) those; NULL, as it is opened: from `first` on */
	struct csv_column *column;
	int n, room;
};

/* A table of one column, id. It lies in the arena, and stays where it is until that is freed. Errors: ERR_MEMORY. */
status predict_csv_open(struct predict_csv *t, struct arena *a, size_t rows, size_t first, const char *const *id);

/* Adds a column; its name is copied. Errors: ERR_MEMORY. */
status predict_csv_add(struct predict_csv *t, const char *name, void (*put)(FILE *to, const void *of, size_t row, int part),
                       const void *of, int part);

/* Adds what is known of classes: prediction (the class of the largest mean probability; ties go to the first), p_CLASS of
 * each, entropy (of the mean, nats), mutual_information (empty for a single member). names: (classes) as JSON has
 * them, or NULL where they are numbers from 0. Errors: ERR_MEMORY. */
status predict_csv_classes(struct predict_csv *t, const struct mixture *m, const char *const *names);

/* Adds what is known of real targets, which outlives the table: mean, sd, lower and upper, in own units; of several targets
 * mean_1, sd_1, lower_1, upper_1, mean_2 …. Errors: ERR_MEMORY. */
status predict_csv_reals(struct predict_csv *t, const struct intervals *of);

/* The first line, and the rows. */
void predict_csv_names(const struct predict_csv *t, FILE *to);
void predict_csv_rows(const struct predict_csv *t, FILE *to);

#endif
