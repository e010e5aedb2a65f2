/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Files of decisions: what is written is read again to the bit, and what is wrong is refused by the member's name,
 * also where its checksum is right. */
#include "predict/decide/decisions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/json_build.h"
#include "src/json_text.h"
#include "tests/files.h"
#include "tests/tap.h"

static const char *const names[] = {"well", "\\xFFll", "no \"name\" | "};

static struct decisions of_classes(bool by_class)
{
	static struct conformal q[3] = {{0.9, 20, 19, 0.1 + 0.2}, {0.9, 5, 6, (double)INFINITY}, {0.9, 0, 1, (double)INFINITY}};
	return (struct decisions){
		.likelihood = "categorical", .classes = 3, .class_name = names, .n = 25, .snapshots = 7, .ensemble = UINT64_MAX, .data = 42,
		.precision = {"bf16"},
		.scaling = {.t = 1 / 3.0, .n = 25, .zeros = 2, .nll_before = 0.7, .nll_after = 0.6, .fitted = true},
		.sets = {.made = true, .rule = {.score = SET_RAPS, .lambda = 0.01, .k_reg = 5}, .coverage = 0.9, .by_class = by_class, .q = q},
		.abstention = {true, {.risk = 0.1, .delta = 0.05, .n = 25, .needs = 40, .tests = 12, .passed = true,
		               .threshold = -(double)INFINITY, .accepted = 25, .errors = 1, .bound = 0.09}},
		.alarm = {true, OOD_MI, {.rate = 0.05, .delta = 0.1, .n = 25, .sure = {(double)INFINITY, 26, 45, 0}}},
	};
}

static struct decisions of_targets(void)
{
	static struct conformal q[2] = {{0.5, 25, 13, 1.5}, {0.5, 25, 13, -2}};
	return (struct decisions){
		.likelihood = "gaussian", .targets = 2, .n = 25, .snapshots = 1,
		.intervals = {.made = true, .score = INTERVAL_QUANTILES, .coverage = 0.5, .q = q},
	};
}

static const char *put(json_t *whole)
{
	const char *path = scratch_path("rules.json");
	FILE *to = fopen(path, "w");
	MUST(to ? OK : ERR_IO);
	MUST(decisions_write(to, whole));
	fclose(to);
	return path;
}

static bool same_conformal(const struct conformal *a, const struct conformal *b, int n)
{
	bool same = true;
	for (int i = 0; i < n; i++)
		same = same && a[i].level == b[i].level && a[i].n == b[i].n && a[i].rank == b[i].rank && a[i].q == b[i].q;
	return same;
}

static void test_classes(bool by_class)
{
	const struct decisions d = of_classes(by_class);
	const char *path = put(decisions_to_json(&d, "1.2.3", json_object()));
	struct arena a = {0};
	struct decisions got;
	test_prefix(by_class ? "classes, a threshold each" : "classes");
	MUST(decisions_read(path, &a, &got));
	ok(strcmp(got.likelihood, "categorical") == 0 && got.classes == 3 && got.targets == 0 && got.n == 25 && got.snapshots == 7, "what it is for");
	ok(strcmp(got.class_name[1], names[1]) == 0 && strcmp(got.class_name[2], names[2]) == 0, "names of any bytes");
	ok(got.ensemble == UINT64_MAX && got.data == 42, "fingerprints");
	ok(strcmp(got.precision.at, "bf16") == 0, "the precision");
	ok(got.scaling.t == 1 / 3.0 && got.scaling.n == 25 && got.scaling.zeros == 2 && got.scaling.fitted && !got.scaling.at_min &&
	   !got.scaling.at_max && got.scaling.nll_before == 0.7 && got.scaling.nll_after == 0.6, "a temperature");
	ok(got.sets.made && got.sets.rule.score == SET_RAPS && got.sets.rule.lambda == 0.01 && got.sets.rule.k_reg == 5 &&
	   !got.sets.rule.empty && got.sets.coverage == 0.9 && got.sets.by_class == by_class &&
	   same_conformal(got.sets.q, d.sets.q, by_class ? 3 : 1), "sets, to the bit");
	const struct abstention *r = &got.abstention.fit;
	ok(got.abstention.made && r->risk == 0.1 && fabs(r->delta - 0.05) < 1e-15 && r->passed && r->threshold == 0 && r->accepted == 25 &&
	   r->errors == 1 && r->bound == 0.09 && r->tests == 12 && r->needs == 40, "abstention; that all are accepted is a threshold of 0");
	ok(got.alarm.made && got.alarm.score == OOD_MI && isinf(got.alarm.fit.sure.threshold) && got.alarm.fit.sure.rank == 26 &&
	   got.alarm.fit.sure.needs == 45, "an alarm that is never raised");
	ok(!got.intervals.made, "and no rule besides");
	ok(decisions_void(&got), "a rule decides nothing");
	arena_free(&a);
	test_prefix(NULL);
}

