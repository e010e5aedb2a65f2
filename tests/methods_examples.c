/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Where N stands in the methods' equations: in β = N/T, and in the force (θ − a)/(κN) of a coupling, alone. So four examples that are
 * all alike, at 4T and with κ/4, are one example at T with κ, and products and quotients by four are exact. */
#include <stdio.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { STEPS = 12, DIMS = 2 };

/* θ and what else the method has after STEPS steps on n terms. */
static void steps_on(struct device *d, const struct sampler *s, int n, double z[MAP_DIMS])
{
	const struct state_plan plan = {.n = (size_t)n, .batch = n, .temperature = n * bench_temperature, .decay = bench_decay,
	                                .lr_max = bench_lr};
	const bool coupled = sampler_param(s, "coupling") >= 0;
	struct state_plan of = plan;
	struct bench b;
	char coupling[32];
	snprintf(coupling, sizeof coupling, "%g", 0.5 / n);
	MUST(analytic_open(n == 1 ? "quadratics:0.5/-1/2" : "quadratics:0.5/-1/2,0.5/-1/2,0.5/-1/2,0.5/-1/2", d, &of.potential));
	bench_open_plan(&b, &of, s->name, (const char *[]){coupled ? "--coupling" : NULL, coupling, NULL});
	for (int i = 0; i < MAP_DIMS; i++)
		z[i] = 0.25 * (i % DIMS + 1);
	bench_set(&b, z);
	for (int k = 0; k < STEPS; k++)
		MUST(state_step(&b.state, bench_lr, plan.temperature));
	memset(z, 0, MAP_DIMS * sizeof *z);
	bench_get(&b, z);
	bench_close(&b);
	potential_close(of.potential);
}

void check_examples(struct device *d)
{
	for (const struct sampler *const *s = samplers; *s; s++) {
		double one[MAP_DIMS], four[MAP_DIMS];
		if (!(*s)->target && sampler_param(*s, "coupling") < 0)
			continue;
		steps_on(d, *s, 1, one);
		steps_on(d, *s, 4, four);
		ok(memcmp(one, four, sizeof one) == 0, "%s: four examples alike are one at a quarter of T, bit for bit", (*s)->name);
	}
}
