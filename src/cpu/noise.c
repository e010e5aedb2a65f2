/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Variates, a vector of Philox counters at a time. Counters run in the even and odd halves of 64-bit lanes, where one
 * multiplication gives both halves of a product; what lies above bit 31 between rounds is never read. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes.h"

#if LANES == 16
#define LOW_SINGLES 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define HIGH_SINGLES 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define LOW_PAIRS 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define HIGH_PAIRS 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#elif LANES == 8
#define LOW_SINGLES 0, 8, 1, 9, 4, 12, 5, 13
#define HIGH_SINGLES 2, 10, 3, 11, 6, 14, 7, 15
#define LOW_PAIRS 0, 1, 8, 9, 4, 5, 12, 13
#define HIGH_PAIRS 2, 3, 10, 11, 6, 7, 14, 15
#else
#define LOW_SINGLES 0, 4, 1, 5
#define HIGH_SINGLES 2, 6, 3, 7
#define LOW_PAIRS 0, 1, 4, 5
#define HIGH_PAIRS 2, 3, 6, 7
#endif

/* Which of a vector's LANES counters a lane runs. Box–Muller's results are transposed in 4 × 4 blocks within 128-bit
 * parts: lane t of part p ends up in part p of output vector t, which must hold counter t·LANES/4 + p. */
static inline uint32_t counter_of_lane(int lane)
{
	return (uint32_t)(lane % 4 * (LANES / 4) + lane / 4);
}

/* Stores what the words of LANES counters became in the order of elements. */
static inline __attribute__((always_inline)) void store_elements(const vf n[4], float *out)
{
	vf a = __builtin_shufflevector(n[0], n[1], LOW_SINGLES), b = __builtin_shufflevector(n[0], n[1], HIGH_SINGLES);
	vf c = __builtin_shufflevector(n[2], n[3], LOW_SINGLES), d = __builtin_shufflevector(n[2], n[3], HIGH_SINGLES);
	store(out, __builtin_shufflevector(a, c, LOW_PAIRS));
	store(out + LANES, __builtin_shufflevector(a, c, HIGH_PAIRS));
	store(out + 2 * LANES, __builtin_shufflevector(b, d, LOW_PAIRS));
	store(out + 3 * LANES, __builtin_shufflevector(b, d, HIGH_PAIRS));
}

/* The 4·LANES normals of words w[0 … 3], lanes in the order of counter_of_lane. */
static inline __attribute__((always_inline)) void box_muller(const vu w[4], float *out)
{
	vf sine, cosine, n[4];
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
	for (int i = 0; i < 4; i++)
		n[i] = __builtin_convertvector((vi)(w[i] >> 8), vf) * 0x1p-24f;
	store_elements(n, out);
}

/* Ten rounds for the even and the odd lanes of a vector of counters: independent work side by side. */
static inline __attribute__((always_inline)) void philox(vq c[2][4], const vq key[10][2])
{
	const vq m0 = (vq){0} + 0xD2511F53u, m1 = (vq){0} + 0xCD9E8D57u;
#pragma GCC unroll 10
	for (int round = 0; round < 10; round++)
		for (int half = 0; half < 2; half++) {
			vq *x = c[half], p0 = multiply_low(x[0], m0), p1 = multiply_low(x[2], m1);
			x[0] = (p1 >> 32) ^ x[1] ^ key[round][0];
			x[2] = (p0 >> 32) ^ x[3] ^ key[round][1];
			x[1] = p1;
			x[3] = p0;
		}
}

static inline __attribute__((always_inline)) void variates(const bool normal, struct rng_key key, enum stream stream,
                                                           uint64_t step, uint64_t element, size_t n, float *out)
{
	vq keys[10][2], even = {0}, odd = {0};
	for (uint32_t round = 0; round < 10; round++) {
		keys[round][0] = (vq){0} + (uint64_t)(key.seed + round * 0x9E3779B9u);
		keys[round][1] = (vq){0} + (uint64_t)(key.chain + round * 0xBB67AE85u);
	}
	for (int i = 0; i < LANES / 2; i++) {
		even[i] = counter_of_lane(2 * i);
		odd[i] = counter_of_lane(2 * i + 1);
	}
	const vq c1 = (vq){0} + (uint64_t)stream, c2 = (vq){0} + (uint64_t)(uint32_t)step, c3 = (vq){0} + (step >> 32);
	for (size_t i = 0; i < n; i += 4 * LANES) {
		uint64_t quad = (element + i) / 4;
		vq c[2][4] = {{even + quad, c1, c2, c3}, {odd + quad, c1, c2, c3}};
		philox(c, keys);
		vu w[4];
		for (int j = 0; j < 4; j++)
			w[j] = (vu)((c[0][j] & 0xffffffffu) | c[1][j] << 32);
		if (normal)
			box_muller(w, out + i);
		else
			upper_bits(w, out + i);
	}
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
