/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The built-in sets, what is written and read back, divisions, normalisation, and the publishers' own files. */
#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/data_write.h"
#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/data/npy.h"
#include "tests/tap.h"

static char text[512];

static const char *in_scratch(const char *format, const char *name)
{
	static char spec[4][512];
	static int next;
	char *to = spec[next++ % 4];
	snprintf(to, sizeof spec[0], format, scratch_folder(), name);
	return to;
}

static struct dataset load(const char *spec, enum split split)
{
	struct dataset d;
	MUST(dataset_open(&(struct dataset_request){.spec = spec, .split = split}, &d));
	return d;
}

/* The set shapes in files that data_write made: reading them costs far less than drawing it. */
static const char *saved_shapes(void)
{
	static char spec[512];
	if (!*spec) {
		const char *folder = in_scratch("%s/%s", "saved");
		struct dataset train = load("shapes", SPLIT_TRAIN), test = load("shapes", SPLIT_TEST);
		MUST(data_write(&train, &test, "cifar10", folder, false));
		snprintf(spec, sizeof spec, "cifar10:%s", folder);
		dataset_close(&train);
		dataset_close(&test);
	}
	return spec;
}

static void test_golden(const char *kind, enum split split, uint64_t fingerprint)
{
	omp_set_num_threads(1);
	struct dataset one = load(kind, split);
	omp_set_num_threads(3);
	struct dataset three = load(kind, split);
	snprintf(text, sizeof text, "%016" PRIx64, three.fingerprint);
	if (!ok(three.fingerprint == fingerprint && one.fingerprint == fingerprint,
	        "%s %s are the same bytes as ever, for any number of threads", kind, split == SPLIT_TEST ? "test" : "train"))
		note("fingerprint %s", text);
	int counts[10] = {0};
	for (size_t i = 0; i < one.n; i++)
		counts[one.label[i]]++;
	bool balanced = one.n == (split == SPLIT_TEST ? 2000 : 10000);
	for (int k = 0; k < 10; k++)
		balanced = balanced && counts[k] == (int)one.n / 10;
	ok(balanced && one.image && one.c == 3 && one.h == 32 && one.w == 32 && one.class_names, "%s is balanced", kind);
	dataset_close(&one);
	dataset_close(&three);
}

static void test_round_trip(const char *format)
{
	const char *folder = in_scratch("%s/%s", format), *spec;
	struct dataset train = load("shapes", SPLIT_TRAIN), test = load("shapes", SPLIT_TEST);
	MUST(data_write(&train, &test, format, folder, false));
	snprintf(text, sizeof text, "%s:%s", format, folder);
	spec = text;
	for (int k = 0; k < 2; k++) {
		const struct dataset *wrote = k ? &test : &train;
		struct dataset got = load(spec, k ? SPLIT_TEST : SPLIT_TRAIN);
		ok(got.n == wrote->n && got.fingerprint == wrote->fingerprint && !memcmp(got.x, wrote->x, got.n * 3072) &&
		   !memcmp(got.label, wrote->label, got.n * 4), "%s: the %s split is read as it was written", format,
		   k ? "test" : "training");
		dataset_close(&got);
	}
	ok(data_write(&train, &test, format, folder, false) == ERR_USAGE, "%s: nothing is overwritten", format);
	dataset_close(&train);
	dataset_close(&test);
}

static void test_holdout(void)
{
	struct dataset all = load(saved_shapes(), SPLIT_TRAIN), train, held;
	struct dataset_request r = {.spec = saved_shapes(), .split = SPLIT_TRAIN, .holdout = "0.1"};
	MUST(dataset_open(&r, &train));
	r.split = SPLIT_HOLDOUT;
	r.holdout = "1000";
	MUST(dataset_open(&r, &held));
	/* Walk the whole set: each row is the next of one of the two. */
	size_t t = 0, h = 0, lost = 0;
	const uint8_t *x = all.x;
	for (size_t i = 0; i < all.n; i++, x += 3072) {
		if (t < train.n && !memcmp(x, (const uint8_t *)train.x + t * 3072, 3072) && all.label[i] == train.label[t])
			t++;
		else if (h < held.n && !memcmp(x, (const uint8_t *)held.x + h * 3072, 3072) && all.label[i] == held.label[h])
			h++;
		else
			lost++;
	}
	ok(train.n == 9000 && held.n == 1000 && t == 9000 && h == 1000 && !lost,
	   "held-out and training rows are the whole set, each in its order");
	ok(held.train_fingerprint == train.fingerprint && train.train_fingerprint == train.fingerprint &&
	   held.fingerprint != train.fingerprint && all.train_fingerprint == all.fingerprint,
	   "what is held out knows the fingerprint of what is left for training");
	dataset_close(&train);
	dataset_close(&held);
	static const char *const bad[] = {"0", "-5", "1.0", "1.5", "10000", "0.00001", "x", "", "0x10", "nan", "5 "};
	int refused = 0;
	for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
		r.holdout = bad[k];
		status s = dataset_open(&r, &held);
		refused += s == ERR_USAGE && strstr(fail_words(s, "--"), "--holdout");
		dataset_close(&held);
	}
	ok(refused == (int)(sizeof bad / sizeof *bad), "impossible --holdout values are refused by name");
	r.holdout = NULL;
	ok(dataset_open(&r, &held) == ERR_USAGE, "the holdout split needs --holdout");
	dataset_close(&all);
}

