/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* An ensemble: the chosen snapshots' predictions of one or more data sets, one snapshot on the device at a time while the
 * next one is read. */
#ifndef BASIN_ENSEMBLE_H
#define BASIN_ENSEMBLE_H

#include "predict/predictive.h"
#include "predict/selection.h"

/* Told after each member how many are done. What is not OK ends the run. */
typedef status ensemble_watcher(void *context, size_t done, size_t total);

/* Predicts every set with every chosen snapshot, in order; the watcher may be NULL. Errors: ERR_DAMAGE and ERR_INPUT naming
 * file and step; what the backend fails with; the watcher's own. */
status ensemble_run(struct selection *s, struct network *n, struct predictions *sets, int n_sets, ensemble_watcher *watcher,
                    void *context);

#endif
