/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* From the lanes of a vector to one number. */
#ifndef BASIN_LANES_ACROSS_H
#define BASIN_LANES_ACROSS_H

#include "src/cpu/lanes.h"

/* The largest lane; where one is NaN, anything. */
static inline float lane_max(vf x)
{
#if !defined PORTABLE && LANES == 16
	return _mm512_reduce_max_ps((__m512)x);
#else
	float t[LANES];
	store(t, x);
	for (int half = LANES / 2; half; half /= 2)
		for (int i = 0; i < half; i++)
			t[i] = t[i + half] > t[i] ? t[i + half] : t[i];
	return t[0];
#endif
}

/* Lane i as bit i of a mask. */
static inline uint32_t lane_bits(vi mask)
{
#if !defined PORTABLE && LANES == 16
	return _mm512_movepi32_mask((__m512i)mask);
#elif !defined PORTABLE && LANES == 8
	return (uint32_t)_mm256_movemask_ps((__m256)mask);
#elif !defined PORTABLE
	return (uint32_t)_mm_movemask_ps((__m128)mask);
#else
	uint32_t bits = 0;
	for (int i = 0; i < LANES; i++)
		bits |= (uint32_t)(mask[i] & 1) << i;
	return bits;
#endif
}

/* The sum of all lanes: halves are added until one is left. */
static inline float lane_total(vf v)
{
#if !defined PORTABLE && LANES >= 8
#if LANES == 16
	const __m256 eight = _mm512_castps512_ps256((__m512)v) + _mm512_extractf32x8_ps((__m512)v, 1);
#else
	const __m256 eight = (__m256)v;
#endif
	const __m128 four = _mm256_castps256_ps128(eight) + _mm256_extractf128_ps(eight, 1);
	return (four[0] + four[2]) + (four[1] + four[3]);
#else
	return (v[0] + v[2]) + (v[1] + v[3]);
#endif
}

/* The sum of all lanes, in double: halves are added until one is left. */
static inline double lane_sum(const vd *x)
{
#if !defined PORTABLE && LANES == 16
	__m512d t[2];
	memcpy(t, x, sizeof t);
	const __m512d eight = t[0] + t[1];
	const __m256d four = _mm512_castpd512_pd256(eight) + _mm512_extractf64x4_pd(eight, 1);
	const __m128d two = _mm256_castpd256_pd128(four) + _mm256_extractf128_pd(four, 1);
	return two[0] + two[1];
#else
	double t[LANES];
	memcpy(t, x, sizeof t);
#pragma GCC unroll 8
	for (int half = LANES / 2; half; half /= 2)
#pragma GCC unroll 8
		for (int i = 0; i < half; i++)
			t[i] += t[i + half];
	return t[0];
#endif
}

#endif
