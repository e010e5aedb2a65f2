/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Standard output takes one thing. *used: whether one of the files is it. */
static status check_standard(const struct opts *o, const char *const *option, int n, bool *used)
{
	const char *first = NULL;
	for (int i = 0; i < n; i++) {
		const char *path = opts_text(o, option[i]);
		if (!path || !output_is_standard(path))
			continue;
		if (opts_flag(o, "json"))
			return fail(ERR_USAGE, "--%s %s: with --json the report goes to standard output; name another file",
			            option[i], path);
		if (first)
			return fail(ERR_USAGE, "--%s and --%s: both would go to standard output; name a file for one of them", first,
			            option[i]);
		first = option[i];
	}
	*used = first != NULL;
	return OK;
}

static status check_apart(const char *const *option, int n, const struct output_file *file)
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			if (file[i].to && file[j].to && output_same(&file[i], &file[j]))
				return fail(ERR_USAGE, "--%s %s: is the file of --%s too; name another one", option[i], file[i].path,
				            option[j]);
	return OK;
}

static status open_each(const struct opts *o, struct arena *a, const char *const *option, int n, struct output_file *file)
{
	for (int i = 0; i < n; i++) {
		const char *path = opts_text(o, option[i]);
		if (path)
			TRY(output_open(&file[i], a, option[i], path, opts_flag(o, "overwrite")));
	}
	return check_apart(option, n, file);
}

/* The files have descriptors of their own. */
static status report_aside(void)
{
	fflush(stdout);
	return dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ? fail(ERR_IO, "standard error: %s", strerror(errno)) : OK;
}

status outputs_open(const struct opts *o, struct arena *a, const char *const *option, int n, struct output_file *file)
{
	bool standard;
	for (int i = 0; i < n; i++)
		file[i] = (struct output_file){.to = NULL};
	TRY(check_standard(o, option, n, &standard));
	status s = open_each(o, a, option, n, file);
	if (s == OK && standard)
		s = report_aside();
	return s == OK ? OK : outputs_close(file, n, s);
}

status outputs_close(struct output_file *file, int n, status so_far)
{
	for (int i = 0; i < n; i++)
		so_far = output_close(&file[i], so_far);
	return so_far;
}
