/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A data set in memory: images as bytes or rows of floats, with labels or real targets. */
#ifndef BASIN_DATASET_H
#define BASIN_DATASET_H

#include "src/arena.h"
#include "src/backend.h"

enum split { SPLIT_TRAIN, SPLIT_TEST, SPLIT_HOLDOUT };

/* What the user asked for; a NULL text means the option's default. */
struct dataset_request {
	const char *spec;         /* KIND[:PATH] */
	const char *option;       /* what it was given to, for messages: "{data}"; NULL: no option */
	enum split split;
	const char *labels;       /* --labels FILE.npy: replaces the training labels (uint8 or integers, one each) */
	const char *holdout;      /* --holdout FRACTION|COUNT: these training examples are set aside, drawn with a fixed stream */
	const char *target;       /* --target NAME of a csv column */
	bool standardize;         /* csv and float arrays: to mean 0 and deviation 1 by the training rows, targets too */
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
	const char *const *class_names;  /* n_classes, or NULL */
	bool image;               /* uint8 images: normalised by channel, may be augmented */
	bool has_test;            /* the kind has a test split of its own */
	/* standardised tables: value = mean + sd · stored; NULL where not */
	const double *x_mean, *x_sd, *target_mean, *target_sd;
	uint64_t fingerprint;     /* XXH3-64 over shape, x and targets as loaded */
	uint64_t train_fingerprint;  /* of what is left for training where this is a training set or held out of one; else 0 */
};

/* Loads one split. Everything is checked before it is believed: size, magic, truncation, members, label range, cells.
 * Errors, behind the option with its value: ERR_INPUT naming the file, line or member and what was expected; ERR_USAGE for
 * an unknown kind, or a split that the set has not; ERR_MEMORY. On failure *out is empty. */
status dataset_open(const struct dataset_request *r, struct dataset *out);
void dataset_close(struct dataset *d);

/* The per-channel transform out = scale · value + shift that gives images mean 0 and deviation 1. */
struct normalize {
	bool on;                  /* off for tables: values are taken as they are */
	int channels;
	double mean[CHANNELS_MAX], sd[CHANNELS_MAX];  /* of pixel values in 0..1 */
};

/* Reads --normalize / --ood-normalize: "data" (d's own mean and deviation per channel, population form), "none"
 * (0..1 kept), or "MEAN[,MEAN…]:SD[,SD…]" (one value serves all channels). Errors: ERR_USAGE. */
status normalize_parse(const char *text, const struct dataset *d, struct normalize *out);
/* Fills the scale and shift of a gather over uint8 images, or switches them off. */
void normalize_gather(const struct normalize *n, struct gather *g);

#endif
