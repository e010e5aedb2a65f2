/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Options of commands that read a csv file, each in one place; a command takes those that it knows into its table. */
#ifndef BASIN_CSV_OPTIONS_H
#define BASIN_CSV_OPTIONS_H

#include "src/data/dataset.h"
#include "src/param.h"

#define CSV_HEADER_OPTION {.name = "header", .type = PARAM_CHOICE, .arg = HEADER_WORDS, \
	.help = "whether the first line of a csv file holds names; without it its cells say so"}

/* Of a file beside a run's own. */
#define CSV_DECIMAL_OPTION {.name = "decimal", .type = PARAM_CHOICE, .arg = DECIMAL_WORDS, \
	.help = "what decimals of a csv file begin with; without it what those of the run's own do"}
#define CSV_UNKNOWN_OPTION {.name = "unknown", .type = PARAM_CHOICE, .arg = UNKNOWN_WORDS, \
	.help = "what is done about words of a csv file that the run has not learnt, and cells without a value in columns that had one " \
	        "everywhere; without it what the run's own --unknown says"}

#endif
