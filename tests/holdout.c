/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows that are set aside by class: how many, and which. */
#include "src/data/holdout.h"

#include <stdio.h>
#include <string.h>

#include "src/philox.h"
#include "tests/tap.h"

static void shares(size_t count, size_t start, size_t classes, const size_t *size, const size_t *wanted)
{
	size_t got[8], n = 0, right = 0;
	for (size_t k = 0; k < classes; k++)
		n += size[k];
	holdout_shares(count, n, classes, size, start, got);
	for (size_t k = 0; k < classes; k++)
		right += got[k] == wanted[k];
	ok(right == classes, "%zu of %zu rows from %zu on, %zu of %zu of the first class, %zu of %zu of the last", count, n, start, wanted[0],
	   size[0], wanted[classes - 1], size[classes - 1]);
}

/* Worked out by hand. */
static void test_cases(void)
{
	shares(10, 99, 3, (size_t[]){50, 30, 20}, (size_t[]){5, 3, 2});
	shares(3, 0, 3, (size_t[]){5, 3, 2}, (size_t[]){1, 1, 1});
	shares(3, 5, 3, (size_t[]){5, 3, 2}, (size_t[]){2, 0, 1});
	shares(20, 0, 4, (size_t[]){97, 1, 1, 1}, (size_t[]){19, 0, 0, 1});
	shares(20, 79, 4, (size_t[]){97, 1, 1, 1}, (size_t[]){20, 0, 0, 0});
	shares(4, 0, 4, (size_t[]){0, 4, 0, 4}, (size_t[]){0, 2, 0, 2});
}

/* A whole number beside what is wanted, together `count`, and over all starts as many as each class's share is. */
static void test_starts(void)
{
	int wrong = 0, cases = 0;
	for (uint32_t k = 0; k < 200; k++) {
		size_t size[6], got[6], n = 0, over[6] = {0};
		uint32_t draw[4];
		for (uint32_t i = 0; i < 6; i++) {
			philox_words(k, i, 0, 0, 0, draw);
			n += size[i] = i < 3 ? draw[0] % 4 : 1 + draw[0] % 100;
		}
		philox_words(k, 9, 0, 0, 0, draw);
		const size_t count = 1 + draw[0] % (n - 1);
		for (size_t start = 0; start < n; start++) {
			size_t all = 0;
			holdout_shares(count, n, 6, size, start, got);
			for (int i = 0; i < 6; i++) {
				const size_t below = count * size[i] / n;
				wrong += got[i] != below && (got[i] != below + 1 || count * size[i] % n == 0);
				all += got[i];
				over[i] += got[i];
			}
			wrong += all != count;
		}
		for (int i = 0; i < 6; i++)
			wrong += over[i] != count * size[i];
		cases++;
	}
	ok(wrong == 0, "%d times each class has its share, over all starts exactly: not so in %d", cases, wrong);
}

/* ---- rows ---- */

static const char *file(void)
{
	static char path[300];
	snprintf(path, sizeof path, "csv:%s/x.csv", scratch_folder());
	return path;
}

/* 40 rows of class a, 8 of b, 2 of c, 1 of d, their numbers in column x; targets are words or numbers. */
static void put(bool words)
{
	FILE *f = fopen(file() + strlen("csv:"), "w");
	MUST(f ? OK : ERR_IO);
	fputs("x,y\n", f);
	for (int i = 0; i < 51; i++) {
		const int class = i < 40 ? 0 : i < 48 ? 1 : i < 50 ? 2 : 3;
		fprintf(f, words ? "%d,%c\n" : "%d,%d\n", i, words ? 'a' + class : class);
	}
	fclose(f);
}

/* Bit i: row i is among those held out; by_class counts them. */
static uint64_t held(const char *holdout, size_t by_class[4])
{
	struct dataset d;
	uint64_t out = 0;
	MUST(dataset_open(&(struct dataset_request){.spec = file(), .split = SPLIT_HOLDOUT, .holdout = holdout, .class_targets = true}, &d));
	memset(by_class, 0, 4 * sizeof *by_class);
	for (size_t i = 0; i < d.n; i++) {
		out |= UINT64_C(1) << (int)((const float *)d.x)[i];
		by_class[d.label[i]]++;
	}
	dataset_close(&d);
	return out;
}

static void test_rows(void)
{
	size_t n[4];
	put(true);
	const uint64_t words = held("0.2,stratified", n);
	ok(n[0] == 8 && n[1] == 1 && n[2] == 1 && n[3] == 0, "each class has its share: %zu, %zu, %zu, %zu", n[0], n[1], n[2], n[3]);
	const uint64_t random = held("0.2,random", n);
	ok(random != words && n[0] + n[1] + n[2] + n[3] == 10, "unless rows are drawn without regard to classes");
	ok(held("0.2", n) == random, "as they are without a word, words");
	put(false);
	ok(held("0.2", n) == random, "and numbered classes");
	ok(held("10,stratified", n) == words, "and by class where that is asked for");
	struct dataset d;
	MUST(dataset_open(&(struct dataset_request){.spec = file(), .holdout = "0.2,stratified", .class_targets = true}, &d));
	uint64_t rest = 0;
	for (size_t i = 0; i < d.n; i++)
		rest |= UINT64_C(1) << (int)((const float *)d.x)[i];
	ok(d.n == 41 && !(rest & words) && (rest | words) == (UINT64_C(1) << 51) - 1, "the others are left for training");
	dataset_close(&d);
}

static void refuse(const char *holdout, bool classes, const char *wanted)
{
	struct dataset d;
	status s = dataset_open(&(struct dataset_request){.spec = file(), .holdout = holdout, .class_targets = classes}, &d);
	ok(s == ERR_USAGE && strstr(fail_words(s, "--"), wanted), "refused: %s", wanted);
}

int main(void)
{
	test_cases();
	test_starts();
	test_rows();
	refuse("0.2,", true, "--holdout 0.2,: behind the comma, stratified or random was expected");
	refuse("0.2,strat", true, "--holdout 0.2,strat: behind the comma");
	refuse(",stratified", true, "--holdout ,stratified: a fraction between 0 and 1");
	refuse("5 ,stratified", true, "--holdout 5 ,stratified: a fraction between");
	refuse("1.5,stratified", true, "--holdout 1.5,stratified: a fraction must be below 1");
	refuse("0.2,stratified", false, "has no classes of which each could have its share");
	return done_testing();
}
