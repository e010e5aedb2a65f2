/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/data/npy_pair.h"

#include <string.h>

#include "src/arena.h"
#include "src/data/input_file.h"
#include "src/text.h"

/* The two names at this comma; the arena is the caller's to free. */
static status try_comma(const char *path, const char *comma, struct arena *a, char **first, bool *both)
{
	TRY(arena_text(a, first, "%.*s", (int)(comma - path), path));
	*both = input_is_file(*first) && input_is_file(comma + 1);
	return OK;
}

/* Where there is one way to read the two names, the file that is missing says why. */
static status refuse_pair(const char *path, const char *comma, size_t commas, const char *tried, const char *first)
{
	size_t size;
	if (!commas || comma == path || !comma[1])
		return fail(ERR_INPUT, "npy:IMAGES.npy,LABELS.npy was expected");
	if (commas > 1)
		return fail(ERR_INPUT, "no two of these are files, of which IMAGES.npy,LABELS.npy could be made: %s", tried);
	TRY(input_size(first, &size));
	return input_size(comma + 1, &size);
}

static status find_pair(const char *path, bool one, struct arena *a, const char **comma)
{
	struct text tried = {.n = 0};
	size_t commas = 0;
	char *first = NULL;
	for (const char *c = strchr(path, ','); c; c = strchr(c + 1, ','), commas++) {
		bool both;
		*comma = c;
		TRY(try_comma(path, c, a, &first, &both));
		if (both)
			return OK;
		text_add(&tried, "%s%s and %s", tried.n ? "; " : "", first, c + 1);
	}
	if (one && (!commas || input_is_file(path))) {
		*comma = NULL;
		return OK;
	}
	return refuse_pair(path, *comma, commas, tried.at, first);
}

status npy_pair(const char *path, bool one, const char **comma)
{
	struct arena a = {0};
	*comma = NULL;
	status s = find_pair(path, one, &a, comma);
	arena_free(&a);
	return s;
}
