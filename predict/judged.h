/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What an ensemble of classes says of each example, and whether it is right: what scores of calibration, of selection and by
 * class are made of. */
#ifndef BASIN_JUDGED_H
#define BASIN_JUDGED_H

#include "predict/mixture.h"

/* (n) each. */
struct judged {
	size_t n;
	int c;                       /* classes */
	const int32_t *label;        /* borrowed */
	int32_t *best;               /* the class of the largest p̄; ties go to the lowest index */
	double *confidence;          /* max p̄, in [0, 1] */
	double *right;               /* 1 where that is the label, else 0 */
	double *loss;                /* −log p̄(y), nats; ∞ where p̄(y) is 0 */
};

/* Judges every example of a mixture that has labels and members. Errors: ERR_MEMORY. */
status judged_of(const struct mixture *m, struct arena *a, struct judged *out);

/* The places of n examples by falling x, and of equal ones by rising place, into order (n). Errors: ERR_MEMORY. */
status judged_order(const double *x, size_t n, size_t *order);

#endif
