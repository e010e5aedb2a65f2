/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Every reader on small files made here: what is right is read, and what is wrong is refused with its place. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "src/data/dataset.h"
#include "src/data/npy.h"
#include "tests/tap.h"

static uint8_t bytes[1 << 16];

static const char *at(const char *name)
{
	static char path[8][300];
	static int next;
	char *to = path[next++ % 8];
	snprintf(to, sizeof path[0], "%s/%s", scratch_folder(), name);
	return to;
}

static void put(const char *name, const void *data, size_t n)
{
	FILE *f = fopen(at(name), "wb");
	MUST(f && fwrite(data, 1, n, f) == n ? OK : ERR_IO);
	fclose(f);
}

static status get(const char *kind, const char *name, struct dataset_request r, struct dataset *d)
{
	char spec[400];
	snprintf(spec, sizeof spec, "%s:%s", kind, at(name));
	r.spec = spec;
	return dataset_open(&r, d);
}

static void refuse(const char *kind, const char *name, struct dataset_request r, const char *wanted, const char *what)
{
	struct dataset d;
	status s = get(kind, name, r, &d);
	if (!ok((s == ERR_INPUT || s == ERR_USAGE) && strstr(fail_words(s, "--"), wanted), "%s: %s is refused", kind, what))
		note("%s", s == OK ? "it was read" : fail_words(s, "--"));
	dataset_close(&d);
}

/* Cuts a file to every shorter length; the number of those that a reader takes. */
static int truncations(const char *kind, const char *name, const char *file, enum split split, size_t step)
{
	static uint8_t whole[1 << 16];
	FILE *f = fopen(at(file), "rb");
	size_t n = fread(whole, 1, sizeof whole, f);
	int accepted = 0;
	fclose(f);
	for (size_t k = 0; k < n; k += k + 200 > n || k < 300 ? 1 : step) {
		struct dataset d;
		put(file, whole, k);
		status s = get(kind, name, (struct dataset_request){.split = split}, &d);
		accepted += s != ERR_INPUT;
		dataset_close(&d);
	}
	put(file, whole, n);
	return accepted;
}

static void csv(const char *content)
{
	put("x.csv", content, strlen(content));
}

static void test_csv(void)
{
	struct dataset d;
	struct dataset_request none = {0}, classes = {.class_targets = true};
	csv("\xef\xbb\xbf" "a,\"b \"\"c\"\"\",y\r\n1, 2.5,\"3\"\r\n\r\n-4e1,5,6\n  \n7,8,9");
	MUST(get("csv", "x.csv", none, &d));
	const float *x = d.x;
	ok(d.n == 3 && d.w == 2 && d.n_targets == 1 && x[0] == 1 && x[1] == 2.5f && x[2] == -40 && x[5] == 8 && d.target[0] == 3 &&
	   d.target[2] == 9 && !d.label && !d.image, "csv: header, quotes, CRLF, blank lines and a last line without its end");
	dataset_close(&d);
	MUST(get("csv", "x.csv", (struct dataset_request){.target = "b \"c\""}, &d));
	x = d.x;
	ok(d.target[0] == 2.5f && x[1] == 3 && d.target[2] == 8, "csv: --target picks a column");
	dataset_close(&d);
	MUST(get("csv", "x.csv", (struct dataset_request){.standardize = STANDARDIZE_YES}, &d));
	x = d.x;
	/* 3, 6, 9: mean 6, population deviation √6. */
	const struct standardize *to = &d.standardize;
	ok(to->target_mean[0] == 6 && d.target[1] == 0 && to->target_sd[0] > 2.449489 && to->target_sd[0] < 2.449490 &&
	   fabs((double)x[1] * to->x_sd[1] + to->x_mean[1] - 2.5) < 1e-6, "csv: --standardize, targets too");
	dataset_close(&d);
	/* Two of ten rows are held out, the same two for ever; the figures are those of the other eight. */
	csv("0,0\n1,10\n4,20\n9,30\n16,40\n25,50\n36,60\n49,70\n64,80\n81,90\n");
	struct dataset held;
	MUST(get("csv", "x.csv", (struct dataset_request){.standardize = STANDARDIZE_YES, .holdout = "2"}, &d));
	MUST(get("csv", "x.csv", (struct dataset_request){.standardize = STANDARDIZE_YES, .holdout = "2", .split = SPLIT_HOLDOUT}, &held));
	double sum = 0, squares = 0, sum_y = 0;
	for (size_t i = 0; i < d.n; i++) {
		double v = (double)((const float *)d.x)[i];
		sum += v;
		squares += v * v;
		sum_y += (double)d.target[i];
	}
	ok(d.n == 8 && held.n == 2 && fabs(sum) < 1e-5 && fabs(squares - 8) < 1e-5 && fabs(sum_y) < 1e-5 &&
	   held.standardize.x_mean[0] == d.standardize.x_mean[0] && held.standardize.target_sd[0] == d.standardize.target_sd[0],
	   "csv: --standardize looks at the training rows alone, and serves the held-out ones");
	double rows[2];
	for (int i = 0; i < 2; i++)
		rows[i] = ((double)held.target[i] * held.standardize.target_sd[0] + held.standardize.target_mean[0]) / 10;
	ok(fabs(rows[0] - 4) < 1e-5 && fabs(rows[1] - 6) < 1e-5, "csv: rows %g and %g are held out", rows[0], rows[1]);
	dataset_close(&d);
	dataset_close(&held);
	csv("1,0\n2,1\n3,2\n");
	MUST(get("csv", "x.csv", classes, &d));
	ok(d.n_classes == 3 && d.label[2] == 2 && !d.target, "csv: class targets");
	dataset_close(&d);
	refuse("csv", "x.csv", (struct dataset_request){.target = "y"}, "no header", "--target without a header");
	refuse("csv", "x.csv", (struct dataset_request){.split = SPLIT_TEST}, "--split test", "a test split");
	csv("1,0\n2,0.5\n");
	refuse("csv", "x.csv", classes, "0.5", "a class that is no integer");
	csv("a,b\n1,2\n3,x4\n");
	refuse("csv", "x.csv", none, "x.csv:3: column 2 (b): the target has words, 'x4', and numbers", "a cell that is no number");
	refuse("csv", "x.csv", (struct dataset_request){.target = "q"}, "a, b", "a target that is not there");
	csv("1,2\n\n3,4,5\n");
	refuse("csv", "x.csv", none, "x.csv:3: 3 cells; 2", "a ragged row");
	csv("1,2\n3,nan\n");
	refuse("csv", "x.csv", none, "x.csv:2: column 2", "NaN");
	csv("1,2\n3,1e39\n");
	refuse("csv", "x.csv", none, "x.csv:2: column 2", "a number beyond float32");
	csv("1,2\n3,\"4\n");
	refuse("csv", "x.csv", none, "does not end", "an open quote");
	csv("1,2\n3,\n");
	refuse("csv", "x.csv", none, "x.csv:2: column 2", "an empty cell");
	csv("");
	refuse("csv", "x.csv", none, "is empty", "an empty file");
	csv("a,b\n");
	refuse("csv", "x.csv", none, "no rows", "a header alone");
	refuse("csv", "missing.csv", none, "No such file", "a missing file");
	refuse("csv", ".", none, "folder", "a folder");
}

