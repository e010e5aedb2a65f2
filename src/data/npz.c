/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The format: numpy.lib.format (NEP 1), "a .npz file is a zip file of .npy files, each named after its array". */
#include "src/data/npz.h"

#include <zip.h>

/* npy_header's text takes up to 320 bytes. */
enum { HEADER_MOST = 512, COPY_BYTES = 1 << 16 };

/* The first day that a zip archive can tell (MS-DOS: year − 1980, month, day in 7, 4 and 5 bits). */
enum { DOS_MIDNIGHT = 0, DOS_FIRST_DAY = 1 << 5 | 1 };

static status header_of(const struct npz_array *array, struct arena *a, zip_buffer_fragment_t *out)
{
	char *text;
	TRY(ARENA_NEW(a, HEADER_MOST, &text));
	FILE *to = fmemopen(text, HEADER_MOST, "w");
	if (!to)
		return fail(ERR_MEMORY, "out of memory: array %s", array->name);
	status s = npy_header(to, array->type, array->ndim, array->shape);
	*out = (zip_buffer_fragment_t){(zip_uint8_t *)text, (zip_uint64_t)ftell(to)};
	if (fclose(to) != 0 && s == OK)
		s = fail(ERR_MEMORY, "out of memory: array %s", array->name);
	return s;
}

/* Adds a member whose bytes are read when the archive is closed: header and data as they lie. */
static status add(zip_t *archive, const struct npz_array *array, struct arena *a)
{
	zip_buffer_fragment_t *part;
	zip_error_t error;
	char *name;
	size_t bytes = npy_size(array->type);
	for (int d = 0; d < array->ndim; d++)
		bytes *= (size_t)array->shape[d];
	TRY(ARENA_NEW(a, 2, &part));
	TRY(header_of(array, a, &part[0]));
	part[1] = (zip_buffer_fragment_t){(zip_uint8_t *)array->data, bytes};
	TRY(arena_text(a, &name, "%s.npy", array->name));
	zip_error_init(&error);
	zip_source_t *source = zip_source_buffer_fragment_create(part, bytes ? 2 : 1, 0, &error);
	if (!source) {
		status s = fail(ERR_LIBRARY, "array %s: libzip: %s", array->name, zip_error_strerror(&error));
		zip_error_fini(&error);
		return s;
	}
	zip_int64_t at = zip_file_add(archive, name, source, ZIP_FL_ENC_UTF_8);
	if (at < 0)
		zip_source_free(source);
	if (at < 0 || zip_set_file_compression(archive, (zip_uint64_t)at, ZIP_CM_STORE, 0) != 0 ||
	    zip_file_set_dostime(archive, (zip_uint64_t)at, DOS_MIDNIGHT, DOS_FIRST_DAY, 0) != 0)
		return fail(ERR_LIBRARY, "array %s: libzip: %s", array->name, zip_strerror(archive));
	return OK;
}

/* Puts the archive together in `memory`. */
static status fill(zip_source_t *memory, const struct npz_array *array, size_t n, struct arena *a)
{
	zip_error_t error;
	zip_error_init(&error);
	zip_source_keep(memory);   /* closing the archive gives one claim back */
	zip_t *archive = zip_open_from_source(memory, ZIP_CREATE | ZIP_TRUNCATE, &error);
	if (!archive) {
		zip_source_free(memory);
		status s = fail(ERR_LIBRARY, "libzip: %s", zip_error_strerror(&error));
		zip_error_fini(&error);
		return s;
	}
	status s = OK;
	for (size_t i = 0; i < n && s == OK; i++)
		s = add(archive, &array[i], a);
	if (s == OK && zip_close(archive) == 0)
		return OK;
	if (s == OK)
		s = fail(ERR_LIBRARY, "libzip: %s", zip_strerror(archive));
	zip_discard(archive);
	return s;
}

static status copy(zip_source_t *memory, FILE *to)
{
	char bytes[COPY_BYTES];
	zip_int64_t got = -1;
	if (zip_source_open(memory) == 0) {
		while ((got = zip_source_read(memory, bytes, sizeof bytes)) > 0)
			fwrite(bytes, 1, (size_t)got, to);
		zip_source_close(memory);
	}
	return got == 0 ? OK : fail(ERR_LIBRARY, "libzip: %s", zip_error_strerror(zip_source_error(memory)));
}

status npz_write(FILE *to, const struct npz_array *array, size_t n)
{
	struct arena a = {0};
	zip_error_t error;
	zip_error_init(&error);
	zip_source_t *memory = zip_source_buffer_create(NULL, 0, 0, &error);
	status s = memory ? fill(memory, array, n, &a) : fail(ERR_MEMORY, "libzip: %s", zip_error_strerror(&error));
	if (s == OK)
		s = copy(memory, to);
	if (memory)
		zip_source_free(memory);
	zip_error_fini(&error);
	arena_free(&a);
	return s;
}
