/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin predict --decide: rules of decision, applied to what is predicted. */
#ifndef BASIN_PREDICT_DECIDE_H
#define BASIN_PREDICT_DECIDE_H

#include <jansson.h>

#include "commands/predict_csv.h"
#include "predict/decide/decisions.h"
#include "predict/predictive.h"
#include "predict/selection.h"
#include "predict/stored.h"
#include "src/options/opt.h"

/* Reads the file of --decide into the arena; *out is NULL where none is given, which is fine here and below. Warns
 * where its rules were learnt with another ensemble or precision, or from the very rows (subject; NULL: not known yet). Errors:
 * ERR_USAGE for rules of other classes, targets or likelihood; decisions_read's. */
status predict_rules_open(const struct opts *o, const struct network *n, const struct selection *chosen, const struct subject *subject,
                          struct arena *a, const struct decisions **out);
status predict_rules_stored(const struct opts *o, const struct stored *from, struct arena *a, const struct decisions **out);

/* Adds a column for each rule: scaled_CLASS, set, conformal_lower and conformal_upper (of several targets …_1, …_2),
 * accept, alarm. names: as predict_csv_classes has them. Errors: as decided_classes'. */
status predict_rules_classes(const struct decisions *rules, const struct mixture *m, const char *const *names, struct predict_csv *t);
status predict_rules_reals(const struct decisions *rules, const struct regression *r, struct predict_csv *t);

/* Puts what becomes of the rows into a report, with the truth where the mixture has labels, or there are y (n, k).
 * Errors: likewise. */
status predict_rules_report(const struct opts *o, const struct decisions *rules, const struct mixture *m, const struct regression *r,
                            const double *y, json_t **figures);
status predict_rules_report_all(const struct opts *o, const struct predictions *p, json_t **figures);

#endif
