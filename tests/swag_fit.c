/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The Gaussian fitted to snapshots: its moments and columns by hand, its draws by their own moments. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "predict/swag.h"
#include "src/files/snaps.h"
#include "tests/tap.h"

enum { D = 6, SNAPSHOTS = 7 };

static const struct rng_key key = {5, 0};

static struct swag_request request(uint64_t number, double scale)
{
	return (struct swag_request){.key = key, .number = number, .scale = scale};
}

/* Snapshots of no particular order or size. */
static void take_snapshots(float x[SNAPSHOTS][D])
{
	for (int i = 0; i < SNAPSHOTS; i++)
		for (int j = 0; j < D; j++)
			x[i][j] = (float)(3 * j + (j + 1) * rng_normal((struct rng_key){1, 2}, STREAM_PROBE, (uint64_t)i, (uint64_t)j));
}

static void two_snapshots(void)
{
	const float a[3] = {1, -2, 0.5F}, b[3] = {3, 2, 0.5F};
	struct swag s;
	MUST(swag_open(3, 2, &s));
	swag_add(&s, a);
	swag_add(&s, b);
	bool good = s.n == 2;
	for (size_t i = 0; i < 3; i++) {
		double half = ((double)b[i] - (double)a[i]) / 2;
		good = good && s.sum[i] / 2 == ((double)a[i] + (double)b[i]) / 2 && s.square[i] / 2 == half * half &&
		       s.deviation[i] == 0 && (double)s.deviation[3 + i] == half;
	}
	ok(good, "of a and b: mean (a + b)/2, variance (a − b)²/4, columns 0 and (b − a)/2");
	swag_close(&s);
}

/* s · (diag(v) + D Dᵀ/(K − 1)), from its definition. */
static void covariance_of(float x[SNAPSHOTS][D], int rank, double scale, double mean[D], double c[D][D])
{
	double column[SNAPSHOTS][D], sum[D] = {0}, square[D] = {0};
	for (int i = 0; i < SNAPSHOTS; i++)
		for (int j = 0; j < D; j++) {
			sum[j] += (double)x[i][j];
			square[j] += (double)x[i][j] * (double)x[i][j];
			column[i][j] = (double)x[i][j] - sum[j] / (i + 1);
		}
	for (int j = 0; j < D; j++)
		for (int k = 0; k < D; k++) {
			mean[j] = sum[j] / SNAPSHOTS;
			c[j][k] = j == k ? square[j] / SNAPSHOTS - mean[j] * mean[j] : 0;
			for (int i = rank < SNAPSHOTS ? SNAPSHOTS - rank : 0; i < SNAPSHOTS; i++)
				c[j][k] += column[i][j] * column[i][k] / (rank - 1);
			c[j][k] *= scale;
		}
}

/* The moments of many draws, in standard errors from those wanted. */
static double moments_error(const struct swag *s, double scale, double mean[D], double c[D][D])
{
	enum { DRAWS = 20000 };
	double first[D] = {0}, second[D][D] = {{0}}, worst = 0;
	for (uint64_t n = 1; n <= DRAWS; n++) {
		float x[D];
		struct swag_request r = request(n, scale);
		swag_draw(s, &r, x);
		for (int j = 0; j < D; j++) {
			first[j] += (double)x[j] - mean[j];
			for (int k = 0; k < D; k++)
				second[j][k] += ((double)x[j] - mean[j]) * ((double)x[k] - mean[k]);
		}
	}
	for (int j = 0; j < D; j++) {
		worst = fmax(worst, fabs(first[j] / DRAWS) / sqrt(c[j][j] / DRAWS));
		for (int k = 0; k < D; k++)
			worst = fmax(worst, fabs(second[j][k] / DRAWS - c[j][k]) / sqrt((c[j][j] * c[k][k] + c[j][k] * c[j][k]) / DRAWS));
	}
	return worst;
}

