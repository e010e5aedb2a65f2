/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What `basin swag` was asked to do, for its parts. */
#ifndef BASIN_COMMANDS_SWAG_H
#define BASIN_COMMANDS_SWAG_H

#include "predict/selection.h"
#include "src/backend.h"
#include "src/options/opt.h"

struct swag_plan {
	const struct opts *options;
	const struct selection *chosen;
	size_t rank;               /* K */
	uint64_t draws;            /* S */
	double scale;              /* s */
	uint32_t seed;
	enum snaps_dtype dtype;    /* of the draws */
	size_t files;              /* that the snapshots chosen are from */
	uint64_t first, last;      /* their steps */
};

/* The header of the draws' file: the model and data of the snapshots, what made the draws, and the target's sentence. NULL
 * without memory. */
json_t *swag_header(const struct swag_plan *p);

/* run.json, from that header; d: the device of batch norm's statistics, or NULL. NULL without memory. */
json_t *swag_run(const struct swag_plan *p, const json_t *header, struct device *d);

#endif
