/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The verbs on the way to and from layers: points against the affine verb, sums against double. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/tap.h"

enum { N = 100003, V_COEF = SLOT_SAMPLER, SIGMA, ZERO };

/* Ranges of a point made one by one: `same` is whether all have the bits of the whole vector. */
static bool ranges_are(struct device *d, const struct slots *s, const struct point *at, bool frozen, const float *whole,
                       float *out, float *host)
{
	static const size_t range[][2] = {{0, N}, {0, 1}, {63, 2}, {64, 64}, {100, 1000}, {511, 514}, {4097, 90001}, {N - 1, 1}};
	bool good = true;
	for (size_t i = 0; i < sizeof range / sizeof *range; i++) {
		size_t count = range[i][1];
		memset(host, 0, N * sizeof *host);
		host[count < N ? count : 0] = 77;
		MUST(d->ops->put(d, out, host, N * sizeof *host));
		MUST(d->ops->point(d, s, at, range[i][0], count, frozen, out));
		download(d, host, out, N * sizeof *host);
		good = good && !memcmp(host, whole + range[i][0], count * sizeof *host) && (count == N || host[count] == 77);
	}
	return good;
}

void check_point(struct device *d, const char *label)
{
	static const struct {
		const char *name;
		bool v;
		int v_coef, sigma;
	} cases[] = {
		{"θ", false, SLOT_NONE, SLOT_NONE},
		{"θ + c·v", true, V_COEF, SLOT_NONE},
		{"θ + σξ", false, SLOT_NONE, SIGMA},
		{"θ + c·v + σξ", true, V_COEF, SIGMA},
		{"θ, c absent, σ 0", true, SLOT_NONE, ZERO},
	};
	struct draws r = {71, 0};
	struct piece one = {.count = N, .prior = 1};
	struct pieces pieces = {&one, 1, N};
	struct slots s = {.key = {8, 2}, .step = 99};
	float *host = host_take(N * sizeof *host), *theta = host_take(N * sizeof *host), *whole = host_take(N * sizeof *host);
	for (int i = 0; i < N; i++) {
		host[i] = (float)draw_normal(&r);
		theta[i] = (float)draw_normal(&r);
	}
	float *v = upload(d, host, N * sizeof *host), *x = upload(d, theta, N * sizeof *host);
	float *y = upload(d, host, N * sizeof *host), *out = upload(d, host, N * sizeof *host);
	MUST(d->ops->slots_open(d, &s));
	s.value[V_COEF] = 0.3;
	s.value[SIGMA] = 1e-3;
	MUST(d->ops->slots_send(d, &s));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct point at = {.theta = x, .v = cases[i].v ? v : NULL, .v_coef = cases[i].v_coef, .sigma = cases[i].sigma,
		                   .stream = STREAM_PERTURB};
		struct affine a = {
			.n_in = 2, .n_out = 1, .x = {x, v},
			.out = {{.y = y, .base = 0, .coef = {SLOT_NONE, at.v_coef}, .noise = at.sigma, .stream = at.stream}},
		};
		MUST(d->ops->affine(d, &s, &pieces, &a));
		download(d, whole, y, N * sizeof *whole);
		ok(ranges_are(d, &s, &at, false, whole, out, host), "%s: point: ranges of %s have the bits of affine", label,
		   cases[i].name);
		ok(ranges_are(d, &s, &at, true, theta, out, host), "%s: point: frozen, θ alone of %s", label, cases[i].name);
	}
	MUST(d->ops->point(d, NULL, &(struct point){.theta = x}, 5, 1000, false, out));
	download(d, host, out, 1000 * sizeof *host);
	ok(!memcmp(host, theta + 5, 1000 * sizeof *host), "%s: point: θ needs no slots", label);
	d->ops->slots_close(d, &s);
	d->ops->free(d, v);
	d->ops->free(d, x);
	d->ops->free(d, y);
	d->ops->free(d, out);
	free(host);
	free(theta);
	free(whole);
}

float bf16_value(uint16_t h)
{
	uint32_t u = (uint32_t)h << 16;
	float f;
	memcpy(&f, &u, sizeof f);
	return f;
}

/* The bf16 number nearest to x (ties to even mantissas), as its eight significant bits say. */
static float bf16_nearest(double x)
{
	int exponent;
	double m = frexp(x, &exponent);
	return (float)ldexp(nearbyint(ldexp(m, 8)), exponent - 8);
}

uint16_t bf16_bits(double x)
{
	float f = bf16_nearest(x);
	uint32_t u;
	memcpy(&u, &f, sizeof u);
	return (uint16_t)(u >> 16);
}

static bool add_is_right(struct device *d, bool bf16, size_t n)
{
	struct draws r = {73, 0};
	size_t width = bf16 ? sizeof(uint16_t) : sizeof(float);
	uint16_t *hx = host_take(n * width), *hy = host_take(n * width), *got = host_take(n * width);
	for (size_t i = 0; i < n; i++) {
		float x = (float)draw_normal(&r), y = (float)draw_normal(&r);
		memcpy((char *)hx + i * width, (char *)&x + sizeof x - width, width);
		memcpy((char *)hy + i * width, (char *)&y + sizeof y - width, width);
	}
	void *x = upload(d, hx, n * width), *y = upload(d, hy, n * width);
	MUST(d->ops->add(d, (struct format){bf16, 0}, n, y, x));
	download(d, got, y, n * width);
	bool good = true;
	for (size_t i = 0; i < n; i++)
		good = good && (bf16 ? bf16_value(got[i]) == bf16_nearest((double)bf16_value(hx[i]) + bf16_value(hy[i]))
		                     : ((float *)got)[i] == ((float *)hx)[i] + ((float *)hy)[i]);
	d->ops->free(d, x);
	d->ops->free(d, y);
	free(hx);
	free(hy);
	free(got);
	return good;
}

void check_add(struct device *d, const char *label)
{
	static const size_t sizes[] = {1, 15, 16, 33, 300003};
	for (int bf16 = 0; bf16 < 2; bf16++) {
		bool good = true;
		for (int i = 0; i < 5; i++)
			good = add_is_right(d, bf16, sizes[i]) && good;
		ok(good, "%s: sums of %s tensors are the nearest ones", label, bf16 ? "bf16" : "float32");
	}
	/* 1 + 2⁻⁸ and 1 + 3·2⁻⁸ lie in the middle; infinities and NaN with low bits alone stay what they are. */
	uint16_t a[] = {0x3f80, 0x3f81, 0x7f80, 0x7f80, 0x7f81, 0x7f7f}, b[] = {0x3b80, 0x3b80, 0x3f80, 0xff80, 0x0000, 0x7f7f};
	uint16_t *y = upload(d, a, sizeof a), *x = upload(d, b, sizeof b);
	MUST(d->ops->add(d, (struct format){true, 0}, 6, y, x));
	download(d, a, y, sizeof a);
	ok(a[0] == 0x3f80 && a[1] == 0x3f82 && a[2] == 0x7f80 && isnan(bf16_value(a[3])) && isnan(bf16_value(a[4])) &&
	           a[5] == 0x7f80, "%s: bf16 rounds ties to even, overflows to ∞ and keeps NaN", label);
	d->ops->free(d, x);
	d->ops->free(d, y);
}
