/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/pipe.h"

#include <string.h>
#include <unistd.h>

bool pipe_is(const char *spec)
{
	return spec && strcmp(spec, "csv:" CSV_PIPE) == 0;
}

status pipe_read(struct pipe *p, struct subject_request *r)
{
	csv_stream_begin(&p->in, STDIN_FILENO);
	if (!pipe_is(r->spec))
		return OK;
	if (r->split >= 0)
		return fail(ERR_USAGE, "{split} %s: all rows of standard input are taken; leave it out", split_name((enum split)r->split));
	status s = csv_stream_all(&p->in, &p->text);
	r->text = &p->text;
	return s == OK ? OK : fail_within(s, "%s %s: ", r->option, r->spec);
}

void pipe_close(struct pipe *p)
{
	csv_stream_end(&p->in);
}
