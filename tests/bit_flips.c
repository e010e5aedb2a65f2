/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Every kind of input file with one bit changed, bit after bit: it is refused with a message that names the file, or
 * it is read to its end. What has a checksum, or what the format repeats, is never read as something else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

#include "commands/sample_options.h"
#include "src/data/data_write.h"
#include "src/data/npy.h"
#include "tests/files.h"
#include "tests/tap.h"

enum { HEAD = 256, FLIPS = 1500, IMAGES = 5, PIXELS = 3072 };

/* What a reader makes of a file: a status, and where it is OK a number that stands for all it read. */
typedef status (*reader)(const char *spec, uint64_t *what);

static status read_set(const char *spec, uint64_t *what)
{
	struct dataset d;
	status s = dataset_open(&(struct dataset_request){.spec = spec, .split = SPLIT_TRAIN}, &d);
	*what = d.fingerprint;
	dataset_close(&d);
	return s;
}

static status read_config(const char *spec, uint64_t *what)
{
	char path[400], *argv[] = {(char[]){"sample"}, (char[]){"--config"}, path, NULL};
	struct opts *o;
	snprintf(path, sizeof path, "%s", spec);
	*what = 0;
	TRY(opts_parse(&o, sample_tables, 3, argv));
	opts_free(o);
	return OK;
}

/* Flips the first bits of `file`, and others evenly spread over it. sealed: whatever is read must be what the whole
 * file gives. */
static void flip(const char *name, reader read, const char *spec, const char *file, bool sealed)
{
	size_t n, tried = 0, refused = 0, wrong = 0, unnamed = 0;
	uint64_t whole, got;
	uint8_t *bytes = slurp(file, &n);
	MUST(read(spec, &whole));
	/* An odd step meets every bit of a byte in turn. */
	size_t step = 8 * n / FLIPS | 1;
	for (size_t bit = 0; bit < 8 * n; bit += bit < HEAD ? 1 : step) {
		if (!in_turn())
			continue;
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		spit(file, bytes, n);
		status s = read(spec, &got);
		tried++;
		refused += s != OK;
		wrong += s == OK && sealed && got != whole;
		if (s != OK && !strstr(fail_words(s, "--"), file) && !strstr(fail_words(s, "--"), strrchr(file, '/') + 1)) {
			unnamed++;
			note("bit %zu: %s", bit, fail_words(s, "--"));
		}
		if (s == OK && sealed && got != whole)
			note("bit %zu is read as something else", bit);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	spit(file, bytes, n);
	ok(unnamed == 0 && refused > 0, "%s: %zu bits changed, %zu refused by the file's name", name, tried, refused);
	if (sealed)
		ok(wrong == 0, "%s: none is read as something else", name);
	free(bytes);
}

/* KIND:PATH of a scratch file; valid until the next call. */
static const char *spec_of(const char *kind, const char *path)
{
	static char spec[700];
	snprintf(spec, sizeof spec, "%s:%s", kind, path);
	return spec;
}

static void in_folder(const char *folder)
{
	if (mkdir(scratch_path(folder), 0777) != 0)
		MUST(ERR_IO);
}

/* ---- tables and arrays ---- */

static void tables(void)
{
	static const char csv[] = "a,b,class\n0.5,-1,0\n1.5,0,1\n-0.25,2e0,1\n0,.75,0\n1,1,1\n";
	spit(scratch_path("d.csv"), csv, sizeof csv - 1);
	flip("csv", read_set, spec_of("csv", scratch_path("d.csv")), scratch_path("d.csv"), false);
}

static void arrays(void)
{
	float x[12];
	uint8_t y[6] = {0, 1, 0, 1, 1, 0};
	char spec[800];
	for (int i = 0; i < 12; i++)
		x[i] = 0.25f * (float)i;
	MUST(npy_write(scratch_path("x.npy"), NPY_F4, 2, (int64_t[]){6, 2}, x));
	MUST(npy_write(scratch_path("y.npy"), NPY_U1, 1, (int64_t[]){6}, y));
	snprintf(spec, sizeof spec, "npy:%s,%s", scratch_path("x.npy"), scratch_path("y.npy"));
	flip("npy, values", read_set, spec, scratch_path("x.npy"), false);
	flip("npy, labels", read_set, spec, scratch_path("y.npy"), false);
}

/* ---- images ---- */

static void put_idx(const char *folder, const char *name, const void *data, size_t n, bool packed)
{
	char path[400];
	snprintf(path, sizeof path, "%s/%s%s", scratch_path(folder), name, packed ? ".gz" : "");
	if (!packed) {
		spit(path, data, n);
		return;
	}
	gzFile to = gzopen(path, "wb");
	MUST(to && gzwrite(to, data, (unsigned)n) == (int)n && gzclose(to) == Z_OK ? OK : ERR_IO);
}

static void idx(void)
{
	static uint8_t images[16 + 2 * 784] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28};
	static const uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 1};
	char file[400];
	for (size_t i = 16; i < sizeof images; i++)
		images[i] = (uint8_t)(i * 7 / 3);
	for (int packed = 0; packed < 2; packed++) {
		const char *folder = packed ? "packed" : "plain", *ending = packed ? ".gz" : "", *kind = packed ? "idx.gz" : "idx";
		char name[64];
		in_folder(folder);
		put_idx(folder, "train-images-idx3-ubyte", images, sizeof images, packed);
		put_idx(folder, "train-labels-idx1-ubyte", labels, sizeof labels, packed);
		const char *spec = spec_of("mnist", scratch_path(folder));
		snprintf(file, sizeof file, "%s/train-images-idx3-ubyte%s", scratch_path(folder), ending);
		snprintf(name, sizeof name, "%s, images", kind);
		flip(name, read_set, spec, file, packed);
		snprintf(file, sizeof file, "%s/train-labels-idx1-ubyte%s", scratch_path(folder), ending);
		snprintf(name, sizeof name, "%s, labels", kind);
		flip(name, read_set, spec, file, packed);
	}
}

