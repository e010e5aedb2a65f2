/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What npz_write wrote, read back by libzip and npy_read. */
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "tests/files.h"
#include "src/data/npz.h"
#include "src/files/output_file.h"
#include "tests/tap.h"

static const char *path, *member_path;

static zip_t *open_archive(const char *name)
{
	zip_t *z = zip_open(name, ZIP_RDONLY | ZIP_CHECKCONS, NULL);
	MUST(z ? OK : fail(ERR_INPUT, "%s: no zip archive", name));
	return z;
}

/* Member i as an array. */
static void read_member(zip_t *z, zip_uint64_t i, struct arena *a, zip_stat_t *stat, struct npy *out)
{
	uint8_t *bytes;
	MUST(zip_stat_index(z, i, 0, stat) == 0 ? OK : ERR_INPUT);
	MUST(arena_take(a, stat->size, 1, &bytes));
	zip_file_t *f = zip_fopen_index(z, i, 0);
	MUST(f && zip_fread(f, bytes, stat->size) == (zip_int64_t)stat->size ? OK : fail(ERR_INPUT, "%s", zip_strerror(z)));
	/* The checksum is compared at the end of the member. */
	MUST(zip_fread(f, bytes, 1) == 0 && zip_fclose(f) == 0 ? OK : fail(ERR_INPUT, "%s: checksum", stat->name));
	spit(member_path, bytes, stat->size);
	MUST(npy_read(member_path, a, out));
}

static status write_all(const char *to, const struct npz_array *array, size_t n)
{
	struct arena a = {0};
	struct output_file f;
	MUST(output_open(&f, &a, NULL, to, true));
	status s = npz_write(f.to, array, n);
	s = output_close(&f, s);
	arena_free(&a);
	return s;
}

static void test_round_trip(void)
{
	static float weights[3000];
	static const int64_t shape[] = {3, 10, 50, 2}, none[] = {0, 4}, batches = INT64_MIN + 7;
	static const double pair[] = {0.1, -2};
	for (int i = 0; i < 3000; i++)
		weights[i] = 1 / (float)(i + 1);
	const struct npz_array array[] = {
		{"layer1.0.conv1.weight", NPY_F4, 4, shape, weights},
		{"bn1.num_batches_tracked", NPY_I8, 0, NULL, &batches},
		{"nothing", NPY_F4, 2, none, NULL},
		{"μ", NPY_F8, 1, (const int64_t[]){2}, pair},
	};
	enum { N = sizeof array / sizeof *array };
	struct arena a = {0};
	MUST(write_all(path, array, N));
	zip_t *z = open_archive(path);
	ok(zip_get_num_entries(z, 0) == N, "an entry for each array");
	for (int i = 0; i < N; i++) {
		struct npy got;
		zip_stat_t stat;
		char name[64];
		read_member(z, (zip_uint64_t)i, &a, &stat, &got);
		snprintf(name, sizeof name, "%s.npy", array[i].name);
		ok(strcmp(stat.name, name) == 0, "%s: its name", name);
		bool same = got.type == array[i].type && got.ndim == array[i].ndim;
		for (int d = 0; d < array[i].ndim; d++)
			same = same && got.shape[d] == array[i].shape[d];
		ok(same, "%s: type and shape", name);
		ok(got.count == 0 || memcmp(got.data, array[i].data, got.count * npy_size(got.type)) == 0, "%s: elements", name);
		ok(stat.comp_method == ZIP_CM_STORE && stat.comp_size == stat.size, "%s: stored as it is", name);
	}
	zip_close(z);
	arena_free(&a);
}

/* The modification time is the archive's only part that could change with time, and a zip's times are local ones. */
static void test_same_bytes(void)
{
	static const char *const zones[] = {"UTC", "Asia/Tokyo", "America/Los_Angeles"};
	const float x = 1;
	const struct npz_array array = {"x", NPY_F4, 0, NULL, &x};
	uint8_t *first = NULL;
	size_t n_first = 0;
	for (int i = 0; i < 3; i++) {
		size_t n;
		setenv("TZ", zones[i], 1);
		MUST(write_all(path, &array, 1));
		uint8_t *bytes = slurp(path, &n);
		if (i)
			ok(n == n_first && memcmp(bytes, first, n) == 0, "the same bytes in UTC and %s", zones[i]);
		/* Offset 10 of a local header: time, then date, little-endian (PKWARE's APPNOTE 4.3.7). */
		else
			ok(memcmp(bytes + 10, "\0\0\x21\0", 4) == 0, "dated midnight of 1 January 1980");
		free(first);
		first = bytes;
		n_first = n;
	}
	free(first);
}

static void test_refusals(void)
{
	const float x = 1;
	const struct npz_array twice[] = {{"fc.bias", NPY_F4, 0, NULL, &x}, {"fc.bias", NPY_F4, 0, NULL, &x}};
	spit(path, "before", 6);
	ok(write_all(path, twice, 2) == ERR_LIBRARY && strstr(fail_words(ERR_LIBRARY, "--"), "array fc.bias"),
	   "one name for two arrays is refused");
	size_t n;
	uint8_t *bytes = slurp(path, &n);
	ok(n == 6, "and the file is as it was");
	free(bytes);
	FILE *full = fopen("/dev/full", "w");
	MUST(full ? OK : ERR_IO);
	status s = npz_write(full, twice, 1);
	ok(s == OK && fflush(full) != 0, "a full disk is left to the stream to tell");
	fclose(full);
}

/* A line an array: name, element type, shape, and the elements. */
static void show(const char *name)
{
	struct arena a = {0};
	zip_t *z = open_archive(name);
	for (zip_int64_t i = 0; i < zip_get_num_entries(z, 0); i++) {
		struct npy got;
		zip_stat_t stat;
		read_member(z, (zip_uint64_t)i, &a, &stat, &got);
		double *x;
		MUST(ARENA_NEW(&a, got.count, &x));
		npy_double(&got, x);
		printf("%s %s", stat.name, npy_name(got.type));
		for (int d = 0; d < got.ndim; d++)
			printf("%c%lld", d ? ',' : ' ', (long long)got.shape[d]);
		putchar(':');
		for (size_t j = 0; j < got.count; j++)
			printf(" %.9g", x[j]);
		putchar('\n');
	}
	zip_close(z);
	arena_free(&a);
}

/* `show FILE` prints an archive for tests/export.t instead of testing. */
int main(int argc, char **argv)
{
	path = scratch_path("arrays.npz");
	member_path = scratch_path("member.npy");
	if (argc == 3 && strcmp(argv[1], "show") == 0) {
		show(argv[2]);
		return 0;
	}
	test_round_trip();
	test_same_bytes();
	test_refusals();
	return done_testing();
}
