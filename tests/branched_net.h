/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* last(a + mid(a)) with a = first(x), of layers that the networks here don't have: sums of two inputs, and weights in a working
 * copy. */
#ifndef BASIN_TESTS_BRANCHED_NET_H
#define BASIN_TESTS_BRANCHED_NET_H

#include "src/net/model.h"

enum { BRANCHED_N = 9, BRANCHED_IN = 6, BRANCHED_MID = 5, BRANCHED_OUT = 3 };

/* What linear layers were asked for, and are to do. */
extern struct branched {
	int materialised, planned;
	size_t padding;               /* bytes of the copies to be planned, beyond the weights */
	int asked_n, asked_batch;     /* of the last plan */
} branched;

/* A backend with such layers. */
void branched_layers(const struct backend *real, struct backend *fake);
void branched_model(struct model *m);
/* Outputs, and the gradient of Σ r·output, in double. */
void branched_oracle(const double *t, const double *x, const double *r, double *y, double *g);

#endif
