/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How much better an ensemble is than its members are: the ambiguity decomposition, loss of the ensemble = mean loss of its members −
 * ambiguity. Of the log score it is the mean over members and examples of log (p̄(y)/p_s(y)) ≥ 0 (Jensen); of squared errors the
 * members' variance around their mean (Krogh & Vedelsby 1995), which needs no targets. */
#ifndef BASIN_AMBIGUITY_H
#define BASIN_AMBIGUITY_H

#include "predict/regression.h"

/* Of the log score: 8 bytes an example. */
struct ambiguity {
	size_t n, members;           /* members added so far */
	double *sum;                 /* (n): Σ_s log p_s(y) */
};

/* Errors: ERR_MEMORY. */
status ambiguity_open(struct arena *a, size_t n, struct ambiguity *out);

/* Adds a member, by its log-likelihoods of the examples (n). */
void ambiguity_add(struct ambiguity *m, const double *log_lik);

/* Beside the ensemble's own losses −log p̄(y) (n): nats per example; NaN without examples or members, and where the
 * ensemble's own are infinite; ∞ where only a member's is. Errors: ERR_MEMORY. */
status ambiguity_nll(const struct ambiguity *m, const double *loss, double *out, double *se);

/* Mean MSE of members − MSE of their mean, over examples and targets, in own units squared; NaN likewise. Errors: ERR_MEMORY. */
status ambiguity_mse(const struct regression *r, double *out, double *se);

#endif
