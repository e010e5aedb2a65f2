/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Pooling in planes over windows of 2 × 2 that lie side by side: a vector of a row's outputs at a time, from the even and the
 * odd columns of two rows. */
#include "src/cpu/kernels.h"
#include "src/cpu/lanes.h"

/* 2·LANES numbers in order. */
struct pair {
	vf low, high;
};

/* The first n of them, the others are zeros. */
static inline struct pair load_pair(const float *p, size_t n)
{
	if (n >= 2 * LANES)
		return (struct pair){load(p), load(p + LANES)};
	if (n >= LANES)
		return (struct pair){load(p), load_part(p + LANES, n - LANES, 0)};
	return (struct pair){load_part(p, n, 0), (vf){0}};
}

static inline void store_pair(float *p, struct pair v, size_t n)
{
	if (n >= LANES)
		store(p, v.low);
	else
		store_part(p, v.low, n);
	if (n >= 2 * LANES)
		store(p + LANES, v.high);
	else if (n > LANES)
		store_part(p + LANES, v.high, n - LANES);
}

/* The numbers at even places as the low vector, those at odd places as the high one. */
static inline struct pair part(struct pair v)
{
#if !defined PORTABLE && LANES == 16
	const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
	const __m512i odd = _mm512_or_si512(even, _mm512_set1_epi32(1));
	return (struct pair){(vf)_mm512_permutex2var_ps((__m512)v.low, even, (__m512)v.high),
	                     (vf)_mm512_permutex2var_ps((__m512)v.low, odd, (__m512)v.high)};
#else
	struct pair out = {0};
	for (int i = 0; i < LANES; i++) {
		out.low[i] = i < LANES / 2 ? v.low[2 * i] : v.high[2 * i - LANES];
		out.high[i] = i < LANES / 2 ? v.low[2 * i + 1] : v.high[2 * i + 1 - LANES];
	}
	return out;
#endif
}

/* And back. */
static inline struct pair merge(struct pair v)
{
#if !defined PORTABLE && LANES == 16
	const __m512i low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
	const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
	return (struct pair){(vf)_mm512_permutex2var_ps((__m512)v.low, low, (__m512)v.high),
	                     (vf)_mm512_permutex2var_ps((__m512)v.low, high, (__m512)v.high)};
#else
	struct pair out = {0};
	for (int i = 0; i < LANES; i++) {
		out.low[i] = i % 2 ? v.high[i / 2] : v.low[i / 2];
		out.high[i] = i % 2 ? v.high[LANES / 2 + i / 2] : v.low[LANES / 2 + i / 2];
	}
	return out;
#endif
}

void KERNEL(pool_pairs)(const struct pool_kernel *p, size_t first, size_t end)
{
	const size_t w = (size_t)p->w, ow = (size_t)p->ow;
	const float *from = p->x;
	for (size_t row = first; row < end; row++) {
		const float *x = from + (row / (size_t)p->oh * (size_t)p->h + row % (size_t)p->oh * 2) * w;
		for (size_t j = 0; j < ow; j += LANES) {
			const size_t n = ow - j < LANES ? ow - j : LANES;
			const struct pair upper = part(load_pair(x + 2 * j, 2 * n)), lower = part(load_pair(x + w + 2 * j, 2 * n));
			vf best = upper.low;
			vi position = {0};
			if (p->max) {
				take_maximum(upper.high, 1, &best, &position);
				take_maximum(lower.low, 2, &best, &position);
				take_maximum(lower.high, 3, &best, &position);
			} else {
				best = (best + upper.high + lower.low + lower.high) * 0.25f;
			}
			store_typed(p->y, row * ow + j, n, false, best);
			if (p->position)
				store_bytes(p->position + row * ow + j, position, n);
		}
	}
}

/* Both rows of x that an output's row comes from; what lies in no window is 0. */
static inline void spread(const struct pool_kernel *p, size_t row, float *x)
{
	const size_t w = (size_t)p->w, ow = (size_t)p->ow;
	for (size_t j = 0; j < ow; j += LANES) {
		const size_t n = ow - j < LANES ? ow - j : LANES, at = row * ow + j;
		vf g = load_typed(p->dy[0], at, n, false);
		struct pair upper, lower;
		if (p->dy[1])
			g += load_typed(p->dy[1], at, n, false);
		if (p->max) {
			const vi position = load_bytes(p->position + at, n);
			upper = (struct pair){pick((vi)(position == 0), g, (vf){0}), pick((vi)(position == 1), g, (vf){0})};
			lower = (struct pair){pick((vi)(position == 2), g, (vf){0}), pick((vi)(position == 3), g, (vf){0})};
		} else {
			g *= 0.25f;
			upper = lower = (struct pair){g, g};
		}
		store_pair(x + 2 * j, merge(upper), 2 * n);
		store_pair(x + w + 2 * j, merge(lower), 2 * n);
	}
	for (size_t i = 2 * ow; i < w; i++)
		x[i] = x[w + i] = 0;
}

void KERNEL(pool_pairs_backward)(const struct pool_kernel *p, size_t first, size_t end)
{
	const size_t w = (size_t)p->w;
	float *to = p->dx;
	for (size_t row = first; row < end; row++) {
		const size_t oy = row % (size_t)p->oh;
		float *x = to + (row / (size_t)p->oh * (size_t)p->h + oy * 2) * w;
		spread(p, row, x);
		if (p->h % 2 && oy == (size_t)p->oh - 1)
			memset(x + 2 * w, 0, w * sizeof *x);
	}
}
