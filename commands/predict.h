/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the parts of basin predict share. */
#ifndef BASIN_COMMANDS_PREDICT_H
#define BASIN_COMMANDS_PREDICT_H

#include <stdio.h>

#include <jansson.h>

#include "commands/output.h"
#include "commands/predict_csv.h"
#include "commands/predict_decide.h"
#include "predict/predictive.h"
#include "predict/selection.h"
#include "src/options/opt.h"

/* The options that name files to write. */
enum { PREDICT_PROBS, PREDICT_MEMBERS, PREDICT_CSV, PREDICT_FILES };
extern const char *const predict_file[PREDICT_FILES];

/* The options that name what is read, which no file to write may be: NULL-terminated. --ensemble's is equivalent_check's to see. */
extern const char *const predict_read[];

/* Writes the mean probabilities, (examples, classes), float64; to NULL: nothing. Errors: ERR_MEMORY. */
status predict_save_probs(FILE *to, const struct mixture *m, struct arena *a);

/* The table of --csv, whose first row is number `first`; t and p must not move while it is used. Errors: ERR_USAGE, ERR_INPUT,
 * ERR_MEMORY. */
status predict_rows(const struct opts *o, const struct predictions *p, size_t first, struct arena *a, struct predict_csv *t);

/* Write it whole, or that of stored probabilities, whose classes are numbers, with what rules say of them, unless those are NULL;
 * to NULL: nothing. Errors: likewise. */
status predict_save_rows(const struct opts *o, FILE *to, const struct predictions *p, struct arena *a);
status predict_save_stored(FILE *to, const struct mixture *m, const struct decisions *rules, struct arena *a);

/* The csv file that says of each row of --save-member-probs which snapshot it is of, by number, file, chain, step and role: opened
 * beside it, where that is a file of its own, else closed; and written. Errors: ERR_USAGE where it is another option's, or among what
 * is read; those of output_open; ERR_MEMORY. */
status predict_members_open(const struct opts *o, const struct selection *chosen, struct arena *a,
                            const struct output_file file[PREDICT_FILES], struct output_file *out);
status predict_members_put(FILE *to, const struct selection *s);

/* Whether --level, where it is given, is of intervals that are written. Errors: ERR_USAGE. */
status predict_check_level(const struct opts *o, const struct network *n);

/* Figures of predictions without labels (unlabelled.h). Errors: ERR_INPUT, ERR_MEMORY. */
status predict_figures_unlabelled(const struct predictions *p, struct arena *a, struct figures *out);

/* Reports figures of examples that are not all labelled, and how many are. */
void predict_report_unlabelled(const struct opts *o, const struct figures *all, size_t labelled, json_t **figures);

/* Predictions of rows from standard input as they come, into --csv. Errors: ERR_USAGE, and those of reading, predicting and
 * writing: rows before the one that is wrong are written. */
status predict_stream(const struct opts *o, struct selection *chosen, struct network *n, const struct subject_request *request,
                      json_t **figures);

/* Predictions of --probs instead of a run's. Errors: ERR_USAGE, and those of reading and writing. */
status predict_stored(const struct opts *o, struct arena *a, json_t **figures);

#endif
