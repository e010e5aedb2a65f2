/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Symbolic links that the system follows in a row, as Linux does. */
enum { LINKS_MOST = 40 };

static const char *shown_name(const struct output_file *f)
{
	return f->standard ? "standard output" : f->path;
}

/* Puts the parameter before a failure. */
static status blame(const struct output_file *f, status s)
{
	return s == OK || !f->option ? s : fail_within(s, "{%s} ", f->option);
}

static status failed(const struct output_file *f, int error)
{
	const char *name = shown_name(f);
	if (error == ENOMEM)
		return blame(f, fail(ERR_MEMORY, "%s: out of memory", name));
	if (error == EPIPE)
		return blame(f, fail(f->standard ? ERR_NO_READER : ERR_IO, "%s: its reader is gone", name));
	return blame(f, fail(ERR_IO, "%s: can't be written: %s", name, strerror(error)));
}

/* ---- the stream ---- */

static int regular_begin(struct output_file *f)
{
	if (f->file.temporary)
		return 0;
	if (replace_begin(f->target, true, &f->file) != OK)
		return errno;
	f->file.begins = true;
	f->file.keeps = !f->before.st_mode;
	/* What replaces a private file must not be open to all. */
	if (f->before.st_mode)
		fchmod(f->file.fd, f->before.st_mode & 0777);
	return 0;
}

/* A write of stdio's: it may come late, when the stream is closed, and stdio forgets why it failed. */
static ssize_t stream_write(void *output, const char *data, size_t n)
{
	struct output_file *f = output;
	if (!f->error && f->fd < 0)
		f->error = regular_begin(f);
	if (!f->error)
		f->error = file_write(f->fd < 0 ? f->file.fd : f->fd, data, n);
	return f->error ? 0 : (ssize_t)n;
}

static void let_go(struct output_file *f)
{
	if (f->to)
		fclose(f->to);
	if (f->fd >= 0)
		close(f->fd);
	if (f->file.temporary)
		replace_abandon(&f->file);
	*f = (struct output_file){.to = NULL};
}

/* ---- opening ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool output_is_standard(const char *path)
{
	struct stat st, out;
	if (strcmp(path, "-") == 0)
		return true;
	return stat(path, &st) == 0 && fstat(STDOUT_FILENO, &out) == 0 && same_file(&st, &out) &&
	       (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode));
}

/* The descriptor is the file's own: standard output itself goes to other things. */
static status open_standard(struct output_file *f)
{
	f->standard = true;
	int mode = fcntl(STDOUT_FILENO, F_GETFL);
	/* A closed one has been filled in the wrong way round. */
	if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY)
		return blame(f, fail(ERR_IO, "standard output: it is closed"));
	f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return f->fd < 0 ? failed(f, errno) : OK;
}

