/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rules as a file of decisions has them. */
#include <math.h>
#include <string.h>

#include "predict/decide/decisions_private.h"
#include "src/json_build.h"
#include "src/words.h"

static json_t *number(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

static json_t *count(size_t n)
{
	return json_integer((json_int_t)n);
}

/* ---- temperature scaling ---- */

static json_t *scaling_to_json(const struct decisions *d)
{
	const struct scaling *r = &d->scaling;
	json_t *j = json_object();
	json_put(&j, "temperature", number(r->t));
	json_put(&j, "lower", number(SCALING_MIN));
	json_put(&j, "upper", number(SCALING_MAX));
	json_put(&j, "at_lower", json_boolean(r->at_min));
	json_put(&j, "at_upper", json_boolean(r->at_max));
	json_put(&j, "fitted", json_boolean(r->fitted));
	json_put(&j, "nll", number(r->nll_after));
	json_put(&j, "nll_before", number(r->nll_before));
	json_put(&j, "zeros", count(r->zeros));
	json_put(&j, "guarantee", guarantee_scaling(d));
	return j;
}

static status scaling_read(const struct part *p, struct decisions *d)
{
	struct scaling *r = &d->scaling;
	r->n = d->n;
	TRY(part_flag(p, "at_lower", &r->at_min));
	TRY(part_flag(p, "at_upper", &r->at_max));
	TRY(part_flag(p, "fitted", &r->fitted));
	TRY(part_threshold(p, "nll", &r->nll_after));
	TRY(part_threshold(p, "nll_before", &r->nll_before));
	TRY(part_count(p, "zeros", 0, d->n, &r->zeros));
	return part_number(p, "temperature", SCALING_MIN, SCALING_MAX, &r->t);
}

/* ---- conformal thresholds ---- */

static void put_conformal(json_t **into, const struct conformal *q, size_t n)
{
	json_t *thresholds = json_array(), *rows = json_array();
	for (size_t i = 0; i < n; i++) {
		json_add(&thresholds, number(q[i].q));
		json_add(&rows, count(q[i].n));
	}
	json_put(into, "thresholds", thresholds);
	json_put(into, "rows", rows);
}

/* A threshold is ∞, for which null stands, where there were too few rows for a finite one. */
static status read_conformal(const struct part *p, double coverage, size_t n, struct decisions *d, struct conformal **out)
{
	const json_t *thresholds = json_object_get(p->j, "thresholds"), *rows = json_object_get(p->j, "rows");
	char expected[80];
	snprintf(expected, sizeof expected, "lists of %zu thresholds and numbers of rows are", n);
	if (json_array_size(thresholds) != n || json_array_size(rows) != n)
		return part_wrong(p, "thresholds, rows", expected);
	TRY(ARENA_NEW(p->arena, n, out));
	for (size_t i = 0; i < n; i++) {
		const json_t *q = json_array_get(thresholds, i), *of = json_array_get(rows, i);
		const json_int_t is = json_is_integer(of) ? json_integer_value(of) : -1;
		if (is < 0 || (size_t)is > d->n || !(json_is_number(q) || json_is_null(q)))
			return part_wrong(p, "thresholds, rows", expected);
		(*out)[i] = (struct conformal){coverage, (size_t)is, conformal_rank(coverage, (size_t)is),
		                               json_is_null(q) ? (double)INFINITY : json_number_value(q)};
		if ((*out)[i].rank > (size_t)is && json_is_number(q))
			return part_wrong(p, "thresholds", "null where there were too few rows");
	}
	return OK;
}

/* ---- sets ---- */

static size_t sets_of(const struct decisions *d)
{
	return d->sets.by_class ? (size_t)d->classes : 1;
}

static json_t *sets_to_json(const struct decisions *d)
{
	const struct decided_sets *r = &d->sets;
	json_t *j = json_object();
	json_put(&j, "score", json_string(words_at(SET_SCORE_WORDS, (int)r->rule.score).at));
	json_put(&j, "coverage", number(r->coverage));
	json_put(&j, "by_class", json_boolean(r->by_class));
	json_put(&j, "lambda", r->rule.score == SET_RAPS ? number(r->rule.lambda) : json_null());
	json_put(&j, "k_reg", r->rule.score == SET_RAPS ? json_integer(r->rule.k_reg) : json_null());
	put_conformal(&j, r->q, sets_of(d));
	json_put(&j, "guarantee", guarantee_sets(d, true));
	return j;
}

static status sets_read(const struct part *p, struct decisions *d)
{
	struct decided_sets *r = &d->sets;
	int score;
	size_t k_reg = 0;
	r->made = true;
	TRY(part_word(p, "score", SET_SCORE_WORDS, &score));
	r->rule.score = (enum set_score)score;
	TRY(part_number(p, "coverage", SHARE_LEAST, SHARE_MOST, &r->coverage));
	TRY(part_flag(p, "by_class", &r->by_class));
	if (r->rule.score == SET_RAPS) {
		TRY(part_number(p, "lambda", 0, 1e6, &r->rule.lambda));
		TRY(part_count(p, "k_reg", 0, 1 << 24, &k_reg));
	}
	r->rule.k_reg = (int)k_reg;
	return read_conformal(p, r->coverage, sets_of(d), d, &r->q);
}

/* ---- intervals ---- */

static json_t *intervals_to_json(const struct decisions *d)
{
	const struct decided_intervals *r = &d->intervals;
	json_t *j = json_object();
	json_put(&j, "score", json_string(words_at(INTERVAL_SCORE_WORDS, (int)r->score).at));
	json_put(&j, "coverage", number(r->coverage));
	put_conformal(&j, r->q, (size_t)d->targets);
	json_put(&j, "guarantee", guarantee_intervals(d, true));
	return j;
}

static status intervals_read(const struct part *p, struct decisions *d)
{
	struct decided_intervals *r = &d->intervals;
	int score;
	r->made = true;
	TRY(part_word(p, "score", INTERVAL_SCORE_WORDS, &score));
	r->score = (enum interval_score)score;
	TRY(part_number(p, "coverage", SHARE_LEAST, SHARE_MOST, &r->coverage));
	return read_conformal(p, r->coverage, (size_t)d->targets, d, &r->q);
}

/* ---- abstention ---- */

static json_t *abstention_to_json(const struct decisions *d)
{
	const struct abstention *r = &d->abstention.fit;
	json_t *j = json_object();
	json_put(&j, "risk", number(r->risk));
	json_put(&j, "confidence", number(1 - r->delta));
	json_put(&j, "passed", json_boolean(r->passed));
	/* That all are answered is a threshold of 0: a largest probability is above it. */
	json_put(&j, "threshold", number(fmax(r->threshold, 0)));
	json_put(&j, "tests", json_integer(r->tests));
	json_put(&j, "needs", count(r->needs));
	json_put(&j, "accepted", count(r->accepted));
	json_put(&j, "errors", count(r->errors));
	json_put(&j, "bound", number(r->bound));
	json_put(&j, "guarantee", guarantee_abstention(d, true));
	return j;
}

static status abstention_read(const struct part *p, struct decisions *d)
{
	struct abstention *r = &d->abstention.fit;
	size_t tests;
	d->abstention.made = true;
	r->n = d->n;
	TRY(part_number(p, "risk", SHARE_LEAST, SHARE_MOST, &r->risk));
	TRY(part_number(p, "confidence", SHARE_LEAST, SHARE_MOST, &r->delta));
	r->delta = 1 - r->delta;
	TRY(part_flag(p, "passed", &r->passed));
	TRY(part_count(p, "tests", 0, 1 << 24, &tests));
	r->tests = (int)tests;
	TRY(part_count(p, "needs", 0, SIZE_MAX >> 16, &r->needs));
	TRY(part_count(p, "accepted", 0, d->n, &r->accepted));
	TRY(part_count(p, "errors", 0, r->accepted, &r->errors));
	TRY(part_threshold(p, "threshold", &r->threshold));
	TRY(part_threshold(p, "bound", &r->bound));
	return r->passed == isfinite(r->threshold) ? OK : part_wrong(p, "threshold", "null where none passed, and no other time,");
}

/* ---- alarms ---- */

static json_t *alarm_to_json(const struct decisions *d)
{
	const struct alarm *r = &d->alarm.fit;
	json_t *j = json_object();
	json_put(&j, "score", json_string(words_at(OOD_SCORE_WORDS, (int)d->alarm.score).at));
	json_put(&j, "false_alarm", number(r->rate));
	json_put(&j, "confidence", number(1 - r->delta));
	json_put(&j, "threshold", number(r->sure.threshold));
	json_put(&j, "rank", count(r->sure.rank));
	json_put(&j, "needs", count(r->sure.needs));
	json_put(&j, "bound", number(r->sure.bound));
	json_put(&j, "guarantee", guarantee_alarm(d, true));
	return j;
}

static status alarm_read(const struct part *p, struct decisions *d)
{
	struct alarm *r = &d->alarm.fit;
	int score;
	d->alarm.made = true;
	r->n = d->n;
	TRY(part_word(p, "score", OOD_SCORE_WORDS, &score));
	d->alarm.score = (enum ood_score)score;
	TRY(part_number(p, "false_alarm", SHARE_LEAST, SHARE_MOST, &r->rate));
	TRY(part_number(p, "confidence", SHARE_LEAST, SHARE_MOST, &r->delta));
	r->delta = 1 - r->delta;
	TRY(part_threshold(p, "threshold", &r->sure.threshold));
	TRY(part_count(p, "rank", 1, d->n + 1, &r->sure.rank));
	TRY(part_count(p, "needs", 0, SIZE_MAX >> 16, &r->sure.needs));
	return part_number(p, "bound", 0, 1, &r->sure.bound);
}

/* ---- all of them ---- */

static const struct rule {
	const char *name;
	bool classes;   /* it is for them; else for real targets */
	json_t *(*to_json)(const struct decisions *d);
	status (*read)(const struct part *p, struct decisions *d);
} rules[] = {
	{"temperature_scaling", true, scaling_to_json, scaling_read},
	{"sets", true, sets_to_json, sets_read},
	{"intervals", false, intervals_to_json, intervals_read},
	{"abstention", true, abstention_to_json, abstention_read},
	{"alarm", true, alarm_to_json, alarm_read},
};
enum { RULES = sizeof rules / sizeof *rules };

json_t *decisions_rules(const struct decisions *d)
{
	const bool made[RULES] = {d->scaling.n > 0, d->sets.made, d->intervals.made, d->abstention.made, d->alarm.made};
	json_t *all = json_object();
	for (int i = 0; i < RULES; i++)
		if (made[i])
			json_put(&all, rules[i].name, rules[i].to_json(d));
	return all;
}

static const struct rule *rule_named(const char *name, const struct decisions *d)
{
	for (int i = 0; i < RULES; i++)
		if (strcmp(rules[i].name, name) == 0 && rules[i].classes == (d->classes > 0))
			return &rules[i];
	return NULL;
}

/* A rule that is not understood can't be left out: somebody may wait for it. */
status rules_read(const struct part *whole, struct decisions *d)
{
	json_t *all = json_object_get(whole->j, "rules"), *of;
	const char *name;
	char words[64];
	if (json_object_size(all) == 0)
		return fail(ERR_INPUT, "%s: holds no rules", whole->path);
	json_object_foreach(all, name, of) {
		const struct rule *rule = rule_named(name, d);
		if (!rule)
			return fail(ERR_INPUT, "%s: rules.%.40s: no such rule for %s", whole->path, name, d->classes ? "classes" : "real targets");
		snprintf(words, sizeof words, "rules.%s", rule->name);
		TRY(rule->read(&(struct part){of, whole->path, words, whole->arena}, d));
	}
	return OK;
}
