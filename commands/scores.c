/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "commands/scores.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/report.h"
#include "predict/ood.h"
#include "predict/scores/calibrated.h"
#include "predict/scores/class_report.h"
#include "predict/scores/coverage.h"
#include "predict/scores/reliability.h"
#include "predict/scores/selective.h"
#include "predict/scores/smooth_ece.h"
#include "src/json_build.h"

/* Classes up to which people see a table of them unasked; and up to which programs are given the confusion, c² numbers. */
enum { FEW_SHOWN = 4, FEW_GIVEN = 20 };

struct scores {
	bool json, all;
	const struct mixture *m;
	const char *const *names;
	const struct member_logs *logs;
	struct judged judged;
	struct arena arena;
	json_t **into;
};

static void put(json_t **into, const char *name, double value, double se)
{
	char of_error[64];
	snprintf(of_error, sizeof of_error, "%s_se", name);
	report_number(into, name, value);
	report_number(into, of_error, se);
}

/* What people are shown only where they ask for all. */
static void put_more(const struct scores *s, const char *name, double value, double se)
{
	if (s->json || s->all)
		put(s->into, name, value, se);
}

/* ---- by class ---- */

static json_t *class_row(const struct scores *s, const size_t *confusion, int k)
{
	const struct class_figures f = class_figures_of(confusion, s->m->c, k);
	json_t *row = json_object();
	json_put(&row, "class", json_integer(k));
	if (s->names)
		json_put(&row, "name", json_words(s->names[k]));
	put(&row, "precision", f.precision, f.precision_se);
	put(&row, "recall", f.recall, f.recall_se);
	put(&row, "f1", f.f1, f.f1_se);
	json_put(&row, "support", json_integer((json_int_t)f.support));
	return row;
}

static json_t *confusion_rows(const size_t *confusion, size_t c)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < c; i++) {
		json_t *row = json_array();
		for (size_t k = 0; k < c; k++)
			json_add(&row, json_integer((json_int_t)confusion[i * c + k]));
		json_add(&rows, row);
	}
	return rows;
}

static status put_classes(struct scores *s)
{
	const int c = s->m->c;
	size_t *confusion;
	if (!s->all && !s->json && c > FEW_SHOWN)
		return OK;
	TRY(class_confusion(&s->judged, &s->arena, &confusion));
	json_t *rows = json_array();
	for (int k = 0; k < c; k++)
		json_add(&rows, class_row(s, confusion, k));
	json_put(s->into, "classes", rows);
	if (s->all || c <= FEW_GIVEN)
		json_put(s->into, "confusion", confusion_rows(confusion, (size_t)c));
	return OK;
}

/* Of two classes, the second being positive: by its p̄. */
static status put_binary(struct scores *s)
{
	const struct mixture *m = s->m;
	double *score, p[2];
	struct roc roc;
	size_t negative = 0, positive = m->n;
	if (m->c != 2)
		return OK;
	TRY(ARENA_NEW(&s->arena, m->n, &score));
	for (size_t i = 0; i < m->n; i++) {
		mixture_mean(m, i, p);
		score[m->label[i] ? --positive : negative++] = p[1];
	}
	TRY(ood_roc(score, negative, score + positive, m->n - positive, ROC_PLACEMENTS, &roc));
	put(s->into, "auroc", roc.auroc, roc.auroc_se);
	/* As of a share of the positive examples (Boyd, Eng & Page 2013). */
	put(s->into, "aupr", roc.aupr_out, sqrt(roc.aupr_out * (1 - roc.aupr_out) / (double)(m->n - positive)));
	return OK;
}

/* ---- of calibration ---- */

static json_t *bin_rows(const struct judged *j)
{
	struct reliability_bin bin[ECE_BINS];
	json_t *rows = json_array();
	reliability_bins(j, bin);
	for (int b = 0; b < ECE_BINS; b++) {
		json_t *row = json_object();
		report_number(&row, "from", bin[b].from);
		report_number(&row, "to", bin[b].to);
		json_put(&row, "count", json_integer((json_int_t)bin[b].count));
		report_number(&row, "confidence", bin[b].confidence);
		put(&row, "accuracy", bin[b].accuracy, bin[b].accuracy_se);
		json_add(&rows, row);
	}
	return rows;
}

