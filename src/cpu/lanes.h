/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Vectors of LANES floats and the few elementary functions that the kernels need, in GNU C's vector types: the same
 * source serves every instruction set. PORTABLE leaves out the few intrinsics, for plain C.
 * The polynomials are minimax fits; the errors stated are their maxima before rounding to float32. */
#ifndef BASIN_LANES_H
#define BASIN_LANES_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef PORTABLE
#include <immintrin.h>
#endif

typedef float vf __attribute__((vector_size(4 * LANES)));
typedef int32_t vi __attribute__((vector_size(4 * LANES)));
typedef uint32_t vu __attribute__((vector_size(4 * LANES)));
typedef uint64_t vq __attribute__((vector_size(4 * LANES)));   /* LANES / 2 of them */
typedef double vd __attribute__((vector_size(8 * LANES)));     /* LANES of them */
typedef uint16_t vh __attribute__((vector_size(2 * LANES)));
typedef uint8_t vb __attribute__((vector_size(LANES)));
typedef float vf_memory __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint16_t vh_memory __attribute__((vector_size(2 * LANES), aligned(2), may_alias));

static inline vf load(const float *p)
{
	return *(const vf_memory *)p;
}

static inline void store(float *p, vf v)
{
	*(vf_memory *)p = v;
}

/* The first n < LANES elements; the other lanes are `fill` (of load), or not written (of store). */
static inline vf load_part(const float *p, size_t n, float fill)
{
#if !defined PORTABLE && LANES == 16
	return (vf)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), (__mmask16)((1u << n) - 1), p);
#else
	float t[LANES];
	for (size_t i = 0; i < LANES; i++)
		t[i] = i < n ? p[i] : fill;
	return load(t);
#endif
}

static inline void store_part(float *p, vf v, size_t n)
{
#if !defined PORTABLE && LANES == 16
	_mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#else
	memcpy(p, &v, n * sizeof(float));
#endif
}

/* mask's lanes are 0 or all ones. */
static inline vf pick(vi mask, vf yes, vf no)
{
	return (vf)((mask & (vi)yes) | (~mask & (vi)no));
}

/* bf16 is float32's upper half. */
static inline vf load_bf16(const uint16_t *p)
{
	return (vf)(__builtin_convertvector(*(const vh_memory *)p, vu) << 16);
}

/* To the nearest, ties to even; NaN stays NaN. */
static inline vh round_bf16(vf v)
{
	vu u = (vu)v;
	vu rounded = (u + 0x7fffu + (u >> 16 & 1)) >> 16;
	rounded = (vu)pick((vi)(v != v), (vf)(u >> 16 | 0x40), (vf)rounded);
#if !defined PORTABLE && LANES == 16
	return (vh)_mm512_cvtepi32_epi16((__m512i)rounded);
#else
	return __builtin_convertvector(rounded, vh);
#endif
}

static inline void store_bf16(uint16_t *p, vf v)
{
	*(vh_memory *)p = round_bf16(v);
}

/* As load_part and store_part. */
static inline vf load_bf16_part(const uint16_t *p, size_t n, float fill)
{
#if !defined PORTABLE && LANES == 16
	__mmask16 part = (__mmask16)((1u << n) - 1);
	__m512i low = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(part, p));
	return (vf)_mm512_mask_slli_epi32((__m512i)_mm512_set1_ps(fill), part, low, 16);
#else
	uint32_t t[LANES], rest;
	memcpy(&rest, &fill, sizeof rest);
	for (size_t i = 0; i < LANES; i++)
		t[i] = i < n ? (uint32_t)p[i] << 16 : rest;
	vf v;
	memcpy(&v, t, sizeof v);
	return v;
#endif
}

static inline void store_bf16_part(uint16_t *p, vf v, size_t n)
{
	vh h = round_bf16(v);
#if !defined PORTABLE && LANES == 16
	_mm256_mask_storeu_epi16(p, (__mmask16)((1u << n) - 1), (__m256i)h);
#else
	memcpy(p, &h, n * sizeof *p);
#endif
}

