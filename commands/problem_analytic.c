/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Analytic targets stand where networks do; they have no data, and their options are few. */
#include <string.h>

#include "commands/problem_device.h"
#include "commands/word_lists.h"
#include "src/analytic.h"
#include "src/options/suggest.h"

status problem_check_model(const char *spec)
{
	const size_t n = strcspn(spec, ":");
	struct text word = {.n = 0}, known = {.n = 0}, one;
	text_add(&word, "%.*s", (int)n, spec);
	struct suggestion near = {.word = word.at};
	struct param_word w;
	for (int i = 0; words_models.at(i, &w); i++) {
		if (strcmp(w.name, word.at) == 0)
			return OK;
		suggest_from(&near, w.name);
		one.n = 0;
		text_add(&one, "%s%s%s", w.name, w.rest ? ":" : "", w.rest ? w.rest : "");
		text_list(&known, ", ", one.at);
	}
	return fail(ERR_USAGE, "--model %s: no such model; there are %s%s%s%s", spec, known.at, near.best ? "; did you mean " : "",
	            near.best ? near.best : "", near.best ? "?" : "");
}

status problem_check_analytic(const struct opts *o)
{
	static const char *const data[] = {"data", "labels", "holdout", "target", "header", "decimal", "drop", "id", "category", "missing",
	                                   "unknown", "standardize", "no-standardize", "normalize",
	                                   "augment", "activation", "norm", "init", "freeze", "likelihood", "noise-sd",
	                                   "class-weight", "prior",
	                                   "precision", "conv-algo", "fast", "bn-stats", NULL};
	static const char *const examples[] = {"epochs", "batch", "sampling", "keep-last", NULL};
	const char *spec = opts_text(o, "model");
	for (const char *const *n = data; *n; n++)
		if (opts_given(o, *n))
			return fail(ERR_USAGE, "--%s does not apply to --model %s, which has no data", *n, spec);
	for (const char *const *n = examples; *n && !analytic_kind(spec)->examples; n++)
		if (opts_given(o, *n))
			return fail(ERR_USAGE, "--%s does not apply to --model %s, which has no data", *n, spec);
	return OK;
}

status problem_place_analytic(const struct opts *o, struct device *d, struct potential **out)
{
	const char *noise = opts_text(o, "gradient-noise");
	TRY(analytic_open(opts_text(o, "model"), d, out));
	status s = noise ? analytic_noise(*out, noise) : OK;
	if (s == OK)
		return OK;
	potential_close(*out);
	*out = NULL;
	return s;
}
