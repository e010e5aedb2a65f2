/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Noise is a function, not a state: Philox4x32-10 (philox.h),
 * key = (seed, chain), counter = (element / 4, stream, step low, step high). Element e is word or normal e % 4. */
#ifndef BASIN_RNG_H
#define BASIN_RNG_H

#include <stddef.h>
#include <stdint.h>

/* Every use of randomness has a stream of its own. The numbers are part of what a seed means: append, never renumber. From
 * STREAM_PROBE on they are set aside: what each is for, before anything draws from it. */
enum stream {
	STREAM_INIT,         /* initial parameters; step = 0 */
	STREAM_SHUFFLE,      /* order of examples; step = epoch (shuffle) or step (iid) */
	STREAM_AUGMENT,      /* crop and flip; step = step, element = 4 × (the batch's first + position) */
	STREAM_BN_PASS,      /* augmentation of the pass that makes batch-norm statistics; step = updates done, element = 4 × row */
	STREAM_PERTURB,      /* ε of a perturbed gradient point */
	STREAM_LANGEVIN_0,   /* ξ of the first */
	STREAM_LANGEVIN_1,   /* and second equation of a step */
	STREAM_HOLDOUT = 8,  /* (7 is free) which examples are held out; key (0, 0): never --seed */
	STREAM_DATA,         /* the built-in data sets; key (0, 0) */
	STREAM_BOOTSTRAP,    /* standard errors; key (0, 0) */
	STREAM_PROBE,        /* probe vectors of curvature estimates */
	STREAM_RADEMACHER,   /* signs along which losses are differenced */
	STREAM_HEAVY,        /* heavy-tailed weights; step = step */
	STREAM_MOMENTUM,     /* momenta drawn afresh */
	STREAM_METROPOLIS,   /* whether a proposal is accepted */
	STREAM_QUANTISE_0,   /* stochastic rounding, first */
	STREAM_QUANTISE_1,   /* and second draw of a step */
	STREAM_GROUP_ORDER,  /* which group of rows comes when */
	STREAM_SHUFFLE_1,    /* order of examples of a second, independent batch */
	STREAM_GRAPH,        /* edges of a network of chains */
	STREAM_GRADIENT,     /* noise on an analytic target's gradients; step = step */
	STREAM_AUGMENT_1,    /* crop and flip of a second, independent batch; as STREAM_AUGMENT */
	STREAM_SWAG_0,       /* ξ of the first and second term of a draw of a fitted Gaussian; step = number of the draw, from 1, */
	STREAM_SWAG_1,       /* element = parameter in memory order, and column */
	STREAM_PROJECTION,   /* signs of the directions that draws are seen along; step = 0, key (0, 0), element = parameter likewise */
	STREAM_JOINT,        /* pairs of examples, and which of a pair is meant; key (0, 0) */
	STREAM_HALVES,       /* halves of examples, of which one is fitted to and the other scored; step = 0, key (0, 0) */
	STREAM_SUBSET        /* examples over which curvature is measured; step = 0, key (seed, 0) */
};

struct rng_key {
	uint32_t seed, chain;
};

/* The four words of elements 4·quad … 4·quad + 3. */
void rng_words(struct rng_key key, enum stream stream, uint64_t step, uint32_t quad, uint32_t out[4]);

/* Uniform integer in [0, bound), bound ≥ 1, from the first two words of a quad (bias below 2⁻⁶⁴·bound). */
uint64_t rng_below(struct rng_key key, enum stream stream, uint64_t step, uint32_t quad, uint64_t bound);

/* Uniform in (0, 1), 32 bits, of one element. */
double rng_uniform(struct rng_key key, enum stream stream, uint64_t step, uint64_t element);

/* Uniform on 0, 2⁻²⁴, …, 1 − 2⁻²⁴: the upper bits of an element's word, exact in float32 and so the same on every device. What
 * the pointwise verb's rows get as uniform variates. */
float rng_fraction(struct rng_key key, enum stream stream, uint64_t step, uint64_t element);

/* N(0, 1) of one element, in double: what every backend's float32 normals agree with to 2⁻²⁰·max(1, |ξ|).
 * Box–Muller: words (w₀, w₁) give r = √(−2 ln((w₀ + ½)·2⁻³²)), φ = 2π·(int32)w₁·2⁻³²; elements 0, 1 are r cos φ, r sin φ;
 * (w₂, w₃) give elements 2 and 3. */
double rng_normal(struct rng_key key, enum stream stream, uint64_t step, uint64_t element);

/* The same of elements 4·quad … 4·quad + 3. */
void rng_normals(struct rng_key key, enum stream stream, uint64_t step, uint32_t quad, double out[4]);

/* A uniformly random permutation of 0 … n−1 (Fisher–Yates), n < 2³². */
void rng_permutation(struct rng_key key, enum stream stream, uint64_t step, uint32_t *order, size_t n);

#endif
