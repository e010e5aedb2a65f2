/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/facts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xxhash.h>

#include "commands/problem_device.h"
#include "commands/report.h"
#include "src/data/class_weight.h"
#include "src/data/fingerprint.h"
#include "src/json_build.h"

/* ---- the target, in a sentence ---- */

/* What sets some tensors apart, but for the likelihood's own. */
static const char *note_on_tensors(const struct problem *p)
{
	const struct segments *s = p->potential->params;
	bool factors = false, frozen = false;
	for (int i = 0; i < s->n; i++) {
		frozen |= s->at[i].frozen;
		factors |= s->at[i].prior != 1 && !s->at[i].frozen && !likelihood_owns(p->likelihood, s->at[i].name) && p->decay > 0;
	}
	return factors && frozen ? "; δ differs by tensor (--prior), frozen tensors stay at their initial values"
	     : factors           ? "; δ differs by tensor (--prior)"
	     : frozen            ? "; frozen tensors stay at their initial values"
	                         : "";
}

/* The likelihood's own parameter, and its prior, which the tensors' δ has no part in. */
static void add_own_note(struct text *to, const struct problem *p, const struct likelihood_param *own, const char *units)
{
	const struct segment *s = segments_find(p->potential->params, own->name);
	const double precision = (double)p->plan.state.n * p->plan.state.decay * s->prior;
	text_add(to, " with a deviation σ for each target, in the units of the %stargets, θ's %s being ln σ", units, own->name);
	if (s->frozen)
		text_add(to, " and frozen");
	else if (precision > 0)
		text_add(to, ", whose prior, whatever δ, is normal with mean 0 and deviation %g at T = 1", 1 / sqrt(precision));
	else
		text_add(to, " and without a prior");
}

/* What ℓᵢ is, and in which units. */
static void add_likelihood_note(struct text *to, const struct problem *p)
{
	if (!p->likelihood)
		return;
	const char *units = p->data.standardize.target_sd ? "standardised " : "";
	text_add(to, "; ℓᵢ(θ) = −%sln p(yᵢ | xᵢ, θ), nats, p %s", p->class_weight ? "w " : "", p->likelihood->name);
	if (p->class_weight) {
		text_add(to, ", w by yᵢ's class: ");
		class_weight_words(p->class_weight, &p->data, to);
	}
	if (p->likelihood->noise_sd)
		text_add(to, " with deviation %g in the units of the %stargets", p->noise_sd, units);
	else if (p->likelihood->loss == LOSS_HETEROSCEDASTIC)
		text_add(to, ", normal with a mean and an ln σ² that are outputs, in the units of the %stargets", units);
	else if (p->likelihood->param[0].name)
		add_own_note(to, p, &p->likelihood->param[0], units);
}

/* The prior's kind and scale; where it is not gaussian, what stands for (δ/2)‖θ‖². */
static void add_prior_note(struct text *to, const struct problem *problem)
{
	const struct state_plan *plan = &problem->plan.state;
	const struct segments *all = plan->potential->params;
	const struct segment *first = NULL;
	for (int i = 0; i < all->n && !first; i++)
		if (!all->at[i].frozen && !likelihood_owns(problem->likelihood, all->at[i].name))
			first = &all->at[i];
	if (!first)
		return;
	if (!(problem->decay > 0)) {
		text_add(to, "%s", plan->decay > 0 ? "; δ as it stands here is of that alone, other tensors have no prior" : "; δ = 0 is no prior");
		return;
	}
	const char *kind = prior_name(first->kind);
	text_add(to, "; the prior is %s, of deviation s = 1/√(Nδ) = %g at T = 1", kind, prior_deviation((double)plan->n, plan->decay));
	if (first->kind == PRIOR_LAPLACE)
		text_add(to, ": for (δ/2)‖·‖² read δ Σ e(·), e(x) = √2 s|x|");
	else if (first->kind == PRIOR_STUDENT_T)
		text_add(to, ": for (δ/2)‖·‖² read δ Σ e(·), e(x) = ((ν+1)/2) s² ln(1 + x²/((ν−2)s²)), ν = %g", first->nu);
}

