/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which files a set in a folder is read from, so that none of them is written over. */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/data/dataset_reader.h"
#include "src/text.h"

static bool same_folder(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Whether one of the names, each with the folder below `folder` that it is looked for in, is that of a file `name` in `parent`. */
static bool is_one_of(const char *const *names, const char *folder, const char *parent, const char *name)
{
	for (; *names; names++) {
		const char *in = strrchr(*names, '/');
		struct text place = {.n = 0};
		text_add(&place, "%s/%.*s", folder, in ? (int)(in - *names) : 0, *names);
		if (fnmatch(in ? in + 1 : *names, name, 0) == 0 && same_folder(parent, place.at))
			return true;
	}
	return false;
}

bool dataset_is_read_from(const char *spec, const char *path)
{
	const struct dataset_reader *reader = dataset_reader_of(spec);
	const char *folder = strchr(spec, ':');
	char *full = reader && reader->files && folder ? realpath(path, NULL) : NULL;
	if (!full)
		return false;
	char *name = strrchr(full, '/');
	*name = 0;
	const bool found = is_one_of(reader->files, folder + 1, *full ? full : "/", name + 1);
	free(full);
	return found;
}
