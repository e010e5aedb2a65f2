/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* An arena: memory taken once at the start, piece by piece, and released all together. Not for several threads at once. */
#ifndef BASIN_ARENA_H
#define BASIN_ARENA_H

#include <stddef.h>

#include "src/err.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;  /* newest first */
};

/* Takes count × size zeroed bytes, 64-byte aligned, into *out; they live until arena_free.
 * A zero-initialised struct arena is an empty one. Errors: ERR_MEMORY (also when count × size overflows). */
status arena_take(struct arena *a, size_t count, size_t size, void *out);

/* Copies a string, or formats one, into the arena. Errors: ERR_MEMORY. */
status arena_text(struct arena *a, char **out, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Releases everything that was taken; the arena is empty and usable again. */
void arena_free(struct arena *a);

/* arena_take for `count` objects of the type that *out points to. */
#define ARENA_NEW(a, count, out) arena_take((a), (count), sizeof **(out), (out))

#endif
