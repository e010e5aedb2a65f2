/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Probabilities and labels stored as .npy by any program. */
#ifndef BASIN_STORED_H
#define BASIN_STORED_H

#include "predict/figures.h"
#include "predict/member_logs.h"
#include "predict/mixture.h"
#include "src/data/npy.h"

struct stored {
	const char *path;
	struct npy array;
	size_t members;          /* in the file */
	struct mixture mixture;  /* empty until stored_fill */
	struct member_logs *logs;  /* receives each member's log-likelihoods of all examples, by its labels; NULL: not wanted */
};

/* Reads (n, C) probabilities, one member, or (S, n, C). Errors: ERR_INPUT naming the file. */
status stored_open(struct arena *a, const char *path, struct stored *out);

/* Adds the members to the mixture, and the figures of the first 1, 2, … of them by its labels to the curve (members) unless
 * that is NULL. Errors: ERR_INPUT naming file and row, for rows that don't sum to 1 ± 1e-3 or hold what is no
 * probability; ERR_MEMORY. */
status stored_fill(struct stored *s, struct arena *a, struct figures *curve);

/* Every member's probabilities, (members, n, C). Errors: ERR_MEMORY. */
status stored_members(const struct stored *s, struct arena *a, float **out);

/* Gives the mixture its labels: integers, a class of the probabilities for each of their rows. Errors: ERR_INPUT naming the
 * file. */
status stored_labels(struct arena *a, const char *path, struct mixture *m);

#endif