static status pair(struct dataset *d, struct dataset_request r)
{
	char spec[700];
	snprintf(spec, sizeof spec, "npy:%s,%s", at("x.npy"), at("y.npy"));
	r.spec = spec;
	return dataset_open(&r, d);
}

static void test_npy(void)
{
	struct dataset d;
	uint8_t x[2 * 5 * 4 * 3];
	int64_t y[2] = {0, 4};
	for (size_t i = 0; i < sizeof x; i++)
		x[i] = (uint8_t)i;
	MUST(npy_write(at("y.npy"), NPY_I8, 1, (int64_t[]){2}, y));
	MUST(npy_write(at("x.npy"), NPY_U1, 4, (int64_t[]){2, 3, 5, 4}, x));
	MUST(pair(&d, (struct dataset_request){0}));
	ok(d.image && d.c == 3 && d.h == 5 && d.w == 4 && !memcmp(d.x, x, sizeof x) && d.n_classes == 5 && d.label[1] == 4,
	   "npy: (n, c, h, w) as it is");
	dataset_close(&d);
	MUST(npy_write(at("x.npy"), NPY_U1, 4, (int64_t[]){2, 5, 4, 3}, x));
	MUST(pair(&d, (struct dataset_request){0}));
	const uint8_t *z = d.x;
	bool moved = d.c == 3 && d.h == 5 && d.w == 4;
	for (int i = 0; i < 2; i++)
		for (int c = 0; c < 3; c++)
			for (int p = 0; p < 20; p++)
				moved = moved && z[(i * 3 + c) * 20 + p] == x[(i * 20 + p) * 3 + c];
	ok(moved, "npy: (n, h, w, c) has its channels moved");
	dataset_close(&d);
	MUST(npy_write(at("x.npy"), NPY_U1, 3, (int64_t[]){2, 10, 6}, x));
	MUST(pair(&d, (struct dataset_request){0}));
	ok(d.image && d.c == 1 && d.h == 10 && d.w == 6, "npy: (n, h, w)");
	dataset_close(&d);
	MUST(npy_write(at("x.npy"), NPY_U1, 4, (int64_t[]){2, 5, 2, 6}, x));
	ok(pair(&d, (struct dataset_request){0}) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "(2, 5, 2, 6)"),
	   "npy: five channels are refused");
	float rows[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, targets[4] = {.5f, 1, 1.5f, 2};
	MUST(npy_write(at("x.npy"), NPY_F4, 3, (int64_t[]){2, 2, 3}, rows));
	MUST(npy_write(at("y.npy"), NPY_F4, 2, (int64_t[]){2, 2}, targets));
	MUST(pair(&d, (struct dataset_request){0}));
	ok(!d.image && d.w == 6 && d.n_targets == 2 && d.target[3] == 2 && ((const float *)d.x)[11] == 12,
	   "npy: float arrays are tables, float labels are targets");
	dataset_close(&d);
	MUST(npy_write(at("y.npy"), NPY_F4, 1, (int64_t[]){4}, targets));
	ok(pair(&d, (struct dataset_request){0}) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "holds 4 labels"),
	   "npy: a wrong number of labels is refused");
	y[1] = -1;
	MUST(npy_write(at("y.npy"), NPY_I8, 1, (int64_t[]){2}, y));
	ok(pair(&d, (struct dataset_request){0}) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "label 1 is -1"),
	   "npy: a negative class is refused");
	refuse("npy", "x.npy", (struct dataset_request){0}, "LABELS.npy was expected", "one file instead of two");
}

