/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The configurational temperature, and with the same gradients their noise. */
#include <math.h>
#include <string.h>

#include "commands/diagnose_gradients.h"

/* ---- what can be judged ---- */

static bool is_role(const struct diagnosis *d, const char *role)
{
	for (int k = 0; k < d->panel.chains; k++)
		for (size_t i = 0; i < d->panel.draws; i++)
			if (strcmp(d->chosen.choice[d->panel.first[k] + i].role, role) != 0)
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
	const size_t share = pieces_moving(&d->pieces) * (size_t)d->panel.chains, n = share ? (OF_ALL + share - 1) / share : 0;
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
	if (d->unheated)
		return d->unheated;
	if (!is_role(d, "theta"))
		return "only θ has a gradient of its own";
	if (!isnan(gradients_option(d, "coupling")) && !pieces_gaussian(&d->pieces))
		return "beside an anchor θ's own law is known for gaussian priors alone";
	if (gradients_wanted(d) == 0)
		return "no gradients are wanted (--gradients 0)";
	if (gradients_wanted(d) < PANEL_JUDGED)
		return "fewer than 20 gradients a chain are wanted (--gradients)";
	return NULL;
}

/* Why their noise can't be held against that which is injected, of which it says the share; NULL where it can. */
static const char *no_noise(const struct diagnosis *d, double share)
{
	static const char *const names[] = {"name",     "lr",         "friction", "noise-estimate",
	                                    "schedule", "milestones", "gamma",    "gradient-noise"};
	if (isnan(share))
		return "a step is more than a minibatch's gradient and normal noise";
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (selection_unlike(&d->chosen, "sampler", names[i]))
			return "the runs' steps are of different methods or sizes";
	return NULL;
}

/* ---- gradients ---- */

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
		TRY(gradients_take(g, chain, g->d->chosen.choice[p->first[chain] + draw].step, g->gradient));
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
	const char *none = no_noise(g->d, share);
	TRY(gradients_open(g, gradients_wanted(g->d)));
	TRY(take_gradients(g, !none));
	TRY(convergence_of(g->virial, g->d->panel.chains, g->at, &c));
	add_temperature(g->d, &c, NULL);
	noise_check(g->d, none ? (double)NAN : noise_ratio(g, share), none);
	return OK;
}

status diagnose_configurational(struct diagnosis *d)
{
	struct gradients g = {.d = d};
	const char *none = no_temperature(d);
	if (none) {
		add_temperature(d, &(struct convergence){.mean = (double)NAN}, none);
		noise_check(d, (double)NAN, none);
		return OK;
	}
	status s = measure(&g, noise_share(d));
	gradients_close(&g);
	return s;
}
