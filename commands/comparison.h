/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What basin compare finds between its two ensembles. */
#ifndef BASIN_COMPARISON_H
#define BASIN_COMPARISON_H

#include "commands/compare_side.h"

/* A figure of both, by example. */
struct paired_score {
	const char *name;           /* of the difference */
	double *each[2];            /* of A and B, (n); NULL: not scored */
};

enum { SCORES = 3 };

struct comparison {
	struct side side[2];
	struct distances apart, halves;
	struct paired_score scores[SCORES];
};

/* Fills in distances and scores of two sides that are predicted and scored. Errors: ERR_MEMORY; ERR_INPUT for what is not finite. */
status comparison_make(struct comparison *c, struct arena *arena);

#endif
