/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The command that fits a csv file. */
#ifndef BASIN_DATA_FIT_H
#define BASIN_DATA_FIT_H

#include "src/data/dataset.h"
#include "src/data/survey.h"
#include "src/text.h"

/* Writes a whole basin sample command for the file of r, with r's options and those that the columns ask for beside them, into
 * out; the file was read with them. d: the set as r has it; NULL: that can't be opened. out stays empty where no options are
 * enough: gaps in the target, columns without names, more of them to be left out than out has room for. r->survey is what was
 * seen of the file. Errors: ERR_MEMORY. */
status data_fit(const struct dataset_request *r, const struct dataset *d, struct text *out);

#endif
