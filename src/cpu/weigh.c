/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Weights of a batch's examples. */
#include <math.h>

#include "src/cpu/cpu.h"

static double apart(const struct weigh *w, int i)
{
	return fabs((double)w->a[i] - (double)w->b[i]);
}

status cpu_weigh(struct device *d, const struct slots *s, const struct weigh *w)
{
	(void)d;
	double rate = w->rate == SLOT_NONE ? 0 : s->value[w->rate], most = 0, sum = 0;
	for (int i = 0; i < w->n; i++)
		most = fmax(most, apart(w, i));
	for (int i = 0; i < w->n; i++)
		sum += exp(rate * (apart(w, i) - most));
	for (int i = 0; i < w->n; i++)
		w->weight[i] = (float)(w->n * exp(rate * (apart(w, i) - most)) / sum);
	return OK;
}
