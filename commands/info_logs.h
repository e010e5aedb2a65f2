/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What basin info says of chains by their logs: how often proposals were accepted, and how warm momenta were. */
#ifndef BASIN_INFO_LOGS_H
#define BASIN_INFO_LOGS_H

#include "commands/info_chains.h"

/* Fills in a row's acceptance and kinetic temperature where the method reports them, beyond the burn-in. A log that is damaged is
 * warned of and done without. Errors: ERR_INPUT, ERR_IO, ERR_MEMORY. */
status info_logs_read(const struct source *source, struct info_chain *row);

/* A line for each of the two that is known of some chain: its number, or the range that it has. temperature: the run's T, NaN where
 * that is not known. */
void info_logs_print(const struct info_chain *c, size_t n, double temperature);

#endif
