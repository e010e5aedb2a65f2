/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Analytic targets have no data, and their options are few. */
#include "commands/problem_device.h"
#include "src/analytic.h"

status problem_check_analytic(const struct opts *o)
{
	static const char *const data[] = {"data", "labels", "holdout", "target", "header", "standardize", "normalize",
	                                   "augment", "activation", "norm", "init", "freeze", "likelihood", "noise-sd", "prior",
	                                   "precision", "conv-algo", "fast", "bn-stats", NULL};
	static const char *const examples[] = {"epochs", "batch", "keep-last", NULL};
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
