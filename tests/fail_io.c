/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A library to preload: one call that reads or writes fails, as on a disk that is full or broken. Only calls that
 * concern a file below the folder FAIL_UNDER count: open, stat, fstat, lstat, readlink, access, read, pread, write, lseek,
 * ftruncate, fsync, fdatasync, close, link, rename, mkdir, and what the C library's streams read and write.
 *
 * Beside what fail_calls.h says, FAIL_ERRNO=E: with this error (5, EIO); FAIL_SHORT=1: a write that fails has written half
 * of its bytes. */
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>

#include "tests/fail_calls.h"

enum { PATH_MOST = 4096 };

/* Whether the call that concerns this file is to fail. */
static bool fails_path(const char *path)
{
	const char *under = getenv("FAIL_UNDER"), *error = getenv("FAIL_ERRNO");
	char whole[PATH_MOST + 1] = "";
	if (path[0] != '/') {
		if (!getcwd(whole, PATH_MOST / 2))
			return false;
		strcat(whole, "/");
	}
	strncat(whole, path, PATH_MOST / 2 - 1);
	if (!under || strncmp(whole, under, strlen(under)) != 0)
		return false;
	return call_fails(error ? atoi(error) : EIO);
}

static bool fails_fd(int fd)
{
	char link[32], path[PATH_MOST];
	int error = errno;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = NEXT(readlink)(link, path, sizeof path - 1);
	errno = error;
	if (n < 0)
		return false;
	path[n] = 0;
	return fails_path(path);
}

/* ---- by descriptor ---- */

ssize_t read(int fd, void *to, size_t n)
{
	return fails_fd(fd) ? -1 : NEXT(read)(fd, to, n);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
	return fails_fd(fd) ? -1 : NEXT(pread)(fd, to, n, at);
}

ssize_t write(int fd, const void *from, size_t n)
{
	if (!fails_fd(fd))
		return NEXT(write)(fd, from, n);
	int error = errno;
	if (getenv("FAIL_SHORT"))
		(void)!NEXT(write)(fd, from, n / 2);
	errno = error;
	return -1;
}

off_t lseek(int fd, off_t to, int from)
{
	return fails_fd(fd) ? -1 : NEXT(lseek)(fd, to, from);
}

int ftruncate(int fd, off_t size)
{
	return fails_fd(fd) ? -1 : NEXT(ftruncate)(fd, size);
}

int fsync(int fd)
{
	return fails_fd(fd) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
	return fails_fd(fd) ? -1 : NEXT(fdatasync)(fd);
}

int fstat(int fd, struct stat *out)
{
	return fails_fd(fd) ? -1 : NEXT(fstat)(fd, out);
}

/* The descriptor is gone all the same, as Linux has it. */
int close(int fd)
{
	bool due = fails_fd(fd);
	int error = errno, done = NEXT(close)(fd);
	if (!due)
		return done;
	errno = error;
	return -1;
}

/* ---- by name ---- */

int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fails_path(path) ? -1 : NEXT(open)(path, flags, mode);
}

int stat(const char *path, struct stat *out)
{
	return fails_path(path) ? -1 : NEXT(stat)(path, out);
}

int access(const char *path, int how)
{
	return fails_path(path) ? -1 : NEXT(access)(path, how);
}

int rename(const char *from, const char *to)
{
	return fails_path(to) ? -1 : NEXT(rename)(from, to);
}

int link(const char *from, const char *to)
{
	return fails_path(to) ? -1 : NEXT(link)(from, to);
}

int lstat(const char *path, struct stat *out)
{
	return fails_path(path) ? -1 : NEXT(lstat)(path, out);
}

ssize_t readlink(const char *path, char *to, size_t n)
{
	return fails_path(path) ? -1 : NEXT(readlink)(path, to, n);
}

int mkdir(const char *path, mode_t mode)
{
	return fails_path(path) ? -1 : NEXT(mkdir)(path, mode);
}

/* ---- streams: on the calls above, which the C library's own do not go through ---- */

static ssize_t stream_read(void *fd, char *to, size_t n)
{
	return read((int)(intptr_t)fd, to, n);
}

static ssize_t stream_write(void *fd, const char *from, size_t n)
{
	ssize_t done = write((int)(intptr_t)fd, from, n);
	/* A stream takes 0 for an error. */
	return done < 0 ? 0 : done;
}

static int stream_seek(void *fd, off64_t *offset, int from)
{
	off_t at = lseek((int)(intptr_t)fd, (off_t)*offset, from);
	*offset = at;
	return at < 0 ? -1 : 0;
}

static int stream_close(void *fd)
{
	return close((int)(intptr_t)fd);
}

FILE *fdopen(int fd, const char *mode)
{
	return fopencookie((void *)(intptr_t)fd, mode,
	                   (cookie_io_functions_t){stream_read, stream_write, stream_seek, stream_close});
}

FILE *fopen(const char *path, const char *mode)
{
	int flags = *mode == 'r' ? O_RDONLY : *mode == 'w' ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY | O_CREAT | O_APPEND;
	int fd = open(path, flags, 0666);
	return fd < 0 ? NULL : fdopen(fd, mode);
}

/* The same functions under the names that 64-bit offsets have. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
ssize_t pread64(int fd, void *to, size_t n, off_t at) __attribute__((alias("pread")));
off_t lseek64(int fd, off_t to, int from) __attribute__((alias("lseek")));
int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));
FILE *fopen64(const char *path, const char *mode) __attribute__((alias("fopen")));