/* Each element of a MATLAB file behind its header of 128 bytes, compressed: type 15 and a length, then zlib's stream. */
static void compress_elements(const char *from, const char *to)
{
	enum { HEADER = 128, TAG = 8 };
	size_t n, at = HEADER, end = HEADER;
	uint8_t *file = slurp(from, &n), *packed = malloc(2 * n + 4096);
	MUST(packed ? OK : ERR_MEMORY);
	memcpy(packed, file, HEADER);
	while (at < n) {
		uint32_t length, tag[2] = {15, 0};
		memcpy(&length, file + at + 4, sizeof length);
		uLongf room = 2 * n + 4096 - end - TAG;
		MUST(compress2(packed + end + TAG, &room, file + at, TAG + length, 6) == Z_OK ? OK : ERR_LIBRARY);
		tag[1] = (uint32_t)room;
		memcpy(packed + end, tag, TAG);
		end += TAG + room;
		at += TAG + length;
	}
	spit(to, packed, end);
	free(packed);
	free(file);
}

static void colours(void)
{
	static uint8_t x[IMAGES * PIXELS];
	static const int32_t label[IMAGES] = {1, 2, 3, 4, 9};
	static const char *const names[] = {"a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"};
	const struct dataset d = {
		.spec = "tiny", .n = IMAGES, .element = ELEMENT_U8, .c = 3, .h = 32, .w = 32, .x = x, .n_classes = 10, .label = label,
		.class_names = names, .image = true,
	};
	for (size_t i = 0; i < sizeof x; i++)
		x[i] = (uint8_t)(i * 7 / 3);
	MUST(data_write(&d, &d, "cifar10", scratch_path("cifar"), false));
	MUST(data_write(&d, &d, "svhn", scratch_path("svhn"), false));
	const char *spec = spec_of("cifar10", scratch_path("cifar"));
	flip("cifar10, binary", read_set, spec, scratch_path("cifar/data_batch_2.bin"), false);
	spec = spec_of("svhn", scratch_path("svhn"));
	flip("svhn, not compressed", read_set, spec, scratch_path("svhn/train_32x32.mat"), false);
	in_folder("packed-svhn");
	compress_elements(scratch_path("svhn/train_32x32.mat"), scratch_path("packed-svhn/train_32x32.mat"));
	spec = spec_of("svhn", scratch_path("packed-svhn"));
	flip("svhn, compressed", read_set, spec, scratch_path("packed-svhn/train_32x32.mat"), true);
}

static void pickles(void)
{
	char from[400], to[400];
	size_t n;
	const char *source = getenv("top_srcdir");
	in_folder("pickled");
	snprintf(from, sizeof from, "%s/tests/golden/batch-protocol2.pkl", source ? source : ".");
	uint8_t *batch = slurp(from, &n);
	for (int i = 1; i <= 5; i++) {
		snprintf(to, sizeof to, "%s/data_batch_%d", scratch_path("pickled"), i);
		spit(to, batch, n);
	}
	free(batch);
	flip("cifar10, pickled", read_set, spec_of("cifar10", scratch_path("pickled")), scratch_path("pickled/data_batch_3"),
	     false);
}

/* ---- options ---- */

static void configs(void)
{
	static const char text[] = "# a comment\ndata = csv:d.csv\nmodel = mlp:in-64-out\nsampler = fsgld\nsigma = 0.01\n"
	                           "epochs = 12\nlr = 0.1\nstandardize = yes\nchains = 2\n";
	spit(scratch_path("run.conf"), text, sizeof text - 1);
	flip("config", read_config, scratch_path("run.conf"), scratch_path("run.conf"), false);
}

int main(void)
{
	tables();
	arrays();
	idx();
	colours();
	pickles();
	configs();
	return done_testing();
}
