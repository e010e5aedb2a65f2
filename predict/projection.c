/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "predict/projection.h"

#include <math.h>

void projection_open(struct projection *p, const struct pieces *pieces, int directions)
{
	const size_t moving = pieces_moving(pieces);
	*p = (struct projection){.pieces = pieces, .n = directions, .plain = moving <= (size_t)directions};
	if (p->plain)
		p->n = (int)moving;
}

size_t projection_place(const struct projection *p, int i)
{
	size_t left = (size_t)i;
	const struct piece *at = p->pieces->at;
	while (at->frozen || left >= at->count)
		left -= at->frozen ? 0 : at->count, at++;
	return at->offset + left;
}

/* Adds the elements first … end − 1 with their signs; a Philox block has the words of four. */
static void add_elements(const float *theta, size_t first, size_t end, int n, double sum[DIRECTIONS_MAX])
{
	uint32_t words[4];
	for (size_t j = first; j < end; j++) {
		if (j == first || j % 4 == 0)
			rng_words((struct rng_key){0, 0}, STREAM_PROJECTION, 0, (uint32_t)(j / 4), words);
		for (int k = 0; k < n; k++)
			sum[k] += words[j % 4] >> k & 1 ? theta[j] : -theta[j];
	}
}

void projection_take(const struct projection *p, const float *theta, double *out, size_t stride)
{
	double sum[DIRECTIONS_MAX] = {0};
	for (int i = 0; p->plain && i < p->n; i++)
		out[(size_t)i * stride] = theta[projection_place(p, i)];
	if (p->plain)
		return;
	for (int i = 0; i < p->pieces->n; i++) {
		const struct piece *piece = &p->pieces->at[i];
		if (!piece->frozen)
			add_elements(theta, piece->offset, piece->offset + piece->count, p->n, sum);
	}
	for (int k = 0; k < p->n; k++)
		out[(size_t)k * stride] = sum[k] / sqrt(p->n);
}
