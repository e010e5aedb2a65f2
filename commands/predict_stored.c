/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* basin predict --probs: probabilities that any program made. */
#include "commands/output.h"
#include "commands/predict.h"
#include "commands/report.h"
#include "commands/select.h"
#include "predict/stored.h"
#include "src/json_build.h"

static status score_stored(const struct opts *o, FILE *probs, struct arena *a, json_t **figures, json_t **rows)
{
	struct stored stored;
	struct figures all, *curve = NULL;
	TRY(report_option(stored_open(a, opts_text(o, "probs"), &stored), "probs"));
	TRY(report_option(stored_labels(a, opts_text(o, "labels"), &stored.mixture), "labels"));
	if (opts_flag(o, "curve"))
		TRY(ARENA_NEW(a, stored.members, &curve));
	TRY(report_option(stored_fill(&stored, a, curve), "probs"));
	TRY(predictive_score_classes(&stored.mixture, true, &all));
	report_figures(figures, &all);
	json_put(figures, "convergence", json_null());
	if (curve)
		*rows = report_curve(curve, stored.members);
	return predict_save_probs(probs, &stored.mixture, a);
}

status predict_stored(const struct opts *o, struct arena *a, json_t **figures)
{
	static const char *const of_runs[] = {"data", "split", "header", "save-member-probs", "batch", "device", "threads",
	                                      "precision", "conv-algo", "fast", NULL};
	if (!opts_text(o, "probs") || !opts_text(o, "labels"))
		return fail(ERR_USAGE, "--probs and --labels go together: the probabilities and the classes they are scored by");
	TRY(select_refuse(o, "probs", of_runs));
	struct output_file file;
	TRY(outputs_open(o, a, &predict_file[PREDICT_PROBS], 1, &file));
	json_t *rows = NULL;
	status s = outputs_close(&file, 1, score_stored(o, file.to, a, figures, &rows));
	json_put(figures, "data", json_words(opts_text(o, "probs")));
	json_put(figures, "split", json_null());
	report_facts(figures, NULL);
	if (opts_flag(o, "json"))
		select_origin(o, NULL, figures);
	json_put(figures, "roles", json_array());
	if (opts_flag(o, "curve"))
		json_put(figures, "curve", rows);
	return s;
}
