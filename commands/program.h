/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The program around the commands: help, version, errors, exit status. */
#ifndef BASIN_PROGRAM_H
#define BASIN_PROGRAM_H

#include <stdio.h>

#include "src/backend.h"
#include "commands/command.h"

struct program {
	const struct command *const *commands;   /* NULL-terminated */
	const struct backend *const *backends;   /* NULL-terminated; what --version lists */
};

/* Runs one of the commands on a command line and returns the exit status. What failed is said on standard error; results
 * that could not be written are a failure; where nobody reads them any more the program ends by SIGPIPE. */
int program_run(const struct program *p, int argc, char **argv);

/* Name and version, then a line for each back end and each library. */
void version_print(const struct backend *const *backends, FILE *to);

/* The bash completion script of all commands. */
void completion_print(const struct command *const *commands, FILE *to);

#endif
