/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/hmc_bench.h"

#include <math.h>

#include "tests/tap.h"

static int bare_leapfrogs;

static status bare_step(struct sampler_state *s)
{
	TRY(sampler_full_gradient(s, &(struct point){.theta = s->vector[0]}, true, s->gradient));
	TRY(hmc_draw(s));
	return hmc_leapfrog(s, bare_leapfrogs);
}

const struct sampler *hmc_bare(int leapfrogs)
{
	static struct sampler method;
	method = sampler_hmc;
	method.step = bare_step;
	bare_leapfrogs = leapfrogs;
	return &method;
}

void trial_open(struct trial *t, struct potential *p, const struct sampler *method, double lr, int leapfrogs, uint64_t burn_in)
{
	*t = (struct trial){.plan = {.sampler = method, .potential = p, .n = 1, .batch = 1, .temperature = bench_temperature,
	                             .decay = bench_decay, .lr_max = lr, .burn_in = burn_in}};
	t->plan.param[HMC_TRAJECTORY] = leapfrogs * sqrt(2 * lr * bench_temperature);
	t->plan.param[HMC_ACCEPT] = NAN;
	MUST(state_open(&t->st, &t->plan, momentum_key));
}

void trial_close(struct trial *t)
{
	state_close(&t->st);
}

void trial_put(struct trial *t, const double *theta)
{
	float x[MAP_DIMS];
	for (size_t i = 0; i < t->plan.potential->n_params; i++)
		x[i] = (float)theta[i];
	MUST(state_put(&t->st, 0, x));
}

void trial_get(struct trial *t, const float *from, double *to)
{
	struct device *d = t->plan.potential->device;
	const size_t n = t->plan.potential->n_params;
	float x[MAP_DIMS];
	MUST(d->ops->get(d, x, from, n * sizeof *x));
	for (size_t i = 0; i < n; i++)
		to[i] = x[i];
}

void trial_step(struct trial *t, uint64_t k)
{
	t->st.step = k;
	MUST(state_step(&t->st, t->plan.lr_max, bench_temperature));
}

double trial_slot(struct trial *t, int i)
{
	struct device *d = t->plan.potential->device;
	MUST(d->ops->slots_fetch(d, &t->st.s.slots));
	return t->st.s.slots.value[i];
}
