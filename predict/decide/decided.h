/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What rules of decision say of an ensemble's predictions. */
#ifndef BASIN_DECIDED_H
#define BASIN_DECIDED_H

#include "predict/decide/decisions.h"
#include "predict/figures.h"
#include "predict/intervals.h"
#include "predict/metrics.h"

/* NULL where the rule was not made. */
struct decided {
	size_t n;
	int classes, targets;
	double *scaled;          /* (n, classes): p^(1/T) / Σ */
	bool *in;                /* (n, classes): the row's set */
	double *lower, *upper;   /* (n, targets): own units */
	bool *accept, *alarm;    /* (n) */
};

/* Of classes, and of real targets, as many as the rules are for. What is made lies in the arena. Errors: ERR_USAGE
 * where the mixture can't give the score of alarms; ERR_INPUT for outputs that are not finite; ERR_MEMORY. */
status decided_classes(const struct decisions *d, const struct mixture *m, struct arena *a, struct decided *out);
status decided_reals(const struct decisions *d, const struct regression *r, struct arena *a, struct decided *out);

/* What an interval rule goes by, of all examples, quantiles only where it goes by these: they take a search each. And what it is told
 * of target j of example i. Errors: as intervals_of's. */
status decided_tell(const struct decided_intervals *rule, const struct regression *r, struct arena *a, struct intervals *out);
struct told decided_told(const struct intervals *of, size_t i, int j);

/* Shares and means of rows, under the names of basin-predict(1); those about truths where there are labels, or
 * targets y (n, k). Their standard errors are √(s(1 − s)/n) of a share. */
void decided_figures_classes(const struct decided *rows, const struct mixture *m, struct figures *out);
void decided_figures_reals(const struct decided *rows, const double *y, struct figures *out);

#endif
