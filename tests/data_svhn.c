/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The SVHN reader on small MATLAB files that are put together here, element by element. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "src/data/dataset.h"
#include "src/data/mat.h"
#include "tests/files.h"
#include "tests/mat_file.h"
#include "tests/tap.h"

enum { N = 3, IMAGE = 3072 };
static const char *path;
static char spec[300];

/* X of rows × 32 × 3 × N: value (row + 2 column + 5 channel + 9 image) mod 256. */
static void put_images(struct mat_file *f, const char *name, size_t rows)
{
	static double x[N * IMAGE];
	size_t from = f->n;
	for (size_t i = 0; i < N; i++)
		for (size_t c = 0; c < 3; c++)
			for (size_t col = 0; col < 32; col++)
				for (size_t row = 0; row < rows; row++)
					x[row + rows * (col + 32 * (c + 3 * i))] = (double)((row + 2 * col + 5 * c + 9 * i) % 256);
	mat_file_head(f, name, MAT_UINT8, 4, (size_t[]){rows, 32, 3, N});
	mat_file_numbers(f, UINT8, N * rows * 96, x);
	mat_file_finish(f, from);
}

static const double right_labels[] = {1, 10, 9, 1};

static void put_labels(struct mat_file *f, uint32_t class, uint32_t type, size_t rows, size_t columns, const double *value)
{
	size_t from = f->n;
	mat_file_head(f, "y", class, 2, (size_t[]){rows, columns});
	mat_file_numbers(f, type, rows * columns, value);
	mat_file_finish(f, from);
}

/* The usual file, but for the labels. */
static void make(struct mat_file *f, uint32_t class, uint32_t type, size_t rows, size_t columns, const double *value)
{
	mat_file_start(f, f->big, f->compressed);
	put_images(f, "X", 32);
	put_labels(f, class, type, rows, columns, value);
	spit(path, f->at, f->n);
}

/* ---- reading ---- */

static status get(struct dataset *d)
{
	return dataset_open(&(struct dataset_request){.spec = spec, .split = SPLIT_TEST}, d);
}

static bool right(void)
{
	struct dataset d;
	status s = get(&d);
	if (s != OK) {
		note("%s", fail_words(s, "--"));
		return false;
	}
	const uint8_t *x = d.x;
	bool same = d.n == N && d.label[0] == 1 && d.label[1] == 0 && d.label[2] == 9 && !strcmp(d.class_names[1], "1");
	for (size_t k = 0; same && k < N * IMAGE; k++)
		same = x[k] == (uint8_t)(k / 32 % 32 + 2 * (k % 32) + 5 * (k / 1024 % 3) + 9 * (k / IMAGE));
	dataset_close(&d);
	return same;
}

static void refuse(const char *wanted, const char *what)
{
	struct dataset d;
	status s = get(&d);
	if (!ok(s == ERR_INPUT && strstr(fail_words(s, "--"), wanted), "%s is refused", what))
		note("%s", s == OK ? "it was read" : fail_words(s, "--"));
	dataset_close(&d);
}

static void refuse_bytes(const struct mat_file *f, const char *wanted, const char *what)
{
	spit(path, f->at, f->n);
	refuse(wanted, what);
}

/* Every class with every type that may stand for it: MATLAB stores doubles as the narrowest integers that hold them. */
static void test_types(struct mat_file *f)
{
	static const uint32_t type[] = {INT8, UINT8, INT16, UINT16, INT32, UINT32, SINGLE, DOUBLE, INT64, UINT64};
	static const char *const class[] = {"double", "single", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64",
	                                    "uint64"};
	int wrong = 0;
	for (uint32_t c = MAT_DOUBLE; c <= MAT_UINT64; c++)
		for (size_t t = 0; t < sizeof type / sizeof *type; t++)
			for (size_t row = 0; row < 2; row++) {
				make(f, c, type[t], row ? 1 : N, row ? N : 1, right_labels);
				if (right())
					continue;
				note("labels of class %s and type %u", class[c - MAT_DOUBLE], type[t]);
				wrong++;
			}
	ok(wrong == 0, "labels as columns and rows of every class and type, %s, %s", f->compressed ? "compressed" : "plain",
	   f->big ? "big-endian" : "little-endian");
}

