/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What is told of a diagnosis besides its checks. */
#include <math.h>
#include <stdio.h>

#include "commands/command.h"
#include "commands/diagnose.h"
#include "commands/report.h"
#include "commands/select.h"
#include "src/json_build.h"

/* ---- what every number shows ---- */

static void add_traces(json_t **list, const struct traces *t)
{
	for (int i = 0; i < t->n; i++) {
		const struct convergence *c = &t->trace[i].all;
		json_t *j = json_object();
		json_put(&j, "name", json_words(t->name[i]));
		report_number(&j, "mean", c->mean);
		report_number(&j, "sd", c->sd);
		report_number(&j, "mcse", c->mcse_mean);
		report_number(&j, "rhat", c->rhat);
		report_number(&j, "ess_bulk", c->ess_bulk);
		report_number(&j, "ess_tail", c->ess_tail);
		report_number(&j, "autocorrelation_time", c->tau);
		report_number(&j, "drift", t->trace[i].drift);
		json_add(list, j);
	}
}

static json_t *quantities(const struct diagnosis *d)
{
	json_t *list = json_array();
	add_traces(&list, &d->predictions);
	add_traces(&list, &d->parameters);
	return list;
}

static double longest_time(const struct traces *t, double longest)
{
	for (int i = 0; i < t->n && !t->unjudged; i++)
		if (t->trace[i].all.sd > 0 && !(t->trace[i].all.tau <= longest))
			longest = t->trace[i].all.tau;
	return longest;
}

/* ---- how much would be enough ---- */

enum { CHAINS_ENOUGH = 4 };               /* Vehtari et al. 2021 */
static const double APART = 1.1;          /* R̂ above which chains are in different places, and draws don't bring them together */

struct enough {
	double factor;       /* on the draws */
	bool apart;
};

/* Effective numbers grow with the draws, and R̂² − 1 of chains that agree falls with them. */
static void find_enough(const struct diagnosis *d, const struct traces *t, struct enough *e)
{
	const double ess = opts_real(d->options, "min-ess") * d->panel.chains, most = opts_real(d->options, "max-rhat");
	for (int i = 0; i < t->n && !t->unjudged; i++) {
		const struct convergence *c = &t->trace[i].all;
		if (c->sd == 0)
			continue;
		e->apart |= !(c->rhat <= APART);
		e->factor = fmax(e->factor, fmax(ess / c->ess_bulk, ess / c->ess_tail));
		e->factor = fmax(e->factor, (c->rhat * c->rhat - 1) / (most * most - 1));
	}
}

static const char *unknown_words(const struct diagnosis *d, const struct enough *e)
{
	if (e->apart)
		return "not known: an R̂ above 1.1 is that of chains in different places, of ones that have hardly moved, or of very few draws";
	return *d->unjudged || e->factor == 0 ? "not known: too little can be judged" : "not known: no number of draws meets these bounds";
}

static void put_enough(const struct diagnosis *d, json_t **to)
{
	struct enough e = {0, false};
	find_enough(d, &d->predictions, &e);
	find_enough(d, &d->parameters, &e);
	const int chains = d->panel.chains < CHAINS_ENOUGH ? CHAINS_ENOUGH : d->panel.chains;
	const double draws = ceil(fmax(e.factor * (double)d->panel.draws, PANEL_JUDGED));
	const bool known = !*d->unjudged && !e.apart && e.factor > 0 && draws < 1e15;
	char words[160];
	if (opts_flag(d->options, "json")) {
		json_put(to, "enough", json_pack("{s:i, s:o}", "chains", chains, "draws",
		                                 known ? json_integer((json_int_t)draws) : json_null()));
		return;
	}
	snprintf(words, sizeof words, "%d chains of %.0f draws each, kept as these are", chains, draws);
	json_put(to, "enough", json_string(known ? words : unknown_words(d, &e)));
}

/* ---- all of it ---- */

static void put_numbers(const struct diagnosis *d, json_t **to)
{
	json_put(to, "chains", json_integer(d->panel.chains));
	json_put(to, "draws", json_integer((json_int_t)d->panel.draws));
	if (d->panel.left_out || opts_flag(d->options, "json"))
		json_put(to, "chains_left_out", json_integer((json_int_t)d->panel.left_out));
	const double longest = longest_time(&d->parameters, longest_time(&d->predictions, 0));
	report_number(to, "autocorrelation_time", *d->unjudged ? (double)NAN : longest);
	if (d->predictions.n) {
		report_number(to, "log_likelihood", d->predictions.trace[0].all.mean);
		report_number(to, "log_likelihood_se", d->predictions.trace[0].all.mcse_mean);
	}
	report_number(to, "distance_within", d->distances.within);
	report_number(to, "distance_between", d->distances.between);
	json_put(to, "directions", json_integer(d->parameters.n));
	put_enough(d, to);
}

static void put_report(const struct diagnosis *d, json_t **to)
{
	const bool programs = opts_flag(d->options, "json");
	json_put(to, "checks", checks_json(&d->checks));
	put_numbers(d, to);
	if (programs)
		json_put(to, "quantities", quantities(d));
	report_facts(to, d->header);
	if (programs)
		select_origin(d->options, &d->chosen, to);
	select_report(&d->chosen, to);
}

status diagnose_show(struct diagnosis *d)
{
	json_t *report = json_object();
	put_report(d, &report);
	if (opts_flag(d->options, "json"))
		return report_json(report);
	checks_print(&d->checks);
	putchar('\n');
	status s = report_print(report);
	json_decref(report);
	return s == OK ? report_end() : s;
}
