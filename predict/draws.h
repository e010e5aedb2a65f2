/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Numbers that say what function a member is, one row each over all members: draws that chains are judged by. They are
 * taken while an ensemble predicts a set (predictions.draws), in the order of the members whatever the number of
 * threads. */
#ifndef BASIN_DRAWS_H
#define BASIN_DRAWS_H

#include "predict/member_logs.h"
#include "predict/predictive.h"

/* 8 · members · rows bytes, and 8 a member more where there are points. */
struct member_draws {
	size_t members;
	size_t points, probes;    /* examples whose log-likelihoods, and whose outputs are taken: as evenly chosen as may be */
	size_t *point, *probe;    /* (points), (probes): which */
	size_t outputs;           /* of an example */
	size_t rows;
	double *value;            /* (rows, members): where there are points, the mean log-likelihood of all examples of the set and
	                           * those of the points, nats per example, densities in own units; outputs (probes, outputs) */
	double *figure;           /* (members): the figure that the likelihood's guess gives, of each member by itself; or NULL */
	struct member_logs *logs; /* receives each member's log-likelihoods of all examples; NULL: not wanted */
};

/* Makes room for the draws of a set that is to be predicted, and has them taken. At most the set's examples are
 * chosen; of a set whose targets are not looked at points must be 0. A device that keeps the outputs of classes to
 * itself gives them where probes are wanted, and does not add them up then. Errors: ERR_MEMORY. */
status draws_open(struct arena *a, struct predictions *p, size_t points, size_t probes, struct member_draws *out);

/* Takes those of a member, the last one that was added; outputs (n, outputs): NULL where there are no probes. */
void draws_add(struct member_draws *d, const struct predictions *p, size_t member, const float *outputs);

/* What row i is: of an example, from 0, or of SIZE_MAX: of all; which output, or −1: the log-likelihood. */
struct draws_row {
	size_t example;
	int output;
};
struct draws_row draws_row(const struct member_draws *d, size_t i);

#endif
