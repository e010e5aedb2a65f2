/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Element types of snapshots, little-endian whatever the host. */
#include <endian.h>
#include <string.h>

#include "src/files/snaps.h"

static uint32_t bits_of(float x)
{
	uint32_t u;
	memcpy(&u, &x, sizeof u);
	return u;
}

static float float_of(uint32_t u)
{
	float x;
	memcpy(&x, &u, sizeof x);
	return x;
}

/* A shift to the right by 1 … 31 bits, to nearest, ties to even. */
static uint32_t shift_rounded(uint32_t u, int shift)
{
	uint32_t half = UINT32_C(1) << (shift - 1), odd = u >> shift & 1;
	return (u + half - 1 + odd) >> shift;
}

/* IEEE 754 binary16; beyond 65519.99… is infinity, below 2⁻²⁵ is zero, a NaN stays one. */
static uint16_t to_half(float x)
{
	uint32_t u = bits_of(x), sign = u >> 16 & 0x8000, magnitude = u & 0x7fffffff;
	if (magnitude > 0x7f800000)
		return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x1ff));
	if (magnitude >= 0x477ff000)
		return (uint16_t)(sign | 0x7c00);
	if (magnitude >= 0x38800000)  /* 2⁻¹⁴: normal in both, exponent bias 127 → 15 */
		return (uint16_t)(sign | shift_rounded(magnitude - (UINT32_C(112) << 23), 13));
	int shift = 126 - (int)(magnitude >> 23);  /* subnormal: units of 2⁻²⁴ */
	if (shift > 25)
		return (uint16_t)sign;
	return (uint16_t)(sign | shift_rounded((magnitude & 0x7fffff) | 0x800000, shift));
}

static float from_half(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 0x1f, fraction = h & 0x3ff;
	if (exponent == 0x1f)
		return float_of(sign | 0x7f800000 | fraction << 13);
	if (exponent)
		return float_of(sign | (exponent + 112) << 23 | fraction << 13);
	float magnitude = (float)fraction * 0x1p-24f;
	return sign ? -magnitude : magnitude;
}

/* bfloat16 is float32's upper half. */
static uint16_t to_bfloat(float x)
{
	uint32_t u = bits_of(x);
	if ((u & 0x7fffffff) > 0x7f800000)
		return (uint16_t)(u >> 16 | 0x40);  /* rounding could carry a NaN to infinity */
	return (uint16_t)shift_rounded(u, 16);
}

static float from_bfloat(uint16_t h)
{
	return float_of((uint32_t)h << 16);
}

void snaps_encode(enum snaps_dtype t, const float *from, void *to, size_t n)
{
	char *at = to;
	for (size_t i = 0; i < n; i++) {
		if (t == SNAPS_FLOAT32) {
			uint32_t u = htole32(bits_of(from[i]));
			memcpy(at + 4 * i, &u, 4);
		} else {
			uint16_t h = htole16(t == SNAPS_FLOAT16 ? to_half(from[i]) : to_bfloat(from[i]));
			memcpy(at + 2 * i, &h, 2);
		}
	}
}

void snaps_decode(enum snaps_dtype t, const void *from, float *to, size_t n)
{
	const char *at = from;
	for (size_t i = 0; i < n; i++) {
		if (t == SNAPS_FLOAT32) {
			uint32_t u;
			memcpy(&u, at + 4 * i, 4);
			to[i] = float_of(le32toh(u));
		} else {
			uint16_t h;
			memcpy(&h, at + 2 * i, 2);
			h = le16toh(h);
			to[i] = t == SNAPS_FLOAT16 ? from_half(h) : from_bfloat(h);
		}
	}
}

size_t snaps_dtype_size(enum snaps_dtype t)
{
	return t == SNAPS_FLOAT32 ? 4 : 2;
}

const char *snaps_dtype_name(enum snaps_dtype t)
{
	static const char *const names[] = {"float32", "float16", "bfloat16"};
	return names[t];
}