static void covariances(void)
{
	static const struct {
		size_t rank;
		double scale;
	} cases[] = {{0, 1}, {2, 0.5}, {4, 0.5}, {SNAPSHOTS, 2}, {20, 0.5}};
	float x[SNAPSHOTS][D];
	take_snapshots(x);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double mean[D], c[D][D];
		struct swag s;
		covariance_of(x, (int)cases[i].rank, cases[i].scale, mean, c);
		MUST(swag_open(D, cases[i].rank, &s));
		for (int j = 0; j < SNAPSHOTS; j++)
			swag_add(&s, x[j]);
		double error = moments_error(&s, cases[i].scale, mean, c);
		ok(error < 5, "rank %zu of %d snapshots: draws have the mean, and s (diag v + DDᵀ/(K − 1)) as covariance (%.1f standard errors)",
		   cases[i].rank, SNAPSHOTS, error);
		swag_close(&s);
	}
}

static void constants(void)
{
	const float x[] = {1, -0.0F, 0, 1e-42F, -3.3333333F, FLT_MAX, 1e-30F};
	enum { N = sizeof x / sizeof *x };
	float got[N];
	struct swag s;
	struct swag_request r = request(1, 0.5);
	MUST(swag_open(N, 20, &s));
	bool same = true;
	for (int i = 1; i <= 200; i++) {
		swag_add(&s, x);
		swag_draw(&s, &r, got);
		same = same && memcmp(got, x, sizeof x) == 0;
	}
	ok(same, "what never moves is drawn to the bit, of 1 to 200 snapshots");
	swag_close(&s);
}

static void least_variance(void)
{
	enum { N = 4000 };
	float *x = malloc(N * sizeof *x);
	double sum = 0;
	struct swag s;
	struct swag_request r = request(3, 0.25);
	MUST(x ? swag_open(N, 0, &s) : ERR_MEMORY);
	for (int sign = -1; sign <= 1; sign += 2) {
		for (int i = 0; i < N; i++)
			x[i] = (float)sign * 1e-20F;
		swag_add(&s, x);
	}
	swag_draw(&s, &r, x);
	for (int i = 0; i < N; i++)
		sum += (double)x[i] * (double)x[i];
	ok(fabs(sum / N / 0.25e-30 - 1) < 5 * sqrt(2. / N), "what moved by less has a variance of 1e-30 times s");
	swag_close(&s);
	free(x);
}

/* θ ← θ − λ(h(θ − μ) + τξ): the mean of n states is n^{-1/2} τ/h from μ, many such at a time. */
static void averages(void)
{
	enum { N = 400, BURN_IN = 100, FIRST = 1000, LAST = 4000 };
	const double mu = 0.7, h = 2, tau = 3, lr = 0.2;
	static float x[N], mean[N];
	double error[2] = {0};
	struct swag s;
	struct swag_request r = request(1, 0);
	MUST(swag_open(N, 0, &s));
	for (uint64_t k = 0; k < BURN_IN + LAST; k++) {
		for (uint64_t i = 0; i < N; i++)
			x[i] = (float)((double)x[i] - lr * (h * ((double)x[i] - mu) + tau * rng_normal(key, STREAM_LANGEVIN_0, k, i)));
		if (k >= BURN_IN)
			swag_add(&s, x);
		if (s.n != FIRST && s.n != LAST)
			continue;
		swag_draw(&s, &r, mean);
		for (int i = 0; i < N; i++)
			error[s.n == LAST] += pow(((double)mean[i] - mu) * h / tau, 2) * (double)s.n / N;
	}
	for (int i = 0; i < 2; i++)
		ok(fabs(error[i] - 1) < 5 * sqrt(2. / N), "the mean of %d states of SGD is 1/√n · τ/h from the minimum (variance times %.2f)",
		   i ? LAST : FIRST, error[i]);
	swag_close(&s);
}

