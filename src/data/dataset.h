/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A data set in memory: images as bytes or rows of floats, with labels or real targets. */
#ifndef BASIN_DATASET_H
#define BASIN_DATASET_H

#include "src/arena.h"
#include "src/backend.h"
#include "src/data/columns.h"
#include "src/data/standardize.h"
#include "src/data/table.h"

struct survey;
struct targets;

enum split { SPLIT_TRAIN, SPLIT_TEST, SPLIT_HOLDOUT };
#define SPLIT_WORDS "train|test|holdout"
const char *split_name(enum split s);

/* Whether a csv file's first line holds names: by its cells, or as the user says. */
enum header { HEADER_AUTO, HEADER_YES, HEADER_NO };
#define HEADER_WORDS "yes|no"

/* Whether examples need what they have to be predicted. */
enum need {
	NEED_TARGETS,
	NEED_NOTHING,             /* targets are read where there are any */
	NEED_FOREIGN              /* an OOD set: npy and csv sets need no labels, and theirs are not read */
};

/* Rows of a csv file in memory, spec "csv:-": its first line, and as many others as there are by now. */
#define CSV_PIPE "-"
struct csv_text {
	const char *bytes;
	size_t size;
	size_t line;              /* number of its second line in the stream */
	char separator;           /* what is between its cells; 0: the first line says it */
	size_t rows;              /* no more than these are read; 0: all */
	bool again;               /* the first line was in another text: it says what the columns are, and is no row again */
	bool told;                /* and which of them are left out was said */
};

/* Whether tables are brought to mean 0 and deviation 1; AUTO: those that have words or gaps. */
enum standardizing { STANDARDIZE_NO, STANDARDIZE_YES, STANDARDIZE_AUTO };

/* What the user asked for; a NULL text means the option's default. */
struct dataset_request {
	const char *spec;         /* KIND[:PATH] */
	const char *option;       /* what it was given to, for messages, as it is to be shown; NULL: no option */
	enum split split;
	const char *labels;       /* --labels FILE.npy: replaces the training labels (uint8 or integers, one each) */
	const char *holdout;      /* --holdout FRACTION|COUNT: these training examples are set aside, drawn with a fixed stream */
	const char *held;         /* the --holdout of the run that asks, which is nobody's to give; "": it had none; NULL: no run asks */
	const char *target;       /* --target NAME of a csv column, where no names are known */
	enum header header;       /* --header of a csv file */
	const struct columns *columns;  /* csv: names that a run knows, by which the file's are matched; NULL or empty: none */
	enum need need;           /* whether npy and csv sets need labels or targets */
	size_t width;             /* without NEED_TARGETS: columns of the run's tables, by which a csv file without a target is known */
	bool single;              /* tables are rounded to float32 before anything is done to them, as earlier versions did */
	enum standardizing standardize;  /* csv and float arrays: to mean 0 and deviation 1 by the training rows, targets too */
	bool distinct;            /* a single real target's values are counted, which sorts them */
	enum decimal decimal;     /* csv: what stands before decimals */
	const char *drop;         /* --drop NAME[,NAME…] csv: columns that are left out */
	const char *id;           /* --id NAME csv: the column that names the rows */
	const char *category;     /* --category NAME[,NAME…] csv: columns of numbers that are words */
	enum missing missing;     /* csv: cells without a value, where the table is learnt */
	enum unknown unknown;     /* csv: words that were not learnt */
	const struct table *table;    /* csv: what a run learnt, by which the rows become features; empty: that they are numbers as they
	                               * are; NULL: it is learnt */
	const struct csv_text *text;  /* csv:-, what there is of it, perhaps no row yet; NULL: a file */
	struct survey *survey;    /* csv: filled before the rows are judged; NULL: not wanted */
	bool class_targets;       /* csv: the target column holds classes 0, 1, … (likelihood categorical or bernoulli) */
};

struct dataset {
	struct arena arena;       /* owns everything below */
	const char *kind;         /* "cifar10" */
	const char *spec;         /* KIND:ABSOLUTE-PATH */
	enum split split;
	size_t n;                 /* examples */
	enum element element;
	int c, h, w;              /* per example; CHW in memory; a table has c = h = 1, w = columns */
	const void *x;            /* n × c·h·w bytes or floats */
	int n_classes;            /* 0 where targets are real */
	const int32_t *label;     /* n, or NULL */
	int n_targets;
	const float *target;      /* n × n_targets, or NULL */
	const double *x_wide;     /* a table's values as read; NULL where float32 holds each of them, and once standardised */
	const double *target_wide;  /* real targets as read, in which predictions are scored; NULL once standardised */
	size_t unlabelled;        /* NEED_NOTHING: examples of which there is no label or target; where there are any, those of the others are
	                           * left out too */
	size_t distinct, whole;   /* values of a single real target as read, and how many of them are whole numbers; else, or where
	                           * they were not asked for, 0 */
	struct columns columns;   /* csv: the names that a run keeps; none without a header */
	enum header header;       /* csv: what the first line was taken for; else HEADER_AUTO */
	bool flattened;           /* npy: each row was an array, which would be an image if it were of uint8 */
	const char *const *class_names;  /* n_classes, or NULL */
	bool image;               /* uint8 images: normalised by channel, may be augmented */
	bool held_by_class;       /* what was held out has of each class a share: rows that are exchangeable class by class alone */
	bool has_test;            /* the kind has a test split of its own */
	struct standardize standardize;  /* what was done to a table; all NULL where nothing was */
	struct table table;       /* csv: what was learnt, or the request's; empty where the rows are numbers as they are */
	const char *const *id;    /* (n) names of the rows, as JSON has them; NULL: none */
	const size_t *number;     /* (n) NEED_NOTHING, or where a run asks: those of the rows in what was read, from 1, where some were left
	                           * out; else NULL */
	const size_t *line;       /* (n) csv:-: where the rows begin, from 1; else NULL */
	uint64_t fingerprint;     /* XXH3-64 over shape, x and targets as loaded */
	uint64_t train_fingerprint;  /* of what is left for training where this is a training set or held out of one; else 0 */
	uint64_t held_fingerprint;   /* of what is held out then; 0: nothing is */
};

/* Loads one split. Everything is checked before it is believed: size, magic, truncation, members, label range, cells.
 * Errors, behind the option with its value: ERR_INPUT naming the file, line or member and what was expected; ERR_USAGE for
 * an unknown kind, or a split that the set has not; ERR_MEMORY. On failure *out is empty. */
status dataset_open(const struct dataset_request *r, struct dataset *out);
void dataset_close(struct dataset *d);

/* Whether the kind that is named, KIND[:PATH], has a test split of its own; an unknown one has none. */
bool dataset_has_test(const char *spec);
/* Whether a file, which is there, is one that the set KIND:DIR may be read from. */
bool dataset_is_read_from(const char *spec, const char *path);
/* Whether it is a csv file, with what that alone is asked about; NULL: no. */
bool dataset_is_csv(const char *spec);

/* What its examples have to be predicted. */
struct targets dataset_targets(const struct dataset *d);

/* Brings columns, and real targets where s has means for them, to (value − mean)/sd, in place.
 * Errors: ERR_USAGE for images. */
status dataset_standardize(struct dataset *d, const struct standardize *s);

#endif
