/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What gradients at draws show: the configurational temperature, and how much of a step's noise is that of its
 * minibatch. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chains/state.h"
#include "commands/diagnose.h"
#include "commands/problem.h"
#include "commands/progress.h"
#include "predict/projection.h"
#include "predict/temperature.h"

enum { NOISE_BATCHES = 64 };   /* minibatches at the last draw of a chain */
enum { SIGMA = SLOT_SAMPLER };

struct gradients {
	struct diagnosis *d;
	struct problem problem;
	struct state state;        /* of plain SGLD: θ, a gradient, and the run's batches */
	struct law law;
	double sigma;              /* of fSGLD's smoothed ℓ, or 0 */
	float *theta, *gradient;   /* (n_params): host */
	double *half[2];           /* (n_params): means of a chain's first and second half */
	size_t at;                 /* draws of a chain at which a gradient is taken */
	double *virial;            /* (chains, at) */
	double noise;              /* trace of the covariance of a step's gradient, mean over chains */
	struct progress progress;
};

/* ---- what can be judged ---- */

static double run_real(const struct diagnosis *d, const char *name)
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

/* Of a chain. By itself it is as many as make 4 standard errors a tenth of T where u is quadratic and draws are independent, whose
 * virials vary by 2T²/d. */
static size_t gradients_wanted(const struct diagnosis *d)
{
	enum { LEAST = 100, OF_ALL = 3200 };
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
	if (!isnan(run_real(d, "coupling")) && !all_gaussian(&d->pieces))
		return "beside an anchor θ's own law is known for gaussian priors alone";
	if (gradients_wanted(d) == 0)
		return "no gradients are wanted (--gradients 0)";
	if (gradients_wanted(d) < JUDGED_DRAWS)
		return "fewer than 20 gradients a chain are wanted (--gradients)";
	return NULL;
}

/* λ of the step that made the last draw. */
static double step_size(const struct diagnosis *d)
{
	const uint64_t made = d->chosen.choice[d->panel.first[0] + d->panel.draws - 1].step;
	return schedule_lr(&d->schedule, made - (made > 0));
}

/* What stands before √(2λ/β) in a step's injected noise, squared; NaN of methods whose step is another. */
static double injected_share(const struct diagnosis *d)
{
	static const char *const plain[] = {"sgld", "fsgld", "low-precision-sgld", "entropy-mcmc"};
	const char *name = d->sampler ? d->sampler->name : "";
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (strcmp(name, plain[i]) == 0)
			return 1;
	if (strcmp(name, "sghmc") == 0)
		return run_real(d, "friction") - run_real(d, "noise-estimate") * step_size(d) / schedule_max(&d->schedule);
	return strcmp(name, "sgnht") == 0 ? run_real(d, "friction") : (double)NAN;
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

static status read_draw(struct gradients *g, size_t chain, size_t draw)
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
	const struct point at = {.theta = s->vector[0], .sigma = g->sigma > 0 ? SIGMA : SLOT_NONE, .stream = STREAM_PROBE};
	TRY(state_put(&g->state, 0, g->theta));
	s->slots.key.chain = (uint32_t)chain;
	s->slots.step = step;
	s->slots.value[SIGMA] = g->sigma;
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
		TRY(read_draw(g, chain, i));
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
		TRY(read_draw(g, chain, draw));
		TRY(full_gradient(g, chain, g->d->chosen.choice[p->first[chain] + draw].step, g->gradient));
		g->virial[chain * g->at + i] = temperature_virial(&g->law, g->theta, g->half[!half_of(p, draw)], g->gradient);
		TRY(progress_snapshots(&g->progress, chain * g->at + i + 1, (size_t)p->chains * g->at));
	}
	return OK;
}

/* Σ x² over the parameters that move. */
static double squares(const struct pieces *p, const double *x)
{
	double sum = 0;
	for (int i = 0; i < p->n; i++)
		for (size_t j = p->at[i].offset; !p->at[i].frozen && j < p->at[i].offset + p->at[i].count; j++)
			sum += x[j] * x[j];
	return sum;
}

