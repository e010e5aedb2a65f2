/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the two CIFAR sets and their two distributions share. */
#ifndef BASIN_DATA_CIFAR_H
#define BASIN_DATA_CIFAR_H

#include "src/data/dataset_reader.h"

enum { CIFAR_BYTES = 3 * 32 * 32 };

struct cifar {
	int classes;
	int label_bytes;                         /* in front of each binary record; the last one is the class */
	const char *const *files[2];             /* of the training and the test split, without .bin; NULL-terminated */
	const char *const *places;               /* folders to look in, each with its slash */
	const char *names_text, *names_pickle;   /* optional files of class names */
	const char *labels_key, *names_key;      /* dict keys of the python version */
};

/* Errors: ERR_INPUT naming file and record unless 0 ≤ label < classes. */
static inline status cifar_label(const char *file, size_t record, int64_t label, int classes, const char *what)
{
	if (label < 0 || label >= classes)
		return fail(ERR_INPUT, "%s: record %zu has %s %lld; 0 to %d were expected", file, record, what, (long long)label,
		            classes - 1);
	return OK;
}

/* Each reads one distribution: the files of a split, in a folder that holds the first of them.
 * Errors: ERR_INPUT, ERR_MEMORY. */
status cifar_read_binary(const struct cifar *f, const char *folder, const char *const *files, struct dataset *out);
status cifar_read_pickles(const struct cifar *f, const char *folder, const char *const *files, struct dataset *out);

#endif
