/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "output_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

status output_open(struct output_file *f, struct arena *a, const char *path, bool replace)
{
	struct stat st;
	*f = (struct output_file){0};
	if (!replace && lstat(path, &st) == 0)
		return fail(ERR_USAGE, "%s: exists already; it is not overwritten", path);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return fail(ERR_USAGE, "%s: is a folder; a file's name was expected", path);
	TRY(arena_text(a, &f->path, "%s", path));
	TRY(arena_text(a, &f->temporary, "%s.tmp-%ld", path, (long)getpid()));
	f->to = fopen(f->temporary, "wxe");
	if (!f->to)
		return fail(ERR_IO, "%s: can't be written: %s", path, strerror(errno));
	return OK;
}

status output_check(const char *option, const char *path, struct arena *a)
{
	struct output_file f;
	if (!path)
		return OK;
	status s = output_open(&f, a, path, true);
	if (s != OK)
		return fail_within(s, "--%s ", option);
	output_abandon(&f);
	return OK;
}

status output_commit(struct output_file *f)
{
	errno = 0;
	bool good = !ferror(f->to) && fflush(f->to) == 0 && fsync(fileno(f->to)) == 0;
	int why = errno;
	good = fclose(f->to) == 0 && good;
	if (good && rename(f->temporary, f->path) == 0)
		return OK;
	why = why ? why : errno;
	unlink(f->temporary);
	return fail(ERR_IO, "%s: can't be written: %s", f->path, why ? strerror(why) : "write error");
}

void output_abandon(struct output_file *f)
{
	if (!f->to)
		return;
	fclose(f->to);
	unlink(f->temporary);
}
