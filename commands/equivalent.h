/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What predict says of an ensemble beside a deep ensemble. */
#ifndef BASIN_COMMANDS_EQUIVALENT_H
#define BASIN_COMMANDS_EQUIVALENT_H

#include <jansson.h>

#include "predict/predictive.h"
#include "src/options/opt.h"

/* The option --ensemble, for the table of a command that has it. */
#define EQUIVALENT_OPTION {.name = "ensemble", .type = PARAM_PATH, .arg = "RUN", \
	.help = "how many members of this deep ensemble, a run of several chains, are as good, by the last snapshot of each"}

/* Predicts what an ensemble of classes p predicted with the run that --ensemble names, on the same device, and puts into a report,
 * which has the ensemble's nll_calibrated, how many of the run's members are as good; request: as p's own set was asked for. Errors: ERR_USAGE for
 * a run that is not several chains, or predicts other examples or classes; those of opening and predicting. */
status report_equivalent(const struct opts *o, const struct subject_request *request, const struct predictions *p, json_t **into);

/* Whether the run is one that report_equivalent can take, before the work: several chains, and classes to be predicted; and that the
 * files of options to write are not among its own (select_spare). Errors: ERR_USAGE, and those of opening. */
status equivalent_check(const struct opts *o, const struct network *n, const char *const *files, int n_files);

#endif
