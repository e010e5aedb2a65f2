/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A symmetric operator on vectors, as a Hessian is (hessian.h). */
#ifndef BASIN_CURVATURE_H
#define BASIN_CURVATURE_H

#include <stddef.h>

#include "src/err.h"
#include "src/rng.h"

/* Called before each product's batch; an error it returns ends what is under way and is passed up (ERR_INTERRUPTED). */
typedef status curvature_tick(void *of, size_t batches_done, size_t batches);

struct curvature {
	size_t n;              /* elements of its vectors */
	size_t products;       /* made so far, by curvature_product */
	/* out = H·v, of n floats of host memory each, which may not overlap. Called through curvature_product. */
	status (*apply)(struct curvature *c, const float *v, float *out);
	/* The name of what an element belongs to, for messages; or NULL: nothing has a name. */
	const char *(*part)(const struct curvature *c, size_t element);
};

/* out = H·v, counted, and seen to be finite. Errors: the operator's; ERR_INPUT where the product is not finite, naming the
 * element. */
status curvature_product(struct curvature *c, const float *v, float *out);

/* z: (n) independent signs ±1, the top bits of the words of a step of STREAM_PROBE. */
void curvature_signs(struct rng_key key, uint64_t step, size_t n, float *z);

/* Whether the host has memory for so many vectors of n floats: else ERR_MEMORY, which says what they take and what there is. */
status curvature_room(size_t n, size_t vectors);

#endif
