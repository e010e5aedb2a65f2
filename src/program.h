/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program around the commands: help, version, errors, exit status. */
#ifndef BASIN_PROGRAM_H
#define BASIN_PROGRAM_H

#include <stdio.h>

#include "command.h"

/* Runs one of the commands (NULL-terminated) on a command line and returns the exit status. What failed is said on
 * standard error; results that could not be written are a failure. Nothing else may use the process's standard
 * output afterwards. */
int program_run(const struct command *const *commands, int argc, char **argv);

/* The bash completion script of all commands. */
void completion_print(const struct command *const *commands, FILE *to);

#endif