static void idx(const char *name, int dimensions, int n, int side, size_t size, bool zip)
{
	const uint8_t head[16] = {0, 0, 8, (uint8_t)dimensions, 0, 0, 0, (uint8_t)n, 0, 0, 0, (uint8_t)side, 0, 0, 0, (uint8_t)side};
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(dimensions == 1 ? i % 10 : i * 31);
	gzFile f = gzopen(at(name), zip ? "wb" : "wbT");
	gzwrite(f, head, 4 + 4 * (unsigned)dimensions);
	gzwrite(f, bytes, (unsigned)size);
	gzclose(f);
}

static void test_idx(void)
{
	struct dataset d;
	struct dataset_request test = {.split = SPLIT_TEST}, train = {0};
	mkdir(at("mnist"), 0777);
	idx("mnist/train-images-idx3-ubyte", 3, 3, 28, 3 * 784, false);
	idx("mnist/train-labels-idx1-ubyte.gz", 1, 3, 0, 3, true);
	idx("mnist/t10k-images-idx3-ubyte.gz", 3, 2, 28, 2 * 784, true);
	idx("mnist/t10k-labels-idx1-ubyte", 1, 2, 0, 2, false);
	MUST(get("mnist", "mnist", train, &d));
	ok(d.n == 3 && d.c == 1 && d.h == 28 && d.label[2] == 2 && ((const uint8_t *)d.x)[783] == (uint8_t)(783 * 31),
	   "mnist: a plain and a gzipped file");
	dataset_close(&d);
	MUST(get("fashion-mnist", "mnist", test, &d));
	ok(d.n == 2 && d.label[1] == 1 && !strcmp(d.class_names[9], "ankle boot"), "fashion-mnist: the test split");
	dataset_close(&d);
	ok(truncations("mnist", "mnist", "mnist/train-images-idx3-ubyte", SPLIT_TRAIN, 13) == 0 &&
	   truncations("mnist", "mnist", "mnist/train-labels-idx1-ubyte.gz", SPLIT_TRAIN, 13) == 0 &&
	   truncations("mnist", "mnist", "mnist/t10k-images-idx3-ubyte.gz", SPLIT_TEST, 13) == 0,
	   "mnist: every truncation is refused, plain and gzipped");
	idx("mnist/t10k-labels-idx1-ubyte", 3, 2, 28, 2, false);
	refuse("mnist", "mnist", test, "0x00000801 was expected", "another magic number");
	idx("mnist/t10k-labels-idx1-ubyte", 1, 2, 0, 2, false);
	FILE *f = fopen(at("mnist/t10k-labels-idx1-ubyte"), "r+");
	fseek(f, 2, SEEK_SET);
	fputc(0x0d, f);
	fclose(f);
	refuse("mnist", "mnist", test, "0x00000d01; 0x00000801 was expected", "an array of floats");
	idx("mnist/t10k-labels-idx1-ubyte", 1, 2, 0, 3, false);
	refuse("mnist", "mnist", test, "longer", "a file that goes on");
	idx("mnist/t10k-labels-idx1-ubyte", 1, 3, 0, 3, false);
	refuse("mnist", "mnist", test, "3 labels for 2 images", "another number of labels");
	idx("mnist/t10k-images-idx3-ubyte.gz", 3, 2, 32, 2048, true);
	refuse("mnist", "mnist", test, "28×28", "another image size");
	unlink(at("mnist/t10k-images-idx3-ubyte.gz"));
	refuse("mnist", "mnist", test, "neither t10k-images-idx3-ubyte nor", "a missing file");
	refuse("mnist", "x.npy", test, "is a file", "a file for the folder");
}

