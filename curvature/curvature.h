/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A symmetric operator on vectors, as a Hessian is (hessian.h). */
#ifndef BASIN_CURVATURE_H
#define BASIN_CURVATURE_H

#include <stddef.h>

#include "src/err.h"

/* Called before each product's batch; an error it returns ends what is under way and is passed up (ERR_INTERRUPTED). */
typedef status curvature_tick(void *of, size_t batches_done, size_t batches);

struct curvature {
	size_t n;              /* elements of its vectors */
	size_t products;       /* made so far */
	/* out = H·v, of n floats of host memory each, which may not overlap. */
	status (*apply)(struct curvature *c, const float *v, float *out);
};

#endif
