/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network that a snapshot file's header describes, and data sets as that network sees them. */
#ifndef BASIN_NETWORK_H
#define BASIN_NETWORK_H

#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/net/model.h"
#include "src/options/opt.h"

/* --batch --precision --conv-algo: how examples are predicted; the words are in the order of their enums */
extern const struct opt_table table_batch;

struct network {
	struct arena arena;
	struct model model;
	const struct likelihood *likelihood;
	double noise_sd;
	struct standardize standardize;         /* what training did to a table's columns and targets */
	struct normalize normalize;             /* what training did to pixels */
	const json_t *header;                   /* borrowed */
	enum precision precision;               /* --precision, or the run's */
	enum conv_algo algo;
	struct device *device;
	float *theta, *stats;                   /* device */
};

/* Builds the network, opens the device of --device and --threads, warns where it is not made for the precision.
 * Errors: ERR_USAGE for an analytic target or a --conv-algo that has nothing to do, ERR_INPUT
 * for a header that doesn't hold what it should, and what opening a device can fail with. */
status network_open(const json_t *header, const struct opts *o, struct network *out);
void network_close(struct network *n);

/* Class probabilities that the mixture of its predictions has, or 0 for regression. */
int network_classes(const struct network *n);

/* A data set that the network predicts. */
struct subject {
	struct arena arena;
	struct dataset data;
	struct normalize normalize;
	struct potential *potential;
	bool fell_back;            /* the test split was wanted by default, and there is none */
};

struct subject_request {
	const char *spec;          /* KIND[:PATH]; NULL: the run's own */
	const char *option;        /* what names the set: "--data" */
	const char *split;         /* "train", "test", "holdout"; NULL: test, else train */
	const char *normalize;     /* NULL: as in training; else as normalize_parse has it */
	bool foreign;              /* an OOD set: its labels are not looked at */
	const struct opts *opts;   /* of table_batch */
};

/* Loads the set, does to it what training did to its own data (targets stay in their own units) and plans predictions.
 * Errors: ERR_USAGE where set and network don't fit, and dataset_open's. */
status subject_open(struct network *n, const struct subject_request *r, struct subject *out);
void subject_close(struct subject *s);

const char *split_name(enum split s);

#endif
