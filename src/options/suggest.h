/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* "Did you mean …?": the candidate nearest to a mistyped word. */
#ifndef BASIN_SUGGEST_H
#define BASIN_SUGGEST_H

#include <stddef.h>

struct suggestion {
	const char *word;   /* as typed */
	const char *best;   /* the nearest candidate so far; NULL: none is near enough to be meant */
	size_t distance;    /* of best: letters inserted, deleted, replaced or swapped with their neighbour */
};

/* Offers a candidate. Start from {.word = word}. */
void suggest_from(struct suggestion *s, const char *candidate);

#endif
