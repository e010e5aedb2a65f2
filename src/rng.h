/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Noise is a function, not a state: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"),
 * key = (seed, chain), counter = (element / 4, stream, step low, step high). Element e is word or normal e % 4. */
#ifndef BASIN_RNG_H
#define BASIN_RNG_H

#include <stddef.h>
#include <stdint.h>

/* Every use of randomness has a stream of its own. The numbers are part of what a seed means: append, never renumber. */
enum stream {
	STREAM_INIT,         /* initial parameters; step = 0 */
	STREAM_SHUFFLE,      /* order of examples; step = epoch (shuffle) or step (iid) */
	STREAM_AUGMENT,      /* crop and flip; step = step, element = 4 × (the batch's first + position) */
	STREAM_BN_PASS,      /* augmentation of the pass that makes batch-norm statistics; step = updates done, element = 4 × row */
	STREAM_PERTURB,      /* ε of a perturbed gradient point */
	STREAM_LANGEVIN_0,   /* ξ of the first, */
	STREAM_LANGEVIN_1,   /* second */
	STREAM_LANGEVIN_2,   /* and third equation of a step */
	STREAM_HOLDOUT,      /* which examples are held out; key (0, 0): never --seed */
	STREAM_DATA,         /* the built-in data sets; key (0, 0) */
	STREAM_BOOTSTRAP,    /* standard errors; key (0, 0) */
	STREAM_PROBE         /* probe vectors of curvature estimates */
};

struct rng_key {
	uint32_t seed, chain;
};

/* One Philox4x32-10 block: out[4] from counter[4] and key[2]. */
void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The four words of elements 4·quad … 4·quad + 3. */
void rng_words(struct rng_key key, enum stream stream, uint64_t step, uint32_t quad, uint32_t out[4]);

/* Uniform integer in [0, bound), bound ≥ 1, from the first two words of a quad (bias below 2⁻⁶⁴·bound). */
uint64_t rng_below(struct rng_key key, enum stream stream, uint64_t step, uint32_t quad, uint64_t bound);

/* Uniform in (0, 1), 32 bits, of one element. */
double rng_uniform(struct rng_key key, enum stream stream, uint64_t step, uint64_t element);

/* N(0, 1) of one element, in double: what every backend's float32 normals agree with to 2⁻²⁰·max(1, |ξ|).
 * Box–Muller: words (w₀, w₁) give r = √(−2 ln((w₀ + ½)·2⁻³²)), φ = 2π·(int32)w₁·2⁻³²; elements 0, 1 are r cos φ, r sin φ;
 * (w₂, w₃) give elements 2 and 3. */
double rng_normal(struct rng_key key, enum stream stream, uint64_t step, uint64_t element);

/* A uniformly random permutation of 0 … n−1 (Fisher–Yates), n < 2³². */
void rng_permutation(struct rng_key key, enum stream stream, uint64_t step, uint32_t *order, size_t n);

#endif
