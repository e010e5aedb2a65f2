/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How a kind of data set is read: one static const struct per kind, listed in dataset.c. */
#ifndef BASIN_DATASET_READER_H
#define BASIN_DATASET_READER_H

#include "src/data/dataset.h"

struct dataset_reader {
	const char *kind;         /* "cifar10" */
	const char *path;         /* what follows the colon: "DIR", "FILE", "IMAGES.npy,LABELS.npy"; NULL: nothing does */
	const char *help;         /* one line */
	bool has_test;
	/* Of a set in a folder, what it may be read from, as patterns (fnmatch) behind the folder below it that has them; NULL-terminated. */
	const char *const *files;
	/* Fills the shape, values, labels or targets, and class names of SPLIT_TRAIN (all training rows; what is held out is
	 * taken away elsewhere) or SPLIT_TEST. Errors: ERR_USAGE for an option of the request alone,
	 * whose message begins with it; ERR_INPUT, whose message dataset_open puts behind the set's; ERR_MEMORY. */
	status (*read)(const struct dataset_request *r, const char *path, enum split split, struct dataset *out);
};

extern const struct dataset_reader reader_shapes, reader_glyphs, reader_cifar10, reader_cifar100, reader_svhn, reader_mnist,
	reader_fashion_mnist, reader_npy, reader_csv;
extern const struct dataset_reader *const dataset_readers[];  /* NULL-terminated */
/* That of the kind which KIND[:PATH] names; NULL: there is none. */
const struct dataset_reader *dataset_reader_of(const char *spec);

/* Sets what all byte images share; x is n × c·h·w bytes in out's arena. */
void dataset_images(struct dataset *out, size_t n, int c, int h, int w, const uint8_t *x, const int32_t *label, int n_classes);
/* The same for a table of n rows of `columns` floats, and its real targets, `targets` a row; wide: the same values as
 * they were read; for a table it may be NULL where float32 holds each of them. */
void dataset_table(struct dataset *out, size_t n, int columns, const float *x, const double *wide);
void dataset_reals(struct dataset *out, int targets, const float *y, const double *wide);

/* Keeps the rows of `split` of a training set: all but the held-out ones, or these alone, in their order; where asked,
 * values and real targets become (value − mean)/sd by the training rows (population deviation; 1 where it is 0).
 * The fingerprint is taken in between, of the values as they were loaded, rounded to float32: by it the runs of earlier
 * versions know their data, which they rounded before they standardised them.
 * Errors: ERR_USAGE naming --holdout or --standardize, ERR_MEMORY. */
status dataset_divide(struct dataset *out, const struct dataset_request *r);

/* A name for each class: from lines of text, blank ones left out, which must be n_classes.
 * Errors: ERR_INPUT naming file and line, ERR_MEMORY. */
status dataset_class_names(struct dataset *out, const char *path);

/* Refuses a class's name that is blank, not UTF-8, or has control characters. Errors: ERR_INPUT, whose words follow "the
 * class name". */
status class_name_check(const uint8_t *name, size_t size);

#endif
