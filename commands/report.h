/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The reports of the prediction commands: figures as JSON or as rows for people. */
#ifndef BASIN_REPORT_H
#define BASIN_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "predict/figures.h"
#include "predict/ood.h"
#include "predict/subject.h"
#include "src/options/opt.h"

/* Puts a number into an object, or null where it is not finite. */
void report_number(json_t **into, const char *name, double x);

/* Puts figures into an object, under the names of basin-predict(1). These functions put by json_put: without memory the
 * object becomes NULL. */
void report_figures(json_t **into, const struct figures *f);
/* An object for each of the figures of the first 1, 2, … n members, in an array; NULL without memory. */
json_t *report_curve(const struct figures *curve, size_t n);
void report_roc(json_t **into, const struct roc *r);

/* A data set's fingerprint, as run.json has it. */
void report_fingerprint(json_t **into, const char *name, uint64_t fingerprint);

/* What is to be added where training examples are taken for want of a test split: how to have those that the run held out, "" where it
 * held none out. */
const char *report_rather(const struct network *n);

/* Which examples: their set and split (none of a set that is named and is whole), the file of labels that the run was given in place
 * of the set's own where there is one, and with json the set's fingerprint. */
void report_examples(json_t **into, const struct subject *s, bool json);

/* What is said of a model whose u(θ) is not one function, and how to get one that is; batch_norm: whether it has any. */
const char *report_not_fixed(bool batch_norm);

/* Units, and what the snapshots are: temperature and target of their header (nulls where that is NULL), and a note where
 * the model is not fixed. */
void report_facts(json_t **into, const json_t *header);

/* Prints what a text of a report or header stands for (json_words.h), with a ? for each control character, which a terminal
 * would obey. */
void report_words(const char *words, FILE *to);
/* The same of a name or path as it is. */
void report_bytes(const char *bytes, FILE *to);

/* Prints an object's members as "name  value" rows of at most 80 columns where the words allow it, those it knows in words
 * with units and standard errors. Errors: ERR_MEMORY, also for NULL, a report that could not be made. */
status report_print(const json_t *object);

/* Prints objects that have the same numeric members as a table. */
void report_table(const json_t *array);

/* Prints a whole report, with a curve as a table below it, or as one JSON object where --json asks for that.
 * Errors: ERR_MEMORY, and report_end's. */
status report_show(const struct opts *o, json_t *figures);

/* Puts the option that a file or value was given to before what is wrong with it; OK stays OK. */
status report_option(status s, const char *option);

/* Columns that a UTF-8 text takes: its characters. */
int report_width(const char *s);

#endif
