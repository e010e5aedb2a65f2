/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The function whose curvature is measured: its value at a snapshot, and its gradient. */
#include <math.h>

#include "commands/flatness.h"
#include "commands/report.h"

static status sum_batches(const struct flatness_target *t, curvature_tick *tick, void *of, struct slots *s)
{
	struct potential *p = t->potential;
	const size_t most = (size_t)p->batch, batches = (t->n_rows + most - 1) / most;
	struct gradient_request r = {
		.at = {.theta = t->theta}, .batch = {.index = t->index, .scale = 1 / (double)t->n_rows}, .gradient = t->gradient,
		.policy = STATS_USE, .stats = t->stats,
	};
	for (size_t k = 0; k < batches; k++) {
		TRY(tick(of, k, batches));
		r.batch.offset = k * most;
		r.batch.n = (int)(t->n_rows - k * most < most ? t->n_rows - k * most : most);
		r.accumulate = k > 0;
		TRY(p->ops->value_grad(p, s, &r));
	}
	return t->device->ops->slots_fetch(t->device, s);
}

/* Over the operator's elements, with the prior's part where that is in it. */
static double norm_of(const struct flatness_target *t, const float *theta)
{
	const struct segments *s = t->potential->params;
	double sum = 0;
	for (int i = 0; i < s->n; i++) {
		const struct segment *g = &s->at[i];
		const double decay = t->decay * g->prior;
		const struct prior_curve c = prior_curve(g->kind, g->nu, decay > 0 ? g->prior : 1, t->deviation);
		for (size_t j = g->offset; t->tensor[i] && j < g->offset + g->count; j++) {
			const double x = (double)t->host[j] + (decay > 0 ? decay * prior_gradient(&c, (double)theta[j]) : 0);
			sum += x * x;
		}
	}
	return sqrt(sum);
}

status flatness_loss(const struct flatness_target *t, const struct snaps_record *record, curvature_tick *tick, void *of, json_t **into)
{
	const struct potential *p = t->potential;
	struct device *d = t->device;
	struct slots slots = {.step = 0};
	TRY(d->ops->put(d, t->theta, record->params, p->n_params * sizeof(float)));
	if (p->n_stats)
		TRY(d->ops->put(d, t->stats, record->stats, p->n_stats * sizeof(float)));
	TRY(d->ops->slots_open(d, &slots));
	status s = sum_batches(t, tick, of, &slots);
	d->ops->slots_close(d, &slots);
	TRY(s);
	TRY(d->ops->get(d, t->host, t->gradient, p->n_params * sizeof(float)));
	report_number(into, "nll", slots.value[SLOT_NLL]);
	report_number(into, "gradient_norm", norm_of(t, record->params));
	return OK;
}
