/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Gradients at draws: the run's training set, and a state to take them with. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands/diagnose_gradients.h"

double gradients_option(const struct diagnosis *d, const char *name)
{
	const json_t *x = json_object_get(d->run, name);
	return json_is_number(x) ? json_number_value(x) : (double)NAN;
}

/* ---- opening ---- */

static status open_law(struct gradients *g)
{
	const struct sampler_state *s = &g->problem.first;
	const int sigma = sampler_param(s->sampler, "sigma"), coupling = sampler_param(s->sampler, "coupling");
	g->law = (struct law){.pieces = g->problem.potential->pieces, .n = s->n, .decay = s->decay};
	g->sigma = sigma >= 0 ? s->param[sigma] : 0;
	if (coupling >= 0) {
		g->law.coupling = 1 / (s->param[coupling] * s->n);
		g->law.anchor_decay = s->param[sampler_param(s->sampler, "anchor-decay")];
	}
	return OK;
}

static status open_state(struct gradients *g)
{
	struct state_plan plan = g->problem.plan.state;
	plan.sampler = &sampler_sgld;
	memset(plan.array, 0, sizeof plan.array);
	return state_open(&g->state, &plan, (struct rng_key){g->problem.plan.seed, 0});
}

static status take_memory(struct gradients *g, size_t most)
{
	struct arena *a = &g->d->arena;
	const size_t n = g->problem.potential->n_params;
	g->at = g->d->panel.draws < most ? g->d->panel.draws : most;
	TRY(ARENA_NEW(a, n, &g->theta));
	TRY(ARENA_NEW(a, n, &g->gradient));
	TRY(ARENA_NEW(a, n, &g->half[0]));
	TRY(ARENA_NEW(a, n, &g->half[1]));
	return ARENA_NEW(a, (size_t)g->d->panel.chains * g->at, &g->virial);
}

/* The command's own device; a set that moved is found by the run alone. */
static status open_problem(struct gradients *g)
{
	const struct opts *o = g->d->options;
	char number[32];
	if (opts_text(o, "device"))
		TRY(opts_set(g->d->sampled, "device", opts_text(o, "device")));
	if (opts_given(o, "threads")) {
		snprintf(number, sizeof number, "%lld", opts_count(o, "threads"));
		TRY(opts_set(g->d->sampled, "threads", number));
	}
	status s = problem_reopen(g->d->sampled, g->d->header, NULL, &g->problem);
	return s == OK ? OK : fail_within(s, "the run's training set, for gradients (basin sample --resume with --data tells the run where it "
	                                         "is, --gradients 0 does without): ");
}

status gradients_open(struct gradients *g, size_t most)
{
	TRY(open_problem(g));
	TRY(open_law(g));
	TRY(open_state(g));
	return take_memory(g, most);
}

void gradients_close(struct gradients *g)
{
	state_close(&g->state);
	problem_close(&g->problem);
}

/* ---- gradients ---- */

status gradients_read(struct gradients *g, size_t chain, size_t draw)
{
	struct snaps_record record;
	TRY(selection_read(&g->d->chosen, g->d->panel.first[chain] + draw, &record));
	memcpy(g->theta, record.params, g->problem.potential->n_params * sizeof *g->theta);
	return OK;
}

status gradients_take(struct gradients *g, uint64_t chain, uint64_t step, float *out)
{
	struct sampler_state *s = &g->state.s;
	struct device *d = s->potential->device;
	const struct point at = {.theta = s->vector[0], .sigma = g->sigma > 0 ? GRADIENTS_SIGMA : SLOT_NONE, .stream = STREAM_PROBE};
	TRY(state_put(&g->state, 0, g->theta));
	s->slots.key.chain = (uint32_t)chain;
	s->slots.step = step;
	s->slots.value[GRADIENTS_SIGMA] = g->sigma;
	TRY(d->ops->slots_send(d, &s->slots));
	TRY(sampler_gradient_over(s, &at, &(struct batch){.row = SLOT_NONE}, s->potential->n, STREAM_AUGMENT, s->gradient));
	return d->ops->get(d, out, s->gradient, s->potential->n_params * sizeof *out);
}
