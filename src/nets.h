/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kinds of networks that --model names, one row each. */
#ifndef BASIN_NETS_H
#define BASIN_NETS_H

#include "model.h"

struct net_kind {
	const char *name;   /* "mlp" */
	const char *usage;  /* "mlp:IN-HIDDEN-…-OUT" */
	/* Adds layers and segments to a model whose spec, activation, input and outputs are set. `sizes` is what follows
	 * the colon, or NULL. Errors: ERR_USAGE, ERR_MEMORY. */
	status (*build)(struct model *m, const char *sizes);
};

extern const struct net_kind net_kinds[];  /* ends with name NULL */

#endif
