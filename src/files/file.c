/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/text.h"

/* One write(2) takes at most this much everywhere. */
enum { WRITE_MOST = 1 << 30 };

status file_memory(const char *path, size_t n, void *out)
{
	void **place = out;
	*place = malloc(n ? n : 1);
	return *place ? OK : fail(ERR_MEMORY, "%s: out of memory: %zu bytes asked for", path, n);
}

/* The folder that holds `path`: its length in `path`, or 0 for the working folder. */
static size_t folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');
	return !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
}

/* Whether the folder of a file holds a run, which then is gone on with. */
static bool in_a_run(const char *folder)
{
	char *json;
	if (asprintf(&json, "%s/run.json", folder) < 0)
		return false;
	bool there = access(json, F_OK) == 0;
	free(json);
	return there;
}

/* Words for a failed write, with what a person can do where the disk is full. */
static status write_failed(const char *path, int error)
{
	if (error != ENOSPC && error != EDQUOT && error != EFBIG)
		return fail(ERR_IO, "%s: %s; what was written so far is whole", path, strerror(error));
	const char *what = error == ENOSPC ? "no space left on the device"
	                 : error == EDQUOT ? "the disk quota is used up"
	                                   : "the file would exceed the limit on file sizes (ulimit -f)";
	size_t n = folder_length(path);
	struct text folder = {.n = 0}, word = {.n = 0};
	text_add(&folder, "%.*s", n ? (int)n : 1, n ? path : ".");
	if (!in_a_run(folder.at))
		return fail(ERR_IO, "%s: %s", path, what);
	return fail(ERR_IO, "%s: %s; what was written so far is whole; free space and go on with "
	            "basin sample {resume} %s", path, what, text_path(&word, folder.at));
}

