/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/run_whole.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/files/file.h"

static status refuse_path(const char *path)
{
	return fail(ERR_USAGE, "{out} %s: exists already; choose another name", path);
}

static status refuse_folder(const char *path, int error)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char parent[4096];
	snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	if (stat(parent, &st) != 0 || !S_ISDIR(st.st_mode))
		return fail(ERR_USAGE, "{out} %s: there is no folder %s to make it in", path, parent);
	return fail(ERR_IO, "{out} %s: %s", path, strerror(error));
}

/* Another process may have had this one's number, and have left its folder behind when it was killed. */
static status make_folder(struct run_whole *w)
{
	enum { NAMES_MOST = 100 };
	int error = EEXIST;
	for (int i = 0; error == EEXIST && i < NAMES_MOST; i++) {
		char *name, more[16] = "";
		if (i)
			snprintf(more, sizeof more, "-%d", i);
		TRY(arena_text(&w->run.arena, &name, "%s.tmp-%ld%s", w->path, (long)getpid(), more));
		w->run.path = name;
		error = mkdir(name, 0777) ? errno : 0;
	}
	w->made = !error;
	return error ? refuse_folder(w->path, error) : OK;
}

static status begin(struct run_whole *w, const char *path)
{
	struct stat st;
	char *copy;
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	TRY(arena_text(&w->run.arena, &copy, "%.*s", (int)n, path));
	w->path = copy;
	return lstat(copy, &st) == 0 ? refuse_path(copy) : make_folder(w);
}

status run_whole_begin(const char *path, struct run_whole *out)
{
	*out = (struct run_whole){.run = {.lock = -1}};
	status s = begin(out, path);
	if (s != OK)
		run_whole_close(out);
	return s;
}

status run_whole_commit(struct run_whole *w, json_t *json)
{
	struct stat st;
	TRY(run_fill(&w->run, json));
	if (lstat(w->path, &st) == 0)
		return refuse_path(w->path);
	/* Where somebody was faster all the same, what has anything in it stays. */
	if (rename(w->run.path, w->path))
		return errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR ? refuse_path(w->path)
		     : fail(ERR_IO, "{out} %s: %s", w->path, strerror(errno));
	w->made = false;
	return folder_sync(w->path);
}

/* All its files lie in it side by side. */
static void remove_folder(struct run_whole *w)
{
	DIR *folder = opendir(w->run.path);
	for (struct dirent *e; folder && (e = readdir(folder));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(dirfd(folder), e->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(w->run.path);
}

void run_whole_close(struct run_whole *w)
{
	if (w->made)
		remove_folder(w);
	run_close(&w->run);
	*w = (struct run_whole){.run = {.lock = -1}};
}
