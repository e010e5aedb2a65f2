/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "chains/bn_pass.h"

enum { SHARE = SLOT_SAMPLER };  /* of a batch in the mean of those so far */

static status bn_pass_batches(struct potential *p, struct slots *s, int batch, const float *theta, float *stats)
{
	int k = 0;
	for (size_t first = 0; first < p->n; first += (size_t)batch, k++) {
		int n = p->n - first < (size_t)batch ? (int)(p->n - first) : batch;
		const struct gradient_request r = {
			.at = {.theta = theta},
			.batch = {.row = SLOT_FIRST, .n = n, .scale = 1.0 / n},
			.policy = STATS_CUMULATE,
			.stats = stats,
			.stats_share = SHARE,
			.augment = STREAM_BN_PASS,
		};
		s->value[SLOT_FIRST] = (double)first;
		s->value[SHARE] = 1 / ((double)k + 1);
		TRY(p->device->ops->slots_send(p->device, s));
		TRY(p->ops->value_grad(p, s, &r));
	}
	return OK;
}

status bn_pass(struct potential *p, struct rng_key key, uint64_t step, int batch, const float *theta, float *host,
               float *stats)
{
	struct device *d = p->device;
	/* Slots of its own: the chain's keep their totals, and what they know of its losses. */
	struct slots own = {.key = key, .step = step};
	segments_init(p->stats, key, host);
	TRY(d->ops->put(d, stats, host, p->n_stats * sizeof *host));
	TRY(d->ops->slots_open(d, &own));
	status s = bn_pass_batches(p, &own, batch, theta, stats);
	/* What was put off and failed is to be known before the statistics are used. */
	if (s == OK)
		s = d->ops->sync(d);
	d->ops->slots_close(d, &own);
	return s;
}