int file_write(int fd, const void *data, size_t n)
{
	const char *at = data;
	while (n) {
		ssize_t done = write(fd, at, n < WRITE_MOST ? n : WRITE_MOST);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? errno : ENOSPC;
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

/* ---- tails ---- */

static status tail_take(const char *path, int flags, struct tail *out)
{
	*out = (struct tail){.fd = -1, .path = strdup(path)};
	if (!out->path)
		return fail(ERR_MEMORY, "%s: out of memory", path);
	/* Not through a link, which whoever may write in the folder could point at any file; not waiting for a FIFO's reader. */
	out->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0666);
	if (out->fd >= 0)
		return OK;
	int error = errno;
	free(out->path);
	out->path = NULL;
	return error == ELOOP ? fail(ERR_IO, "%s: is a symbolic link, and a chain's own files are not written through one; put "
	                             "the file in its place", path)
	                      : fail(ERR_IO, "%s: %s", path, strerror(error));
}

status tail_create(const char *path, struct tail *out)
{
	return tail_take(path, O_CREAT | O_EXCL, out);
}

static status tail_cut(struct tail *t, uint64_t length)
{
	struct stat st;
	if (fstat(t->fd, &st))
		return fail(ERR_IO, "%s: %s", t->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(ERR_IO, "%s: not a regular file", t->path);
	/* cp -al makes such a copy of a run, which would be cut and written to with this one. */
	if (st.st_nlink > 1)
		return fail(ERR_IO, "%s: is one file with another of another name (a hard link), which would change with it; put a copy "
		            "in its place", t->path);
	if ((uint64_t)st.st_size < length)
		return fail(ERR_DAMAGE, "%s: has %llu bytes where the checkpoint counts %llu: its end is missing", t->path,
		            (unsigned long long)st.st_size, (unsigned long long)length);
	if (ftruncate(t->fd, (off_t)length) || lseek(t->fd, (off_t)length, SEEK_SET) < 0)
		return fail(ERR_IO, "%s: can't be cut to %llu bytes: %s", t->path, (unsigned long long)length, strerror(errno));
	t->length = length;
	return OK;
}

status tail_open(const char *path, uint64_t length, struct tail *out)
{
	TRY(tail_take(path, 0, out));
	status s = tail_cut(out, length);
	if (s != OK) {
		close(out->fd);
		free(out->path);
		*out = (struct tail){.fd = -1};
	}
	return s;
}

status tail_write(struct tail *t, const void *data, size_t n)
{
	int error = file_write(t->fd, data, n);
	if (!error) {
		t->length += n;
		return OK;
	}
	/* Shrinking needs no space, so this works on a full disk; if it fails all the same, readers see a torn tail. */
	if (ftruncate(t->fd, (off_t)t->length) || lseek(t->fd, (off_t)t->length, SEEK_SET) < 0)
		warning("%s: the piece that did not fit can't be cut off: %s", t->path, strerror(errno));
	return write_failed(t->path, error);
}

status tail_sync(struct tail *t)
{
	if (t->synced == t->length)
		return OK;
	if (fdatasync(t->fd))
		return write_failed(t->path, errno);
	t->synced = t->length;
	return OK;
}

status tail_close(struct tail *t)
{
	status s = OK;
	if (t->path && t->fd >= 0 && close(t->fd))
		s = write_failed(t->path, errno);
	free(t->path);
	*t = (struct tail){.fd = -1};
	return s;
}

/* ---- replacements ---- */

status folder_sync(const char *path)
{
	size_t n = folder_length(path);
	char *folder = n ? strndup(path, n) : strdup(".");
	if (!folder)
		return fail(ERR_MEMORY, "%s: out of memory", path);
	status s = OK;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Some file systems can't sync a folder (EINVAL); they keep no such promise to begin with. */
	if (fd < 0 || (fsync(fd) && errno != EINVAL))
		s = fail(ERR_IO, "%s: %s", folder, strerror(errno));
	if (fd >= 0)
		close(fd);
	free(folder);
	return s;
}

/* Makes the temporary file of this name, which becomes the replacement's. */
static int replace_open(struct replacement *r, char *name)
{
	r->temporary = name;
	r->fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (r->fd >= 0)
		return 0;
	int error = errno;
	free(name);
	r->temporary = NULL;
	return error;
}

/* Another process may have had this one's number, and have left its file behind when it was killed. */
static int replace_open_new(struct replacement *r)
{
	enum { NAMES_MOST = 100 };
	int error = EEXIST;
	for (int i = 0; error == EEXIST && i < NAMES_MOST; i++) {
		char *name, more[16] = "";
		if (i)
			snprintf(more, sizeof more, "-%d", i);
		if (asprintf(&name, "%s.tmp-%ld%s", r->path, (long)getpid(), more) < 0)
			return ENOMEM;
		error = replace_open(r, name);
	}
	return error;
}

/* In a folder of our own what a killed process left under this name goes first, a link or FIFO that is in the way too. */
static int replace_open_own(struct replacement *r)
{
	char *name;
	if (asprintf(&name, "%s.tmp", r->path) < 0)
		return ENOMEM;
	unlink(name);
	return replace_open(r, name);
}

status replace_begin(const char *path, bool shared_folder, struct replacement *out)
{
	*out = (struct replacement){.path = path, .fd = -1};
	int error = shared_folder ? replace_open_new(out) : replace_open_own(out);
	status s = error == ENOMEM ? fail(ERR_MEMORY, "%s: out of memory", path)
	         : error           ? fail(ERR_IO, "%s: can't be written: %s", path, strerror(error))
	                           : OK;
	errno = error;
	return s;
}

void replace_abandon(struct replacement *r)
{
	if (r->fd >= 0)
		close(r->fd);
	if (r->temporary)
		unlink(r->temporary);
	free(r->temporary);
	r->temporary = NULL;
	r->fd = -1;
}

static status replace_failed(struct replacement *r, int error)
{
	replace_abandon(r);
	return r->begins ? fail(ERR_IO, "%s: %s", r->path, strerror(error)) : write_failed(r->path, error);
}

status replace_write(struct replacement *r, const void *data, size_t n)
{
	int error = file_write(r->fd, data, n);
	return error ? replace_failed(r, error) : OK;
}

/* Gives the temporary file its name. */
static int replace_name(const struct replacement *r)
{
	if (!r->keeps || link(r->temporary, r->path) == 0)
		return r->keeps ? unlink(r->temporary) : rename(r->temporary, r->path);
	/* FAT and its like can't give a file two names. */
	bool linkless = errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS;
	return linkless ? rename(r->temporary, r->path) : -1;
}

status replace_commit(struct replacement *r)
{
	if (fsync(r->fd))
		return replace_failed(r, errno);
	int bad = close(r->fd);
	r->fd = -1;
	if (bad || replace_name(r))
		return replace_failed(r, errno);
	free(r->temporary);
	r->temporary = NULL;
	return folder_sync(r->path);
}

/* ---- reading ---- */

status file_present(const char *path, bool *out)
{
	struct stat st;
	*out = stat(path, &st) == 0;
	if (*out || errno == ENOENT || errno == ENOTDIR)
		return OK;
	return fail(errno == EIO ? ERR_IO : ERR_INPUT, "%s: %s", path, strerror(errno));
}

status file_open(const char *path, int *fd, uint64_t *bytes)
{
	struct stat st;
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return fail(ERR_INPUT, "%s: %s", path, strerror(errno));
	int bad = fstat(*fd, &st);
	if (!bad && S_ISREG(st.st_mode)) {
		*bytes = (uint64_t)st.st_size;
		return OK;
	}
	status s = bad ? fail(ERR_IO, "%s: %s", path, strerror(errno))
	         : fail(ERR_INPUT, "%s: %s, expected a file", path, S_ISDIR(st.st_mode) ? "is a folder" : "not a regular file");
	close(*fd);
	*fd = -1;
	return s;
}

status file_read(int fd, const char *path, uint64_t offset, void *to, size_t n)
{
	for (char *at = to; n;) {
		ssize_t got = pread(fd, at, n < WRITE_MOST ? n : WRITE_MOST, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(ERR_IO, "%s: byte %llu: %s", path, (unsigned long long)offset, strerror(errno));
		if (got == 0)
			return fail(ERR_DAMAGE, "%s: ends at byte %llu, %zu bytes too early", path, (unsigned long long)offset, n);
		at += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return OK;
}
