/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An ensemble: the chosen snapshots' predictions of one or more data sets, one snapshot on the device at a time while the
 * next one is read. */
#ifndef BASIN_ENSEMBLE_H
#define BASIN_ENSEMBLE_H

#include <stdio.h>

#include "predict/mixture.h"
#include "commands/network.h"
#include "commands/select.h"

/* What becomes of one data set's predictions. */
struct predictions {
	struct subject *subject;
	struct mixture mixture;   /* classes; else of no classes */
	float *outputs;           /* regression: (members, n, outputs) */
	FILE *members;            /* receives each member's probabilities (n, classes), float32; NULL: not wanted */
	float *on_device;         /* device: (n, outputs), one member's */
	float *scratch_outputs, *scratch_probs;  /* (n, outputs), (n, classes) */
};

/* Makes room for the predictions of `members` snapshots; close it whether that worked or not. Errors: ERR_MEMORY. */
status predictions_open(struct arena *a, const struct network *n, struct subject *subject, size_t members,
                        struct predictions *out);
void predictions_close(struct predictions *p);

/* Predicts every set with every chosen snapshot, in order; the watcher (NULL is fine) sees the first set's mixture after
 * each. Errors: ERR_DAMAGE and ERR_INPUT naming file and step; what
 * the backend fails with. */
status ensemble_run(struct selection *s, struct network *n, struct predictions *sets, int n_sets, const struct opts *o,
                    mixture_watcher *watcher, void *context);

#endif