/* Of the k-th minibatch at the draw that the state has, where the method takes it; each is of another epoch, as those
 * of one share out its examples, and so are independent. */
static status batch_gradient(struct gradients *g, uint64_t k)
{
	struct sampler_state *s = &g->state.s;
	struct device *d = s->potential->device;
	const uint64_t step = k * (g->state.batches.epoch_steps + 1);
	const struct point at = {.theta = s->vector[0], .sigma = g->sigma > 0 ? SIGMA : SLOT_NONE, .stream = STREAM_PROBE};
	s->slots.step = step;
	s->slots.value[SIGMA] = g->sigma;
	TRY(batches_at(&g->state.batches, step, &s->slots, &s->batch));
	TRY(d->ops->slots_send(d, &s->slots));
	TRY(sampler_gradient_at(s, &(struct sampler_gradient_request){.at = at, .gradient = s->gradient}));
	return d->ops->get(d, g->gradient, s->gradient, s->potential->n_params * sizeof *g->gradient);
}

/* The trace of the covariance of such gradients at a chain's last draw. */
static status chain_noise(struct gradients *g, size_t chain)
{
	const size_t n = g->problem.potential->n_params;
	double *mean = g->half[0], *apart = g->half[1], sum = 0;
	TRY(read_draw(g, chain, g->d->panel.draws - 1));
	TRY(state_put(&g->state, 0, g->theta));
	memset(mean, 0, n * sizeof *mean);
	/* Welford's: what is left of two large sums would be rounding alone where the batch is all data. */
	for (uint64_t k = 0; k < NOISE_BATCHES; k++) {
		TRY(batch_gradient(g, k));
		for (size_t j = 0; j < n; j++) {
			apart[j] = g->gradient[j] - mean[j];
			mean[j] += apart[j] / ((double)k + 1);
		}
		sum += squares(g->law.pieces, apart) * (double)k / ((double)k + 1);
	}
	g->noise += sum / (NOISE_BATCHES - 1) / g->d->panel.chains;
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
			s = chain_noise(g, k);
	}
	progress_end(&g->progress);
	return s;
}

/* ---- the checks ---- */

static void add_temperature(struct diagnosis *d, const struct convergence *c, const char *unjudged)
{
	diagnose_temperature(d, "temperature_configurational", "configurational temperature", c, unjudged);
}

/* λ²tr(C)/B against 2λd/β times the injected share: what a step adds that is not its noise's. */
static double noise_ratio(const struct gradients *g, double share)
{
	const double d = (double)projection_moving(g->law.pieces), lr = step_size(g->d);
	return lr * g->noise * g->problem.first.beta / (2 * d * share);
}

static void add_noise(struct diagnosis *d, double ratio, const char *unjudged)
{
	const double most = opts_real(d->options, "max-gradient-noise");
	checks_add(&d->checks, &(struct check){
		.name = "gradient_noise", .title = "gradient noise / injected noise", .kind = CHECK_AT_MOST, .value = ratio,
		.threshold = most, .mcse = (double)NAN, .expected = (double)NAN,
		.unjudged = unjudged ? unjudged : isnan(most) ? "what it does is in the temperature; --max-gradient-noise judges it" : NULL,
	});
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
	add_noise(g->d, isnan(share) ? (double)NAN : noise_ratio(g, share),
	          isnan(share) ? "a step is more than a minibatch's gradient and normal noise" : NULL);
	return OK;
}

status diagnose_gradients(struct diagnosis *d)
{
	struct gradients g = {.d = d};
	const char *none = no_temperature(d);
	if (none) {
		add_temperature(d, &(struct convergence){.mean = (double)NAN}, none);
		add_noise(d, (double)NAN, none);
		return OK;
	}
	status s = measure(&g, injected_share(d));
	state_close(&g.state);
	problem_close(&g.problem);
	return s;
}
