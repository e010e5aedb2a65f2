/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The noise function: known answers, and the distribution of what is made of it. Every statistical check fails a
 * correct generator with a probability of at most 1e-6; the keys are fixed, so it either always does or never. */
#include "src/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "src/philox.h"
#include "tests/device_vec.h"
#include "tests/tap.h"

/* Random123's kat_vectors, "philox4x32 10". */
static const struct {
	uint32_t counter[4], key[2], out[4];
} known[] = {
	{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
	{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
	 {0xffffffff, 0xffffffff},
	 {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
	{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
	 {0xa4093822, 0x299f31d0},
	 {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void known_answers(void)
{
	for (int i = 0; i < (int)(sizeof known / sizeof *known); i++) {
		uint32_t out[4];
		philox4x32(known[i].counter, known[i].key, out);
		ok(memcmp(out, known[i].out, sizeof out) == 0, "Philox4x32-10 known answer %d", i);
	}
	uint32_t counter[4] = {7, STREAM_PERTURB, 0x89abcdef, 0x01234567}, key[2] = {11, 3}, want[4], got[4];
	philox4x32(counter, key, want);
	rng_words((struct rng_key){11, 3}, STREAM_PERTURB, 0x0123456789abcdef, 7, got);
	ok(memcmp(got, want, sizeof got) == 0, "counter = (element / 4, stream, step low, step high), key = (seed, chain)");
	ok(STREAM_INIT == 0 && STREAM_LANGEVIN_1 == 6 && STREAM_HOLDOUT == 8 && STREAM_PROBE == 11 && STREAM_GRAPH == 20 && STREAM_SWAG_0 == 23 && STREAM_SWAG_1 == 24 &&
	   STREAM_PROJECTION == 25,
	   "streams keep the numbers that seeds were used with");
	bool fractions = true;
	for (uint64_t e = 0; e < 1000; e++) {
		double u = rng_uniform((struct rng_key){11, 3}, STREAM_QUANTISE_0, 9, e);
		double f = (double)rng_fraction((struct rng_key){11, 3}, STREAM_QUANTISE_0, 9, e);
		fractions = fractions && f < 1 && f <= u && u < f + 0x1p-24;
	}
	ok(fractions, "a fraction is the uniform variate's upper 24 bits");
	bool normals = true;
	for (uint32_t quad = 0; quad < 250; quad++) {
		double x[4];
		rng_normals((struct rng_key){11, 3}, STREAM_PROBE, 9, quad, x);
		for (uint64_t i = 0; i < 4; i++)
			normals = normals && fabs(x[i] - rng_normal((struct rng_key){11, 3}, STREAM_PROBE, 9, 4 * (uint64_t)quad + i)) < 1e-14;
	}
	ok(normals, "four normals at a time are those of the elements");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* |k-th moment − its expectation| in standard errors. */
static double moment_error(const double *x, size_t n, int k)
{
	static const double moments[] = {1, 0, 1, 0, 3, 0, 15, 0, 105};
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += pow(x[i], k);
	double variance = moments[2 * k] - moments[k] * moments[k];
	return fabs(sum / (double)n - moments[k]) / sqrt(variance / (double)n);
}

static void normals(void)
{
	enum { N = 1 << 20 };
	struct rng_key key = {20, 1};
	double *x = host_doubles(N);
	for (size_t i = 0; i < N; i++)
		x[i] = rng_normal(key, STREAM_LANGEVIN_0, 5, i);
	for (int k = 1; k <= 4; k++) {
		double z = moment_error(x, N, k);
		ok(z < 5, "moment %d of the normals is %.2f standard errors off (< 5)", k, z);
	}
	for (int lag = 1; lag <= 4; lag++) {
		double sum = 0;
		for (size_t i = lag; i < N; i++)
			sum += x[i] * x[i - (size_t)lag];
		ok(fabs(sum / sqrt(N)) < 5, "neighbours %d apart are uncorrelated (%.2f, < 5)", lag, sum / sqrt(N));
	}
	/* Tails against GSL's, by Poisson–normal deviations. */
	for (int t = 2; t <= 4; t++) {
		double count = 0, expected = 2 * N * gsl_cdf_ugaussian_Q(t);
		for (size_t i = 0; i < N; i++)
			count += fabs(x[i]) > t;
		double z = (count - expected) / sqrt(expected);
		ok(fabs(z) < 5.5, "P(|ξ| > %d): %.0f counted, %.1f expected", t, count, expected);
	}
	/* Kolmogorov–Smirnov: P(D√N > 2.7) = 2 exp(−2·2.7²) = 9.3e-7. */
	qsort(x, N, sizeof *x, compare);
	double d = 0;
	for (size_t i = 0; i < N; i++) {
		double p = gsl_cdf_ugaussian_P(x[i]);
		d = fmax(d, fmax((double)(i + 1) / N - p, p - (double)i / N));
	}
	ok(d * sqrt(N) < 2.7, "Kolmogorov–Smirnov distance to the normal: √N·D = %.3f (< 2.7)", d * sqrt(N));
	free(x);
}

static void integers(void)
{
	enum { BOUND = 7, DRAWS = 70000 };
	double count[BOUND] = {0}, chi2 = 0;
	bool inside = true;
	for (uint32_t i = 0; i < DRAWS; i++) {
		uint64_t v = rng_below((struct rng_key){1, 0}, STREAM_SHUFFLE, 0, i, BOUND);
		inside &= v < BOUND;
		count[v % BOUND]++;
	}
	for (int i = 0; i < BOUND; i++)
		chi2 += (count[i] - DRAWS / BOUND) * (count[i] - DRAWS / BOUND) / (DRAWS / BOUND);
	ok(inside, "integers stay below their bound");
	ok(gsl_cdf_chisq_Q(chi2, BOUND - 1) > 1e-6, "integers are uniform (χ² = %.2f)", chi2);
	ok(rng_below((struct rng_key){1, 0}, STREAM_SHUFFLE, 0, 0, 1) == 0, "below 1 there is only 0");
	double u = rng_uniform((struct rng_key){1, 0}, STREAM_INIT, 0, 6);
	uint32_t w[4];
	rng_words((struct rng_key){1, 0}, STREAM_INIT, 0, 1, w);
	ok(u == (w[2] + 0.5) * 0x1p-32, "uniform number 6 is word 2 of quad 1");
}

static void permutations(void)
{
	enum { N = 4, DRAWS = 48000, ALL = 24 };
	double count[N * N * N * N] = {0}, chi2 = 0;
	bool valid = true;
	for (uint64_t step = 0; step < DRAWS; step++) {
		uint32_t order[N], seen = 0, code = 0;
		rng_permutation((struct rng_key){3, 2}, STREAM_SHUFFLE, step, order, N);
		for (int i = 0; i < N; i++) {
			seen |= 1u << order[i];
			code = code * N + order[i] % N;
		}
		valid &= seen == (1u << N) - 1;
		count[code]++;
	}
	for (int i = 0; i < N * N * N * N; i++)
		if (count[i] > 0)
			chi2 += (count[i] - DRAWS / ALL) * (count[i] - DRAWS / ALL) / (DRAWS / ALL);
	ok(valid, "permutations hold every number once");
	ok(gsl_cdf_chisq_Q(chi2, ALL - 1) > 1e-6, "all %d permutations of %d are equally likely (χ² = %.1f)", ALL, N, chi2);
}

int main(void)
{
	known_answers();
	normals();
	integers();
	permutations();
	return done_testing();
}
