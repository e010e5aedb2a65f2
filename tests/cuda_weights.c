/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Working weights on a CUDA device, against the affine verb and plain loops, bit by bit: in each type, at any offset, filled up with
 * zeros, with norms folded in, many of them put off before any is looked at. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/weights.h"
#include "tests/backend_body.h"
#include "tests/cuda_driver.h"
#include "tests/tap.h"

enum { N = 120011, ROWS_MOST = 64, COEF = SLOT_SAMPLER, SIGMA, GUARD = 32, UNTOUCHED = 0xa5 };
enum { GAMMA = 70002, BETA = 80001 };  /* offsets of the norms that are folded in */

static const struct {
	const char *name;
	struct cuda_weights w;
	size_t offset;
	bool frozen;
} cases[] = {
	{"3×3, 64 to 64 channels, bf16", {64, 9, 64, 64, true, false}, 1728, false},
	{"3×3, 64 to 64 channels, float32", {64, 9, 64, 64, false, false}, 4, false},
	{"frozen", {64, 9, 16, 16, true, false}, 8, true},
	{"at an odd place", {7, 1, 13, 13, true, false}, 5, false},
	{"at an odd place, float32", {33, 25, 6, 6, false, false}, 6, false},
	{"a multiple of four that ends anywhere", {1, 1, 8191, 8191, true, false}, 12, false},
	{"one number", {1, 1, 1, 1, true, false}, 3, false},
	{"3 channels filled up to 8", {64, 9, 3, 8, true, false}, 0, false},
	{"3 channels filled up to 4 at an odd place, float32", {17, 49, 3, 4, false, false}, 1111, false},
	{"one channel filled up to 8", {6, 25, 1, 8, true, false}, 2, false},
	{"folded, bf16", {64, 9, 64, 64, true, true}, 16, false},
	{"folded, float32, at an odd place", {33, 1, 37, 37, false, true}, 7, false},
	{"folded, 3 channels filled up to 8", {51, 9, 3, 8, true, true}, 1001, false},
	{"folded, frozen weights", {5, 9, 8, 8, true, true}, 40, true},
};
enum { CASES = sizeof cases / sizeof *cases };

struct weights_case {
	struct device *d;
	struct slots slots;
	float *theta, *v, *moved;          /* device: moved is the point, by the affine verb */
	float *stats;                      /* device, of which a norm of so many rows takes the first for means, the next for variances */
	float host[N], point[N], numbers[2 * ROWS_MOST];
};

static void open_case(struct weights_case *q, struct device *d)
{
	struct draws r = {5, 0};
	memset(q, 0, sizeof *q);
	q->d = d;
	q->slots.key = (struct rng_key){9, 1};
	q->slots.step = 77;
	for (int i = 0; i < N; i++)
		q->point[i] = (float)draw_normal(&r);
	for (int i = 0; i < N; i++)
		q->host[i] = (float)draw_normal(&r);
	for (int i = 0; i < 2 * ROWS_MOST; i++)
		q->numbers[i] = (float)fabs(draw_normal(&r));
	q->theta = upload(d, q->host, sizeof q->host);
	q->v = upload(d, q->point, sizeof q->point);
	q->moved = device_take(d, sizeof q->host);
	MUST(d->ops->slots_open(d, &q->slots));
	q->slots.value[COEF] = 0.3;
	q->slots.value[SIGMA] = 0.01;
	MUST(d->ops->slots_send(d, &q->slots));
	q->stats = upload(d, q->numbers, sizeof q->numbers);
}

static void close_case(struct weights_case *q)
{
	void *all[] = {q->theta, q->v, q->moved, q->stats};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		q->d->ops->free(q->d, all[i]);
	q->d->ops->slots_close(q->d, &q->slots);
}

/* The point by the affine verb. */
static void move(struct weights_case *q, const struct point *at)
{
	struct piece one = {.count = N, .prior = 1};
	const struct pieces pieces = {&one, 1, N};
	const struct affine a = {
		.n_in = 2, .n_out = 1, .x = {q->theta, q->v},
		.out = {{.y = q->moved, .base = 0, .coef = {SLOT_NONE, at->v_coef}, .noise = at->sigma, .stream = at->stream}},
	};
	MUST(q->d->ops->affine(q->d, &q->slots, &pieces, &a));
	download(q->d, q->point, q->moved, sizeof q->point);
}

/* ---- what must be there ---- */

/* Of a row: γ/√(variance + ε) where a norm is folded in. */
static double factor_of(const struct weights_case *q, int c, size_t row)
{
	const float *gamma = cases[c].frozen ? q->host : q->point;
	return (double)gamma[GAMMA + row] / sqrt((double)q->numbers[cases[c].w.rows + row] + NORM_BATCH_EPSILON);
}

static bool same_number(const void *got, bool bf16, size_t at, float want)
{
	if (bf16)
		return ((const uint16_t *)got)[at] == bf16_bits((double)want);
	return !memcmp((const float *)got + at, &want, sizeof want);
}

static bool weights_are(const struct weights_case *q, int c, const void *got)
{
	const struct cuda_weights *w = &cases[c].w;
	const float *from = (cases[c].frozen ? q->host : q->point) + cases[c].offset;
	bool good = true;
	for (size_t row = 0; row < w->rows; row++) {
		const float factor = w->folded ? (float)factor_of(q, c, row) : 1;
		for (size_t tap = row * w->taps; tap < (row + 1) * w->taps; tap++)
			for (size_t i = 0; i < w->padded; i++) {
				const float want = i < w->in ? from[tap * w->in + i] * factor : 0;
				good = good && same_number(got, w->bf16, tap * w->padded + i, want);
			}
	}
	return good;
}

