/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "curvature/curvature.h"

#include <math.h>
#include <stdint.h>

#include "src/memory.h"
#include "src/text.h"

status curvature_product(struct curvature *c, const float *v, float *out)
{
	TRY(c->apply(c, v, out));
	c->products++;
	for (size_t i = 0; i < c->n; i++)
		if (!isfinite(out[i]))
			return fail(ERR_INPUT,
			            "product %zu with the Hessian is not finite: %g at element %zu of %zu%s%s; the loss is beyond float32 "
			                       "around these parameters", c->products, (double)out[i], i + 1, c->n, c->part ? ", in " : "",
			            c->part ? c->part(c, i) : "");
	return OK;
}

void curvature_signs(struct rng_key key, uint64_t step, size_t n, float *z)
{
	uint32_t words[4] = {0};
	for (size_t i = 0; i < n; i++) {
		if (i % 4 == 0)
			rng_words(key, STREAM_PROBE, step, (uint32_t)(i / 4), words);
		z[i] = words[i % 4] >> 31 ? 1 : -1;
	}
}

status curvature_room(size_t n, size_t vectors)
{
	struct text asked = {.n = 0}, left = {.n = 0};
	const size_t room = memory_available(), most = SIZE_MAX / sizeof(float) / (vectors ? vectors : 1);
	const size_t bytes = n > most ? SIZE_MAX : n * vectors * sizeof(float);
	if (bytes < SIZE_MAX && bytes <= room)
		return OK;
	return fail(ERR_MEMORY, "out of memory: %zu vectors of %zu elements take %s, and %s are free", vectors, n,
	            text_amount(&asked, bytes), text_amount(&left, room));
}
