/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin predict --probs: probabilities that any program made. */
#include "commands/output.h"
#include "commands/predict.h"
#include "commands/report.h"
#include "commands/scores.h"
#include "commands/select.h"
#include "predict/stored.h"
#include "predict/unlabelled.h"
#include "src/json_build.h"

static status score_mixture(const struct opts *o, const struct mixture *m, const struct member_logs *logs, json_t **figures)
{
	struct figures all;
	TRY(m->label ? predictive_score_classes(m, true, &all) : unlabelled_classes(m, &all));
	if (!m->label) {
		predict_report_unlabelled(o, &all, 0, figures);
		return OK;
	}
	report_figures(figures, &all);
	return report_class_scores(o, m, NULL, logs, figures);
}

static status score_stored(const struct opts *o, const struct output_file file[2], struct arena *a, json_t **figures, json_t **rows)
{
	struct stored stored;
	struct member_logs logs;
	const struct decisions *decisions;
	struct figures *curve = NULL;
	TRY(report_option(stored_open(a, opts_text(o, "probs"), &stored), "probs"));
	if (opts_text(o, "labels")) {
		TRY(report_option(stored_labels(a, opts_text(o, "labels"), &stored.mixture), "labels"));
		TRY(member_logs_open(a, stored.mixture.n, &logs));
		stored.logs = &logs;
	}
	TRY(predict_rules_stored(o, &stored, a, &decisions));
	if (opts_flag(o, "curve"))
		TRY(ARENA_NEW(a, stored.members, &curve));
	TRY(report_option(stored_fill(&stored, a, curve), "probs"));
	TRY(score_mixture(o, &stored.mixture, &logs, figures));
	TRY(predict_rules_report(o, decisions, &stored.mixture, NULL, NULL, figures));
	json_put(figures, "convergence", json_null());
	if (curve)
		*rows = report_curve(curve, stored.members);
	TRY(predict_save_stored(file[1].to, &stored.mixture, decisions, a));
	return predict_save_probs(file[0].to, &stored.mixture, a);
}

status predict_stored(const struct opts *o, struct arena *a, json_t **figures)
{
	static const char *const of_runs[] = {"data", "split", "header", "decimal", "unknown", "ensemble", "save-member-probs", "level",
	                                      "batch", "device", "threads", "precision", "conv-algo", "fast", NULL};
	if (!opts_text(o, "probs"))
		return fail(ERR_USAGE, "--labels belongs to --probs: the classes that probabilities are scored by");
	if (!opts_text(o, "labels") && opts_flag(o, "curve"))
		return fail(ERR_USAGE, "--curve needs --labels");
	if (!opts_text(o, "labels") && opts_given(o, "scores"))
		return fail(ERR_USAGE, "--scores needs --labels");
	TRY(select_refuse(o, "probs", of_runs));
	static const char *const option[2] = {"save-probs", "csv"};
	struct output_file file[2];
	TRY(select_spare(o, NULL, predict_read, option, 2));
	TRY(outputs_open(o, a, option, 2, file));
	json_t *rows = NULL;
	status s = outputs_close(file, 2, score_stored(o, file, a, figures, &rows));
	select_stored(o, figures);
	if (opts_flag(o, "curve"))
		json_put(figures, "curve", rows);
	return s;
}
