/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 16384 };  /* bytes; the kernel's files that are read here are shorter */

/* What a version of control groups calls things. */
struct version {
	const char *const *mounts;   /* where its groups are */
	const char *const *limits;
	const char *used;
	const char *const *pages;    /* bytes of files' pages, in memory.stat */
};

static const struct version version_1 = {
	.mounts = (const char *const[]){"/sys/fs/cgroup/memory", NULL},
	.limits = (const char *const[]){"memory.limit_in_bytes", NULL},
	.used = "memory.usage_in_bytes",
	.pages = (const char *const[]){"total_inactive_file ", "total_active_file ", NULL},
};

static const struct version version_2 = {
	.mounts = (const char *const[]){"/sys/fs/cgroup", "/sys/fs/cgroup/unified", NULL},
	.limits = (const char *const[]){"memory.max", "memory.high", NULL},
	.used = "memory.current",
	.pages = (const char *const[]){"inactive_file ", "active_file ", NULL},
};

/* Reads a file as a text, "" where it can't be read. */
static void file_text(const char *path, char text[FILE_MAX])
{
	size_t n = 0;
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && n < FILE_MAX - 1) {
		got = read(fd, text + n, FILE_MAX - 1 - n);
		if (got > 0)
			n += (size_t)got;
		else if (got == 0 || errno != EINTR)
			break;
	}
	if (fd >= 0)
		close(fd);
	text[got < 0 ? 0 : n] = 0;
}

/* The number behind a name at the beginning of a line; false where there is none. An empty name begins the text. */
static bool number_after(const char *text, const char *name, uint64_t *out)
{
	const size_t length = strlen(name);
	for (const char *line = text; line; line = strchr(line, '\n'), line += line != NULL) {
		char *end;
		if (strncmp(line, name, length) != 0)
			continue;
		errno = 0;
		*out = strtoull(line + length, &end, 10);
		return end != line + length && !errno;
	}
	return false;
}

static bool number_in(const char *group, const char *file, uint64_t *out)
{
	char path[PATH_MAX], text[FILE_MAX];
	if (snprintf(path, sizeof path, "%s/%s", group, file) >= (int)sizeof path)
		return false;
	file_text(path, text);
	return number_after(text, "", out);
}

/* What one group leaves; UINT64_MAX where it has no limit. */
static uint64_t group_left(const struct version *v, const char *group)
{
	char path[PATH_MAX], text[FILE_MAX];
	uint64_t limit = UINT64_MAX, used, pages = 0, value;
	for (const char *const *name = v->limits; *name; name++)
		if (number_in(group, *name, &value) && value < limit)
			limit = value;
	if (limit == UINT64_MAX || !number_in(group, v->used, &used) ||
	    snprintf(path, sizeof path, "%s/memory.stat", group) >= (int)sizeof path)
		return UINT64_MAX;
	file_text(path, text);
	for (const char *const *name = v->pages; *name; name++)
		if (number_after(text, *name, &value))
			pages += value;
	used -= pages < used ? pages : used;
	return used < limit ? limit - used : 0;
}

/* The least that a group and those above it leave. `name`: the group's path from the mount on. A container may see its own
 * group as the mount itself, under a name that is not there. */
static uint64_t groups_left(const struct version *v, const char *root, const char *name)
{
	uint64_t least = UINT64_MAX;
	for (const char *const *mount = v->mounts; *mount; mount++) {
		char group[PATH_MAX];
		int n = snprintf(group, sizeof group, "%s%s", root, *mount);
		size_t top = (size_t)n, end = top + strlen(name);
		if (end >= sizeof group)
			continue;
		memcpy(group + top, name, strlen(name) + 1);
		while (true) {
			uint64_t left = group_left(v, group);
			least = left < least ? left : least;
			if (end == top)
				break;
			do
				end--;
			while (end > top && group[end] != '/');
			group[end] = 0;
		}
	}
	return least;
}

/* The groups of this process: a line each, "4:memory:/name" or "0::/name". */
static uint64_t cgroups_left(const char *root)
{
	char path[PATH_MAX], text[FILE_MAX];
	uint64_t least = UINT64_MAX;
	if (snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= (int)sizeof path)
		return least;
	file_text(path, text);
	char *next;
	for (char *line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = 0;
		char *controllers = strchr(line, ':'), *name = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!name)
			continue;
		*name++ = 0;
		const char *memory = strstr(controllers, "memory");
		bool old = memory && (memory[6] == 0 || memory[6] == ',') && (memory[-1] == ':' || memory[-1] == ',');
		if (!old && controllers[1])
			continue;
		uint64_t left = groups_left(old ? &version_1 : &version_2, root, name);
		least = left < least ? left : least;
	}
	return least;
}

size_t memory_available_at(const char *root)
{
	char path[PATH_MAX], text[FILE_MAX];
	uint64_t least = cgroups_left(root), kibibytes;
	if (snprintf(path, sizeof path, "%s/proc/meminfo", root) < (int)sizeof path) {
		file_text(path, text);
		if (number_after(text, "MemAvailable:", &kibibytes) && kibibytes < least / 1024)
			least = kibibytes * 1024;
	}
	return least < SIZE_MAX ? (size_t)least : SIZE_MAX;
}

size_t memory_available(void)
{
	return memory_available_at("");
}
