/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What basin info says of snapshots, as a table for people or as JSON. */
#ifndef BASIN_INFO_PRINT_H
#define BASIN_INFO_PRINT_H

#include "commands/info_chains.h"

/* The report, and rows of its chains, which it has a member for that is null. */
struct info_report {
	json_t *json;
	struct info_chain *chain;
	size_t n;
	size_t missing;   /* chains that have not begun */
};

/* Prints it for people; what says the same in fewer words is put in its place. Errors: ERR_MEMORY, and report_end's. */
status info_print(struct info_report *report);

/* Prints it as one JSON object. Errors: likewise. */
status info_print_json(const struct info_report *report);

#endif
