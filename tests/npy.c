/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/npy.h"
#include "tests/tap.h"

static char path[256];

static void put(const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");
	MUST(f && fwrite(bytes, 1, n, f) == n ? OK : ERR_IO);
	fclose(f);
}

/* A version 1, 2 or 3 file with this header and `bytes` zero bytes (or the given ones). */
static size_t make(uint8_t *to, int version, const char *header, const void *data, size_t bytes)
{
	size_t n = strlen(header), head = version == 1 ? 10 : 12;
	memcpy(to, "\x93NUMPY", 6);
	to[6] = (uint8_t)version;
	to[7] = 0;
	memset(to + 8, 0, 4);
	to[8] = (uint8_t)(n & 255);
	to[9] = (uint8_t)(n >> 8);
	memcpy(to + head, header, n);
	memcpy(to + head + n, data, bytes);
	return head + n + bytes;
}

static void refuse(const char *header, size_t bytes, const char *wanted, const char *name)
{
	static const uint8_t zeros[256];
	uint8_t file[1024];
	struct arena a = {0};
	struct npy n;
	put(file, make(file, 1, header, zeros, bytes));
	status s = npy_read(path, &a, &n);
	if (!ok(s == ERR_INPUT && strstr(fail_words(s, "--"), wanted), "%s is refused", name))
		note("%s", s == OK ? "it was read" : fail_words(s, "--"));
	arena_free(&a);
}

static void test_types(void)
{
	/* 0, 1 and 3 as each type; the half-precision bits are IEEE 754's. */
	static const uint16_t half[] = {0, 0x3c00, 0x4200};
	for (int t = 0; t < NPY_TYPES; t++) {
		uint8_t values[24] = {0};
		double got[3];
		float single[3];
		struct arena a = {0};
		struct npy n;
		for (int i = 0; i < 3; i++) {
			double d = i == 2 ? 3 : i;
			float f = (float)d;
			int64_t integer = (int64_t)d;
			const void *from = t == NPY_F8 ? (void *)&d : t == NPY_F4 ? (void *)&f : t == NPY_F2 ? (void *)&half[i] : &integer;
			memcpy(values + (size_t)i * npy_size((enum npy_type)t), from, npy_size((enum npy_type)t));
		}
		MUST(npy_write(path, (enum npy_type)t, 2, (int64_t[]){3, 1}, values));
		MUST(npy_read(path, &a, &n));
		npy_double(&n, got);
		npy_float(&n, single);
		bool same = n.type == (enum npy_type)t && n.ndim == 2 && n.shape[0] == 3 && n.shape[1] == 1 && n.count == 3;
		for (int i = 0; i < 3; i++)
			same = same && got[i] == (i == 2 ? 3 : i) && (double)single[i] == got[i] &&
				(!npy_is_integer(n.type) || npy_integer(&n, (size_t)i) == (int64_t)got[i]);
		ok(same && (uintptr_t)n.data % 64 == 0, "%s is written and read", npy_name((enum npy_type)t));
		arena_free(&a);
	}
}

int main(void)
{
	struct arena a = {0};
	struct npy n;
	uint8_t file[1024];
	snprintf(path, sizeof path, "%s/x.npy", scratch_folder());
	test_types();

	/* A header as numpy 1.x with Python 2 wrote it; not aligned. */
	const char *odd = "{\"shape\": (2L, 2L), 'fortran_order':False ,'descr':'<i2'}\n";
	int16_t small[4] = {-2, 5, 300, -300};
	for (int version = 1; version <= 3; version++) {
		put(file, make(file, version, odd, small, sizeof small));
		MUST(npy_read(path, &a, &n));
		ok(n.count == 4 && npy_integer(&n, 0) == -2 && npy_integer(&n, 3) == -300, "version %d is read", version);
	}
	size_t size = make(file, 2, odd, small, sizeof small), accepted = 0;
	for (size_t k = 0; k < size; k++) {
		put(file, k);
		accepted += npy_read(path, &a, &n) != ERR_INPUT;
	}
	ok(accepted == 0, "every truncation is refused");
	put(file, make(file, 4, odd, small, sizeof small));
	ok(npy_read(path, &a, &n) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "version 4"), "version 4 is refused");
	uint16_t halves[4] = {0x0001, 0xfbff, 0x7c00, 0x7e00};   /* 2⁻²⁴, −65504, infinity, NaN */
	double d[4];
	MUST(npy_write(path, NPY_F2, 1, (int64_t[]){4}, halves));
	MUST(npy_read(path, &a, &n));
	npy_double(&n, d);
	ok(d[0] == 0x1p-24 && d[1] == -65504 && isinf(d[2]) && isnan(d[3]), "half precision at its ends");

	refuse("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4, "big-endian", "big-endian data");
	refuse("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", 8, "Fortran", "Fortran order");
	refuse("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, "c8", "a complex array");
	refuse("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, "structured", "a structured array");
	refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 8, "asks for 12", "too little data");
	refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 8, "only 4", "too much data");
	refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 8, "overflow", "an overflowing shape");
	refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,), }", 8, "sizes", "a size of 19 digits");
	refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", 8, "sizes", "a negative size");
	refuse("{'descr': '<f8', 'fortran_order': False}", 8, "shape", "a missing shape");
	refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", 8, "after", "something after the header");
	ok(npy_read(scratch_folder(), &a, &n) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "folder"), "a folder is refused");
	ok(npy_write("/nonexistent/x.npy", NPY_F4, 1, (int64_t[]){1}, small) == ERR_IO, "an unwritable place is an error");
	arena_free(&a);
	return done_testing();
}
