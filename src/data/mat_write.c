/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <endian.h>
#include <string.h>

#include "src/data/mat.h"

enum { INT8 = 1, UINT8 = 2, INT32 = 5, UINT32 = 6, MATRIX = 14, TAG = 8 };

static size_t padded(size_t bytes)
{
	return (bytes + TAG - 1) / TAG * TAG;
}

static void write_word(FILE *to, size_t value)
{
	uint32_t bits = htole32((uint32_t)value);
	fwrite(&bits, sizeof bits, 1, to);
}

static void write_tag(FILE *to, size_t type, size_t bytes)
{
	write_word(to, type);
	write_word(to, bytes);
}

static void write_padded(FILE *to, const void *data, size_t bytes)
{
	static const char zeros[TAG];
	fwrite(data, 1, bytes, to);
	fwrite(zeros, 1, padded(bytes) - bytes, to);
}

/* Up to four bytes lie in the tag itself, their number in its first word's upper half. */
static void write_name(FILE *to, const char *name, size_t length)
{
	if (length > 4) {
		write_tag(to, INT8, length);
		write_padded(to, name, length);
		return;
	}
	write_word(to, length << 16 | INT8);
	fwrite(name, 1, length, to);
	fwrite("\0\0\0\0", 1, 4 - length, to);
}

void mat_write_start(FILE *to)
{
	fprintf(to, "%-124s", "MATLAB 5.0 MAT-file, written by basin");
	fwrite("\0\1IM", 4, 1, to);
}

status mat_write_bytes(FILE *to, const char *name, int ndim, const size_t *dim, const uint8_t *data)
{
	size_t bytes = 1, length = strlen(name), dims = 4 * (size_t)ndim;
	for (int d = 0; d < ndim; d++)
		if (__builtin_mul_overflow(bytes, dim[d], &bytes) || bytes > UINT32_MAX - 1024)
			return fail(ERR_USAGE, "array '%s' is too large for a MATLAB 5 file, whose arrays have less than 4 GiB", name);
	write_tag(to, MATRIX, 5 * TAG + padded(dims) + (length > 4 ? padded(length) : 0) + padded(bytes));
	write_tag(to, UINT32, 8);
	write_tag(to, MAT_UINT8, 0);
	write_tag(to, INT32, dims);
	for (size_t d = 0; d < padded(dims) / 4; d++)
		write_word(to, d < (size_t)ndim ? dim[d] : 0);
	write_name(to, name, length);
	write_tag(to, UINT8, bytes);
	write_padded(to, data, bytes);
	return OK;
}
