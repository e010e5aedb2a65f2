/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/files/file.h"
#include "src/json_text.h"
#include "src/text.h"

static status path_in(struct run *r, const char *name, char **out)
{
	return arena_text(&r->arena, out, "%s/%s", r->path, name);
}

/* The process that holds the lock left its number in the file. */
static status refuse(const struct run *r, int fd)
{
	char pid[24] = "";
	ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
	pid[n > 0 ? n : 0] = 0;
	pid[strcspn(pid, "\n")] = 0;
	return fail(ERR_USAGE, "%s: another process%s%s is writing this run; wait for it, or stop it with SIGTERM", r->path,
	            *pid ? ", number " : "", *pid ? pid : "");
}

/* flock: the kernel releases it when the process ends, however it ends. The file stays, since taking it away would let
 * two processes lock two files of the same name. */
static status take_lock(struct run *r)
{
	char *path;
	TRY(path_in(r, "lock", &path));
	struct stat st;
	/* Its text is replaced: whoever may write in the folder must not choose another file for that. */
	r->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
	if (r->lock < 0 && errno == ELOOP)
		return fail(ERR_IO, "%s: is a symbolic link, and a run's own files are not written through one; take it away", path);
	if (r->lock < 0)
		return fail(ERR_IO, "%s: %s", path, strerror(errno));
	if (fstat(r->lock, &st) || !S_ISREG(st.st_mode) || st.st_nlink > 1) {
		close(r->lock);
		r->lock = -1;
		return fail(ERR_IO, "%s: not a regular file of one name; take it away", path);
	}
	if (flock(r->lock, LOCK_EX | LOCK_NB) == 0) {
		/* For people only: a run works without it, on a full disk for one. */
		if (ftruncate(r->lock, 0) || dprintf(r->lock, "%ld\n", (long)getpid()) < 0)
			warning("%s: %s", path, strerror(errno));
		return OK;
	}
	status s = errno == EWOULDBLOCK ? refuse(r, r->lock) : fail(ERR_IO, "%s: %s", path, strerror(errno));
	close(r->lock);
	r->lock = -1;
	return s;
}

static status begin(const char *path, struct run *out)
{
	*out = (struct run){.lock = -1};
	char *copy;
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	TRY(arena_text(&out->arena, &copy, "%.*s", (int)n, path));
	out->path = copy;
	return OK;
}

void run_close(struct run *r)
{
	if (r->lock >= 0)
		close(r->lock);
	json_decref(r->json);
	arena_free(&r->arena);
	*r = (struct run){.lock = -1};
}

static status save(struct run *r, bool begins)
{
	char *path;
	struct replacement file;
	TRY(path_in(r, "run.json", &path));
	char *text = json_text(r->json);
	if (!text)
		return fail(ERR_MEMORY, "%s: out of memory", path);
	status s = replace_begin(path, false, &file);
	file.begins = begins;
	if (s == OK)
		s = replace_write(&file, text, strlen(text));
	if (s == OK)
		s = replace_write(&file, "\n", 1);
	if (s == OK)
		s = replace_commit(&file);
	free(text);
	return s;
}

status run_save(struct run *r)
{
	return save(r, false);
}

static status read_chains(struct run *r)
{
	json_t *chains = json_object_get(r->json, "chains");
	json_int_t n = json_integer_value(chains);
	if (!json_is_integer(chains) || n < 1 || n > RUN_CHAINS_MOST)
		return fail(ERR_INPUT, "%s/run.json: \"chains\" is not a number of chains, 1 to %d", r->path, RUN_CHAINS_MOST);
	r->chains = (int)n;
	return OK;
}

/* Fills the folder that was just made. */
static status fill(struct run *r, json_t *json)
{
	r->json = json_incref(json);
	TRY(read_chains(r));
	TRY(take_lock(r));
	TRY(save(r, true));
	return folder_sync(r->path);
}

/* Why the folder could not be made. */
static status refuse_folder(const char *path, int error)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char parent[4096];
	if (error == EEXIST)
		return fail(ERR_USAGE, "{out} %s: exists already; choose another name, or go on with a run by "
		            "basin sample {resume} %s", path, text_path(&(struct text){.n = 0}, path));
	snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	if (stat(parent, &st) != 0 || !S_ISDIR(st.st_mode))
		return fail(ERR_USAGE, "{out} %s: there is no folder %s to make it in", path, parent);
	return fail(ERR_IO, "{out} %s: %s", path, strerror(error));
}

status run_create(const char *path, json_t *json, struct run *out)
{
	status s = begin(path, out);
	if (s == OK && mkdir(out->path, 0777)) {
		s = refuse_folder(out->path, errno);
	} else if (s == OK) {
		s = fill(out, json);
		if (s != OK) {
			char *name;
			if (path_in(out, "run.json", &name) == OK)
				unlink(name);
			if (path_in(out, "lock", &name) == OK)
				unlink(name);
			rmdir(out->path);
		}
	}
	if (s != OK)
		run_close(out);
	return s;
}

static status load(struct run *r)
{
	char *path;
	struct stat st;
	if (stat(r->path, &st))
		return fail(ERR_INPUT, "%s: %s", r->path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(ERR_INPUT, "%s: not a run: expected a folder with run.json in it", r->path);
	TRY(path_in(r, "run.json", &path));
	if (access(path, R_OK))
		return fail(ERR_INPUT, "%s: %s a run: %s: %s", r->path, errno == ENOENT ? "not" : "can't be read as", path,
		            strerror(errno));
	TRY(json_text_read(path, &r->json));
	const char *format = json_string_value(json_object_get(r->json, "format"));
	if (!format || strcmp(format, "basin-run") != 0)
		return fail(ERR_INPUT, "%s: \"format\" is not \"basin-run\"", path);
	return read_chains(r);
}

status run_open(const char *path, bool lock, struct run *out)
{
	status s = begin(path, out);
	if (s == OK)
		s = load(out);
	if (s == OK && lock) {
		s = take_lock(out);
		if (s == OK) {
			/* Again: it may have been rewritten before the lock was ours. */
			json_decref(out->json);
			out->json = NULL;
			s = load(out);
		}
	}
	if (s != OK)
		run_close(out);
	return s;
}

status run_file(struct run *r, int chain, const char *suffix, const char **out)
{
	char *path;
	TRY(arena_text(&r->arena, &path, "%s/chain-%d.%s", r->path, chain, suffix));
	*out = path;
	return OK;
}