static void test_truncations(struct mat_file *f)
{
	struct dataset d;
	int accepted = 0;
	for (size_t k = 0; k < f->n; k += k < 300 || k + 200 > f->n ? 1 : 37) {
		spit(path, f->at, k);
		accepted += get(&d) != ERR_INPUT;
		dataset_close(&d);
	}
	ok(accepted == 0, "every truncation is refused, %s, %s", f->compressed ? "compressed" : "plain",
	   f->big ? "big-endian" : "little-endian");
}

/* A compressed file has a checksum: what is read of it is right. A plain one has none: its tags alone are looked at. */
static void test_flips(struct mat_file *f)
{
	struct dataset d;
	int wrong = 0, unnamed = 0;
	for (size_t bit = 0; bit < 8 * f->n; bit++) {
		if (!in_turn())
			continue;
		f->at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		spit(path, f->at, f->n);
		f->at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		status s = get(&d);
		unnamed += s != OK && !strstr(fail_words(s, "--"), "test_32x32.mat: ");
		dataset_close(&d);
		wrong += s == OK ? !right() : s != ERR_INPUT;
	}
	ok(wrong == 0 && unnamed == 0, "each of %zu flipped bits is refused by the file's name, or changes nothing", 8 * f->n);
}

/* Inner tags under a checksum that is right: X's start at byte 8, without compression at byte 128 of the file. */
static void test_tags(struct mat_file *f)
{
	struct mat_file whole;
	f->big = f->compressed = false;
	make(f, MAT_UINT8, UINT8, N, 1, right_labels);
	whole = *f;
	static const struct {
		size_t at;
		uint8_t value;
		const char *wanted, *what;
	} change[] = {
		{128, 9, "the element at byte 128 is of type 9", "another kind of element"},
		{136, 5, "the element at byte 128 is damaged", "flags of another type"},
		{140, 16, "the element at byte 128 is damaged", "flags of another size"},
		{145, 8, "'X' is a 32×32×3×3 complex uint8 array", "complex numbers"},
		{144, 2, "'X' is a 32×32×3×3 struct array", "a struct"},
		{144, 40, "the element at byte 128 is damaged", "a class that there is not"},
		{152, 6, "the element at byte 128 is damaged", "dimensions of another type"},
		{156, 15, "the element at byte 128 is damaged", "three dimensions and three quarters"},
		{160, 33, "'X' is damaged: its numbers are not as many", "a dimension more than there is data"},
		{163, 0x80, "the element at byte 128 is damaged", "a negative dimension"},
		{180, 64, "the element at byte 128 is damaged", "a name of 64 bytes"},
		{192, 3, "'X' is damaged: its numbers are not as many", "numbers of another size"},
		{196, 1, "'X' is damaged: its numbers are not as many", "another number of them"},
		{192, 1, "'X' is a 32×32×3×3 uint8 array stored as", "bytes with a sign"},
	};
	ok(right(), "the file whose tags are changed is read as it is");
	for (size_t i = 0; i < sizeof change / sizeof *change; i++) {
		*f = whole;
		f->at[change[i].at] = change[i].value;
		refuse_bytes(f, change[i].wanted, change[i].what);
	}
	mat_file_start(f, false, false);
	put_images(f, "X", 32);
	put_images(f, "X", 32);
	refuse_bytes(f, "holds member 'X' twice", "the same member twice");
	*f = whole;
	memcpy(f->at + 124, "\0\2IM", 4);
	refuse_bytes(f, "save it with -v7", "MATLAB 7.3's");
	memcpy(f->at, "\x89HDF\r\n\x1a\n", 8);
	refuse_bytes(f, "HDF5; save it with -v7", "any HDF5 file");
	memcpy(f->at, "MATLAB 4", 8);
	memcpy(f->at + 124, "MLIB", 4);
	refuse_bytes(f, "not a MATLAB 5 file", "another format");
}

/* Other members may be of any kind. */
static void test_others(struct mat_file *f)
{
	mat_file_start(f, false, true);
	size_t from = f->n;
	mat_file_head(f, "note", 4, 2, (size_t[]){1, 2});
	mat_file_tag(f, UINT16, 4);
	mat_file_put(f, 'a' << 16 | 'b', 8);
	mat_file_finish(f, from);
	put_labels(f, MAT_DOUBLE, UINT8, N, 1, right_labels);
	from = f->n;
	mat_file_tag(f, UINT32, 8);
	mat_file_put(f, 17, 8);
	mat_file_tag(f, INT8, 1);
	mat_file_put(f, 's', 8);
	mat_file_finish(f, from);
	put_images(f, "X", 32);
	spit(path, f->at, f->n);
	ok(right(), "members of other kinds are passed over, in any order");
}

