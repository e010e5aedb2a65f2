/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probabilities and labels stored as .npy by any program. */
#ifndef BASIN_STORED_H
#define BASIN_STORED_H

#include <stdint.h>

#include "predict/mixture.h"
#include "src/data/npy.h"

struct stored {
	const char *option, *path;  /* named in messages: "probs" */
	struct npy array;
	size_t members;             /* in the file */
	struct mixture mixture;     /* empty until stored_fill */
};

/* Reads (n, C) probabilities, one member, or (S, n, C). Errors: ERR_INPUT naming option and file. */
status stored_open(struct arena *a, const char *option, const char *path, struct stored *out);

/* Adds the members to the mixture; the watcher may be NULL. Errors: ERR_INPUT naming option, file and row, for rows that
 * don't sum to 1 ± 1e-3 or hold what is no probability. */
status stored_fill(struct stored *s, struct arena *a, mixture_watcher *watcher, void *context);

/* The integer labels of --labels, a class of the probabilities for each of their rows. Errors: ERR_INPUT. */
status stored_labels(struct arena *a, const char *path, const struct mixture *m, const int32_t **out);

#endif
