/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* An ensemble: the chosen snapshots' predictions of one or more data sets. They are made on every thread that the device
 * has (division.h), and added in the order of the snapshots (queue.h). */
#ifndef BASIN_ENSEMBLE_H
#define BASIN_ENSEMBLE_H

#include "predict/predictive.h"
#include "predict/selection.h"

/* Told after each member how many are done, by one thread at a time, which need not be the caller's. What is not OK ends
 * the run. */
typedef status ensemble_watcher(void *context, size_t done, size_t total);

/* Predicts every set with every chosen snapshot; what is made of them is as if that happened in order. The watcher may be
 * NULL. For the thread that opened the network's device. Errors: ERR_DAMAGE and ERR_INPUT naming file and step; what the
 * backend fails with; the watcher's own. */
status ensemble_run(struct selection *s, struct network *n, struct predictions *sets, int n_sets, ensemble_watcher *watcher,
                    void *context);

#endif
