/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What basin predict reports of rows without labels. */
#include "commands/predict.h"
#include "commands/report.h"
#include "predict/unlabelled.h"
#include "src/json_build.h"

status predict_figures_unlabelled(const struct predictions *p, struct arena *a, struct figures *out)
{
	struct intervals of;
	if (p->mixture.c)
		return unlabelled_classes(&p->mixture, out);
	const struct regression r = predictions_regression(p);
	TRY(intervals_of(&r, 0, a, &of));
	*out = unlabelled_reals(&of);
	return OK;
}

void predict_report_unlabelled(const struct opts *o, const struct figures *all, size_t labelled, json_t **figures)
{
	char words[96];
	report_figures(figures, all);
	if (opts_flag(o, "json")) {
		json_put(figures, "n_labelled", json_integer((json_int_t)labelled));
		return;
	}
	if (labelled)
		snprintf(words, sizeof words, "of %zu row%s alone, so none is scored", labelled, labelled == 1 ? "" : "s");
	else
		snprintf(words, sizeof words, "none, so nothing is scored");
	json_put(figures, "labels", json_string(words));
}