static void test_targets(void)
{
	const struct decisions d = of_targets();
	const char *path = put(decisions_to_json(&d, "1.2.3", json_object()));
	struct arena a = {0};
	struct decisions got;
	MUST(decisions_read(path, &a, &got));
	ok(got.targets == 2 && got.classes == 0 && !got.class_name && got.ensemble == 0 && got.intervals.made &&
	   got.intervals.score == INTERVAL_QUANTILES && same_conformal(got.intervals.q, d.intervals.q, 2) && !got.sets.made && got.scaling.n == 0,
	   "real targets: intervals, to the bit, one of them moved inward");
	ok(!*got.precision.at, "a precision that is not known");
	ok(!decisions_void(&got), "which decide something");
	arena_free(&a);
}

static void test_numbers(void)
{
	struct decisions d = of_classes(false), got;
	struct arena a = {0};
	d.class_name = NULL;
	MUST(decisions_read(put(decisions_to_json(&d, "1", json_object())), &a, &got));
	ok(got.classes == 3 && !got.class_name, "classes without names are their number");
	arena_free(&a);
	json_t *older = decisions_to_json(&d, "1", json_object());
	json_object_del(older, "precision");
	MUST(decisions_read(put(older), &a, &got));
	ok(!*got.precision.at, "a file of an earlier version says no precision");
	arena_free(&a);
}

/* ---- what is refused ---- */

/* The member of a rule, or of the whole, becomes this JSON; NULL: goes. */
static const struct change {
	const char *rule, *member, *value, *said;
} changes[] = {
	{NULL, "format", "\"basin-run\"", "not a file of decisions"},
	{NULL, "format", NULL, "not a file of decisions"},
	{NULL, "version", "2", "version 2 of the format"},
	{NULL, "likelihood", "\"poisson\"", "likelihood"},
	{NULL, "likelihood", "3", "likelihood"},
	{NULL, "classes", "null", "classes"},
	{NULL, "classes", "[]", "classes"},
	{NULL, "classes", "0", "classes"},
	{NULL, "classes", "-1", "classes"},
	{NULL, "classes", "99999999999", "classes"},
	{NULL, "classes", "[\"a\", 2, \"c\"]", "classes"},
	{NULL, "targets", "2", "classes or targets"},
	{NULL, "n", "0", "n:"},
	{NULL, "n", "2.5", "n:"},
	{NULL, "snapshots", "\"7\"", "snapshots"},
	{NULL, "ensemble_fingerprint", "\"xyz\"", "ensemble_fingerprint"},
	{NULL, "ensemble_fingerprint", "7", "ensemble_fingerprint"},
	{NULL, "data_fingerprint", "\"2a\"", "data_fingerprint"},
	{NULL, "precision", "\"fp8\"", "precision: one of fp32|bf16 is expected"},
	{NULL, "precision", "16", "precision: one of fp32|bf16 is expected"},
	{NULL, "rules", "{}", "holds no rules"},
	{NULL, "rules", "[1]", "holds no rules"},
	{NULL, "rules", "{\"oracle\": {}}", "rules.oracle: no such rule"},
	{NULL, "rules", "{\"intervals\": {}}", "rules.intervals: no such rule"},
	{NULL, "rules", "{\"sets\": 3}", "rules.sets.score"},
	{"temperature_scaling", "temperature", "0.01", "rules.temperature_scaling.temperature"},
	{"temperature_scaling", "temperature", "21", "rules.temperature_scaling.temperature"},
	{"temperature_scaling", "at_lower", "1", "rules.temperature_scaling.at_lower"},
	{"temperature_scaling", "zeros", "26", "rules.temperature_scaling.zeros"},
	{"temperature_scaling", "nll", "\"low\"", "rules.temperature_scaling.nll"},
	{"sets", "score", "\"oracle\"", "rules.sets.score"},
	{"sets", "coverage", "1", "rules.sets.coverage"},
	{"sets", "coverage", "null", "rules.sets.coverage"},
	{"sets", "by_class", "null", "rules.sets.by_class"},
	{"sets", "by_class", "true", "rules.sets.thresholds"},
	{"sets", "lambda", "-1", "rules.sets.lambda"},
	{"sets", "k_reg", "-1", "rules.sets.k_reg"},
	{"sets", "thresholds", "[]", "rules.sets.thresholds"},
	{"sets", "thresholds", "[0.1, 0.2]", "rules.sets.thresholds"},
	{"sets", "thresholds", "[\"all\"]", "rules.sets.thresholds"},
	{"sets", "rows", "[26]", "rules.sets.thresholds"},
	{"sets", "rows", "[-1]", "rules.sets.thresholds"},
	{"sets", "rows", "[3]", "rules.sets.thresholds: null where there were too few rows"},
	{"abstention", "risk", "0", "rules.abstention.risk"},
	{"abstention", "confidence", "1", "rules.abstention.confidence"},
	{"abstention", "threshold", "null", "rules.abstention.threshold"},
	{"abstention", "passed", "false", "rules.abstention.threshold"},
	{"abstention", "accepted", "26", "rules.abstention.accepted"},
	{"abstention", "errors", "26", "rules.abstention.errors"},
	{"abstention", "tests", "-1", "rules.abstention.tests"},
	{"abstention", "needs", "1e3", "rules.abstention.needs"},
	{"abstention", "bound", "[]", "rules.abstention.bound"},
	{"alarm", "score", "\"\"", "rules.alarm.score"},
	{"alarm", "false_alarm", "-0.1", "rules.alarm.false_alarm"},
	{"alarm", "confidence", "true", "rules.alarm.confidence"},
	{"alarm", "threshold", "{}", "rules.alarm.threshold"},
	{"alarm", "rank", "0", "rules.alarm.rank"},
	{"alarm", "rank", "27", "rules.alarm.rank"},
	{"alarm", "needs", "-3", "rules.alarm.needs"},
	{"alarm", "bound", "2", "rules.alarm.bound"},
};