/* Means that lie a little beside the middle between two numbers of the type, which float32 rounds to the middle itself. */
static void round_once(void)
{
	static const struct {
		enum snaps_dtype dtype;
		float a, b;
		double wanted;
	} cases[] = {
		{SNAPS_FLOAT16, 2 + 0x1p-10F, 0x1p-29F, 1 + 0x1p-10}, {SNAPS_FLOAT16, 2 + 3 * 0x1p-10F, -0x1p-29F, 1 + 0x1p-10},
		{SNAPS_FLOAT16, -2 - 0x1p-10F, -0x1p-29F, -1 - 0x1p-10}, {SNAPS_FLOAT16, -2 - 3 * 0x1p-10F, 0x1p-29F, -1 - 0x1p-10},
		{SNAPS_BFLOAT16, 2 + 0x1p-7F, 0x1p-29F, 1 + 0x1p-7}, {SNAPS_BFLOAT16, 2 + 3 * 0x1p-7F, -0x1p-29F, 1 + 0x1p-7},
		{SNAPS_FLOAT32, 1 + 0x1p-22F, 1, 1 + 0x1p-23}, {SNAPS_FLOAT32, 1 + 0x1p-23F, 1, 1}, {SNAPS_FLOAT16, 3, 1, 2},
	};
	bool good = true;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		float mean, stored;
		uint32_t word = 0;
		struct swag s;
		struct swag_request r = request(1, 0);
		r.narrow = cases[i].dtype != SNAPS_FLOAT32;
		MUST(swag_open(1, 0, &s));
		swag_add(&s, &cases[i].a);
		swag_add(&s, &cases[i].b);
		swag_draw(&s, &r, &mean);
		snaps_encode(cases[i].dtype, &mean, &word, 1);
		snaps_decode(cases[i].dtype, &word, &stored, 1);
		good = good && (double)stored == cases[i].wanted;
		swag_close(&s);
	}
	ok(good, "a mean is rounded once, to the type that it is stored in");
}

static void randomness(void)
{
	enum { N = 3000 };
	static float one[N], two[N], x[2][N];
	struct swag s, flat;
	MUST(swag_open(N, 3, &s));
	MUST(swag_open(N, 0, &flat));
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < N; j++)
			x[i][j] = (float)(i * (j + 1));
		swag_add(&s, x[i]);
		swag_add(&flat, x[i]);
	}
	struct swag_request r = request(7, 0.5), other = request(8, 0.5);
	swag_draw(&s, &r, one);
	swag_draw(&s, &other, two);
	bool differ = memcmp(one, two, sizeof one) != 0;
	swag_draw(&s, &r, two);
	ok(differ && memcmp(one, two, sizeof one) == 0, "a draw is a function of seed and number");
	other = r;
	other.key.seed++;
	swag_draw(&s, &other, two);
	ok(memcmp(one, two, sizeof one) != 0, "and of the seed");
	/* The columns aside it is mean + √(s v) ξ₁ by element, whatever the rank. */
	memset(s.deviation, 0, 3 * N * sizeof *s.deviation);
	swag_draw(&s, &r, one);
	swag_draw(&flat, &r, two);
	bool by_element = memcmp(one, two, sizeof one) == 0;
	for (int j = 0; j < N; j++) {
		double half = (j + 1) / 2.;
		by_element = by_element && fabs((double)two[j] - half - sqrt(0.5) * half * rng_normal(key, STREAM_SWAG_0, 7, (uint64_t)j)) <
		                           1e-6 * half;
	}
	ok(by_element, "its noise is the stream's, an element a parameter");
	swag_close(&s);
	swag_close(&flat);
}

static void refusal(void)
{
	struct swag s;
	ok(swag_open(4, 1, &s) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "--rank 1") && !s.sum, "rank 1 is refused");
}

int main(void)
{
	two_snapshots();
	covariances();
	constants();
	least_variance();
	averages();
	round_once();
	randomness();
	refusal();
	return done_testing();
}
