/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A run that is whole or not there: its files are made in a folder beside it, which gets the run's name at the end. Nobody goes
 * on with it. */
#ifndef BASIN_RUN_WHOLE_H
#define BASIN_RUN_WHOLE_H

#include "src/files/run.h"

struct run_whole {
	struct run run;      /* its path is the folder PATH.tmp-PID…; run_file names the chains' files in it */
	const char *path;    /* that it is to have */
	bool made;           /* there is a folder */
};

/* Makes the folder. Errors: ERR_USAGE where there is something at `path` already, or no folder to make it in; ERR_IO, ERR_MEMORY. */
status run_whole_begin(const char *path, struct run_whole *out);

/* Writes run.json (borrowed), after all other files, syncs it and gives the folder its name. Errors: ERR_IO; ERR_USAGE where
 * something came to that name meanwhile. */
status run_whole_commit(struct run_whole *w, json_t *json);

/* Takes away what was made, unless it was committed. */
void run_whole_close(struct run_whole *w);

#endif
