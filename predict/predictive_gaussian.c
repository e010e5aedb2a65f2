/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Real targets: each member predicts a Gaussian around its outputs, in the targets' own units, of a deviation that is given, one that
 * it sampled, or one that is an output too. */
#include "predict/predictive.h"

#include <math.h>
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
		curve[i] = (struct figures){r->n, i + 1, 2, {{"nll", nll[i], false}, {"rmse", rmse[i], false}}};
	free(nll);
	return s;
}

struct regression predictions_regression(const struct predictions *p)
{
	const struct network *n = p->network;
	return (struct regression){
		.n = p->subject->data.n, .k = likelihood_targets(n->likelihood, n->model.outputs), .members = p->members,
		.output = p->outputs, .shift = n->standardize.target_mean, .scale = n->standardize.target_sd, .noise_sd = n->noise_sd,
		.member_sd = p->member_sd, .own_noise = n->likelihood->loss == LOSS_HETEROSCEDASTIC,
	};
}

/* Members that sampled ln σ have it among their parameters. */
static void gaussian_read(struct predictions *p, size_t i, const float *theta)
{
	const struct likelihood *l = p->network->likelihood;
	if (!p->member_sd)
		return;
	const struct segment *own = segments_find(&p->network->model.params, l->param[0].name);
	for (size_t j = 0; j < own->count; j++)
		p->member_sd[i * own->count + j] = exp((double)theta[own->offset + j]);
}

/* Outputs stay where they lie. */
static status gaussian_add(struct predictions *p, const float *outputs, size_t first, size_t count)
{
	const size_t k = (size_t)p->network->model.outputs;
	for (size_t e = first * k; e < (first + count) * k; e++)
		if (!isfinite(outputs[e]))
			return mixture_not_finite(p->subject->data.line, e / k);
	return OK;
}

static double gaussian_alone(struct predictions *p, size_t first, size_t end)
{
	const struct regression all = predictions_regression(p), part = regression_part(&all, first, end);
	return regression_rmse(&part, p->subject->data.target_wide);
}

static double gaussian_member(const struct predictions *p, size_t i)
{
	const struct regression all = predictions_regression(p), part = regression_part(&all, i, i + 1);
	return regression_rmse(&part, p->subject->data.target_wide);
}

static double gaussian_log_lik(const struct predictions *p, size_t i, size_t example)
{
	const struct regression r = predictions_regression(p);
	return regression_log_density(&r, p->subject->data.target_wide, i, example);
}

static double gaussian_mean_log_lik(const struct predictions *p, size_t i)
{
	const size_t n = p->subject->data.n;
	double sum = 0;
	for (size_t example = 0; example < n; example++)
		sum += gaussian_log_lik(p, i, example);
	return sum / (double)n;
}

static double gaussian_guess(const struct predictions *p)
{
	return regression_deviation(p->subject->data.target_wide, p->subject->data.n, p->subject->data.n_targets);
}

static status gaussian_score(const struct predictions *p, struct figures *out)
{
	const struct dataset *d = &p->subject->data;
	const struct regression r = predictions_regression(p);
	struct regression_metrics got;
	TRY(metrics_regression(&r, d->target_wide, &got));
	*out = (struct figures){got.n, got.members, 8, {
		{"nll", got.nll, false}, {"nll_se", got.nll_se, false}, {"rmse", got.rmse, false}, {"crps", got.crps, false},
		{"coverage", got.coverage, false}, {"rmse_se", got.rmse_se, false}, {"crps_se", got.crps_se, false},
		{"coverage_se", got.coverage_se, false},
	}};
	return p->curve ? gaussian_curve(&r, d->target_wide, p->curve) : OK;
}

const struct predictive predictive_gaussian = {
	.classes = gaussian_classes,
	.keeps_outputs = true,
	.check = gaussian_check,
	.read = gaussian_read,
	.add = gaussian_add,
	.alone = gaussian_alone,
	.member = gaussian_member,
	.log_lik = gaussian_log_lik,
	.mean_log_lik = gaussian_mean_log_lik,
	.guess = gaussian_guess,
	.guessed = "rmse",
	.guessed_title = "RMSE",
	.guess_words = "the targets' own deviation",
	.score = gaussian_score,
};
