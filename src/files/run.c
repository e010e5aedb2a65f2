/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/run_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/files/file.h"
#include "src/json_text.h"
#include "src/text.h"

static status path_in(struct run *r, const char *name, char **out)
{
	return arena_text(&r->arena, out, "%s/%s", r->path, name);
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

/* Takes away what this process has made of a run that it can't begin; a folder that it found stays. */
static void unmake(struct run *r)
{
	static const char *const made[] = {"run.json.tmp", "lock"};
	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		char *name;
		if (path_in(r, made[i], &name) == OK)
			unlink(name);
	}
	if (r->made)
		rmdir(r->path);
}

void run_close(struct run *r)
{
	if (r->unfilled)
		unmake(r);
	if (r->lock >= 0)
		close(r->lock);
	json_decref(r->json);
	json_decref(r->read);
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
	file.begins = file.keeps = begins;
	if (s == OK)
		s = replace_write(&file, text, strlen(text));
	if (s == OK)
		s = replace_write(&file, "\n", 1);
	if (s == OK)
		s = replace_commit(&file);
	free(text);
	return s;
}

static status read_chains(const struct run *r, const json_t *json, int *out)
{
	json_t *chains = json_object_get(json, "chains");
	json_int_t n = json_integer_value(chains);
	if (!json_is_integer(chains) || n < 1 || n > RUN_CHAINS_MOST)
		return fail(ERR_INPUT, "%s/run.json: \"chains\" is not a number of chains, 1 to %d", r->path, RUN_CHAINS_MOST);
	*out = (int)n;
	return OK;
}

