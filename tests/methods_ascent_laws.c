/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is said of SAM and ASAM on networks: scales, first order, and the unit of length. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "samplers/base.h"
#include "tests/ascent_bench.h"
#include "tests/device_vec.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

/* The loss at θ + e after one step from there, which leads to `after`. */
static double uphill(const struct ascent *q, const char *method, const char *const *extra, const float *theta, float *after)
{
	struct bench b;
	ascent_begin(&b, q, method, extra, 0);
	MUST(state_put(&b.state, BASE_THETA, theta));
	MUST(state_step(&b.state, ascent_lr, 1));
	MUST(q->d->ops->slots_fetch(q->d, &b.state.s.slots));
	double value = b.state.s.slots.value[SLOT_NLL];
	MUST(state_get(&b.state, BASE_THETA, after));
	bench_close(&b);
	return value;
}

/* A net without biases is the same function at (4W₁, W₂/4), and so is its worst loss near by, if lengths are the weights': e becomes
 * (4e₁, e₂/4), and the gradient there (g₁/4, 4g₂). */
static void check_scales(struct device *d)
{
	struct ascent q;
	MUST(ascent_open(&q, d, "mlp:192-16-3", PRECISION_FP32, "*.bias") ? OK : ERR_LIBRARY);
	const size_t bytes = q.n * sizeof(float);
	float *a = host_take(bytes), *b = host_take(bytes), *from_a = host_take(bytes), *from_b = host_take(bytes);
	double worst = 0, longest = 0;
	for (int i = 0; i < q.p->params->n; i++) {
		const struct segment *s = &q.p->params->at[i];
		for (size_t j = s->offset; j < s->offset + s->count; j++) {
			a[j] = s->frozen ? 0 : q.start[j];
			b[j] = a[j] * (i ? 0.25f : 4);
		}
	}
	const char *const words[] = {"--rho", "0.5", "--asam-eta", "0", NULL};
	double plain = uphill(&q, "sam", words + 4, a, from_a);
	ok(fabs(uphill(&q, "sam", words + 4, b, from_b) - plain) > 1e-3 * plain, "sam: a network of other scales has another loss uphill");
	double adaptive = uphill(&q, "asam", words, a, from_a);
	near(uphill(&q, "asam", words, b, from_b), adaptive, 1e-6 * adaptive, "asam, η = 0: it has the same");
	for (size_t j = 0; j < q.n; j++) {
		double step = (double)from_a[j] - (double)a[j], scale = a[j] == 0 ? 1 : (double)b[j] / (double)a[j];
		worst = fmax(worst, fabs(((double)from_b[j] - (double)b[j]) * scale - step));
		longest = fmax(longest, fabs(step));
	}
	near(worst / longest, 0, 1e-4, "asam, η = 0: and a step by its gradient there, of the inverse scales");
	free(a), free(b), free(from_a), free(from_b);
	ascent_close(&q);
}

/* g₂ = ∇(ℓ + ρ‖∇ℓ‖) + O(ρ²): along a direction, against the difference of norms. */
static void check_first_order(struct device *d)
{
	const double rho = 1e-3, t = 1e-3;
	struct ascent q;
	struct bench b;
	MUST(ascent_open(&q, d, "linear", PRECISION_FP32, NULL) ? OK : ERR_LIBRARY);
	float *g[4], *there = host_take(q.n * sizeof *there);
	double along = 0, square[2] = {0};
	for (int i = 0; i < 4; i++)
		g[i] = host_take(q.n * sizeof **g);
	ascent_begin(&b, &q, "sam", (const char *[]){"--rho", "1e-3", NULL}, 0);
	MUST(state_step(&b.state, 0, 1));
	MUST(q.d->ops->get(d, g[0], b.state.s.gradient, q.n * sizeof **g));
	ascent_gradient(&b.state.s, q.n, q.start, 0, ASCENT_BATCH, g[1]);
	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; i < q.n; i++)
			there[i] = (float)(q.start[i] + (side ? t : -t) * rng_normal(ascent_key, STREAM_PROBE, 0, i));
		ascent_gradient(&b.state.s, q.n, there, 0, ASCENT_BATCH, g[2 + side]);
	}
	for (size_t i = 0; i < q.n; i++) {
		along += ((double)g[0][i] - (double)g[1][i]) / rho * rng_normal(ascent_key, STREAM_PROBE, 0, i);
		for (int side = 0; side < 2; side++)
			square[side] += (double)g[2 + side][i] * (double)g[2 + side][i];
	}
	near(along / ((sqrt(square[1]) - sqrt(square[0])) / (2 * t)), 1, 0.02, "sam: to first order g₂ is the gradient of ℓ + ρ‖∇ℓ‖");
	bench_close(&b);
	for (int i = 0; i < 4; i++)
		free(g[i]);
	free(there);
	ascent_close(&q);
}

/* At θ = 0 and η = 1 every T is 1. */
static void check_unit(struct device *d)
{
	struct ascent q;
	double worst = 0, moved = 0;
	MUST(ascent_open(&q, d, "linear", PRECISION_FP32, NULL) ? OK : ERR_LIBRARY);
	memset(q.start, 0, q.n * sizeof *q.start);
	struct outcome sam = ascent_after(&q, "sam", (const char *[]){"--rho", "0.5", NULL}, 1);
	struct outcome asam = ascent_after(&q, "asam", (const char *[]){"--rho", "0.5", "--asam-eta", "1", NULL}, 1);
	for (size_t i = 0; i < q.n; i++) {
		worst = fmax(worst, fabs((double)sam.theta[i] - (double)asam.theta[i]));
		moved = fmax(moved, fabs((double)sam.theta[i]));
	}
	near(worst / moved, 0, 1e-6, "asam at θ = 0 with η = 1 is sam");
	outcome_free(&sam), outcome_free(&asam);
	ascent_close(&q);
}

void check_ascent_laws(struct device *d)
{
	check_scales(d);
	check_first_order(d);
	check_unit(d);
}
