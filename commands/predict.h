/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the parts of basin predict share. */
#ifndef BASIN_COMMANDS_PREDICT_H
#define BASIN_COMMANDS_PREDICT_H

#include <stdio.h>

#include <jansson.h>

#include "predict/predictive.h"
#include "src/options/opt.h"

/* The options that name files to write. */
enum { PREDICT_PROBS, PREDICT_MEMBERS, PREDICT_CSV, PREDICT_FILES };
extern const char *const predict_file[PREDICT_FILES];

/* Writes the mean probabilities, (examples, classes), float64; to NULL: nothing. Errors: ERR_MEMORY. */
status predict_save_probs(FILE *to, const struct mixture *m, struct arena *a);

/* Writes the table of --csv (predict_csv.h); to NULL: nothing. Errors: ERR_INPUT, ERR_MEMORY. */
status predict_save_rows(const struct opts *o, FILE *to, const struct predictions *p, struct arena *a);

/* The same of stored probabilities, whose classes are numbers. Errors: ERR_MEMORY. */
status predict_save_stored(FILE *to, const struct mixture *m, struct arena *a);

/* Reports figures of examples that are not all labelled, and how many are. */
void predict_report_unlabelled(const struct opts *o, const struct figures *all, size_t labelled, json_t **figures);

/* Predictions of --probs instead of a run's. Errors: ERR_USAGE, and those of reading and writing. */
status predict_stored(const struct opts *o, struct arena *a, json_t **figures);

#endif
