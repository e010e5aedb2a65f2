/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/rng.h"

#include <math.h>

#include "src/philox.h"

#ifndef M_PI
#define M_PI 3.14159265358979323846
#endif

void rng_words(struct rng_key key, enum stream stream, uint64_t step, uint32_t quad, uint32_t out[4])
{
	philox_words(key.seed, key.chain, (uint32_t)stream, step, quad, out);
}

/* Maps 64 random bits to [0, bound) by the high half of their product. */
static uint64_t scale_word(const uint32_t w[2], uint64_t bound)
{
	uint64_t word = (uint64_t)w[1] << 32 | w[0];
	return (uint64_t)(((unsigned __int128)word * bound) >> 64);
}

uint64_t rng_below(struct rng_key key, enum stream stream, uint64_t step, uint32_t quad, uint64_t bound)
{
	uint32_t w[4];
	rng_words(key, stream, step, quad, w);
	return scale_word(w, bound);
}

double rng_uniform(struct rng_key key, enum stream stream, uint64_t step, uint64_t element)
{
	uint32_t w[4];
	rng_words(key, stream, step, (uint32_t)(element / 4), w);
	return (w[element % 4] + 0.5) * 0x1p-32;
}

float rng_fraction(struct rng_key key, enum stream stream, uint64_t step, uint64_t element)
{
	uint32_t w[4];
	rng_words(key, stream, step, (uint32_t)(element / 4), w);
	return (float)(w[element % 4] >> 8) * 0x1p-24f;
}

double rng_normal(struct rng_key key, enum stream stream, uint64_t step, uint64_t element)
{
	uint32_t w[4];
	rng_words(key, stream, step, (uint32_t)(element / 4), w);
	const uint32_t *pair = w + (element % 4 & 2);
	double r = sqrt(-2 * log((pair[0] + 0.5) * 0x1p-32));
	double phi = 2 * M_PI * (int32_t)pair[1] * 0x1p-32;
	return element % 2 ? r * sin(phi) : r * cos(phi);
}

void rng_normals(struct rng_key key, enum stream stream, uint64_t step, uint32_t quad, double out[4])
{
	uint32_t w[4];
	rng_words(key, stream, step, quad, w);
	for (int i = 0; i < 4; i += 2) {
		double r = sqrt(-2 * log((w[i] + 0.5) * 0x1p-32));
		double phi = 2 * M_PI * (int32_t)w[i + 1] * 0x1p-32;
		out[i] = r * cos(phi);
		out[i + 1] = r * sin(phi);
	}
}

void rng_permutation(struct rng_key key, enum stream stream, uint64_t step, uint32_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = (uint32_t)i;
	uint32_t w[4] = {0};
	for (size_t i = n; i-- > 1;) {
		/* One block serves two draws: index i takes half i % 2 of quad i / 2. */
		if (i % 2 || i == n - 1)
			rng_words(key, stream, step, (uint32_t)(i / 2), w);
		size_t j = (size_t)scale_word(w + i % 2 * 2, i + 1);
		uint32_t t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
}
