/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/momentum_bench.h"

#include <math.h>
#include <string.h>

#include "tests/tap.h"

static status noisy_gradient(struct potential *base, struct slots *s, const struct gradient_request *r)
{
	const struct noisy *p = (const struct noisy *)base;
	struct device *d = base->device;
	static float g[4096];
	TRY(p->inner->ops->value_grad(p->inner, s, r));
	TRY(d->ops->get(d, g, r->gradient, base->n_params * sizeof *g));
	for (size_t i = 0; i < base->n_params; i++)
		g[i] += (float)(p->sigma * rng_normal(s->key, STREAM_PROBE, s->step, i));
	return d->ops->put(d, r->gradient, g, base->n_params * sizeof *g);
}

static const struct potential_ops noisy_ops = {.value_grad = noisy_gradient};

struct noisy noisy_of(struct potential *inner, double sigma)
{
	struct noisy p = {.base = *inner, .inner = inner, .sigma = sigma};
	p.base.ops = &noisy_ops;
	return p;
}

const struct rng_key momentum_key = {5, 3};
const double momentum_start[2 * SAMPLER_DIMS] = {0.5, -1, 0.25};

double momentum_lr(uint64_t k)
{
	return bench_lr * (1 + cos(0.21 * (double)(k % 15))) / 2;
}

void momentum_step(struct bench *b, uint64_t k, double lr, bool exploring)
{
	b->state.step = k;
	b->state.s.exploring = exploring;
	MUST(state_step(&b->state, lr, bench_temperature));
}

bool same_path(struct potential *p, const char *one, const char *const *words_one, const char *other,
               const char *const *words_other)
{
	struct bench b[2];
	bool same = true;
	bench_open(&b[0], p, one, words_one);
	bench_open(&b[1], p, other, words_other);
	const bool explore = b[0].plan.sampler->explores && b[1].plan.sampler->explores;
	for (int i = 0; i < 2; i++) {
		b[i].state.s.slots.key = momentum_key;
		bench_set(&b[i], momentum_start);
	}
	for (uint64_t k = 0; k < MOMENTUM_STEPS; k++) {
		float x[2][SAMPLER_DIMS];
		for (int i = 0; i < 2; i++) {
			momentum_step(&b[i], k, momentum_lr(k), explore && k % 3 == 0);
			MUST(state_get(&b[i].state, 0, x[i]));
		}
		same = same && memcmp(x[0], x[1], sizeof x[0]) == 0;
	}
	bench_close(&b[0]);
	bench_close(&b[1]);
	return same;
}
