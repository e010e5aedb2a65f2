/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real targets: each member predicts a Gaussian around its outputs, in the targets' own units. */
#include "predict/predictive.h"

#include <stdlib.h>

#include "predict/regression.h"
#include "src/likelihood.h"

static int gaussian_classes(int outputs)
{
	(void)outputs;
	return 0;
}

static status gaussian_check(const struct network *n, const struct dataset *d)
{
	int targets = likelihood_targets(n->likelihood, n->model.outputs);
	/* Members with deviations of their own would be scored by one that none of them has. */
	if (n->likelihood->param[0].name)
		return fail(ERR_USAGE, "%s: predictions with a sampled %s can't be scored yet", d->spec, n->likelihood->param[0].name);
	if (d->target && d->n_targets == targets)
		return OK;
	return fail(ERR_USAGE, "%s: the model predicts %d real target%s, and the set has %d", d->spec, targets,
	            targets == 1 ? "" : "s", d->target ? d->n_targets : 0);
}

/* CRPS and coverage of every prefix would take S² work, and are left to the whole ensemble. */
static status gaussian_curve(const struct regression *r, const double *y, struct figures *curve)
{
	double *nll = malloc(2 * r->members * sizeof *nll), *rmse = nll + r->members;
	if (!nll)
		return fail(ERR_MEMORY, "out of memory: the curve");
	status s = regression_curve(r, y, nll, rmse);
	for (size_t i = 0; s == OK && i < r->members; i++)
		curve[i] = (struct figures){r->n, i + 1, 2, {{"nll", nll[i]}, {"rmse", rmse[i]}}};
	free(nll);
	return s;
}

static status gaussian_score(const struct predictions *p, struct figures *out)
{
	const struct network *n = p->network;
	const struct dataset *d = &p->subject->data;
	const struct regression r = {d->n, n->model.outputs, p->members, p->outputs, n->standardize.target_mean,
	                             n->standardize.target_sd, n->noise_sd};
	struct regression_metrics got;
	TRY(metrics_regression(&r, d->target_wide, &got));
	*out = (struct figures){got.n, got.members, 5, {
		{"nll", got.nll}, {"nll_se", got.nll_se}, {"rmse", got.rmse}, {"crps", got.crps}, {"coverage", got.coverage},
	}};
	return p->curve ? gaussian_curve(&r, d->target_wide, p->curve) : OK;
}

const struct predictive predictive_gaussian = {
	.classes = gaussian_classes,
	.keeps_outputs = true,
	.check = gaussian_check,
	.score = gaussian_score,
};
