/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A data set csv:-, whose rows come from standard input, read to its end. */
#ifndef BASIN_COMMANDS_PIPE_H
#define BASIN_COMMANDS_PIPE_H

#include "predict/subject.h"
#include "src/data/csv_stream.h"

struct pipe {
	struct csv_stream in;
	struct csv_text text;
};

/* Whether that is what a spec says; NULL does not. */
bool pipe_is(const char *spec);

/* Reads the rows of a request that says so, and gives them to it; else nothing. Close it whether that worked or not. Errors:
 * ERR_USAGE for a split; ERR_INPUT, ERR_MEMORY. */
status pipe_read(struct pipe *p, struct subject_request *r);
void pipe_close(struct pipe *p);

#endif
