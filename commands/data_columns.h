/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A csv file's columns, for people and for programs. */
#ifndef BASIN_DATA_COLUMNS_H
#define BASIN_DATA_COLUMNS_H

#include <jansson.h>

#include "src/data/survey.h"

/* A line for each of the first columns: its type, its gaps, and its values. */
void data_columns_print(const struct survey *s);

/* An array: {"name", "column" (from 1), "target", "type", "numbers", "words", "gaps", "least", "most", "id_like", "levels":
 * [{"level", "n"}]}; null: the file has no names, the column no numbers, each row its own word. NULL without memory. */
json_t *data_columns_json(const struct survey *s);

#endif