static status put_calibration(struct scores *s)
{
	struct calibration width, mass, classes;
	struct smooth_ece smooth;
	struct calibrated got;
	TRY(calibrated_nll(s->m, &got));
	TRY(calibration_equal_width(&s->judged, &width));
	TRY(calibration_equal_mass(&s->judged, &mass));
	TRY(calibration_by_class(s->m, &classes));
	TRY(smooth_ece_of(&s->judged, &smooth));
	put(s->into, "nll_calibrated", got.nll, got.nll_se);
	report_number(s->into, "temperature_fitted", (got.temperature[0] + got.temperature[1]) / 2);
	report_number(s->into, "ece_se", width.se);
	put_more(s, "ece_classwise", classes.error, classes.se);
	put_more(s, "ece_adaptive", mass.error, mass.se);
	put(s->into, "smooth_ece", smooth.error, smooth.se);
	if (s->json || s->all)
		json_put(s->into, "reliability", bin_rows(&s->judged));
	return OK;
}

/* ---- of selection, and of members together ---- */

static status put_selective(struct scores *s)
{
	struct selective got;
	TRY(selective_of(&s->judged, &got));
	put_more(s, "aurc", got.aurc, got.aurc_se);
	put_more(s, "augrc", got.augrc, got.augrc_se);
	put(s->into, "accuracy_at_80", got.accuracy_at_80, got.accuracy_at_80_se);
	return OK;
}

static void put_joint(const struct joint *j, bool json, json_t **into)
{
	double nll, se;
	joint_nll(j, &nll, &se);
	put(into, "joint_nll", nll, se);
	if (!json)
		return;
	json_put(into, "joint_nll_tau", json_integer(JOINT_TAU));
	json_put(into, "joint_nll_batches", json_integer((json_int_t)j->batches));
	json_put(into, "joint_nll_seed", json_integer(JOINT_SEED));
}

static void put_ambiguity(double value, double se, const char *of, bool json, json_t **into)
{
	put(into, "ambiguity", value, se);
	if (json)
		json_put(into, "ambiguity_of", json_string(of));
}

static status put_all(struct scores *s)
{
	double ambiguity, se;
	TRY(judged_of(s->m, &s->arena, &s->judged));
	TRY(put_calibration(s));
	TRY(put_binary(s));
	TRY(put_selective(s));
	put_joint(&s->logs->joint, s->json, s->into);
	TRY(ambiguity_nll(&s->logs->ambiguity, s->judged.loss, &ambiguity, &se));
	put_ambiguity(ambiguity, se, "nll", s->json, s->into);
	return put_classes(s);
}

status report_class_scores(const struct opts *o, const struct mixture *m, const char *const *names, const struct member_logs *logs,
                           json_t **into)
{
	struct scores s = {.json = opts_flag(o, "json"), .all = opts_choice(o, "scores") == 1, .m = m, .names = names, .logs = logs,
	                   .into = into};
	status st = put_all(&s);
	arena_free(&s.arena);
	return st;
}

/* ---- of real targets ---- */

static json_t *interval_rows(const struct coverage level[COVERAGE_LEVELS])
{
	json_t *rows = json_array();
	for (int l = 0; l < COVERAGE_LEVELS; l++) {
		json_t *row = json_object();
		report_number(&row, "level", level[l].level);
		json_put(&row, "count", json_integer((json_int_t)level[l].count));
		put(&row, "coverage", level[l].share, level[l].share_se);
		json_add(&rows, row);
	}
	return rows;
}

static status real_scores(const struct opts *o, const struct regression *r, const double *y, const struct member_logs *logs,
                          json_t **into)
{
	const bool json = opts_flag(o, "json"), all = opts_choice(o, "scores") == 1;
	struct coverage level[COVERAGE_LEVELS];
	double ambiguity, se;
	TRY(ambiguity_mse(r, &ambiguity, &se));
	put_joint(&logs->joint, json, into);
	put_ambiguity(ambiguity, se, "mse", json, into);
	if (!json && !all)
		return OK;
	TRY(coverage_of(r, y, level));
	json_put(into, "reliability", interval_rows(level));
	return OK;
}

status report_scores(const struct opts *o, const struct predictions *p, json_t **into)
{
	const struct dataset *d = &p->subject->data;
	if (p->mixture.c)
		return report_class_scores(o, &p->mixture, d->class_names, p->draws->logs, into);
	const struct regression r = predictions_regression(p);
	return real_scores(o, &r, d->target_wide, p->draws->logs, into);
}
