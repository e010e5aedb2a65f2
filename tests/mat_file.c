/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/mat_file.h"

#include <string.h>
#include <zlib.h>

#include "src/err.h"
#include "tests/tap.h"

void mat_file_put(struct mat_file *f, uint64_t value, size_t bytes)
{
	for (size_t k = 0; k < bytes; k++)
		f->at[f->n++] = (uint8_t)(value >> 8 * (f->big ? bytes - 1 - k : k));
}

void mat_file_tag(struct mat_file *f, uint32_t type, size_t bytes)
{
	mat_file_put(f, type, 4);
	mat_file_put(f, bytes, 4);
}

static void pad(struct mat_file *f, size_t from)
{
	while ((f->n - from) % 8)
		f->at[f->n++] = 0;
}

void mat_file_start(struct mat_file *f, bool big, bool compressed)
{
	*f = (struct mat_file){.n = 124, .big = big, .compressed = compressed};
	memset(f->at, ' ', 124);
	mat_file_put(f, 0x100, 2);
	mat_file_put(f, 'M' << 8 | 'I', 2);
}

void mat_file_finish(struct mat_file *f, size_t from)
{
	static uint8_t whole[MAT_FILE_ROOM];
	size_t bytes = f->n - from;
	memcpy(whole + 8, f->at + from, bytes);
	f->n = from;
	mat_file_tag(f, MATRIX, bytes);
	if (!f->compressed) {
		memcpy(f->at + f->n, whole + 8, bytes);
		f->n += bytes;
		return;
	}
	memcpy(whole, f->at + from, 8);
	uLongf size = MAT_FILE_ROOM - 8 - from;
	MUST(compress(f->at + from + 8, &size, whole, bytes + 8) == Z_OK ? OK : ERR_LIBRARY);
	f->n = from;
	mat_file_tag(f, COMPRESSED, size);
	f->n += size;
}

void mat_file_head(struct mat_file *f, const char *name, uint32_t flags, int ndim, const size_t *dim)
{
	mat_file_tag(f, UINT32, 8);
	mat_file_put(f, flags, 4);
	mat_file_put(f, 0, 4);
	size_t from = f->n;
	mat_file_tag(f, INT32, 4 * (size_t)ndim);
	for (int d = 0; d < ndim; d++)
		mat_file_put(f, dim[d], 4);
	pad(f, from);
	mat_file_tag(f, INT8, strlen(name));
	from = f->n;
	for (const char *c = name; *c; c++)
		mat_file_put(f, (uint64_t)*c, 1);
	pad(f, from);
}

static uint64_t bits_of(double value, uint32_t type)
{
	float single = (float)value;
	uint64_t bits = 0;
	if (type == DOUBLE)
		memcpy(&bits, &value, 8);
	else if (type == SINGLE)
		memcpy(&bits, &single, 4);
	else
		bits = (uint64_t)(int64_t)value;
	return bits;
}

void mat_file_numbers(struct mat_file *f, uint32_t type, size_t n, const double *value)
{
	static const size_t size[] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};
	mat_file_tag(f, type, n * size[type]);
	size_t from = f->n;
	for (size_t i = 0; i < n; i++)
		mat_file_put(f, bits_of(value[i], type), size[type]);
	pad(f, from);
}