/* That T = 1 is Bayes' posterior would be too much: the u of a smoothing method or of augmented examples is another. */
static void add_temperature_note(struct text *to, const struct problem *p)
{
	const bool prior = p->has_data && p->plan.state.decay > 0;
	if (p->plan.state.temperature != 1)
		text_add(to, "; T tempers %s", prior ? "likelihood and prior alike" : "all of u");
	else if (prior)
		text_add(to, "; T = 1 tempers neither");
}

/* Which steps inject noise, where not all do. */
static void add_explore_note(struct text *to, const struct schedule *s)
{
	const char *of = s->cycles > 1 ? "each cycle" : "the run";
	if (s->explore >= 1)
		text_add(to, "; no step injects noise (--explore 1), so nothing is sampled");
	else if (s->explore > 0)
		text_add(to, "; sampled where the injected noise is on: the last %g of %s (--explore %g)", 1 - s->explore, of, s->explore);
}

static status write_target(struct problem *p)
{
	const struct state_plan *plan = &p->plan.state;
	const struct potential *u = p->potential;
	struct text *to = &p->target;
	TRY(state_facts(plan, (struct rng_key){p->plan.seed, 0}, &p->first));
	if (plan->sampler->target)
		plan->sampler->target(&p->first, to);
	else
		text_add(to, "%s claims no target distribution", plan->sampler->name);
	if (u->ops->target_note)
		text_add(to, "; here u is that of %s", u->ops->target_note(u));
	if (plan->sampler->target) {
		add_likelihood_note(to, p);
		add_prior_note(to, p);
		add_temperature_note(to, p);
	}
	text_add(to, "%s", note_on_tensors(p));
	add_explore_note(to, &p->plan.schedule);
	if (!u->fixed)
		text_add(to, "; %s", report_not_fixed(u->n_stats > 0));
	return OK;
}

/* ---- facts ---- */

static json_t *class_facts(const struct problem *p)
{
	if (!p->has_data || !p->data.n_classes)
		return json_null();
	if (!p->data.class_names)
		return json_integer(p->data.n_classes);
	json_t *a = json_array();
	for (int i = 0; i < p->data.n_classes; i++)
		json_add(&a, json_words(p->data.class_names[i]));
	return a;
}

/* A path that still means the same file from another folder. */
static void put_absolute(json_t **into, const struct opts *o, const char *name)
{
	const char *path = opts_text(o, name);
	if (!path)
		return;
	errno = 0;
	char *absolute = realpath(path, NULL);
	json_put(into, name, absolute ? json_words(absolute) : errno == ENOMEM ? NULL : json_words(path));
	free(absolute);
}

static json_t *data_facts(const struct problem *p, const struct opts *o)
{
	if (!p->has_data)
		return json_null();
	json_t *facts = json_pack("{s:s, s:o, s:I, s:s}", "name", p->data.kind, "spec", json_words(p->data.spec), "n",
	                          (json_int_t)p->data.n, "fingerprint", fingerprint_text(p->data.fingerprint).at);
	columns_to_json(&p->data.columns, &facts);
	put_absolute(&facts, o, "labels");
	if (p->data.held_fingerprint)
		json_put(&facts, "holdout_fingerprint", json_string(fingerprint_text(p->data.held_fingerprint).at));
	/* A snapshot file may be named without its run, whose options say these otherwise. */
	if (opts_text(o, "header"))
		json_put(&facts, "header", json_string(opts_text(o, "header")));
	if (opts_choice(o, "decimal") == DECIMAL_COMMA)
		json_put(&facts, "decimal", json_string("comma"));
	return facts;
}

static json_t *model_facts(const struct problem *p, const struct opts *o)
{
	if (p->has_data)
		return model_to_json(&p->model);
	return json_pack("{s:s, s:o}", "kind", "analytic", "spec", json_words(opts_text(o, "model")));
}

