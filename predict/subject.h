/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A data set as a network sees it. */
#ifndef BASIN_SUBJECT_H
#define BASIN_SUBJECT_H

#include "predict/network.h"
#include "src/data/dataset.h"

struct subject {
	struct dataset data;
	struct normalize normalize;
	int batch;                 /* examples at a time */
	const char *labels;        /* the file of labels that stand in for the set's own; NULL: those are its own. The network's */
	bool fell_back;            /* the test split was wanted by default, there is none: these are the training examples */
	bool whole;                /* another set than the run's, which has no splits */
	bool trained;              /* the set is read whole, and has the very rows that the network was trained on, maybe among others */
};

struct subject_request {
	const char *spec;          /* KIND[:PATH]; NULL: the run's own */
	const char *option;        /* what names the set, for messages, as it is to be shown */
	int split;                 /* enum split; −1: test, else train */
	enum header header;        /* of csv files; HEADER_AUTO: of the run's own as it was told */
	int decimal;               /* enum decimal of csv files, from 1; 0: as in the run's own */
	int unknown;               /* enum unknown of csv files, from 1; 0: as the run has it */
	const char *normalize;     /* NULL: as in training; else as normalize_parse_foreign has it */
	enum need need;            /* what the set's own labels or targets are needed for */
	const struct csv_text *text;  /* of spec csv:- */
	bool empty;                /* there may be no example */
	int batch;                 /* examples at a time; 0: the run's own, at most 1024 */
};

/* Loads the set and does to it what training did to its own data (targets stay in their own units). Errors: ERR_USAGE where
 * set and network don't fit, and dataset_open's. Rows from a pipe are nobody's training set. */
status subject_open(const struct network *n, const struct subject_request *r, struct subject *out);
void subject_close(struct subject *s);

/* Whether they hold the same examples in the same order: equal values and answers, or the same rows of one file with equal answers,
 * of which two runs may have taken other columns. */
bool subject_same_examples(const struct subject *a, const struct subject *b);

/* Plans predictions of the set on a device, for the thread that opened that; others may have theirs beside it. Set and
 * network stay the caller's. Errors: as net_open's. */
status subject_plan(const struct network *n, const struct subject *s, struct device *d, struct potential **out);

#endif
