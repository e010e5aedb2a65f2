/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the fuzzers share. An input is one file, or several with the line "--8<--" between them; the last part may be a
 * byte that says what is done with the others. Parts are mutated one at a time, so that they stay apart. */
#ifndef BASIN_TESTS_FUZZ_H
#define BASIN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "src/data/dataset.h"

/* libFuzzer's own name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct part {
	const uint8_t *data;
	size_t size;
};

/* Cuts an input into n parts; those that it lacks are empty. */
void fuzz_parts(const uint8_t *data, size_t size, struct part *out, size_t n);

/* The part's first byte, 0 where it is empty. */
unsigned fuzz_choice(const struct part *p);

/* NAME in a folder of this process, in memory; valid for the rest of the program. */
const char *fuzz_path(const char *name);

/* Writes a part into the file of this name there, and removes it. */
void fuzz_put(const char *name, const struct part *p);
void fuzz_remove(const char *name);

/* Reads all that a data set holds, and ends the program where a label is none of its classes. */
void fuzz_use(const struct dataset *d);

/* Opens a data set, uses it where it could be opened, and closes it. */
void fuzz_open(const struct dataset_request *r);

/* What the files of CIFAR-10 and CIFAR-100 are called in one of their distributions. */
struct cifar_names {
	const char *train[5], *test, *train_100, *test_100, *words, *words_100;
};

/* Opens what three parts are as CIFAR: examples, names of classes, and a byte that says which set and which split. */
void fuzz_cifar(const struct cifar_names *names, const struct part part[3]);

/* Ends the program with these words, for a promise that was broken. */
_Noreturn void fuzz_broken(const char *what);

#endif
