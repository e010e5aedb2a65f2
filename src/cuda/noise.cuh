/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Noise as rng.h says what it is: cuRAND's own Philox rounds on Basin's counters, and Box–Muller in float32. Every sum of a product
 * is an fmaf that is written out, and nothing is taken from a library but √, which is the nearest number everywhere: so normals have
 * one set of bits, on any card and where the tests compile this for a processor. */
#ifndef BASIN_CUDA_NOISE_CUH
#define BASIN_CUDA_NOISE_CUH

#include <curand_philox4x32_x.h>
#include <math.h>

#include "src/cuda/kernels.h"

/* The words of elements 4·quad … 4·quad + 3; of quads beyond 2³² the lower bits count, as everywhere. */
static __device__ __forceinline__ uint4 noise_words(const struct cuda_slots *s, enum stream stream, size_t quad)
{
	const uint64_t step = s->step;
	return curand_Philox4x32_10(make_uint4((uint32_t)quad, (uint32_t)stream, (uint32_t)step, (uint32_t)(step >> 32)),
	                            make_uint2(s->seed, s->chain));
}

/* √x of a number that is neither tiny nor huge: the nearest. On a card it is written out as compilers there do it for such numbers;
 * of sqrtf they make a call as well, for all others, around which registers have to be saved. */
static __device__ __forceinline__ float noise_root(float x)
{
#ifdef __CUDA_ARCH__
	const float r = rsqrtf(x), root = x * r;
	return fmaf(fmaf(-root, root, x), 0.5f * r, root);
#else
	return sqrtf(x);
#endif
}

/* √(−2 ln u) of u = (w + ½)·2⁻³². The signed word is u, or, where u > ½, u − 1 without cancellation: what rounding 1 + (u − 1)
 * loses is added again, so that small radii keep their digits. With u = 2ᵉ(1 + f), 1 + f in [√½, √2):
 * ln(1 + f) = f − f²/2 + f³·P(f). */
static __device__ __forceinline__ float noise_radius(uint32_t w)
{
	const float one = (int32_t)w < 0 ? 1.0f : 0.0f;
	const float t = ((float)(int32_t)w + 0.5f) * 0x1p-32f;
	const float u = t + one, lost = t - (u - one);
	const int32_t bits = __float_as_int(u), exponent = (bits - 0x3f3504f3) >> 23;
	const float f = __int_as_float(bits - exponent * (1 << 23)) - 1.0f + lost;
	float p = fmaf(f, 0x1.a2c896p-3f, -0x1.4a924ap-2f);
	p = fmaf(p, f, 0x1.5f940ap-2f);
	p = fmaf(p, f, -0x1.97c2fcp-2f);
	p = fmaf(p, f, 0x1.ff9a26p-2f);
	p = fmaf(p, f, -0x1.5558e4p-1f);
	return noise_root(fmaf((float)exponent, -0x1.62e43p0f, fmaf(p * f, f * f, fmaf(f, f, -2.0f * f))));
}

/* sin and cos of 2π·(int32)w·2⁻³²: the quadrant is exact, and the rest within ±π/4. */
static __device__ __forceinline__ void noise_sincos(uint32_t w, float *sine, float *cosine)
{
	const uint32_t quadrant = (w + 0x20000000u) >> 30;
	const float x = (float)(int32_t)(w - (quadrant << 30)) * 0x1.921fb6p-30f, z = x * x;
	float s = fmaf(z, -0x1.98da66p-13f, 0x1.1105b4p-7f), c = fmaf(z, -0x1.647572p-10f, 0x1.553f94p-5f);
	s = fmaf(s, z, -0x1.555540p-3f);
	s = fmaf(s * z, x, x);
	c = fmaf(c, z, -0x1.ffffbap-2f);
	c = fmaf(c, z, 1.0f);
	const bool odd = quadrant & 1u;
	*sine = __uint_as_float(__float_as_uint(odd ? c : s) ^ (quadrant << 30 & 0x80000000u));
	*cosine = __uint_as_float(__float_as_uint(odd ? s : c) ^ ((quadrant + 1u) << 30 & 0x80000000u));
}

/* The normals that four words turn into. */
static __device__ __forceinline__ void noise_normals_of_words(uint4 w, float out[4])
{
	const float first = noise_radius(w.x), second = noise_radius(w.z);
	float sine, cosine;
	noise_sincos(w.y, &sine, &cosine);
	/* Not to be taken into an fmaf by what a caller adds to them. */
	out[0] = __fmul_rn(first, cosine);
	out[1] = __fmul_rn(first, sine);
	noise_sincos(w.w, &sine, &cosine);
	out[2] = __fmul_rn(second, cosine);
	out[3] = __fmul_rn(second, sine);
}

static __device__ __forceinline__ void noise_normals(const struct cuda_slots *s, enum stream stream, size_t quad, float out[4])
{
	noise_normals_of_words(noise_words(s, stream, quad), out);
}

/* rng_fraction's, exact. */
static __device__ __forceinline__ void noise_fractions(const struct cuda_slots *s, enum stream stream, size_t quad, float out[4])
{
	const uint4 w = noise_words(s, stream, quad);
	out[0] = (float)(w.x >> 8) * 0x1p-24f;
	out[1] = (float)(w.y >> 8) * 0x1p-24f;
	out[2] = (float)(w.z >> 8) * 0x1p-24f;
	out[3] = (float)(w.w >> 8) * 0x1p-24f;
}

#endif
