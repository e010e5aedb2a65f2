/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which of a run's chains this process takes: those of --only, and of these every so many-th where a launcher has started
 * several processes. */
#ifndef BASIN_SHARE_H
#define BASIN_SHARE_H

#include "commands/launcher.h"
#include "src/options/opt.h"

struct share {
	bool joins;             /* the run may be there already, and be another process's as well */
	bool only;              /* --only was given: */
	int first, last;
	struct launcher launcher;
};

/* Reads --only and the launcher's variables. Errors: ERR_USAGE. */
status share_open(const struct opts *o, struct share *out);
/* Whether the share lies within so many chains. Errors: ERR_USAGE. */
status share_check(const struct share *s, int chains);
bool share_has(const struct share *s, int chain);
/* How many of so many chains it has. */
int share_count(const struct share *s, int chains);

#endif
