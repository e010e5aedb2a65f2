/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Compressed bytes in memory, inflated to their end, where their checksum lies. */
#ifndef BASIN_INFLATE_H
#define BASIN_INFLATE_H

#include <stdint.h>

#include "src/arena.h"

/* As zlib's window bits say it. gzip's may be several members, one after the other. */
enum inflate_format { INFLATE_ZLIB = 15, INFLATE_GZIP = 15 + 16 };

/* Inflates all of `from`: the first `room` bytes into `to`, the others only to count and to check them. *n is their number,
 * up to the fault where there is one. Errors, whose words name no file: ERR_INPUT (damaged, truncated, or followed by other
 * bytes), ERR_MEMORY. */
status inflate_into(enum inflate_format format, const uint8_t *from, size_t size, uint8_t *to, size_t room, size_t *n);

/* The whole of it in the arena, with a zero byte behind. It is inflated twice, so that memory is taken for what it holds and
 * not for what it promises. Errors: as above. */
status inflate_whole(enum inflate_format format, const uint8_t *from, size_t size, struct arena *a, uint8_t **out, size_t *n);

#endif