/* Five batches of one record (two labels first for CIFAR-100), and a test batch of two. */
static void records(const char *folder, const char *name, int labels, int n, int label)
{
	char path[128];
	for (int i = 0; i < n; i++) {
		uint8_t *r = bytes + (size_t)i * (size_t)(3072 + labels);
		memset(r, 7 + i, 3072 + (size_t)labels);
		r[0] = labels == 2 ? 3 : (uint8_t)label;
		r[labels - 1] = (uint8_t)label;
		r[labels] = 200;
	}
	snprintf(path, sizeof path, "%s/%s", folder, name);
	put(path, bytes, (size_t)n * (size_t)(3072 + labels));
}

static void test_cifar(void)
{
	struct dataset d;
	struct dataset_request train = {0}, test = {.split = SPLIT_TEST};
	char name[32];
	mkdir(at("c10"), 0777);
	mkdir(at("c10/cifar-10-batches-bin"), 0777);
	for (int k = 1; k <= 5; k++) {
		snprintf(name, sizeof name, "data_batch_%d.bin", k);
		records("c10/cifar-10-batches-bin", name, 1, 1, k);
	}
	MUST(get("cifar10", "c10", train, &d));
	const uint8_t *x = d.x;
	ok(d.n == 5 && d.label[0] == 1 && d.label[4] == 5 && x[4 * 3072] == 200 && x[5 * 3072 - 1] == 7 && !d.class_names,
	   "cifar10: batches in order, from the folder above");
	dataset_close(&d);
	refuse("cifar10", "c10", test, "neither test_batch.bin", "a missing test batch");
	records("c10/cifar-10-batches-bin", "test_batch.bin", 1, 2, 9);
	put("c10/cifar-10-batches-bin/batches.meta.txt", "a\n\nb\n", 5);
	refuse("cifar10", "c10", test, "2 class names", "too few class names");
	unlink(at("c10/cifar-10-batches-bin/batches.meta.txt"));
	ok(truncations("cifar10", "c10", "c10/cifar-10-batches-bin/data_batch_3.bin", SPLIT_TRAIN, 97) == 0,
	   "cifar10: every truncation is refused");
	records("c10/cifar-10-batches-bin", "data_batch_4.bin", 1, 2, 0);
	refuse("cifar10", "c10", train, "equally long", "a longer batch");
	records("c10/cifar-10-batches-bin", "data_batch_4.bin", 1, 1, 10);
	refuse("cifar10", "c10", train, "data_batch_4.bin: record 0 has label 10", "a label out of range");
	mkdir(at("c100"), 0777);
	records("c100", "train.bin", 2, 3, 99);
	MUST(get("cifar100", "c100", train, &d));
	ok(d.n == 3 && d.label[2] == 99 && ((const uint8_t *)d.x)[2 * 3072] == 200, "cifar100: the fine label is the class");
	dataset_close(&d);
	records("c100", "train.bin", 2, 3, 100);
	refuse("cifar100", "c100", train, "label 100; 0 to 99", "a label out of range");
}

static void test_cifar_pickles(void)
{
	static const char *const files[] = {"batch-python2.pkl", "batch-protocol2.pkl", "batch-protocol3.pkl", "batch-protocol4.pkl",
	                                    "batch-python2.pkl"};
	const char *top = getenv("top_srcdir");
	struct dataset d;
	mkdir(at("py"), 0777);
	for (int k = 0; k < 5; k++) {
		char from[500], to[64];
		snprintf(from, sizeof from, "%s/tests/golden/%s", top ? top : ".", files[k]);
		snprintf(to, sizeof to, "py/data_batch_%d", k + 1);
		FILE *f = fopen(from, "rb");
		MUST(f ? OK : ERR_IO);
		put(to, bytes, fread(bytes, 1, sizeof bytes, f));
		fclose(f);
	}
	MUST(get("cifar10", "py", (struct dataset_request){0}, &d));
	const uint8_t *x = d.x;
	bool same = d.n == 10 && d.label[8] == 3 && d.label[9] == 9;
	for (size_t i = 0; same && i < 10 * 3072; i++)
		same = x[i] == ((i % 6144 * 7 + 3) & 255);
	ok(same, "cifar10: the python version, each batch in another protocol");
	dataset_close(&d);
	refuse("cifar100", "py", (struct dataset_request){0}, "neither train.bin", "another set");
	rename(at("py/data_batch_1"), at("py/train"));
	refuse("cifar100", "py", (struct dataset_request){0}, "member 'fine_labels' is missing", "a dict without the member");
}

int main(void)
{
	test_csv();
	test_npy();
	test_idx();
	test_cifar();
	test_cifar_pickles();
	return done_testing();
}
