/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is done to pixels before a network sees them. */
#ifndef BASIN_NORMALIZE_H
#define BASIN_NORMALIZE_H

#include <jansson.h>

#include "src/backend.h"

struct dataset;

/* The per-channel transform out = scale · value + shift that gives images mean 0 and deviation 1. */
struct normalize {
	bool on;                  /* off for tables: values are taken as they are */
	int channels;
	double mean[CHANNELS_MAX], sd[CHANNELS_MAX];  /* of pixel values in 0..1 */
};

/* Reads --normalize: "data" (d's own mean and deviation per channel, population form), "none"
 * (0..1 kept), or "MEAN[,MEAN…]:SD[,SD…]" (one value serves all channels). Errors: ERR_USAGE. */
status normalize_parse(const char *text, const struct dataset *d, struct normalize *out);

/* Reads what --ood-normalize has where it is not "id", the run's own: such values alone. Errors: ERR_USAGE, also for a table. */
status normalize_parse_foreign(const char *text, const struct dataset *d, struct normalize *out);

/* Fills the scale and shift of a gather over uint8 images, or switches them off. */
void normalize_gather(const struct normalize *n, struct gather *g);

/* {mean, sd} by channel, or null where it is off: what a snapshot's header says. Errors: ERR_INPUT. */
json_t *normalize_to_json(const struct normalize *n);
status normalize_from_json(const json_t *j, struct normalize *out);

#endif
