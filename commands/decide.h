/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the files of `basin decide` share. */
#ifndef BASIN_DECIDE_H
#define BASIN_DECIDE_H

#include "predict/decide/decisions.h"
#include "predict/regression.h"
#include "src/options/opt.h"

/* Labelled rows, and what the ensemble says of them. */
struct calibration {
	const struct mixture *mixture;   /* with its labels; NULL: real targets */
	const struct regression *real;
	const double *y;                 /* (n, k) real targets, own units */
	size_t n;
};

extern const struct opt_table table_rules;

/* Refuses options of rules that are not to be made of such a likelihood, or not asked for. Errors: ERR_USAGE. */
status decide_check(const struct opts *o, bool classes);

/* Learns the rules that are asked for, or where none is those that every ensemble can have. Errors: ERR_USAGE,
 * ERR_INPUT, ERR_MEMORY. */
status decide_rules(const struct opts *o, const struct calibration *c, struct arena *a, struct decisions *d);

/* Puts the rules into a report as sentences. */
void decide_report(const struct decisions *d, json_t **into);

#endif
