/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The scores of a report beside the figures that every ensemble has: by class, of calibration, of selection, of members together. */
#ifndef BASIN_COMMANDS_SCORES_H
#define BASIN_COMMANDS_SCORES_H

#include <jansson.h>

#include "predict/draws.h"
#include "src/options/opt.h"

/* The option --scores, for the table of a command that has them. */
#define SCORES_OPTION {.name = "scores", .type = PARAM_CHOICE, .arg = "few|all", .fallback = "few", \
	.help = "all: also the tables of many classes and of reliability and, in a table, the scores that few leaves to --json"}

/* Puts the scores of classes into a report: for programs all but the confusion of many classes, for people those that --scores
 * names. The mixture has its labels, logs its members; names (m->c) of the classes, or NULL. Errors: ERR_MEMORY, ERR_LIBRARY. */
status report_class_scores(const struct opts *o, const struct mixture *m, const char *const *names, const struct member_logs *logs,
                           json_t **into);

/* The same of predictions whose draws have logs, or the scores of real targets. Errors: likewise. */
status report_scores(const struct opts *o, const struct predictions *p, json_t **into);

/* Prints the tables among a report's members, each behind an empty line: by class, confusion, reliability. */
void report_scores_print(const json_t *figures);

#endif