/* A quarter of a megabyte that announces 256 and whose checksum is wrong. */
static void test_memory(void)
{
	enum { MIB = 1 << 20, MOST = 256 };
	static uint8_t zeros[MIB];
	static struct mat_file head;
	struct rusage before, after;
	z_stream z = {0};
	mat_file_start(&head, false, false);
	size_t from = head.n;
	uint8_t *out = malloc(2 * MIB), *at = out + 136;
	mat_file_head(&head, "X", MAT_UINT8, 4, (size_t[]){32, 32, 3, MOST * MIB / IMAGE});
	mat_file_tag(&head, UINT8, MOST * MIB / IMAGE * IMAGE);
	memmove(head.at + from + 8, head.at + from, head.n - from);
	size_t bytes = head.n - from;
	head.n = from;
	mat_file_tag(&head, MATRIX, bytes + MOST * MIB / IMAGE * IMAGE);
	MUST(out && deflateInit(&z, 1) == Z_OK ? OK : ERR_MEMORY);
	z.next_out = at;
	z.avail_out = 2 * MIB - 136;
	z.next_in = head.at + from;
	z.avail_in = (uInt)bytes + 8;
	deflate(&z, Z_NO_FLUSH);
	for (int i = 0; i < MOST; i++) {
		z.next_in = zeros;
		z.avail_in = MIB;
		deflate(&z, i + 1 < MOST ? Z_NO_FLUSH : Z_FINISH);
	}
	size_t size = z.total_out;
	deflateEnd(&z);
	at[size - 1] ^= 1;
	head.n = from;
	mat_file_tag(&head, COMPRESSED, size);
	memcpy(out, head.at, 136);
	spit(path, out, 136 + size);
	free(out);
	getrusage(RUSAGE_SELF, &before);
	refuse("member 'X' is damaged: the compressed data are wrong", "a wrong checksum behind 256 MiB");
	getrusage(RUSAGE_SELF, &after);
	ok(after.ru_maxrss - before.ru_maxrss < 64 * 1024, "it takes no memory for what is announced");
}

int main(void)
{
	static const double eleven[] = {1, 11, 9}, half[] = {1, 2.5, 3};
	static struct mat_file f;
	path = scratch_path("test_32x32.mat");
	snprintf(spec, sizeof spec, "svhn:%s", scratch_folder());
	for (int k = 0; k < 4; k++) {
		f.big = k & 1;
		f.compressed = k & 2;
		test_types(&f);
		make(&f, MAT_UINT8, UINT8, N, 1, right_labels);
		test_truncations(&f);
		if (f.compressed)
			test_flips(&f);
	}
	test_tags(&f);
	test_others(&f);
	test_memory();
	f.compressed = false;
	make(&f, MAT_UINT8, UINT8, N, 1, eleven);
	refuse("label 1 of member 'y' is 11", "a label out of range");
	make(&f, MAT_DOUBLE, DOUBLE, N, 1, half);
	refuse("label 1 of member 'y' is 2.5", "a label that is no integer");
	make(&f, MAT_UINT8, UINT8, N + 1, 1, right_labels);
	refuse("member 'y' is a 4×1 uint8 array; 3×1 or 1×3 numbers were expected", "another number of labels");
	mat_file_start(&f, false, false);
	put_images(&f, "X", 28);
	refuse_bytes(&f, "member 'X' is a 28×32×3×3 uint8 array; a 32×32×3×n uint8 array", "another image size");
	mat_file_start(&f, false, false);
	put_labels(&f, MAT_UINT8, UINT8, N, 1, right_labels);
	refuse_bytes(&f, "member 'X' is missing", "a missing X");
	mat_file_start(&f, false, false);
	put_images(&f, "X", 32);
	refuse_bytes(&f, "member 'y' is missing", "a missing y");
	unlink(path);
	refuse("test_32x32.mat", "a missing file");
	snprintf(spec, sizeof spec, "svhn:%s/none", scratch_folder());
	refuse("test_32x32.mat", "a missing folder");
	return done_testing();
}
