/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The network that a snapshot file's header describes. */
#ifndef BASIN_NETWORK_H
#define BASIN_NETWORK_H

#include "src/data/normalize.h"
#include "src/data/standardize.h"
#include "src/net/model.h"

/* How it computes. */
struct network_request {
	const char *device;       /* as backend_open has it */
	int threads;              /* 0: all */
	int precision;            /* enum precision; −1: the run's own */
	enum conv_algo algo;
};

struct network {
	struct arena arena;
	struct model model;
	const struct likelihood *likelihood;
	double noise_sd;
	struct standardize standardize;  /* what training did to a table's columns and targets */
	struct normalize normalize;      /* what training did to pixels */
	const json_t *header;            /* borrowed */
	enum precision precision;
	enum conv_algo algo;
	struct device *device;
	float *theta, *stats;            /* device */
};

/* Builds the network and opens the device; warns where that is not made for the precision. Errors: ERR_USAGE for an
 * analytic target, ERR_INPUT for a header that doesn't hold what it should, and what opening a device can fail with. */
status network_open(const json_t *header, const struct network_request *r, struct network *out);
void network_close(struct network *n);

/* The run's own value of an option, or NULL. */
const json_t *network_run_option(const struct network *n, const char *name);

#endif
