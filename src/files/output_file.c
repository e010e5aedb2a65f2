/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/files/output_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

status output_open(struct output_file *f, struct arena *a, const char *path, bool replace)
{
	struct stat st;
	char *copy;
	*f = (struct output_file){0};
	if (!replace && lstat(path, &st) == 0)
		return fail(ERR_USAGE, "%s: exists already; it is not overwritten", path);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return fail(ERR_USAGE, "%s: is a folder; a file's name was expected", path);
	TRY(arena_text(a, &copy, "%s", path));
	TRY(replace_begin(copy, true, &f->file));
	/* The stream has a descriptor of its own: closing it must not close the one that is synced and renamed. */
	int own = dup(f->file.fd);
	f->to = own < 0 ? NULL : fdopen(own, "w");
	if (f->to)
		return OK;
	status s = errno == ENOMEM ? fail(ERR_MEMORY, "%s: out of memory", path)
	                           : fail(ERR_IO, "%s: %s", path, strerror(errno));
	if (own >= 0)
		close(own);
	replace_abandon(&f->file);
	return s;
}

status output_check(const char *option, const char *path, struct arena *a)
{
	struct output_file f;
	if (!path)
		return OK;
	status s = output_open(&f, a, path, true);
	if (s != OK)
		return fail_within(s, "{%s} ", option);
	output_abandon(&f);
	return OK;
}

status output_commit(struct output_file *f)
{
	errno = 0;
	bool good = !ferror(f->to) && fflush(f->to) == 0;
	int why = errno;
	good = fclose(f->to) == 0 && good;
	f->to = NULL;
	if (good)
		return replace_commit(&f->file);
	why = why ? why : errno;
	status s = fail(ERR_IO, "%s: can't be written: %s", f->file.path, why ? strerror(why) : "write error");
	replace_abandon(&f->file);
	return s;
}

void output_abandon(struct output_file *f)
{
	if (!f->to)
		return;
	fclose(f->to);
	f->to = NULL;
	replace_abandon(&f->file);
}
