/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Batch-norm statistics of parameters that no chain has been at: those of a pass over the run's training set. */
#ifndef BASIN_SWAG_STATS_H
#define BASIN_SWAG_STATS_H

#include "predict/subject.h"
#include "src/options/opt.h"
#include "src/potential.h"

/* Zeroed it is closed. */
struct swag_stats {
	struct network network;
	struct subject training;
	struct potential *potential;
	int batch;                 /* the run's */
	float *theta, *stats;      /* on the device */
	float *host;               /* to work in */
};

/* Opens the network that a header describes on the device of --device, and its training set, the run's own or that of --data;
 * convolutions are computed directly, which is no matter of measuring. Errors: network_open's, subject_open's, net_open's;
 * ERR_USAGE where --data is another set than the run's. */
status swag_stats_open(const struct opts *o, const json_t *header, struct swag_stats *out);
void swag_stats_close(struct swag_stats *s);

/* The statistics (n_stats) of parameters (n_params), both in host memory, with the augmentation of this key and step. Errors:
 * bn_pass's. */
status swag_stats_make(struct swag_stats *s, struct rng_key key, uint64_t step, const float *theta, float *stats);

#endif
