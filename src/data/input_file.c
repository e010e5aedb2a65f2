/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/input_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/data/inflate.h"

enum { READ_AT_ONCE = 1 << 30 };  /* bytes: a read() returns at most 2 GiB */

bool input_is_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool input_is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The type of what is there; 0: nothing is. */
static status find(const char *path, mode_t *type)
{
	struct stat st;
	*type = 0;
	if (stat(path, &st) == 0)
		*type = st.st_mode & S_IFMT;
	else if (errno != ENOENT && errno != ENOTDIR)
		return fail(ERR_INPUT, "%s: %s", path, strerror(errno));
	return OK;
}

status input_find_file(const char *path, bool *found)
{
	mode_t type;
	*found = false;
	TRY(find(path, &type));
	*found = S_ISREG(type);
	return OK;
}

status input_find_folder(const char *path, bool *found)
{
	mode_t type;
	*found = false;
	TRY(find(path, &type));
	*found = S_ISDIR(type);
	return OK;
}

status input_size(const char *path, size_t *size)
{
	struct stat st;
	*size = 0;
	if (stat(path, &st) != 0)
		return fail(ERR_INPUT, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(ERR_INPUT, "%s: is a folder; a file was expected", path);
	if (!S_ISREG(st.st_mode))
		return fail(ERR_INPUT, "%s: is not a regular file", path);
	*size = (size_t)st.st_size;
	return OK;
}

status input_read_into(const char *path, void *to, size_t size)
{
	size_t have, done = 0;
	TRY(input_size(path, &have));
	if (have != size)
		return fail(ERR_INPUT, "%s: holds %zu bytes; %zu were expected", path, have, size);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(ERR_INPUT, "%s: %s", path, strerror(errno));
	while (done < size) {
		size_t left = size - done;
		ssize_t got = read(fd, (char *)to + done, left < READ_AT_ONCE ? left : READ_AT_ONCE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			status s = got < 0 ? fail(ERR_INPUT, "%s: %s", path, strerror(errno)) :
				fail(ERR_INPUT, "%s: ended after %zu of %zu bytes: it changed while it was read", path, done,
				     size);
			close(fd);
			return s;
		}
		done += (size_t)got;
	}
	close(fd);
	return OK;
}

status input_read(const char *path, struct arena *a, uint8_t **data, size_t *size)
{
	*data = NULL;
	TRY(input_size(path, size));
	TRY(ARENA_NEW(a, *size + 1, data));
	return input_read_into(path, *data, *size);
}

/* Whether a regular file begins with gzip's magic number. */
static status is_gzip(const char *path, bool *out)
{
	uint8_t magic[2] = {0};
	size_t size;
	*out = false;
	TRY(input_size(path, &size));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(ERR_INPUT, "%s: %s", path, strerror(errno));
	*out = read(fd, magic, sizeof magic) == sizeof magic && magic[0] == 0x1f && magic[1] == 0x8b;
	close(fd);
	return OK;
}

status input_read_inflated(const char *path, struct arena *a, uint8_t **data, size_t *size)
{
	struct arena packed = {0};
	uint8_t *bytes;
	size_t n;
	bool gzip;
	*data = NULL;
	TRY(is_gzip(path, &gzip));
	if (!gzip)
		return input_read(path, a, data, size);
	status s = input_read(path, &packed, &bytes, &n);
	if (s == OK) {
		s = inflate_whole(INFLATE_GZIP, bytes, n, a, data, size);
		if (s != OK)
			fail_within(s, "%s: ", path);
	}
	arena_free(&packed);
	return s;
}
