/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Who writes what of a run. Byte k of the file `lock` is locked by whoever writes chain k, byte RUN_BYTE by whoever makes or
 * changes run.json. The locks belong to the open file, so that the threads of a process may take chains side by side, and
 * they work between the machines of a shared file system that has POSIX locks. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/files/run_private.h"

/* A record a chain, of which nothing depends: "PID HOST", blanks, a newline. */
enum { RECORD = 64 };
static const off_t RUN_BYTE = (off_t)1 << 31;

status run_lock_open(struct run *r)
{
	char *path;
	TRY(arena_text(&r->arena, &path, "%s/lock", r->path));
	struct stat st;
	/* Its text is replaced: whoever may write in the folder must not choose another file for that. */
	r->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
	int error = errno;
	if (r->lock < 0) {
		status s = error == ELOOP ? fail(ERR_IO, "%s: is a symbolic link, and a run's own files are not written through one; take "
		                                 "it away", path)
		                          : fail(ERR_IO, "%s: %s", path, strerror(error));
		errno = error;
		return s;
	}
	/* One without a name was taken away by a process that could not begin the run. */
	if (fstat(r->lock, &st) || !S_ISREG(st.st_mode) || st.st_nlink > 1) {
		close(r->lock);
		r->lock = -1;
		return fail(ERR_IO, "%s: not a regular file of one name; take it away", path);
	}
	return OK;
}

static int lock_bytes(const struct run *r, int how, short type, off_t first, off_t n)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = first, .l_len = n};
	int done;
	do
		done = fcntl(r->lock, how, &lock);
	while (done < 0 && errno == EINTR);
	return done < 0 ? errno : 0;
}

static void unlock_bytes(const struct run *r, off_t first, off_t n)
{
	if (r->lock >= 0)
		(void)lock_bytes(r, F_OFD_SETLK, F_UNLCK, first, n);
}

static status lock_failed(const struct run *r, int error)
{
	return fail(ERR_IO, "%s/lock: can't be locked: %s; a run must lie on a file system with locks, see basin-cluster(7)", r->path,
	            strerror(error));
}

/* Chain k's record, as far as it can be read. */
static status refuse_chain(const struct run *r, int k)
{
	char who[RECORD + 1] = "";
	ssize_t n = pread(r->lock, who, RECORD, (off_t)k * RECORD);
	who[n > 0 ? n : 0] = 0;
	who[strcspn(who, " \n")] = 0;
	const char *host = who + strlen(who) + 1;
	size_t length = n > host - who ? strcspn(host, " \n") : 0;
	return fail(ERR_BUSY, "%s: another process%s%s%s%.*s%s is writing chain %d; wait for it, or stop it with SIGTERM", r->path,
	            *who ? ", number " : "", who, length ? " on " : "", (int)length, host, *who ? "," : "", k);
}

status run_take(struct run *r, int k)
{
	int error = lock_bytes(r, F_OFD_SETLK, F_WRLCK, k, 1);
	if (error == EAGAIN || error == EACCES)
		return refuse_chain(r, k);
	if (error)
		return lock_failed(r, error);
	char host[256] = "", who[RECORD + sizeof host];
	gethostname(host, sizeof host - 1);
	int n = snprintf(who, sizeof who, "%ld %s", (long)getpid(), host);
	if (n < RECORD - 1)
		memset(who + n, ' ', (size_t)(RECORD - 1 - n));
	who[RECORD - 1] = '\n';
	/* For people only: a run works without it, on a full disk for one. */
	if (pwrite(r->lock, who, RECORD, (off_t)k * RECORD) != RECORD)
		warning("%s/lock: %s", r->path, strerror(errno));
	return OK;
}

void run_leave(struct run *r, int k)
{
	unlock_bytes(r, k, 1);
}

status run_lock_json(const struct run *r)
{
	int error = lock_bytes(r, F_OFD_SETLKW, F_WRLCK, RUN_BYTE, 1);
	return error ? lock_failed(r, error) : OK;
}

status run_lock_chains(const struct run *r)
{
	int error = lock_bytes(r, F_OFD_SETLK, F_WRLCK, 0, RUN_CHAINS_MOST);
	if (!error)
		return OK;
	if (error != EAGAIN && error != EACCES)
		return lock_failed(r, error);
	struct flock other = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = RUN_CHAINS_MOST};
	bool known = fcntl(r->lock, F_OFD_GETLK, &other) == 0 && other.l_type != F_UNLCK && other.l_start >= 0;
	return refuse_chain(r, known ? (int)other.l_start : 0);
}

void run_unlock(const struct run *r)
{
	unlock_bytes(r, 0, RUN_CHAINS_MOST);
	unlock_bytes(r, RUN_BYTE, 1);
}

bool run_lock_lies(const struct run *r)
{
	char path[PATH_MAX];
	struct stat there, ours;
	snprintf(path, sizeof path, "%s/lock", r->path);
	return stat(path, &there) == 0 && fstat(r->lock, &ours) == 0 && there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}