/* n ≤ LANES elements from element i of a tensor of either type; the other lanes are 0, or not written. */
static inline __attribute__((always_inline)) vf load_typed(const void *p, size_t i, size_t n, const bool bf16)
{
	if (bf16)
		return n == LANES ? load_bf16((const uint16_t *)p + i) : load_bf16_part((const uint16_t *)p + i, n, 0);
	return n == LANES ? load((const float *)p + i) : load_part((const float *)p + i, n, 0);
}

static inline __attribute__((always_inline)) void store_typed(void *p, size_t i, size_t n, const bool bf16, vf v)
{
	if (bf16 && n == LANES)
		store_bf16((uint16_t *)p + i, v);
	else if (bf16)
		store_bf16_part((uint16_t *)p + i, v, n);
	else if (n == LANES)
		store((float *)p + i, v);
	else
		store_part((float *)p + i, v, n);
}

/* n ≤ LANES bytes as integers; the other lanes are 0, or not written. */
static inline void store_bytes(uint8_t *p, vi v, size_t n)
{
#if !defined PORTABLE && LANES == 16
	_mm_mask_storeu_epi8(p, (__mmask16)((1u << n) - 1), _mm512_cvtepi32_epi8((__m512i)v));
#else
	vb b = __builtin_convertvector(v, vb);
	memcpy(p, &b, n);
#endif
}

static inline vi load_bytes(const uint8_t *p, size_t n)
{
#if !defined PORTABLE && LANES == 16
	return (vi)_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8((__mmask16)((1u << n) - 1), p));
#else
	vb b = {0};
	memcpy(&b, p, n);
	return __builtin_convertvector(b, vi);
#endif
}

static inline vf lane_sqrt(vf x)
{
#if !defined PORTABLE && LANES == 16
	return (vf)_mm512_sqrt_ps((__m512)x);
#elif !defined PORTABLE && LANES == 8
	return (vf)_mm256_sqrt_ps((__m256)x);
#elif !defined PORTABLE
	return (vf)_mm_sqrt_ps((__m128)x);
#else
	for (int i = 0; i < LANES; i++)
		x[i] = sqrtf(x[i]);
	return x;
#endif
}

/* The products of the low halves of 64-bit lanes; the high halves are ignored. */
static inline vq multiply_low(vq a, vq b)
{
#if !defined PORTABLE && LANES == 16
	return (vq)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#elif !defined PORTABLE && LANES == 8
	return (vq)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#elif !defined PORTABLE
	return (vq)_mm_mul_epu32((__m128i)a, (__m128i)b);
#else
	return (a & 0xffffffffu) * (b & 0xffffffffu);
#endif
}

/* √(−2 ln u) of u = (w + ½)·2⁻³². Where u > ½ the signed word gives 1 − u without cancellation, so that small radii
 * keep their relative accuracy. ln(1 + f) = f − f²/2 + f³·P(f), |f³·ΔP| < 2⁻²³ on [√½ − 1, √2 − 1]. */
static inline vf lane_radius(vu w)
{
	vi high = (vi)w >> 31;
	vf t = (__builtin_convertvector((vi)w, vf) + 0.5f) * 0x1p-32f;  /* u, or u − 1 for words with the top bit */
	vf one = (vf)(high & 0x3f800000);
	vf u = t + one;
	vf lost = t - (u - one);
	vi exponent = ((vi)u - 0x3f3504f3) >> 23;                       /* of u / √½, so that 1 + f lies in [√½, √2) */
	vf f = (vf)((vi)u - (exponent << 23)) - 1.0f + lost;
	vf p = f * 0x1.a2c896p-3f - 0x1.4a924ap-2f;
	p = p * f + 0x1.5f940ap-2f;
	p = p * f - 0x1.97c2fcp-2f;
	p = p * f + 0x1.ff9a26p-2f;
	p = p * f - 0x1.5558e4p-1f;
	vf ff = f * f;
	vf e = __builtin_convertvector(exponent, vf);
	return lane_sqrt(e * -0x1.62e43p0f + ((p * f) * ff + (ff - 2.0f * f)));
}

