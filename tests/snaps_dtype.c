/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* float16 and bfloat16 against their definitions, evaluated with ldexp: every code, every midpoint, random values. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "src/rng.h"
#include "src/files/snaps.h"
#include "tests/tap.h"

struct kind {
	enum snaps_dtype dtype;
	int exponent_bits, fraction_bits;
};

/* The value of a code without its sign, from the format's definition; NaN and infinity by the caller. */
static double value_of(const struct kind *k, uint32_t code)
{
	uint32_t fraction = code & ((1u << k->fraction_bits) - 1);
	int exponent = (int)(code >> k->fraction_bits), bias = (1 << (k->exponent_bits - 1)) - 1;
	return exponent ? ldexp(1 + ldexp(fraction, -k->fraction_bits), exponent - bias)
	                : ldexp(fraction, 1 - bias - k->fraction_bits);
}

static uint16_t encode(const struct kind *k, float x)
{
	uint16_t code;
	snaps_encode(k->dtype, &x, &code, 1);
	return code;
}

/* Nearest code by bisection over the definition; ties to the even code, beyond the last midpoint infinity. */
static uint16_t nearest(const struct kind *k, float x)
{
	uint32_t infinite = ((1u << k->exponent_bits) - 1) << k->fraction_bits, low = 0, high = infinite;
	double magnitude = fabs((double)x);
	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;
		if (value_of(k, middle) <= magnitude)
			low = middle;
		else
			high = middle;
	}
	/* value_of(infinite) is what the next binade would begin with: the right neighbour for rounding. */
	double below = magnitude - value_of(k, low), above = value_of(k, high) - magnitude;
	uint32_t code = below < above ? low : above < below ? high : low % 2 ? high : low;
	return (uint16_t)(code | (signbit(x) ? 0x8000 : 0));
}

static void check(const struct kind *k)
{
	const char *name = snaps_dtype_name(k->dtype);
	uint32_t infinite = ((1u << k->exponent_bits) - 1) << k->fraction_bits;
	int decoded = 0, back = 0, ties = 0, beside = 0, special = 0, n = 0;
	for (uint32_t code = 0; code < 0x8000; code++) {
		uint16_t c = (uint16_t)code;
		float x;
		snaps_decode(k->dtype, &c, &x, 1);
		if (code > infinite) {
			special += isnan(x) && isnan((c = encode(k, x), snaps_decode(k->dtype, &c, &x, 1), x));
			continue;
		}
		decoded += code == infinite ? isinf(x) && x > 0 : (double)x == value_of(k, code);
		back += encode(k, x) == code && encode(k, -x) == (code | 0x8000);
		if (code < infinite) {
			float middle = (float)((value_of(k, code) + value_of(k, code + 1)) / 2);
			ties += encode(k, middle) == code + code % 2;
			beside += encode(k, nextafterf(middle, 0)) == code && encode(k, nextafterf(middle, INFINITY)) == code + 1;
		}
		n++;
	}
	ok(decoded == n, "%s: every code has its value", name);
	ok(back == n, "%s: and encodes to itself, with either sign", name);
	ok(ties == n - 1, "%s: midpoints go to the even code", name);
	ok(beside == n - 1, "%s: their neighbours to the nearer one", name);
	ok(special == (int)(0x7fff - infinite), "%s: a NaN stays a NaN", name);
	int good = 0;
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t words[4];
		float x;
		rng_words((struct rng_key){7, 0}, STREAM_PROBE, 0, i, words);
		memcpy(&x, words, sizeof x);
		good += isnan(x) || encode(k, x) == nearest(k, x);
	}
	ok(good == 100000, "%s: random float32 bits round to nearest", name);
}

int main(void)
{
	check(&(struct kind){SNAPS_FLOAT16, 5, 10});
	check(&(struct kind){SNAPS_BFLOAT16, 8, 7});
	float x[3] = {1, -0.1f, INFINITY}, y[3];
	uint8_t bytes[12];
	snaps_encode(SNAPS_FLOAT32, x, bytes, 3);
	snaps_decode(SNAPS_FLOAT32, bytes, y, 3);
	ok(memcmp(x, y, sizeof x) == 0 && memcmp(bytes, "\0\0\x80\x3f", 4) == 0, "float32: little-endian, unchanged");
	return done_testing();
}
