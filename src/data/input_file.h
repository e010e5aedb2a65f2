/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Input files that are read whole, with their sizes checked first. */
#ifndef BASIN_INPUT_FILE_H
#define BASIN_INPUT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/arena.h"

bool input_is_file(const char *path);
bool input_is_folder(const char *path);

/* The same, where "no" is said of what is not there or something else, and what can't be looked at is an error.
 * Errors: ERR_INPUT with the system's reason. */
status input_find_file(const char *path, bool *found);
status input_find_folder(const char *path, bool *found);

/* Bytes of a regular file. Errors: ERR_INPUT (missing, a folder, unreadable). */
status input_size(const char *path, size_t *size);

/* Fills `to` with all of a file that must hold `size` bytes. Errors: ERR_INPUT. */
status input_read_into(const char *path, void *to, size_t size);

/* A whole file in the arena, with a zero byte after its end. Errors: ERR_INPUT, ERR_MEMORY. */
status input_read(const char *path, struct arena *a, uint8_t **data, size_t *size);

/* The same, inflated where the file begins as gzip's do; memory is taken for what it holds, not for what it announces.
 * Errors: ERR_INPUT (also damaged, truncated, or followed by other bytes), ERR_MEMORY. */
status input_read_inflated(const char *path, struct arena *a, uint8_t **data, size_t *size);

#endif
