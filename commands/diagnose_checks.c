/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What draws show, beside the thresholds. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "commands/diagnose.h"

/* The share of T beyond which so many standard errors of a temperature leave nothing to judge. */
#define VAGUE 0.5

/* ---- checks of traces ---- */

struct words {
	const char *rhat, *bulk, *tail, *drift;            /* names */
	const char *rhat_title, *bulk_title, *tail_title, *drift_title;
};

static const struct words words_predictions = {
	"rhat_predictions", "ess_bulk_predictions", "ess_tail_predictions", "drift_predictions",
	"R̂, predictions", "bulk ESS a chain, predictions", "tail ESS a chain, predictions", "drift in MCSE, predictions",
};

static const struct words words_parameters = {
	"rhat_parameters", "ess_bulk_parameters", "ess_tail_parameters", "drift_parameters",
	"R̂, parameters", "bulk ESS a chain, parameters", "tail ESS a chain, parameters", "drift in MCSE, parameters",
};

/* Which trace has the worst of a figure. One that never moves, as the log-likelihood of an example that all draws are
 * sure of, says nothing where others do. */
static int worst_of(const struct traces *t, double (*figure)(const struct trace *))
{
	int worst = -1;
	for (int i = 0; i < t->n; i++)
		if (t->trace[i].all.sd != 0 && !isnan(figure(&t->trace[i])) && (worst < 0 || figure(&t->trace[i]) > figure(&t->trace[worst])))
			worst = i;
	return worst < 0 ? 0 : worst;
}

static double rhat_of(const struct trace *t)
{
	return t->all.rhat;
}

static double bulk_lack(const struct trace *t)
{
	return -t->all.ess_bulk;
}

static double tail_lack(const struct trace *t)
{
	return -t->all.ess_tail;
}

static double drift_of(const struct trace *t)
{
	return t->drift;
}

static void add_trace_check(struct diagnosis *d, const struct traces *t, const char *name, const char *title,
                            enum check_kind kind, double scale, double threshold, const char *unjudged,
                            double (*figure)(const struct trace *))
{
	const int worst = worst_of(t, figure);
	checks_add(&d->checks, &(struct check){
		.name = name, .title = title, .kind = kind, .value = scale * figure(&t->trace[worst]), .threshold = threshold,
		.of = t->name[worst], .unjudged = unjudged,
	});
}

static void add_traces(struct diagnosis *d, const struct traces *t, const struct words *w)
{
	const struct opts *o = d->options;
	const double least = opts_real(o, "min-ess"), a_chain = -1. / d->panel.chains;
	const char *few = t->unjudged;
	if (!few && d->panel.draws < DRIFT_JUDGED) {
		snprintf(d->few, sizeof d->few, "%zu draws a chain, fewer than %d", d->panel.draws, DRIFT_JUDGED);
		few = d->few;
	}
	add_trace_check(d, t, w->rhat, w->rhat_title, CHECK_AT_MOST, 1, opts_real(o, "max-rhat"), t->unjudged, rhat_of);
	add_trace_check(d, t, w->bulk, w->bulk_title, CHECK_AT_LEAST, a_chain, least, t->unjudged, bulk_lack);
	add_trace_check(d, t, w->tail, w->tail_title, CHECK_AT_LEAST, a_chain, least, t->unjudged, tail_lack);
	add_trace_check(d, t, w->drift, w->drift_title, CHECK_AT_MOST, 1, opts_real(o, "max-mcse"), few, drift_of);
}

/* Where a draw that is dead stands: the first of them. */
static const char *first_dead(struct diagnosis *d)
{
	size_t i = 0;
	while (d->fate[i] == MEMBER_LIVES)
		i++;
	const struct choice *c = &d->chosen.choice[i];
	snprintf(d->dead_words, sizeof d->dead_words, "first: %s, step %" PRIu64 ", %s",
	         d->chosen.sources.source[c->source].path, c->step, d->fate[i] == MEMBER_GUESSES ? "no better than guessing" : "far worse than the others");
	return d->dead_words;
}

static void add_dead(struct diagnosis *d)
{
	checks_add(&d->checks, &(struct check){
		.name = "dead_members", .title = "dead members", .kind = CHECK_AT_MOST, .value = (double)d->dead,
		.threshold = (double)opts_count(d->options, "max-dead"),
		.of = d->dead ? first_dead(d) : NULL,
	});
}

static void add_distances(struct diagnosis *d)
{
	const double least = opts_real(d->options, "min-distance") * d->distances.norm;
	checks_add(&d->checks, &(struct check){
		.name = "distance_within", .title = "distance of a chain's draws", .kind = CHECK_ABOVE, .value = d->distances.least_within,
		.threshold = least,
		.unjudged = d->panel.draws < 2 ? "a chain has one draw" : NULL,
	});
	checks_add(&d->checks, &(struct check){
		.name = "distance_between", .title = "distance of the nearest chains", .kind = CHECK_ABOVE, .value = d->nearest,
		.threshold = least,
		.unjudged = d->panel.chains < 2 ? "there is one chain" : NULL,
	});
}

void diagnose_check(struct diagnosis *d)
{
	if (!d->analytic) {
		add_traces(d, &d->predictions, &words_predictions);
		add_dead(d);
	}
	add_traces(d, &d->parameters, &words_parameters);
	add_distances(d);
}

void diagnose_temperature(struct diagnosis *d, const char *name, const char *title, const struct convergence *c,
                          const char *unjudged)
{
	const double expected = json_number_value(json_object_get(d->header, "temperature"));
	const double error = isnan(c->mcse_mean) ? 0 : c->mcse_mean;
	const double share = opts_real(d->options, "max-temperature-error"), errors = opts_real(d->options, "max-mcse");
	const double bound = fmax(share * expected, errors * error);
	/* Within such a bound nearly every temperature would be. */
	const bool vague = errors * error > fmax(share, VAGUE) * expected && fabs(c->mean - expected) <= bound;
	checks_add(&d->checks, &(struct check){
		.name = name, .title = title, .kind = CHECK_WITHIN, .value = unjudged ? (double)NAN : c->mean,
		.threshold = unjudged ? (double)NAN : bound, .expected = expected, .mcse = unjudged ? (double)NAN : c->mcse_mean,
		.unjudged = !unjudged && vague ? "its standard error is too large to tell: more draws are needed, or more --gradients" : unjudged,
	});
}