static status open_node(struct output_file *f)
{
	do
		f->fd = open(f->path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	while (f->fd < 0 && errno == EINTR);
	return f->fd < 0 ? failed(f, errno) : OK;
}

/* Follows links to the name under which a regular file is, or will be. */
static status follow(struct output_file *f, struct arena *a)
{
	char *at;
	struct stat st;
	TRY(arena_text(a, &at, "%s", f->path));
	for (int i = 0; lstat(at, &st) == 0 && S_ISLNK(st.st_mode); i++) {
		char to[4096];
		ssize_t n = i < LINKS_MOST ? readlink(at, to, sizeof to - 1) : -1;
		if (n < 0)
			return failed(f, i < LINKS_MOST ? errno : ELOOP);
		to[n] = 0;
		const char *slash = strrchr(at, '/');
		TRY(arena_text(a, &at, "%.*s%s", *to != '/' && slash ? (int)(slash - at) + 1 : 0, at, to));
	}
	f->target = at;
	return OK;
}

/* Whether a file can be made there: by making one, which then goes away. */
static status open_regular(struct output_file *f, struct arena *a, bool overwrite)
{
	if (f->before.st_mode && !overwrite)
		return blame(f, fail(ERR_USAGE, "%s: exists already; {overwrite} replaces it", f->path));
	/* A rename asks for the folder's permission alone. */
	if (f->before.st_mode && access(f->path, W_OK) != 0)
		return failed(f, errno);
	TRY(follow(f, a));
	int error = regular_begin(f);
	replace_abandon(&f->file);
	return error ? failed(f, error) : OK;
}

static status open_place(struct output_file *f, struct arena *a, bool overwrite)
{
	if (!*f->path)
		return blame(f, fail(ERR_USAGE, "\"\": a file's name was expected"));
	if (output_is_standard(f->path))
		return open_standard(f);
	if (stat(f->path, &f->before) != 0)
		f->before = (struct stat){.st_mode = 0};
	if (S_ISDIR(f->before.st_mode))
		return blame(f, fail(ERR_USAGE, "%s: is a folder; a file's name was expected", f->path));
	return f->before.st_mode && !S_ISREG(f->before.st_mode) ? open_node(f) : open_regular(f, a, overwrite);
}

static status open_stream(struct output_file *f)
{
	f->to = fopencookie(f, "w", (cookie_io_functions_t){.write = stream_write});
	return f->to ? OK : failed(f, errno ? errno : ENOMEM);
}

status output_open(struct output_file *f, struct arena *a, const char *option, const char *path, bool overwrite)
{
	*f = (struct output_file){.option = option, .path = path, .target = path, .fd = -1, .file = {.fd = -1}};
	status s = open_place(f, a, overwrite);
	if (s == OK)
		s = open_stream(f);
	if (s != OK)
		let_go(f);
	return s;
}

/* ---- two of them ---- */

static bool same_folder(const char *a, const char *b, size_t n_a, size_t n_b)
{
	char name_a[4096], name_b[4096];
	struct stat st_a, st_b;
	snprintf(name_a, sizeof name_a, "%.*s.", (int)n_a, a);
	snprintf(name_b, sizeof name_b, "%.*s.", (int)n_b, b);
	return stat(name_a, &st_a) == 0 && stat(name_b, &st_b) == 0 && same_file(&st_a, &st_b);
}

/* A regular file need not be there yet: its folder and its name in it tell. */
static bool same_place(const char *a, const char *b)
{
	const char *slash_a = strrchr(a, '/'), *slash_b = strrchr(b, '/');
	const char *name_a = slash_a ? slash_a + 1 : a, *name_b = slash_b ? slash_b + 1 : b;
	return strcmp(name_a, name_b) == 0 && same_folder(a, b, (size_t)(name_a - a), (size_t)(name_b - b));
}

bool output_same(const struct output_file *a, const struct output_file *b)
{
	if (a->standard || b->standard)
		return a->standard && b->standard;
	if (a->fd < 0 && b->fd < 0)
		return same_place(a->target, b->target);
	return S_ISFIFO(a->before.st_mode) && S_ISFIFO(b->before.st_mode) && same_file(&a->before, &b->before);
}

/* ---- closing ---- */

/* What stdio still holds is written, so that all failures are known. */
static status finish(struct output_file *f)
{
	bool good = fclose(f->to) == 0;
	f->to = NULL;
	/* An empty one, too, has a name. */
	if (good && !f->error && f->fd < 0)
		f->error = regular_begin(f);
	if (f->error || !good)
		return failed(f, f->error ? f->error : EIO);
	int fd = f->fd;
	f->fd = -1;
	if (fd < 0)
		return blame(f, replace_commit(&f->file));
	return close(fd) == 0 ? OK : failed(f, errno);
}

status output_close(struct output_file *f, status so_far)
{
	if (!f->to)
		return so_far;
	if (so_far == OK)
		so_far = finish(f);
	else if (so_far == ERR_IO && f->error)
		so_far = failed(f, f->error);
	let_go(f);
	return so_far;
}
