/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/data/normalize.h"

enum { PARTS_MAX = 8, INPUT_MAX = 1 << 20 };

static const char between[] = "\n--8<--\n";
enum { BETWEEN = sizeof between - 1 };

_Noreturn void fuzz_broken(const char *what)
{
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

void fuzz_parts(const uint8_t *data, size_t size, struct part *out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *end = size && i + 1 < n ? memmem(data, size, between, BETWEEN) : NULL;
		out[i] = (struct part){data, end ? (size_t)(end - data) : size};
		data = end ? end + BETWEEN : data + size;
		size -= out[i].size + (end ? BETWEEN : 0);
	}
}

unsigned fuzz_choice(const struct part *p)
{
	return p->size ? p->data[0] : 0;
}

/* ---- files ---- */

const char *fuzz_path(const char *name)
{
	static char folder[200];
	static struct arena kept;
	char *path;
	if (!folder[0]) {
		const char *scratch = getenv("FUZZ_SCRATCH");
		snprintf(folder, sizeof folder, "%s/fuzz-XXXXXX", scratch ? scratch : "/dev/shm");
		if (!mkdtemp(folder))
			fuzz_broken("no scratch folder: name one in FUZZ_SCRATCH");
	}
	if (arena_text(&kept, &path, "%s/%s", folder, name) != OK)
		fuzz_broken("no memory for a path");
	return path;
}

/* The path without taking memory for each of millions of inputs. */
static const char *known_path(const char *name)
{
	static struct {
		const char *name, *path;
	} known[32];
	size_t i = 0;
	while (i < 31 && known[i].name && strcmp(known[i].name, name) != 0)
		i++;
	if (!known[i].name || strcmp(known[i].name, name) != 0) {
		known[i].name = name;
		known[i].path = fuzz_path(name);
	}
	return known[i].path;
}

void fuzz_put(const char *name, const struct part *p)
{
	int fd = open(known_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (fd < 0 || (p->size && write(fd, p->data, p->size) != (ssize_t)p->size))
		fuzz_broken("the scratch folder can't be written");
	close(fd);
}

void fuzz_remove(const char *name)
{
	unlink(known_path(name));
}

/* ---- data sets ---- */

void fuzz_use(const struct dataset *d)
{
	volatile double sum = 0;
	size_t numbers = d->n * (size_t)d->c * (size_t)d->h * (size_t)d->w;
	struct normalize normalize;
	for (size_t i = 0; i < numbers; i++)
		sum += d->element == ELEMENT_U8 ? ((const uint8_t *)d->x)[i] : ((const float *)d->x)[i];
	for (size_t i = 0; d->label && i < d->n; i++)
		if (d->label[i] < 0 || d->label[i] >= d->n_classes)
			fuzz_broken("a label is none of the classes");
	for (size_t i = 0; d->target && i < d->n * (size_t)d->n_targets; i++)
		sum += d->target[i];
	for (int i = 0; d->class_names && i < d->n_classes; i++)
		sum += (double)strlen(d->class_names[i]);
	(void)sum;
	if (d->n)
		(void)normalize_parse(NULL, d, &normalize);
}

void fuzz_open(const struct dataset_request *r)
{
	struct dataset d;
	if (dataset_open(r, &d) != OK)
		return;
	fuzz_use(&d);
	dataset_close(&d);
}

void fuzz_cifar(const struct cifar_names *names, const struct part part[3])
{
	static char ten[250], hundred[250];
	unsigned how = fuzz_choice(&part[2]);
	bool coarse = how & 1, test = how & 2;
	if (!ten[0]) {
		snprintf(ten, sizeof ten, "cifar10:%s", fuzz_path(""));
		snprintf(hundred, sizeof hundred, "cifar100:%s", fuzz_path(""));
	}
	if (coarse || test)
		fuzz_put(!coarse ? names->test : test ? names->test_100 : names->train_100, &part[0]);
	else
		/* All of the training set: five times the same batch. */
		for (int i = 0; i < 5; i++)
			fuzz_put(names->train[i], &part[0]);
	fuzz_put(coarse ? names->words_100 : names->words, &part[1]);
	fuzz_open(&(struct dataset_request){.spec = coarse ? hundred : ten, .split = test ? SPLIT_TEST : SPLIT_TRAIN});
}

/* ---- libFuzzer ---- */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	static uint8_t whole[INPUT_MAX];
	struct part part[PARTS_MAX];
	size_t n = 1, at = 0;
	if (size > INPUT_MAX || !size)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(whole, data, size);
	fuzz_parts(whole, size, part, PARTS_MAX);
	while (n < PARTS_MAX && part[n].data < whole + size)
		n++;
	/* Long parts are chosen more often: a byte that only chooses has few values. */
	size_t chosen = seed % n;
	if (part[chosen].size < 4 && seed / n % 4)
		chosen = seed / 7 % n;
	for (size_t i = 0; i < n; i++) {
		size_t rest = 0;
		for (size_t k = i + 1; k < n; k++)
			rest += BETWEEN + part[k].size;
		if (at + part[i].size + rest > max)
			return LLVMFuzzerMutate(data, size < max ? size : max, max);
		memcpy(data + at, part[i].data, part[i].size);
		at += i == chosen ? LLVMFuzzerMutate(data + at, part[i].size, max - at - rest) : part[i].size;
		if (i + 1 < n) {
			memcpy(data + at, between, BETWEEN);
			at += BETWEEN;
		}
	}
	return at;
}

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:handle_abort=1:quarantine_size_mb=8";
}

/* What OpenMP's run time keeps. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libomp\nleak:libgomp\nleak:__kmp\n";
}