/* sin and cos of φ = 2π·(int32)w·2⁻³². The quadrant comes from the top bits, exactly; the rest is within ±π/4.
 * sin: |error| < 2⁻²⁹, cos: < 2⁻²⁴. */
static inline void lane_sincos(vu w, vf *sine, vf *cosine)
{
	vu quadrant = (w + 0x20000000u) >> 30;
	vf x = __builtin_convertvector((vi)(w - (quadrant << 30)), vf) * 0x1.921fb6p-30f;
	vf z = x * x;
	vf s = z * -0x1.98da66p-13f + 0x1.1105b4p-7f;
	s = s * z - 0x1.555540p-3f;
	s = (s * z) * x + x;
	vf c = z * -0x1.647572p-10f + 0x1.553f94p-5f;
	c = c * z - 0x1.ffffbap-2f;
	c = c * z + 1.0f;
	vi odd = (vi)(quadrant << 31) >> 31;
	*sine = (vf)((vu)pick(odd, c, s) ^ ((quadrant << 30) & 0x80000000u));
	*cosine = (vf)((vu)pick(odd, s, c) ^ (((quadrant + 1) << 30) & 0x80000000u));
}

/* eˣ for x ≤ 0, relative error < 2⁻²³; 0 below −86; NaN for NaN. */
static inline vf lane_exp(vf x)
{
	vi tiny = x < -86.0f;
	x = pick(tiny, (vf){0}, x);
	vf k = (x * 0x1.715476p0f + 0x1.8p23f) - 0x1.8p23f;             /* to the nearest integer */
	vf r = x - k * 0x1.62e4p-1f;
	r = r - k * 0x1.7f7d1cp-20f;
	vf p = r * 0x1.6db42ap-10f + 0x1.123b56p-7f;
	p = p * r + 0x1.55545ep-5f;
	p = p * r + 0x1.55548ep-3f;
	p = p * r + 0.5f;
	p = p * (r * r) + r + 1.0f;
	vu scaled = (vu)p + ((vu)__builtin_convertvector(k, vi) << 23);
	return pick(tiny, (vf){0}, (vf)scaled);
}

/* 1 / (1 + e⁻ˣ). */
static inline vf lane_sigmoid(vf x)
{
	vf e = lane_exp((vf)((vi)x | INT32_MIN));
	return pick((vi)(x < 0), e, (vf){0} + 1.0f) / (1.0f + e);
}

/* Relative error < 2⁻²²: x + x³·P(x²) up to ⅝, |x³·ΔP / tanh x| < 2⁻²⁶; beyond it 1 − 2/(e²ˣ + 1). */
static inline vf lane_tanh(vf x)
{
	vi sign = (vi)x & INT32_MIN;
	vf size = (vf)((vi)x ^ sign);
	vf z = x * x;
	vf p = z * -0x1.75e1ccp-8f + 0x1.52269ap-6f;
	p = p * z - 0x1.b83c5ap-5f;
	p = p * z + 0x1.110726p-3f;
	p = p * z - 0x1.555532p-2f;
	vf e = lane_exp(-2.0f * size);
	vf far = 1.0f - 2.0f * e / (1.0f + e);
	return pick((vi)(size < 0.625f), p * z * x + x, (vf)((vi)far | sign));
}

/* Lane by lane the larger of *best and v, which is number `place`. NaN is larger than everything, so that a diverged chain is
 * seen; of equal numbers the first stays. */
static inline __attribute__((always_inline)) void take_maximum(vf v, int place, vf *best, vi *position)
{
	vi better = (vi)(v > *best) | (vi)(v != v);
	*best = pick(better, v, *best);
	*position = (vi)pick(better, (vf)((vi){0} + place), (vf)*position);
}

#endif
