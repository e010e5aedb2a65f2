/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "commands/plot.h"
#include "commands/scores.h"
#include "src/data/fingerprint.h"
#include "src/json_build.h"

void report_number(json_t **into, const char *name, double x)
{
	/* Fifteen digits: what the arithmetic behind a figure can vouch for, and 0.1 prints as 0.1. */
	char text[32];
	snprintf(text, sizeof text, "%.15g", x);
	json_put(into, name, isfinite(x) ? json_real(strtod(text, NULL)) : json_null());
}

static void put_figures(json_t **into, const struct figures *f)
{
	json_put(into, "snapshots", json_integer((json_int_t)f->members));
	for (int i = 0; i < f->count; i++)
		if (f->at[i].count)
			json_put(into, f->at[i].name, json_integer((json_int_t)f->at[i].value));
		else
			report_number(into, f->at[i].name, f->at[i].value);
}

void report_figures(json_t **into, const struct figures *f)
{
	json_put(into, "n", json_integer((json_int_t)f->n));
	put_figures(into, f);
}

json_t *report_curve(const struct figures *curve, size_t n)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *row = json_object();
		put_figures(&row, &curve[i]);
		json_add(&rows, row);
	}
	return rows;
}

void report_roc(json_t **into, const struct roc *r)
{
	report_number(into, "auroc", r->auroc);
	report_number(into, "auroc_se", r->auroc_se);
	report_number(into, "aupr_out", r->aupr_out);
	report_number(into, "aupr_in", r->aupr_in);
	report_number(into, "fpr95", r->fpr95);
	report_number(into, "fpr95_in", r->fpr95_in);
	report_number(into, "base_rate", r->base_rate);
	json_put(into, "n_id", json_integer((json_int_t)r->n_id));
	json_put(into, "n_ood", json_integer((json_int_t)r->n_ood));
}

void report_fingerprint(json_t **into, const char *name, uint64_t fingerprint)
{
	json_put(into, name, json_string(fingerprint_text(fingerprint).at));
}

const char *report_rather(const struct network *n)
{
	return n->origin.holdout ? "; --split holdout takes what the run held out" : "";
}

void report_examples(json_t **into, const struct subject *s, bool json)
{
	json_put(into, "data", json_words(s->data.spec));
	if (!s->whole)
		json_put(into, "split", json_string(split_name(s->data.split)));
	else if (json)
		json_put(into, "split", json_null());
	if (s->labels)
		json_put(into, "labels", json_words(s->labels));
	if (json)
		report_fingerprint(into, "data_fingerprint", s->data.fingerprint);
}

const char *report_not_fixed(bool batch_norm)
{
	return batch_norm ? "not the posterior of a fixed model; for one, use --norm frn --augment none"
	                  : "not the posterior of a fixed model; for one, use --augment none";
}

void report_facts(json_t **into, const json_t *header)
{
	static const char *const facts[] = {"temperature", "target", NULL};
	json_put(into, "units", json_string("nats"));
	for (int i = 0; facts[i]; i++) {
		json_t *fact = json_object_get(header, facts[i]);
		json_put(into, facts[i], fact ? json_incref(fact) : json_null());
	}
	const char *norm = json_string_value(json_object_get(json_object_get(header, "model"), "norm"));
	if (json_is_false(json_object_get(header, "fixed")))
		json_put(into, "note", json_string(report_not_fixed(norm && strcmp(norm, "bn") == 0)));
}

status report_show(const struct opts *o, json_t *figures)
{
	const json_t *curve = json_object_get(figures, "curve");
	if (opts_flag(o, "json"))
		return report_json(json_incref(figures));
	TRY(report_print(figures));
	report_scores_print(figures);
	if (curve) {
		putchar('\n');
		report_table(curve);
		plot_curve(curve, "nll", "NLL, nats", "snapshots");
		plot_curve(curve, "accuracy", "accuracy", "snapshots");
		plot_curve(curve, "rmse", "RMSE", "snapshots");
	}
	return report_end();
}

status report_option(status s, const char *option)
{
	return s == OK ? OK : fail_within(s, "--%s ", option);
}
