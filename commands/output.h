/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The files that a command's options name for it to write. */
#ifndef BASIN_COMMANDS_OUTPUT_H
#define BASIN_COMMANDS_OUTPUT_H

#include "src/files/output_file.h"
#include "src/options/opt.h"

/* For the table of a command that writes files. */
#define OUTPUT_OVERWRITE {.name = "overwrite", .type = PARAM_FLAG, .help = "replace a file that exists already"}

/* Opens the files of n options, before the work; one that was not given stays closed. Where one of them is standard output,
 * what is printed from then on goes to standard error. Errors: ERR_USAGE where two of them are one file, or one goes to
 * standard output beside --json; output_open's, behind the option. On failure all are closed. */
status outputs_open(const struct opts *o, struct arena *a, const char *const *option, int n, struct output_file *file);

/* output_close for all of them. */
status outputs_close(struct output_file *file, int n, status so_far);

#endif
