/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The rules that basin decide is asked for. Each is learnt from all rows: none goes by what another learnt from them. */
#include "commands/command.h"
#include "commands/decide.h"
#include "predict/decide/decided.h"

static const struct param rules_defs[] = {
	{.name = "coverage", .type = PARAM_REAL, .arg = "SHARE", .fallback = "0.9", .min = SHARE_LEAST, .max = SHARE_MOST,
	 .help = "conformal sets of classes, or intervals of real targets, which hold the truth of this share of new rows"},
	{.name = "sets", .type = PARAM_CHOICE, .arg = SET_SCORE_WORDS, .fallback = "lac",
	 .help = "what sets are made by: lac gives the smallest, aps and raps larger ones for rows that are harder"},
	{.name = "by-class", .type = PARAM_FLAG, .help = "sets that hold the truth of so many rows of each class by itself"},
	{.name = "intervals", .type = PARAM_CHOICE, .arg = INTERVAL_SCORE_WORDS, .fallback = "normalised",
	 .help = "what intervals are made by: multiples of the predictive deviation, one width for all, or the predictive quantiles moved "
	         "outward or inward"},
	{.name = "temperature-scaling", .type = PARAM_FLAG,
	 .help = "the temperature that makes probabilities as sure as they are right, between 0.05 and 20"},
	{.name = "risk", .type = PARAM_REAL, .arg = "SHARE", .min = SHARE_LEAST, .max = SHARE_MOST,
	 .help = "abstention: which rows to accept, so that at most this share of them is predicted wrong"},
	{.name = "false-alarm", .type = PARAM_REAL, .arg = "SHARE", .fallback = "0.05", .min = SHARE_LEAST, .max = SHARE_MOST,
	 .help = "alarms at strange rows, which at most this share of rows like those learnt from raises"},
	{.name = "score", .type = PARAM_CHOICE, .arg = OOD_SCORE_WORDS, .fallback = "entropy",
	 .help = "what alarms go by, rising with strangeness"},
	{.name = "confidence", .type = PARAM_REAL, .arg = "SHARE", .fallback = "0.95", .min = SHARE_LEAST, .max = SHARE_MOST,
	 .help = "with which the bounds of risk and of false alarms hold"},
	{0},
};

const struct opt_table table_rules = {.owner = "rules", .heading = "Rules", .defs = rules_defs};

/* ---- which are asked for ---- */

static bool asked_coverage(const struct opts *o)
{
	return opts_given(o, "coverage") || opts_given(o, "sets") || opts_flag(o, "by-class") || opts_given(o, "intervals");
}

static bool asked_alarm(const struct opts *o)
{
	return opts_given(o, "false-alarm") || opts_given(o, "score");
}

static bool asked_any(const struct opts *o)
{
	return asked_coverage(o) || asked_alarm(o) || opts_given(o, "risk") || opts_flag(o, "temperature-scaling");
}

status decide_check(const struct opts *o, bool classes)
{
	static const char *const of_classes[] = {"sets", "by-class", "temperature-scaling", "risk", "false-alarm", "score", "confidence"};
	if (classes && opts_given(o, "intervals"))
		return fail(ERR_USAGE, "--intervals is for real targets; these are classes, for which there are --sets");
	for (size_t i = 0; !classes && i < sizeof of_classes / sizeof *of_classes; i++)
		if (opts_given(o, of_classes[i]))
			return fail(ERR_USAGE, "--%s needs class probabilities; of real targets there are intervals, at --coverage", of_classes[i]);
	if (opts_given(o, "confidence") && asked_any(o) && !opts_given(o, "risk") && !asked_alarm(o))
		return fail(ERR_USAGE, "--confidence is of --risk and of --false-alarm, and neither is asked for");
	return OK;
}

/* ---- classes ---- */

