/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the commands that predict share: the options of a network, and its run from chosen snapshots to a report. */
#ifndef BASIN_COMMANDS_NETWORK_H
#define BASIN_COMMANDS_NETWORK_H

#include "predict/ensemble.h"
#include "src/options/opt.h"

/* --batch --precision --conv-algo: how examples are predicted */
extern const struct opt_table table_batch;

/* What a command does with chosen snapshots and the network that they are of. Puts figures into its report
 * (json_put). */
typedef status network_task(const struct opts *o, struct selection *chosen, struct network *n, struct arena *a,
                            json_t **figures);

/* Chooses snapshots by the options of table_select, opens their network by those of table_batch and table_device, does the
 * task and adds to its report what the snapshots are. Errors: the task's, and those of choosing and opening. */
status network_run(const struct opts *o, network_task *task, struct arena *a, json_t **figures);

/* The network of chosen snapshots, by the options of table_batch and table_device and with what their runs chose to compute it by;
 * on the device of `beside`, whose network is open already, without a further word, unless that is NULL. Errors: ERR_USAGE, and
 * those of opening. On failure it is closed. */
status network_open_by(const struct opts *o, const struct selection *chosen, const struct network *beside, struct network *n);

/* ensemble_run with the progress that --quiet and --progress ask for. */
status network_predict(const struct opts *o, struct selection *chosen, struct network *n, struct predictions *sets,
                       int n_sets);

#endif
