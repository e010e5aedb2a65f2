/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Likelihoods: how a network's outputs and a target give ℓ. Their metrics over an ensemble are in predict/. */
#ifndef BASIN_LIKELIHOOD_H
#define BASIN_LIKELIHOOD_H

#include "src/data/dataset.h"

struct likelihood {
	const char *name, *help;
	enum loss_kind loss;
	bool class_targets;       /* reads labels, not real targets */
	/* Number of network outputs for a data set, or 0 where they don't fit. */
	int (*outputs)(const struct dataset *d);
};

extern const struct likelihood *const likelihoods[];  /* categorical, gaussian, bernoulli; NULL-terminated */

/* Errors: ERR_USAGE, listing the names. */
status likelihood_find(const char *name, const struct likelihood **out);
/* The number of outputs that l and d ask of a network. Errors: ERR_USAGE, saying how they don't fit. */
status likelihood_outputs(const struct likelihood *l, const struct dataset *d, int *out);
/* gaussian for real targets, else categorical. */
const struct likelihood *likelihood_default(const struct dataset *d);

#endif
