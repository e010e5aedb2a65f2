/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The pointwise row of AdamW against several steps of PyTorch's torch.optim.AdamW. */
#include <math.h>

#include "tests/backend_body.h"
#include "tests/golden/adamw.h"
#include "tests/tap.h"

void check_adamw_golden(struct device *d, const char *label)
{
	struct piece whole = {.count = ADAMW_N, .prior = 1};
	struct pieces pieces = {&whole, 1, ADAMW_N};
	struct slots s = {0};
	float zero[ADAMW_N] = {0}, got[ADAMW_N];
	float *theta = upload(d, adamw_start, sizeof zero), *m = upload(d, zero, sizeof zero);
	float *v = upload(d, zero, sizeof zero), *g = upload(d, zero, sizeof zero);
	struct pointwise w = {.fn = POINTWISE_ADAMW, .x = {theta, m, v, g}, .y = {theta, m, v}, .prior = SLOT_SAMPLER + 5};
	for (int j = 0; j < 5; j++)
		w.coef[j] = SLOT_SAMPLER + j;
	MUST(d->ops->slots_open(d, &s));
	double *c = s.value + SLOT_SAMPLER, worst = 0;
	for (int t = 1; t <= ADAMW_STEPS; t++) {
		c[0] = ADAMW_BETA1;
		c[1] = ADAMW_BETA2;
		c[2] = ADAMW_LR / (1 - pow(ADAMW_BETA1, t));
		c[3] = 1 / sqrt(1 - pow(ADAMW_BETA2, t));
		c[4] = ADAMW_EPS;
		c[5] = ADAMW_LR * ADAMW_DECAY;
		MUST(d->ops->slots_send(d, &s));
		MUST(d->ops->put(d, g, adamw_gradient[t - 1], sizeof zero));
		MUST(d->ops->pointwise(d, &s, &pieces, &w));
		download(d, got, theta, sizeof got);
		for (int i = 0; i < ADAMW_N; i++)
			worst = fmax(worst, fabs(got[i] - adamw_theta[t - 1][i]));
	}
	near(worst, 0, 1e-6, "%s: %d steps of AdamW are PyTorch's", label, ADAMW_STEPS);
	d->ops->slots_close(d, &s);
	d->ops->free(d, theta);
	d->ops->free(d, m);
	d->ops->free(d, v);
	d->ops->free(d, g);
}