static bool bias_is(const struct weights_case *q, int c, const float *got)
{
	bool good = true;
	for (size_t row = 0; row < cases[c].w.rows; row++) {
		const float *beta = cases[c].frozen ? q->host : q->point;
		const float want = (float)fma(-(double)q->numbers[row], factor_of(q, c, row), (double)beta[BETA + row]);
		good = good && got[row] == want;
	}
	return good;
}

/* ---- all of them at once ---- */

static void put_off(struct weights_case *q, const struct point *at, int c, void *working)
{
	const struct cuda_weights *w = &cases[c].w;
	const struct segment weight = {.offset = cases[c].offset, .count = w->rows * w->taps * w->in, .frozen = cases[c].frozen};
	const struct segment gamma = {.offset = GAMMA, .count = w->rows, .frozen = cases[c].frozen};
	const struct segment beta = {.offset = BETA, .count = w->rows, .frozen = cases[c].frozen};
	struct weight_source from = {.slots = &q->slots, .at = at, .param = {[PARAM_WEIGHT] = &weight}};
	if (w->folded) {
		from.folded[PARAM_WEIGHT] = &gamma;
		from.folded[PARAM_BIAS] = &beta;
		from.stats = q->stats;
	}
	MUST(cuda_weights_later(q->d, w, &from, working));
}

static void check_at(struct weights_case *q, const struct point *at, const char *name, bool folded)
{
	unsigned char *working[CASES], host[200000];
	move(q, at);
	for (int c = 0; c < CASES; c++) {
		if (cases[c].w.folded != folded)
			continue;
		memset(host, UNTOUCHED, sizeof host);
		working[c] = upload(q->d, host, cuda_weights_bytes(&cases[c].w) + GUARD);
	}
	for (int c = 0; c < CASES; c++)
		if (cases[c].w.folded == folded)
			put_off(q, at, c, working[c]);
	for (int c = 0; c < CASES; c++) {
		const size_t bytes = cuda_weights_bytes(&cases[c].w);
		bool good = true;
		if (cases[c].w.folded != folded)
			continue;
		download(q->d, host, working[c], bytes + GUARD);
		for (size_t i = bytes; i < bytes + GUARD; i++)
			good = good && host[i] == UNTOUCHED;
		ok(good && weights_are(q, c, host) && (!folded || bias_is(q, c, (float *)(host + cuda_weights_bias_at(&cases[c].w)))),
		   "%s: %s: each number, and nothing behind them", name, cases[c].name);
		q->d->ops->free(q->d, working[c]);
	}
}

/* Points of the vector among working weights, side by side and over one another: the last one counts. */
static void check_points(struct weights_case *q, const struct point *at)
{
	enum { FIRST = 64, SECOND = 33, PLACES = 4096 };
	struct device *d = q->d;
	float got[PLACES];
	float *out = device_take(d, sizeof got);
	move(q, at);
	MUST(d->ops->point(d, &q->slots, at, 1000, FIRST, false, out));
	MUST(d->ops->point(d, &q->slots, at, 1000 + FIRST, SECOND, false, out + FIRST));
	MUST(d->ops->point(d, &q->slots, at, 1000 + FIRST + SECOND, 9, true, out + FIRST + SECOND));
	MUST(d->ops->point(d, &q->slots, at, 5001, 77, false, out + 201));
	MUST(d->ops->point(d, &q->slots, at, 0, 2000, false, out + 1000));
	MUST(d->ops->point(d, &q->slots, at, 30003, 1999, false, out + 1001));
	download(d, got, out, sizeof got);
	ok(!memcmp(got, q->point + 1000, (FIRST + SECOND) * sizeof *got) &&
	   !memcmp(got + FIRST + SECOND, q->host + 1000 + FIRST + SECOND, 9 * sizeof *got) &&
	   !memcmp(got + 201, q->point + 5001, 77 * sizeof *got) && got[FIRST + SECOND + 9] == 0 && got[200] == 0,
	   "points side by side, moving and frozen");
	ok(got[1000] == q->point[0] && !memcmp(got + 1001, q->point + 30003, 1999 * sizeof *got) && got[3000] == 0,
	   "of points that are put off to one place the last one counts");
	d->ops->free(d, out);
}

int main(void)
{
	static struct weights_case q;
	struct device *d = open_cuda();
	test_prefix(cuda_label);
	open_case(&q, d);
	const struct {
		const char *name;
		struct point at;
	} points[] = {
		{"θ", {.theta = q.theta}},
		{"θ + c·v", {.theta = q.theta, .v = q.v, .v_coef = COEF}},
		{"θ + σξ", {.theta = q.theta, .sigma = SIGMA, .stream = STREAM_PERTURB}},
		{"θ + c·v + σξ", {.theta = q.theta, .v = q.v, .v_coef = COEF, .sigma = SIGMA, .stream = STREAM_PERTURB}},
	};
	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		for (int folded = 0; folded < 2; folded++)
			check_at(&q, &points[i].at, points[i].name, folded);
	check_points(&q, &points[3].at);
	close_case(&q);
	d->ops->close(d);
	return done_testing();
}