static void test_labels(void)
{
	static uint8_t labels[10000];
	const char *path = in_scratch("%s/%s", "labels.npy");
	struct dataset d;
	struct dataset_request r = {.spec = saved_shapes(), .split = SPLIT_TRAIN, .labels = path};
	for (int i = 0; i < 10000; i++)
		labels[i] = (uint8_t)(i % 7);
	MUST(npy_write(path, NPY_U1, 1, (int64_t[]){10000}, labels));
	MUST(dataset_open(&r, &d));
	bool same = d.n_classes == 10;
	for (int i = 0; i < 10000; i++)
		same = same && d.label[i] == i % 7;
	ok(same, "--labels replaces the training labels");
	dataset_close(&d);
	r.split = SPLIT_TEST;
	ok(dataset_open(&r, &d) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "--split test is not"),
	   "the test split has its own");
	r.split = SPLIT_TRAIN;
	labels[77] = 10;
	MUST(npy_write(path, NPY_U1, 1, (int64_t[]){10000}, labels));
	ok(dataset_open(&r, &d) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "label 77 is 10"), "a label out of range is refused");
	MUST(npy_write(path, NPY_U1, 1, (int64_t[]){9999}, labels));
	ok(dataset_open(&r, &d) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "9999"), "a wrong number of labels is refused");
}

static void test_normalize(void)
{
	struct dataset d = load(saved_shapes(), SPLIT_TEST);
	struct normalize n;
	struct gather g = {0};
	const uint8_t *x = d.x;
	double sum = 0, squares = 0;
	MUST(normalize_parse("data", &d, &n));
	normalize_gather(&n, &g);
	for (size_t i = 0; i < d.n; i++)
		for (size_t p = 0; p < 1024; p++) {
			double z = (double)g.scale[1] * x[i * 3072 + 1024 + p] + (double)g.shift[1];
			sum += z;
			squares += z * z;
		}
	double count = (double)d.n * 1024;
	ok(g.per_channel && fabs(sum / count) < 1e-6 && fabs(squares / count - 1) < 1e-6, "\"data\" gives mean 0 and deviation 1");
	MUST(normalize_parse("none", &d, &n));
	normalize_gather(&n, &g);
	ok(g.per_channel && fabs((double)g.scale[0] * 255 - 1) < 1e-6 && g.shift[0] == 0, "\"none\" keeps 0..1");
	MUST(normalize_parse("0.5:0.25", &d, &n));
	normalize_gather(&n, &g);
	ok(n.mean[2] == 0.5 && n.sd[0] == 0.25 && g.shift[1] == -2 && fabs((double)g.scale[1] * 255 - 4) < 1e-6,
	   "one mean and deviation serve all channels");
	MUST(normalize_parse("0.1,0.2,0.3:1,2,3", &d, &n));
	ok(n.mean[1] == 0.2 && n.sd[2] == 3, "lists go by channel");
	static const char *const bad[] = {"", "0.5", "0.5:", "0.5:0", "0.5:-1", "1,2:1", "1,2,3,4:1", "a:1", "1:1x", "nan:1", "0x1:1", "0.5:1e-40"};
	int refused = 0;
	for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
		refused += normalize_parse(bad[k], &d, &n) == ERR_USAGE;
	ok(refused == (int)(sizeof bad / sizeof *bad), "other words are refused");
	dataset_close(&d);
}

/* Figures of Krizhevsky's and Netzer's files as everybody quotes them. */
static void test_real(void)
{
	const char *folder = getenv("BASIN_DATA");
	if (!folder || !*folder) {
		skip("CIFAR-10, CIFAR-100 and SVHN", "BASIN_DATA is not set");
		return;
	}
	static const double mean[3] = {0.4914, 0.4822, 0.4465}, sd[3] = {0.2470, 0.2435, 0.2616};
	for (int k = 0; k < 2; k++) {
		struct normalize n;
		int counts[100] = {0}, classes = k ? 100 : 10;
		snprintf(text, sizeof text, "%s:%s", k ? "cifar100" : "cifar10", folder);
		struct dataset d = load(text, SPLIT_TRAIN);
		bool equal = d.n == 50000 && d.n_classes == classes;
		for (size_t i = 0; i < d.n; i++)
			counts[d.label[i]]++;
		for (int c = 0; c < classes; c++)
			equal = equal && counts[c] == 50000 / classes;
		ok(equal, "%s has 50,000 balanced training images", d.kind);
		MUST(normalize_parse(NULL, &d, &n));
		for (int c = 0; k == 0 && c < 3; c++) {
			near(n.mean[c], mean[c], 1e-4, "CIFAR-10's mean of channel %d", c);
			near(n.sd[c], sd[c], 1e-4, "CIFAR-10's deviation of channel %d", c);
		}
		dataset_close(&d);
	}
	snprintf(text, sizeof text, "svhn:%s/svhn", folder);
	struct dataset d = load(text, SPLIT_TEST);
	bool labels = d.n == 10000 || d.n == 26032;
	for (size_t i = 0; i < d.n; i++)
		labels = labels && d.label[i] >= 0 && d.label[i] < 10;
	/* The published test file begins with the digits 5, 2, 1, 0, 6. */
	ok(labels && d.label[0] == 5 && d.label[1] == 2 && d.label[2] == 1 && d.label[3] == 0 && d.label[4] == 6,
	   "SVHN's test images are labelled as published");
	dataset_close(&d);
}

int main(void)
{
	test_golden("shapes", SPLIT_TRAIN, 0xb589840e3a7e65ff);
	test_golden("shapes", SPLIT_TEST, 0x5d3404cbc88f250b);
	test_golden("glyphs", SPLIT_TRAIN, 0xb5cd57a6745ab2e5);
	test_golden("glyphs", SPLIT_TEST, 0xe2629df2be144f6d);
	test_round_trip("cifar10");
	test_round_trip("svhn");
	test_holdout();
	test_labels();
	test_normalize();
	test_real();
	return done_testing();
}