static status read_json(struct run *r, json_t **out)
{
	char *path;
	struct stat st;
	*out = NULL;
	if (stat(r->path, &st))
		return fail(ERR_INPUT, "%s: %s", r->path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(ERR_INPUT, "%s: not a run: expected a folder with run.json in it", r->path);
	TRY(path_in(r, "run.json", &path));
	if (access(path, R_OK))
		return fail(ERR_INPUT, "%s: %s a run: %s: %s", r->path, errno == ENOENT ? "not" : "can't be read as", path,
		            strerror(errno));
	TRY(json_text_read(path, out));
	const char *format = json_string_value(json_object_get(*out, "format"));
	if (format && strcmp(format, "basin-run") == 0)
		return OK;
	json_decref(*out);
	*out = NULL;
	return fail(ERR_INPUT, "%s: \"format\" is not \"basin-run\"", path);
}

static status load(struct run *r, bool write)
{
	TRY(read_json(r, &r->json));
	if (write)
		TRY(read_json(r, &r->read));
	/* Somebody has changed it between the two. */
	while (write && !json_equal(r->json, r->read)) {
		json_decref(r->json);
		r->json = r->read;
		r->read = NULL;
		TRY(read_json(r, &r->read));
	}
	return read_chains(r, r->json, &r->chains);
}

static status change(struct run *r, bool alone)
{
	json_t *now;
	TRY(read_json(r, &now));
	bool done = json_equal(now, r->json), clash = !done && !json_equal(now, r->read);
	json_decref(now);
	if (clash)
		return fail(ERR_BUSY, "%s/run.json: another process has changed it meanwhile; try again", r->path);
	TRY(alone && !done ? run_lock_chains(r) : OK);
	TRY(done ? OK : save(r, false));
	json_decref(r->read);
	return read_json(r, &r->read);
}

status run_change(struct run *r, bool alone)
{
	TRY(run_lock_json(r));
	status s = change(r, alone);
	run_unlock(r);
	return s == OK ? read_chains(r, r->json, &r->chains) : s;
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

static bool has_json(struct run *r)
{
	char *name;
	struct stat st;
	return path_in(r, "run.json", &name) == OK && lstat(name, &st) == 0;
}

/* Where another machine's run.json was not seen in time the folder is that machine's, and above all the lock. s: what became of
 * writing `own`. */
static status refuse_late(struct run *r, const json_t *own, status s)
{
	json_t *there;
	r->unfilled = false;
	TRY(read_json(r, &there));
	bool other = !json_equal(there, own);
	json_decref(there);
	return other ? fail(ERR_BUSY, "%s: another process has begun the run meanwhile; give the same command again", r->path) : s;
}

status run_fill(struct run *r, json_t *json)
{
	r->json = json_incref(json);
	status s = read_chains(r, json, &r->chains);
	if (s == OK)
		s = save(r, true);
	if (s == OK)
		s = folder_sync(r->path);
	if (s == OK)
		s = read_json(r, &r->read);
	if (s == OK) {
		r->unfilled = false;
		run_unlock(r);
		return OK;
	}
	json_decref(r->json);
	r->json = NULL;
	return r->unfilled && has_json(r) ? refuse_late(r, json, s) : s;
}

status run_create(const char *path, json_t *json, struct run *out)
{
	status s = begin(path, out);
	if (s == OK && mkdir(out->path, 0777)) {
		s = refuse_folder(out->path, errno);
	} else if (s == OK) {
		out->made = out->unfilled = true;
		s = run_lock_open(out);
		if (s == OK)
			s = run_lock_json(out);
		/* Somebody who was to join the run found the folder empty and was faster. */
		if (s == OK && has_json(out)) {
			out->unfilled = false;
			s = refuse_folder(out->path, EEXIST);
		} else if (s == OK) {
			s = run_fill(out, json);
		}
	}
	if (s != OK)
		run_close(out);
	return s;
}

/* Whether there is nothing in the folder but what a process leaves there that dies while it makes a run. gone: it is no longer
 * there, and no link to nothing stands in its place. */
static bool is_unfilled(const char *path, bool *gone)
{
	struct stat st;
	DIR *folder = opendir(path);
	*gone = !folder && errno == ENOENT && (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode));
	bool bare = folder != NULL;
	for (struct dirent *e; bare && (e = readdir(folder));)
		bare = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || strcmp(e->d_name, "lock") == 0 ||
		       strcmp(e->d_name, "run.json.tmp") == 0;
	if (folder)
		closedir(folder);
	return bare;
}

/* One try; again: the folder was taken away by the process that had made it, and is to be made anew. */
static status reserve(struct run *r, bool *again)
{
	*again = false;
	r->made = mkdir(r->path, 0777) == 0;
	if (!r->made && errno != EEXIST)
		return refuse_folder(r->path, errno);
	/* In this order: somebody may give the folder its run.json meanwhile, and then files of chains; and a shared file system
	 * may remember for a while that a name was not there. */
	if (!r->made && !is_unfilled(r->path, again) && !has_json(r))
		return fail(ERR_USAGE, "{out} %s: exists already and is not a run; choose another name", r->path);
	r->unfilled = r->made;
	status s = run_lock_open(r);
	if (s == OK)
		s = run_lock_json(r);
	*again = s == OK ? !run_lock_lies(r) : errno == ENOENT;
	r->unfilled = !*again && !has_json(r) && (r->made || s == OK);
	return s;
}

status run_reserve(const char *path, struct run *out)
{
	bool again = true;
	status s = begin(path, out);
	while (s == OK && again) {
		s = reserve(out, &again);
		if (!again)
			break;
		if (out->lock >= 0)
			close(out->lock);
		out->lock = -1;
		s = OK;
	}
	if (s == OK && !out->unfilled) {
		s = load(out, true);
		run_unlock(out);
	}
	if (s != OK)
		run_close(out);
	return s;
}

status run_open(const char *path, bool write, struct run *out)
{
	status s = begin(path, out);
	if (s == OK)
		s = load(out, write);
	if (s == OK && write)
		s = run_lock_open(out);
	if (s != OK)
		run_close(out);
	return s;
}

status run_file(const struct run *r, struct arena *a, int chain, const char *suffix, const char **out)
{
	char *path;
	TRY(arena_text(a, &path, "%s/chain-%d.%s", r->path, chain, suffix));
	*out = path;
	return OK;
}
