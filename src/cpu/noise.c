/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Variates, a vector of Philox counters at a time. Counters run in the even and odd halves of 64-bit lanes, where one
 * multiplication gives both halves of a product; what lies above bit 31 between rounds is never read. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes_turn.h"

/* Which of a vector's LANES counters a lane runs. Box–Muller's results are transposed in 4 × 4 blocks within 128-bit
 * parts: lane t of part p ends up in part p of output vector t, which must hold counter t·LANES/4 + p. */
static inline uint32_t counter_of_lane(int lane)
{
	return (uint32_t)(lane % 4 * (LANES / 4) + lane / 4);
}

/* Stores what the words of LANES counters became in the order of elements. */
static inline __attribute__((always_inline)) void store_elements(vf n[4], float *out)
{
	transpose_fours(n);
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		store(out + i * LANES, n[i]);
}

/* The 4·LANES normals of words w[0 … 3], lanes in the order of counter_of_lane. */
static inline __attribute__((always_inline)) void box_muller(const vu w[4], float *out)
{
	vf sine, cosine, n[4];
#pragma GCC unroll 2
	for (int i = 0; i < 4; i += 2) {
		vf radius = lane_radius(w[i]);
		lane_sincos(w[i + 1], &sine, &cosine);
		n[i] = radius * cosine;
		n[i + 1] = radius * sine;
	}
	store_elements(n, out);
}

/* Their upper 24 bits as numbers below 1. */
static inline __attribute__((always_inline)) void upper_bits(const vu w[4], float *out)
{
	vf n[4];
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		n[i] = __builtin_convertvector((vi)(w[i] >> 8), vf) * 0x1p-24f;
	store_elements(n, out);
}

/* Ten rounds for `halves` vectors of counters, the even and the odd lanes of one or two: independent work side by side. */
static inline __attribute__((always_inline)) void philox(vq (*c)[4], const int halves, const vq key[10][2])
{
	const vq m0 = (vq){0} + 0xD2511F53u, m1 = (vq){0} + 0xCD9E8D57u;
#pragma GCC unroll 10
	for (int round = 0; round < 10; round++)
#pragma GCC unroll 4
		for (int half = 0; half < halves; half++) {
			vq *x = c[half], p0 = multiply_low(x[0], m0), p1 = multiply_low(x[2], m1);
			x[0] = (p1 >> 32) ^ x[1] ^ key[round][0];
			x[2] = (p0 >> 32) ^ x[3] ^ key[round][1];
			x[1] = p1;
			x[3] = p0;
		}
}

/* The words of even and odd counters side by side again. */
static inline vu join_halves(vq even, vq odd)
{
#if !defined PORTABLE && LANES == 16
	return (vu)_mm512_mask_moveldup_ps((__m512)even, 0xaaaa, (__m512)odd);
#else
	return (vu)((even & 0xffffffffu) | odd << 32);
#endif
}

/* What the counters of a call have in common. */
struct counters {
	vq even, odd, c1, c2, c3;
};

static inline __attribute__((always_inline)) struct counters counters_of(struct rng_key key, enum stream stream, uint64_t step,
                                                                         vq keys[10][2])
{
	struct counters c = {.c1 = (vq){0} + (uint64_t)stream, .c2 = (vq){0} + (uint64_t)(uint32_t)step, .c3 = (vq){0} + (step >> 32)};
	for (uint32_t round = 0; round < 10; round++) {
		keys[round][0] = (vq){0} + (uint64_t)(key.seed + round * 0x9E3779B9u);
		keys[round][1] = (vq){0} + (uint64_t)(key.chain + round * 0xBB67AE85u);
	}
	for (int i = 0; i < LANES / 2; i++) {
		c.even[i] = counter_of_lane(2 * i);
		c.odd[i] = counter_of_lane(2 * i + 1);
	}
	return c;
}

/* One or two vectors of counters from `quad` on. Loops are unrolled so that words stay in registers. */
static inline __attribute__((always_inline)) void make_group(const int vectors, const bool normal, struct counters k,
                                                             const vq keys[10][2], uint64_t quad, float *out)
{
	vq c[4][4] = {
		{k.even + quad, k.c1, k.c2, k.c3}, {k.odd + quad, k.c1, k.c2, k.c3},
		{k.even + (quad + LANES), k.c1, k.c2, k.c3}, {k.odd + (quad + LANES), k.c1, k.c2, k.c3},
	};
	philox(c, 2 * vectors, keys);
#pragma GCC unroll 2
	for (int v = 0; v < vectors; v++) {
		vu w[4];
#pragma GCC unroll 4
		for (int j = 0; j < 4; j++)
			w[j] = join_halves(c[2 * v][j], c[2 * v + 1][j]);
		if (normal)
			box_muller(w, out + v * 4 * LANES);
		else
			upper_bits(w, out + v * 4 * LANES);
	}
}

/* Ten rounds and Box–Muller are one long chain of operations: two vectors of counters at a time keep the processor busy. With
 * AVX-512 64 normals are about 220 operations on vectors, 56 cycles at four a cycle; they take 85 to 95. */
static inline __attribute__((always_inline)) void variates(const bool normal, struct rng_key key, enum stream stream,
                                                           uint64_t step, uint64_t element, size_t n, float *out)
{
	vq keys[10][2];
	const struct counters k = counters_of(key, stream, step, keys);
	size_t i = 0;
	for (; i + 8 * LANES <= n; i += 8 * LANES)
		make_group(2, normal, k, keys, (element + i) / 4, out + i);
	for (; i < n; i += 4 * LANES)
		make_group(1, normal, k, keys, (element + i) / 4, out + i);
}

void KERNEL(normals)(struct rng_key key, enum stream stream, uint64_t step, uint64_t element, size_t n, float *out)
{
	variates(true, key, stream, step, element, n, out);
}

void KERNEL(fractions)(struct rng_key key, enum stream stream, uint64_t step, uint64_t element, size_t n, float *out)
{
	variates(false, key, stream, step, element, n, out);
}

void KERNEL(normals_of_words)(const uint32_t *words, float *out)
{
	for (int i = 0; i < NOISE_GROUP; i += 4 * LANES) {
		vu w[4] = {{0}};
		for (int lane = 0; lane < LANES; lane++)
			for (int j = 0; j < 4; j++)
				w[j][lane] = words[(uint32_t)i + 4 * counter_of_lane(lane) + (uint32_t)j];
		box_muller(w, out + i);
	}
}
