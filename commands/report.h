/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reports of the prediction commands: figures as JSON or as rows for people. */
#ifndef BASIN_REPORT_H
#define BASIN_REPORT_H

#include <jansson.h>

#include "predict/metrics.h"
#include "predict/ood.h"
#include "predict/regression.h"

/* A JSON number, or null where x is not finite. */
json_t *report_number(double x);

/* Puts figures into an object, under the names of basin-predict(1). */
void report_classes(json_t *into, const struct class_metrics *m);
void report_regression(json_t *into, const struct regression_metrics *m);
void report_roc(json_t *into, const struct roc *r);

/* What is said of a model whose u(θ) is not one function, and how to get one that is; batch_norm: whether it has any. */
const char *report_not_fixed(bool batch_norm);

/* Units, and what the snapshots are: temperature and target of their header (nulls where that is NULL), and a note where
 * the model is not fixed. */
void report_facts(json_t *into, const json_t *header);

/* Prints an object's members as "name  value" rows of at most 80 columns where the words allow it, those it knows in words
 * with units and standard errors. Errors: ERR_MEMORY. */
status report_print(const json_t *object);

/* Prints an array of objects that have the same numeric members as a table. */
void report_print_table(const json_t *array);

#endif
