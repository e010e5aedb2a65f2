/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rules as people read them: a row of numbers each, and one of what they promise. */
#include <math.h>

#include "commands/decide.h"
#include "src/json_build.h"
#include "src/text.h"
#include "src/words.h"

static void put_rule(json_t **into, const char *name, const char *said, json_t *guarantee)
{
	char promised[64];
	snprintf(promised, sizeof promised, "%s_guarantee", name);
	json_put(into, name, json_string(said));
	json_put(into, promised, guarantee);
}

static void put_scaling(const struct decisions *d, json_t **into)
{
	const struct scaling *r = &d->scaling;
	struct text t = {.n = 0};
	text_add(&t, "T = %.4g; NLL of these rows %.5g, before %.5g nats", r->t, r->nll_after, r->nll_before);
	put_rule(into, "temperature_scaling", t.at, guarantee_scaling(d));
}

static void add_threshold(struct text *t, double q)
{
	if (isfinite(q))
		text_add(t, "%.4g", q);
	else
		text_add(t, "none");
}

static void add_thresholds(struct text *t, const struct conformal *q, int n)
{
	enum { SHOWN_MOST = 10 };
	text_add(t, n > 1 ? "thresholds " : "threshold ");
	for (int i = 0; i < n && i < SHOWN_MOST; i++) {
		text_add(t, i ? ", " : "");
		add_threshold(t, q[i].q);
	}
	if (n > SHOWN_MOST)
		text_add(t, " and %d more", n - SHOWN_MOST);
}

static void put_sets(const struct decisions *d, json_t **into)
{
	const struct decided_sets *r = &d->sets;
	struct text t = {.n = 0};
	text_add(&t, "%s%s, coverage %g: ", words_at(SET_SCORE_WORDS, (int)r->rule.score).at, r->by_class ? " by class" : "", r->coverage);
	add_thresholds(&t, r->q, r->by_class ? d->classes : 1);
	put_rule(into, "sets", t.at, guarantee_sets(d, false));
}

static void put_intervals(const struct decisions *d, json_t **into)
{
	static const char *const form[] = {
		[INTERVAL_NORMALISED] = "mean ± q sd", [INTERVAL_ABSOLUTE] = "mean ± q", [INTERVAL_QUANTILES] = "quantiles moved outward by q",
	};
	const struct decided_intervals *r = &d->intervals;
	struct text t = {.n = 0};
	text_add(&t, "%s, coverage %g: ", form[r->score], r->coverage);
	add_thresholds(&t, r->q, d->targets);
	put_rule(into, "intervals", t.at, guarantee_intervals(d, false));
}

static void put_abstention(const struct decisions *d, json_t **into)
{
	const struct abstention *r = &d->abstention.fit;
	struct text t = {.n = 0};
	text_add(&t, "risk %g: ", r->risk);
	if (!r->passed)
		text_add(&t, "no row is accepted");
	else if (r->threshold > 0)
		text_add(&t, "rows whose largest probability is above %.4g are accepted, of these %zu of %zu", r->threshold, r->accepted, r->n);
	else
		text_add(&t, "all rows are accepted");
	put_rule(into, "abstention", t.at, guarantee_abstention(d, false));
}

static void put_alarm(const struct decisions *d, json_t **into)
{
	struct text t = {.n = 0};
	text_add(&t, "%s, false alarms %g: above ", words_at(OOD_SCORE_WORDS, (int)d->alarm.score).at, d->alarm.fit.rate);
	add_threshold(&t, d->alarm.fit.sure.threshold);
	put_rule(into, "alarm", t.at, guarantee_alarm(d, false));
}

void decide_report(const struct decisions *d, json_t **into)
{
	if (d->scaling.n)
		put_scaling(d, into);
	if (d->sets.made)
		put_sets(d, into);
	if (d->intervals.made)
		put_intervals(d, into);
	if (d->abstention.made)
		put_abstention(d, into);
	if (d->alarm.made)
		put_alarm(d, into);
	json_put(into, "condition", guarantee_condition(d));
}
