/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is made of each member's log-likelihoods of all examples while an ensemble predicts, of which none are kept. */
#ifndef BASIN_MEMBER_LOGS_H
#define BASIN_MEMBER_LOGS_H

#include "predict/ambiguity.h"
#include "predict/joint.h"

struct member_logs {
	struct joint joint;
	struct ambiguity ambiguity;
	double *row;                 /* (n): room for one member's */
};

/* For n examples, n < 2³². Errors: ERR_MEMORY. */
status member_logs_open(struct arena *a, size_t n, struct member_logs *out);

/* Adds the member whose log-likelihoods are in row. */
void member_logs_add(struct member_logs *l);

#endif
