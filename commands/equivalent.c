/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/equivalent.h"

#include <math.h>
#include <stdio.h>

#include "commands/network.h"
#include "commands/report.h"
#include "commands/select.h"
#include "predict/scores/equivalent.h"
#include "predict/selection.h"
#include "src/json_build.h"
#include "src/likelihood.h"

/* A deep ensemble's members are the ends of its chains. */
static status open_members(const struct opts *o, struct selection *out)
{
	const char *path = opts_text(o, "ensemble");
	const struct selection_request request = {.chain = -1, .to = UINT64_MAX, .last = 1, .skip_damaged = opts_flag(o, "skip-damaged")};
	status s = selection_open(&path, 1, &request, out);
	if (s == OK && out->n < 2) {
		selection_close(out);
		s = fail(ERR_USAGE, "%s: has one chain; a deep ensemble is a run of several, as --chains of basin sample makes them", path);
	}
	return report_option(s, "ensemble");
}

status equivalent_check(const struct opts *o, const struct network *n, const char *const *files, int n_files)
{
	static const char *const none[] = {NULL};
	struct selection chosen;
	if (!opts_text(o, "ensemble"))
		return OK;
	if (predictive_of(n->likelihood)->classes(n->model.outputs) == 0)
		return fail(ERR_USAGE, "--ensemble compares calibrated class probabilities; this run's likelihood is %s", n->likelihood->name);
	TRY(open_members(o, &chosen));
	status s = select_spare(o, &chosen, none, files, n_files);
	selection_close(&chosen);
	return s;
}

static void put(const char *path, const struct equivalent *e, bool json, json_t **into)
{
	report_number(into, "deep_ensemble_equivalent", e->number);
	report_number(into, "deep_ensemble_equivalent_se", e->number_sd);
	if (isnan(e->number) || e->at_least) {
		char words[80];
		if (isnan(e->nll[e->members - 1]))
			snprintf(words, sizeof words, "not known: too few examples for a calibrated NLL");
		else
			snprintf(words, sizeof words, isnan(e->number) ? "more than its %zu members" : "one of its %zu members is better already",
			         e->members);
		json_put(into, "deep_ensemble_reason", json_string(words));
	}
	if (!json)
		return;
	json_t *curve = json_array(), *facts = json_object();
	for (size_t k = 0; k < e->members; k++)
		json_add(&curve, isfinite(e->nll[k]) ? json_real(e->nll[k]) : json_null());
	json_put(&facts, "run", json_words(path));
	json_put(&facts, "members", json_integer((json_int_t)e->members));
	json_put(&facts, "nll_calibrated", curve);
	json_put(into, "deep_ensemble", facts);
}

/* Of the same examples, and classes. */
static status check_same(const struct opts *o, const struct predictions *members, const struct predictions *p)
{
	const char *path = opts_text(o, "ensemble");
	if (!subject_same_examples(members->subject, p->subject))
		return fail(ERR_USAGE, "--ensemble %s: predicts other examples than are scored; --data names a set for both", path);
	if (members->mixture.c != p->mixture.c)
		return fail(ERR_USAGE, "--ensemble %s: predicts %d classes, and what is scored has %d", path, members->mixture.c, p->mixture.c);
	return OK;
}

static status predict_subject(const struct opts *o, struct selection *chosen, struct network *n, const struct subject *subject,
                              const struct predictions *p, double nll, struct arena *a, json_t **into)
{
	const struct mixture *m = &p->mixture;
	struct predictions members;
	struct equivalent got;
	TRY(predictions_open(a, n, subject, chosen->n, SCORE_NOTHING, &members));
	TRY(check_same(o, &members, p));
	if (m->n > SIZE_MAX / sizeof(float) / (size_t)m->c / chosen->n)
		return fail(ERR_MEMORY, "out of memory: %zu members' probabilities for %zu examples", chosen->n, m->n);
	TRY(ARENA_NEW(a, chosen->n * m->n * (size_t)m->c, &members.kept));
	TRY(network_predict(o, chosen, n, &members, 1));
	TRY(equivalent_of(members.kept, chosen->n, m->n, m->c, m->label, nll, a, &got));
	put(opts_text(o, "ensemble"), &got, opts_flag(o, "json"), into);
	return OK;
}

static status predict_members(const struct opts *o, struct selection *chosen, const struct subject_request *request,
                              const struct predictions *p, double nll, struct arena *a, json_t **into)
{
	struct network n;
	struct subject subject;
	TRY(report_option(network_open_by(o, chosen, p->network, &n), "ensemble"));
	status s = subject_open(&n, request, &subject);
	if (s == OK) {
		s = predict_subject(o, chosen, &n, &subject, p, nll, a, into);
		subject_close(&subject);
	}
	network_close(&n);
	return s;
}

status report_equivalent(const struct opts *o, const struct subject_request *request, const struct predictions *p, json_t **into)
{
	const double nll = json_number_value(json_object_get(*into, "nll_calibrated"));
	struct arena arena = {0};
	struct selection chosen;
	TRY(open_members(o, &chosen));
	status s = predict_members(o, &chosen, request, p, nll, &arena, into);
	arena_free(&arena);
	selection_close(&chosen);
	return s;
}
