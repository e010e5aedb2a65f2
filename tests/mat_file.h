/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* MATLAB files of any class and type, in either byte order, put together element by element. */
#ifndef BASIN_TESTS_MAT_FILE_H
#define BASIN_TESTS_MAT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Types, by their numbers in the file. */
enum { INT8 = 1, UINT8, INT16, UINT16, INT32, UINT32, SINGLE, DOUBLE = 9, INT64 = 12, UINT64, MATRIX, COMPRESSED };
enum { MAT_FILE_ROOM = 1 << 16 };

struct mat_file {
	uint8_t at[MAT_FILE_ROOM];
	size_t n;
	bool big, compressed;
};

/* The 128 bytes that come first. */
void mat_file_start(struct mat_file *f, bool big, bool compressed);

/* A number of so many bytes, and a tag. */
void mat_file_put(struct mat_file *f, uint64_t value, size_t bytes);
void mat_file_tag(struct mat_file *f, uint32_t type, size_t bytes);

/* What a member holds: flags, dimensions and name, then numbers of a type. */
void mat_file_head(struct mat_file *f, const char *name, uint32_t flags, int ndim, const size_t *dim);
void mat_file_numbers(struct mat_file *f, uint32_t type, size_t n, const double *value);

/* What was put since the file had `from` bytes becomes a member, compressed where the file is. */
void mat_file_finish(struct mat_file *f, size_t from);

#endif
