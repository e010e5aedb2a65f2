/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Under which names and in which folders the files of image sets are found, and what names their classes may have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/data/dataset.h"
#include "tests/files.h"
#include "tests/tap.h"

static status get(const char *kind, const char *name, enum split split, struct dataset *d)
{
	char spec[400];
	snprintf(spec, sizeof spec, "%s:%s", kind, scratch_path(name));
	return dataset_open(&(struct dataset_request){.spec = spec, .split = split}, d);
}

static void refuse(const char *kind, const char *name, enum split split, const char *wanted, const char *what)
{
	struct dataset d;
	status s = get(kind, name, split, &d);
	if (!ok(s == ERR_INPUT && strstr(fail_words(s, "--"), wanted), "%s: %s is refused", kind, what))
		note("%s", s == OK ? "it was read" : fail_words(s, "--"));
	dataset_close(&d);
}

/* ---- MNIST ---- */

/* Writes n images of value 5, or the n labels 0, 1 … */
static void idx(const char *name, int dimensions, uint8_t n)
{
	uint8_t bytes[16 + 3 * 784] = {0, 0, 8, (uint8_t)dimensions, 0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28};
	size_t head = 4 + 4 * (size_t)dimensions, each = dimensions == 3 ? 784 : 1;
	for (size_t i = 0; i < n * each; i++)
		bytes[head + i] = dimensions == 3 ? 5 : (uint8_t)i;
	spit(scratch_path(name), bytes, head + n * each);
}

static void found(const char *kind, const char *folder, enum split split, size_t n, const char *what)
{
	struct dataset d;
	status s = get(kind, folder, split, &d);
	bool right = s == OK && d.n == n && d.label[n - 1] == (int32_t)n - 1 && ((const uint8_t *)d.x)[n * 784 - 1] == 5;
	if (!ok(right, "%s: %s", kind, what))
		note("%s", fail_words(s, "--"));
	dataset_close(&d);
}

static void test_mnist(void)
{
	static const char *const folders[] = {"dots", "root", "root/MNIST", "root/MNIST/raw", "root/FashionMNIST",
	                                      "root/FashionMNIST/raw", "none"};
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		mkdir(scratch_path(folders[i]), 0777);
	idx("dots/train-images.idx3-ubyte", 3, 3);
	idx("dots/train-labels.idx1-ubyte", 1, 3);
	found("mnist", "dots", SPLIT_TRAIN, 3, "names with a dot");
	idx("dots/t10k-images.idx3-ubyte.gz", 3, 2);
	refuse("mnist", "dots", SPLIT_TEST, "dots: holds neither t10k-labels-idx1-ubyte nor t10k-labels.idx1-ubyte",
	       "images without labels");
	idx("dots/t10k-labels-idx1-ubyte", 1, 2);
	found("mnist", "dots", SPLIT_TEST, 2, "one of each, and .gz that is not compressed");
	idx("root/MNIST/raw/train-images-idx3-ubyte", 3, 3);
	idx("root/MNIST/raw/train-labels-idx1-ubyte", 1, 3);
	idx("root/FashionMNIST/raw/train-images-idx3-ubyte", 3, 1);
	idx("root/FashionMNIST/raw/train-labels-idx1-ubyte", 1, 1);
	found("mnist", "root", SPLIT_TRAIN, 3, "torchvision's folder");
	found("fashion-mnist", "root", SPLIT_TRAIN, 1, "torchvision's folder, in which both lie");
	refuse("mnist", "none", SPLIT_TRAIN, "none: holds neither train-images-idx3-ubyte nor train-images.idx3-ubyte, gzipped "
	       "(.gz) or not, in itself or MNIST/raw", "an empty folder");
}

/* ---- the names of classes ---- */

/* One black image of each class. */
static void cifar10(const char *folder)
{
	static uint8_t bytes[10 * 3073];
	char name[64];
	mkdir(scratch_path(folder), 0777);
	for (size_t i = 0; i < 10; i++)
		bytes[i * 3073] = (uint8_t)i;
	for (int k = 1; k <= 5; k++) {
		snprintf(name, sizeof name, "%s/data_batch_%d.bin", folder, k);
		spit(scratch_path(name), bytes, sizeof bytes);
	}
}

static void put_names(const char *text, size_t n)
{
	spit(scratch_path("c/batches.meta.txt"), text, n);
}

static void refuse_names(const char *text, size_t n, const char *wanted, const char *what)
{
	put_names(text, n);
	refuse("cifar10", "c", SPLIT_TRAIN, wanted, what);
}

#define TEXT(literal) literal, sizeof literal - 1