static void refuse(const struct change *c)
{
	const struct decisions d = of_classes(false);
	struct arena a = {0};
	struct decisions got;
	json_t *whole = decisions_to_json(&d, "1.2.3", json_object());
	json_t *at = c->rule ? json_object_get(json_object_get(whole, "rules"), c->rule) : whole;
	if (c->value)
		MUST(json_object_set_new(at, c->member, json_loads(c->value, JSON_DECODE_ANY, NULL)) ? ERR_MEMORY : OK);
	else
		json_object_del(at, c->member);
	status s = decisions_read(put(whole), &a, &got);
	if (!ok(s == ERR_INPUT && strstr(fail_message(s), "rules.json: ") && strstr(fail_message(s), c->said), "%s%s%s = %s is refused",
	        c->rule ? c->rule : "", c->rule ? "." : "", c->member, c->value ? c->value : "nothing"))
		note("%s", s == OK ? "it was read" : fail_message(s));
	arena_free(&a);
}

static void test_cut(void)
{
	const struct decisions d = of_classes(true);
	const char *path = put(decisions_to_json(&d, "1.2.3", json_object()));
	size_t n, taken = 0;
	uint8_t *bytes = slurp(path, &n);
	/* The last bytes are a brace and a line's end, which may be missing. */
	for (size_t k = 0; k + 1 < n; k += 7) {
		struct arena a = {0};
		struct decisions got;
		spit(path, bytes, k);
		taken += decisions_read(path, &a, &got) == OK;
		arena_free(&a);
	}
	ok(taken == 0, "no part of a file is taken for all of it");
	free(bytes);
}

static void test_spaces(void)
{
	const struct decisions d = of_classes(false);
	const char *path = put(decisions_to_json(&d, "1.2.3", json_object()));
	struct arena a = {0};
	struct decisions got;
	json_t *whole;
	MUST(json_text_read(path, &whole));
	FILE *to = fopen(path, "w");
	MUST(to && json_dumpf(whole, to, JSON_COMPACT | JSON_REAL_PRECISION(17)) == 0 ? OK : ERR_IO);
	fclose(to);
	json_decref(whole);
	ok(decisions_read(path, &a, &got) == OK, "blanks and line ends are nobody's");
	arena_free(&a);
}

int main(void)
{
	test_classes(false);
	test_classes(true);
	test_targets();
	test_numbers();
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		refuse(&changes[i]);
	test_cut();
	test_spaces();
	return done_testing();
}
