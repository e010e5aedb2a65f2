/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The network that a snapshot file's header describes. */
#ifndef BASIN_NETWORK_H
#define BASIN_NETWORK_H

#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/data/standardize.h"
#include "src/net/net.h"

/* What the run's data were read from, as names and paths are: bytes (json_words.h). NULL where the header says nothing. */
struct network_origin {
	const char *spec, *labels, *target, *holdout;
	enum header header;   /* what the run says of its csv file's first line, where it stands now, */
	enum decimal decimal; /* and of its decimals */
};

struct network {
	struct arena arena;
	struct model model;
	const struct likelihood *likelihood;
	double noise_sd;
	struct standardize standardize;  /* what training did to a table's columns and targets */
	struct table table;              /* what it learnt from a table of words or gaps, */
	struct normalize normalize;      /* what training did to pixels */
	const json_t *header;            /* borrowed */
	struct network_origin origin;
	enum precision precision;
	enum conv_algo algo;
	bool fast;                       /* as plan_request has it; false until somebody sets it */
	struct device *device;           /* NULL: none yet */
};

/* Builds the network, without a device; precision: enum precision, or −1 for the run's own. Errors: ERR_USAGE for an
 * analytic target, ERR_INPUT for a header that doesn't hold what it should, ERR_MEMORY. On failure it is closed. */
status network_open(const json_t *header, int precision, enum conv_algo algo, struct network *out);
/* Gives it a device, which is the network's from then on and closes with it. */
void network_place(struct network *n, struct device *d);
void network_close(struct network *n);

/* The names of the classes as JSON has them (json_words.h), which are the header's, in the arena; NULL where they have none. Errors:
 * ERR_INPUT where there are not so many, ERR_MEMORY. */
status network_class_names(const struct network *n, int classes, struct arena *a, const char *const **out);

/* The run's own value of an option, or NULL. */
const json_t *network_run_option(const struct network *n, const char *name);

#endif