/* Every option's value; those whose default depends on the case have the value that is used. */
static json_t *options_facts(const struct problem *p, const struct opts *o)
{
	json_t *options = opts_to_json(o);
	json_put(&options, "weight-decay", json_real(p->decay));
	if (p->threads)
		json_put(&options, "threads", json_integer(p->threads));
	const struct param *params = p->plan.state.sampler->params;
	for (int i = 0; params && params[i].name; i++)
		if (params[i].type == PARAM_REAL && !params[i].fallback && isfinite(p->first.param[i]) && !opts_given(o, params[i].name))
			json_put(&options, params[i].name, json_real(p->first.param[i]));
	if (p->has_data || p->plan.state.n > 1)
		json_put(&options, "batch", json_integer(p->plan.state.batch));
	/* Only what has data has a likelihood. */
	if (p->likelihood) {
		json_put(&options, "model", json_words(p->model.spec));
		json_put(&options, "likelihood", json_string(p->likelihood->name));
		json_put(&options, "norm", model_norm(&p->model) ? json_string(model_norm(&p->model)) : json_null());
	}
	return options;
}

/* The sampler with every option that a chain's numbers depend on. The rest (where the run lies, how many chains there
 * are, what is logged) stays out, so that chain k's file is the same bytes in any of them. */
static json_t *sampler_facts(const struct problem *p, const struct opts *o)
{
	static const char *const outside[] = {"out", "resume", "chains", "only", "threads", "workers", "device", "log-every", "checkpoint-every",
	                                      "quiet", "progress", "data", "header", "decimal", "labels", "init", NULL};
	json_t *sampler = options_facts(p, o);
	for (const char *const *name = outside; *name; name++)
		json_object_del(sampler, *name);
	json_put(&sampler, "name", json_string(p->plan.state.sampler->name));
	json_put(&sampler, "reference", json_string(p->plan.state.sampler->reference));
	return sampler;
}

static json_t *likelihood_facts(const struct problem *p)
{
	if (!p->likelihood)
		return json_null();
	json_t *facts = likelihood_to_json(p->likelihood, p->noise_sd);
	if (p->class_weight)
		json_put(&facts, "class_weight", class_weight_to_json(p->class_weight, p->data.n_classes));
	return facts;
}

/* Of the values that --init gave, statistics and all. */
static uint64_t init_fingerprint(const struct chain_plan *plan)
{
	const struct potential *potential = plan->state.potential;
	uint64_t params = XXH3_64bits(plan->init, potential->n_params * sizeof *plan->init);
	return XXH3_64bits_withSeed(plan->init_stats, potential->n_stats * sizeof *plan->init_stats, params);
}

status facts_open(struct problem *p, const struct opts *o)
{
	TRY(write_target(p));
	p->facts = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:I, s:f, s:b, s:o}",
	                     "model", model_facts(p, o),
	                     "likelihood", likelihood_facts(p),
	                     "normalize", normalize_to_json(&p->normalize),
	                     "standardize", standardize_to_json(&p->data.standardize, p->data.w, p->data.n_targets),
	                     "classes", class_facts(p), "sampler", sampler_facts(p, o), "target", p->target.at,
	                     "seed", (json_int_t)p->plan.seed, "temperature", p->plan.state.temperature, "fixed", (int)p->potential->fixed,
	                     "data", data_facts(p, o));
	if (p->data.table.n)
		json_put(&p->facts, "table", table_to_json(&p->data.table, &p->data.columns));
	if (json_array_size(p->init_prints))
		json_put_shared(&p->facts, "init_fingerprints", p->init_prints);
	if (p->plan.init)
		json_put(&p->facts, "init_parameters", json_string(fingerprint_text(init_fingerprint(&p->plan)).at));
	if (!p->facts)
		return fail(ERR_MEMORY, "out of memory: the facts of a run");
	p->plan.meta = p->facts;
	return OK;
}

void facts_time(char out[FACTS_TIME])
{
	time_t now = time(NULL);
	struct tm utc;
	gmtime_r(&now, &utc);
	strftime(out, FACTS_TIME, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

json_t *facts_run(const struct problem *p, const struct opts *o)
{
	char started[FACTS_TIME];
	facts_time(started);
	json_t *options = options_facts(p, o);
	if (p->has_data)
		json_put(&options, "data", json_words(p->data.spec));
	put_absolute(&options, o, "labels");
	put_absolute(&options, o, "init");
	json_t *run = json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o}", "format", "basin-run", "version", PACKAGE_VERSION,
	                        "started", started, "chains", p->plan.chains, "options", options, "device",
	                        p->device->ops->describe(p->device), "choices", problem_choices(p));
	if (json_add_missing(run, p->facts))
		return run;
	json_decref(run);
	return NULL;
}