static status learn_sets(const struct opts *o, const struct mixture *m, struct arena *a, struct decisions *d)
{
	struct decided_sets *r = &d->sets;
	double *score, *p, *room;
	*r = (struct decided_sets){
		.made = true, .rule = {.score = (enum set_score)opts_choice(o, "sets"), .lambda = RAPS_LAMBDA, .k_reg = RAPS_K_REG},
		.coverage = opts_real(o, "coverage"), .by_class = opts_flag(o, "by-class"),
	};
	TRY(ARENA_NEW(a, m->n, &score));
	TRY(ARENA_NEW(a, (size_t)m->c, &p));
	TRY(ARENA_NEW(a, (size_t)m->c, &room));
	TRY(ARENA_NEW(a, r->by_class ? (size_t)m->c : 1, &r->q));
	for (size_t i = 0; i < m->n; i++) {
		mixture_mean(m, i, p);
		score[i] = conformal_score(&r->rule, p, m->c, m->label[i], 0, room);
	}
	return r->by_class ? conformal_fit_classes(r->coverage, score, m->label, m->n, m->c, r->q)
	                   : conformal_fit(r->coverage, score, m->n, r->q);
}

static status learn_abstention(const struct opts *o, const struct mixture *m, struct arena *a, struct decisions *d)
{
	double *p, *sure;
	bool *wrong;
	TRY(ARENA_NEW(a, (size_t)m->c, &p));
	TRY(ARENA_NEW(a, m->n, &sure));
	TRY(ARENA_NEW(a, m->n, &wrong));
	for (size_t i = 0; i < m->n; i++) {
		const struct example_score e = metrics_example(m, i, p);
		sure[i] = p[e.best];
		wrong[i] = e.best != m->label[i];
	}
	d->abstention.made = true;
	return abstain_fit(opts_real(o, "risk"), 1 - opts_real(o, "confidence"), sure, wrong, m->n, &d->abstention.fit);
}

static status learn_alarm(const struct opts *o, const struct mixture *m, struct arena *a, struct decisions *d)
{
	double *score;
	d->alarm.made = true;
	d->alarm.score = (enum ood_score)opts_choice(o, "score");
	TRY(ARENA_NEW(a, m->n, &score));
	status s = ood_scores(m, d->alarm.score, score);
	if (s != OK)
		return fail_within(s, "--score %s: ", opts_text(o, "score"));
	return alarm_fit(opts_real(o, "false-alarm"), 1 - opts_real(o, "confidence"), score, m->n, &d->alarm.fit);
}

static status learn_classes(const struct opts *o, const struct mixture *m, struct arena *a, struct decisions *d)
{
	const bool all = !asked_any(o);
	if (all || opts_flag(o, "temperature-scaling"))
		TRY(scaling_fit(m, SCALING_PSEUDO, &d->scaling));
	if (all || asked_coverage(o))
		TRY(learn_sets(o, m, a, d));
	if (opts_given(o, "risk"))
		TRY(learn_abstention(o, m, a, d));
	return all || asked_alarm(o) ? learn_alarm(o, m, a, d) : OK;
}

/* ---- real targets ---- */

static status learn_intervals(const struct opts *o, const struct calibration *c, struct arena *a, struct decisions *d)
{
	struct decided_intervals *r = &d->intervals;
	struct intervals of;
	double *score;
	r->made = true;
	r->score = (enum interval_score)opts_choice(o, "intervals");
	r->coverage = opts_real(o, "coverage");
	TRY(decided_tell(r, c->real, a, &of));
	TRY(ARENA_NEW(a, c->n, &score));
	TRY(ARENA_NEW(a, (size_t)d->targets, &r->q));
	for (int j = 0; j < d->targets; j++) {
		for (size_t i = 0; i < c->n; i++) {
			const struct told told = decided_told(&of, i, j);
			score[i] = interval_score(r->score, &told, c->y[i * (size_t)d->targets + (size_t)j]);
		}
		TRY(conformal_fit(r->coverage, score, c->n, &r->q[j]));
	}
	return OK;
}

status decide_rules(const struct opts *o, const struct calibration *c, struct arena *a, struct decisions *d)
{
	return c->mixture ? learn_classes(o, c->mixture, a, d) : learn_intervals(o, c, a, d);
}
