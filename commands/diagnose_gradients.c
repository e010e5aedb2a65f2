/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What gradients at draws show: the configurational temperature, and their noise (diagnose_noise.c). */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands/diagnose_gradients.h"
#include "predict/projection.h"

/* ---- what can be judged ---- */

double gradients_option(const struct diagnosis *d, const char *name)
{
	const json_t *x = json_object_get(d->run, name);
	return json_is_number(x) ? json_number_value(x) : (double)NAN;
}

static bool is_role(const struct diagnosis *d, const char *role)
{
	for (int k = 0; k < d->panel.chains; k++)
		for (size_t i = 0; i < d->panel.draws; i++)
			if (strcmp(d->chosen.choice[d->panel.first[k] + i].role, role) != 0)
				return false;
	return true;
}

static bool all_gaussian(const struct pieces *p)
{
	for (int i = 0; i < p->n; i++)
		if (!p->at[i].frozen && p->at[i].kind != PRIOR_GAUSSIAN)
			return false;
	return true;
}

/* Of a chain. By itself it is as many as make 4 standard errors a twentieth of T where u is quadratic and draws are independent, whose
 * virials vary by 2T²/d: so a chain that is 5 % too warm, as steps of a usual size make it, is told from one that is beyond 10 %. */
static size_t gradients_wanted(const struct diagnosis *d)
{
	enum { LEAST = 100, OF_ALL = 12800 };
	if (opts_given(d->options, "gradients"))
		return (size_t)opts_count(d->options, "gradients");
	const size_t share = projection_moving(&d->pieces) * (size_t)d->panel.chains, n = share ? (OF_ALL + share - 1) / share : 0;
	return n > LEAST ? n : LEAST;
}

/* Why no gradient can say what the temperature is; NULL where it can. */
static const char *no_temperature(const struct diagnosis *d)
{
	if (*d->unjudged)
		return d->unjudged;
	if (!d->sampler)
		return "the draws are those of no sampler";
	if (!d->sampler->target)
		return "the method claims no target";
	if (json_is_false(json_object_get(d->header, "fixed")))
		return "u(θ) is not one function (batch norm, augmentation)";
	if (!is_role(d, "theta"))
		return "only θ has a gradient of its own";
	if (!isnan(gradients_option(d, "coupling")) && !all_gaussian(&d->pieces))
		return "beside an anchor θ's own law is known for gaussian priors alone";
	if (gradients_wanted(d) == 0)
		return "no gradients are wanted (--gradients 0)";
	if (gradients_wanted(d) < JUDGED_DRAWS)
		return "fewer than 20 gradients a chain are wanted (--gradients)";
	return NULL;
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

static status take_memory(struct gradients *g)
{
	struct arena *a = &g->d->arena;
	const size_t n = g->problem.potential->n_params, most = gradients_wanted(g->d);
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

/* ---- gradients ---- */

status gradients_read(struct gradients *g, size_t chain, size_t draw)
{
	struct snaps_record record;
	TRY(selection_read(&g->d->chosen, g->d->panel.first[chain] + draw, &record));
	memcpy(g->theta, record.params, g->problem.potential->n_params * sizeof *g->theta);
	return OK;
}

/* Of mean ℓ over all data at g->theta, or, where the law is smoothed, at a point beside it that is drawn afresh for
 * each draw: that gradient is the smoothed one's on average. */
static status full_gradient(struct gradients *g, uint64_t chain, uint64_t step, float *out)
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

/* Of which half of a chain a draw is. */
static int half_of(const struct panel *p, size_t draw)
{
	return draw >= p->draws / 2;
}

static status chain_means(struct gradients *g, size_t chain)
{
	const struct panel *p = &g->d->panel;
	const size_t n = g->problem.potential->n_params, first = p->draws / 2;
	memset(g->half[0], 0, n * sizeof *g->half[0]);
	memset(g->half[1], 0, n * sizeof *g->half[1]);
	for (size_t i = 0; i < p->draws; i++) {
		TRY(gradients_read(g, chain, i));
		double *mean = g->half[half_of(p, i)], size = (double)(half_of(p, i) ? p->draws - first : first);
		for (size_t j = 0; j < n; j++)
			mean[j] += g->theta[j] / size;
	}
	return OK;
}

static status chain_virials(struct gradients *g, size_t chain)
{
	const struct panel *p = &g->d->panel;
	TRY(chain_means(g, chain));
	for (size_t i = 0; i < g->at; i++) {
		const size_t draw = i * p->draws / g->at;
		TRY(gradients_read(g, chain, draw));
		TRY(full_gradient(g, chain, g->d->chosen.choice[p->first[chain] + draw].step, g->gradient));
		g->virial[chain * g->at + i] = temperature_virial(&g->law, g->theta, g->half[!half_of(p, draw)], g->gradient);
		TRY(progress_snapshots(&g->progress, chain * g->at + i + 1, (size_t)p->chains * g->at));
	}
	return OK;
}

static status take_gradients(struct gradients *g, bool noise)
{
	progress_start(&g->progress, opts_flag(g->d->options, "quiet"), opts_flag(g->d->options, "progress"), 0,
	               (uint64_t)g->d->panel.chains * g->at);
	status s = OK;
	for (size_t k = 0; k < (size_t)g->d->panel.chains && s == OK; k++) {
		s = chain_virials(g, k);
		if (s == OK && noise)
			s = noise_of_chain(g, k);
	}
	progress_end(&g->progress);
	return s;
}

/* ---- the checks ---- */

static void add_temperature(struct diagnosis *d, const struct convergence *c, const char *unjudged)
{
	diagnose_temperature(d, "temperature_configurational", "configurational temperature", c, unjudged);
}

static status measure(struct gradients *g, double share)
{
	struct convergence c;
	TRY(open_problem(g));
	TRY(open_law(g));
	TRY(open_state(g));
	TRY(take_memory(g));
	TRY(take_gradients(g, !isnan(share)));
	TRY(convergence_of(g->virial, g->d->panel.chains, g->at, &c));
	add_temperature(g->d, &c, NULL);
	noise_check(g->d, isnan(share) ? (double)NAN : noise_ratio(g, share),
	          isnan(share) ? "a step is more than a minibatch's gradient and normal noise" : NULL);
	return OK;
}

status diagnose_gradients(struct diagnosis *d)
{
	struct gradients g = {.d = d};
	const char *none = no_temperature(d);
	if (none) {
		add_temperature(d, &(struct convergence){.mean = (double)NAN}, none);
		noise_check(d, (double)NAN, none);
		return OK;
	}
	status s = measure(&g, noise_share(d));
	state_close(&g.state);
	problem_close(&g.problem);
	return s;
}