static void test_names(void)
{
	struct dataset d;
	cifar10("c");
	put_names(TEXT("\xef\xbb\xbf" "a\r\nch\xc3\xa8vre\n\n \t\nc\rd\re f\n\xf0\x9f\x90\x88\ng\nh\ni\nj"));
	MUST(get("cifar10", "c", SPLIT_TRAIN, &d));
	ok(!strcmp(d.class_names[0], "a") && !strcmp(d.class_names[1], "ch\xc3\xa8vre") && !strcmp(d.class_names[3], "d") &&
	   !strcmp(d.class_names[4], "e f") && !strcmp(d.class_names[9], "j"),
	   "names are lines of UTF-8 with any ends, without blank ones and the byte order mark");
	dataset_close(&d);
	refuse_names(TEXT("a\nb\n\nch\350vre\nd\n"), "batches.meta.txt:4: the class name is not UTF-8: byte 3 is 0xe8", "Latin-1");
	refuse_names(TEXT("a\nb\n\xed\xa0\x80\n"), "batches.meta.txt:3: the class name is not UTF-8: byte 1", "half a surrogate");
	refuse_names(TEXT("\xc0\xafx\n"), "batches.meta.txt:1: the class name is not UTF-8", "a character longer than needed");
	refuse_names(TEXT("a\nb\xe2\x82"), "batches.meta.txt:2: the class name is not UTF-8: byte 2", "half a character");
	refuse_names(TEXT("a\nb\0c\n"), "batches.meta.txt:2: the class name is not text: byte 2 is the control character 0x00",
	             "a zero byte");
	refuse_names(TEXT("\33[2Ja\n"), "batches.meta.txt:1: the class name is not text", "an escape sequence");
	refuse_names(TEXT("a\302\233m\n"), "batches.meta.txt:1: the class name is not text: byte 2 is the control character U+009B",
	             "one of the other control characters");
	refuse_names(TEXT("a\nb\n"), "holds 2 class names, one a line; 10 were expected", "too few names");
	refuse_names(TEXT("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n"), "holds 11 class names", "too many names");
	refuse_names(TEXT("\xef\xbb\xbf"), "holds 0 class names", "a byte order mark alone");
	refuse_names(TEXT(""), "holds 0 class names", "an empty file");
}

/* A pickled dict of ten names, the third of which is this one. */
static void pickled_names(const char *third)
{
	char bytes[400] = "\x80\x02}U\x0blabel_names](";
	size_t n = strlen(bytes);
	for (int i = 0; i < 10; i++) {
		const char *name = i == 2 ? third : "a";
		size_t length = strlen(name);
		bytes[n++] = 'U';
		bytes[n++] = (char)length;
		memcpy(bytes + n, name, length);
		n += length;
	}
	memcpy(bytes + n, "es.", 3);
	spit(scratch_path("p/batches.meta"), bytes, n + 3);
}

static void test_pickled_names(void)
{
	static const char *const files[] = {"batch-protocol5.pkl", "batch-protocol4.pkl", "batch-protocol3.pkl",
	                                    "batch-protocol2.pkl", "batch-python2.pkl"};
	const char *top = getenv("top_srcdir");
	struct dataset d;
	mkdir(scratch_path("p"), 0777);
	for (int k = 0; k < 5; k++) {
		char from[500], to[64];
		size_t n;
		snprintf(from, sizeof from, "%s/tests/golden/%s", top ? top : ".", files[k]);
		snprintf(to, sizeof to, "p/data_batch_%d", k + 1);
		uint8_t *bytes = slurp(from, &n);
		spit(scratch_path(to), bytes, n);
		free(bytes);
	}
	pickled_names("ch\xc3\xa8vre");
	MUST(get("cifar10", "p", SPLIT_TRAIN, &d));
	ok(!strcmp(d.class_names[2], "ch\xc3\xa8vre") && d.n == 10 && d.label[0] == 3, "pickled names, and a batch of protocol 5");
	dataset_close(&d);
	pickled_names("ch\350vre");
	refuse("cifar10", "p", SPLIT_TRAIN, "batches.meta: element 2 of 'label_names': the class name is not UTF-8", "Latin-1");
	pickled_names("\t ");
	refuse("cifar10", "p", SPLIT_TRAIN, "element 2 of 'label_names': the class name is blank", "a blank name");
	pickled_names("");
	refuse("cifar10", "p", SPLIT_TRAIN, "element 2 of 'label_names': the class name is blank", "an empty name");
}

/* ---- what may not be looked at ---- */

static void test_permission(void)
{
	static const char *const sets[][3] = {
		{"mnist", "locked", "locked/train-images-idx3-ubyte"}, {"cifar10", "locked", "locked/data_batch_1.bin"},
		{"svhn", "locked", "locked/train_32x32.mat"}, {"mnist", "locked/in", "locked/in"},
		{"cifar100", "locked/in", "locked/in"}, {"mnist", "closed", "closed/train-images-idx3-ubyte"},
		{"svhn", "closed", "closed/train_32x32.mat"},
	};
	mkdir(scratch_path("locked"), 0777);
	mkdir(scratch_path("locked/in"), 0777);
	mkdir(scratch_path("closed"), 0777);
	idx("closed/train-images-idx3-ubyte", 3, 1);
	idx("closed/train-labels-idx1-ubyte", 1, 1);
	idx("closed/train_32x32.mat", 1, 1);
	MUST(chmod(scratch_folder(), 0755) || chmod(scratch_path("locked"), 0) ||
	     chmod(scratch_path("closed/train-images-idx3-ubyte"), 0) || chmod(scratch_path("closed/train_32x32.mat"), 0) ?
	     ERR_IO : OK);
	uid_t me = geteuid();
	if (me == 0 && seteuid(65534) != 0) {
		skip("folders and files without permission", "no other user here");
	} else {
		for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
			char wanted[400];
			snprintf(wanted, sizeof wanted, "%s: Permission denied", scratch_path(sets[i][2]));
			refuse(sets[i][0], sets[i][1], SPLIT_TRAIN, wanted, sets[i][2]);
		}
		MUST(seteuid(me) ? ERR_IO : OK);
	}
	chmod(scratch_path("locked"), 0700);
}

int main(void)
{
	test_mnist();
	test_names();
	test_pickled_names();
	test_permission();
	return done_testing();
}
