/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Weights of a batch's examples against a softmax in long double. */
#include <math.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/tap.h"

enum { MOST = 700 };

/* Into a vector of its own, or over the first of the losses. */
static void weigh(struct device *d, const float *a, const float *b, int n, double rate, bool in_place, float *out)
{
	struct slots s = {.value[SLOT_SAMPLER] = rate};
	const size_t bytes = (size_t)n * sizeof *a;
	float *x = upload(d, a, bytes), *y = upload(d, b, bytes), *w = in_place ? x : upload(d, a, bytes);
	MUST(d->ops->slots_open(d, &s));
	MUST(d->ops->weigh(d, &s, &(struct weigh){x, y, n, SLOT_SAMPLER, w}));
	MUST(d->ops->get(d, out, w, bytes));
	d->ops->slots_close(d, &s);
	d->ops->free(d, x);
	d->ops->free(d, y);
	if (!in_place)
		d->ops->free(d, w);
}

static void check_softmax(struct device *d, const char *label, int n, double rate)
{
	static float a[MOST], b[MOST], got[2][MOST];
	struct draws r = {7, 0};
	long double sum = 0, most = 0, worst = 0;
	for (int i = 0; i < n; i++) {
		a[i] = (float)fabs(draw_normal(&r));
		b[i] = (float)(a[i] + 0.1 * draw_normal(&r));
		most = fmaxl(most, fabsl((long double)a[i] - (long double)b[i]));
	}
	for (int i = 0; i < n; i++)
		sum += expl(rate * (fabsl((long double)a[i] - (long double)b[i]) - most));
	for (int j = 0; j < 2; j++)
		weigh(d, a, b, n, rate, j > 0, got[j]);
	for (int i = 0; i < n; i++) {
		long double want = n * expl(rate * (fabsl((long double)a[i] - (long double)b[i]) - most)) / sum;
		/* What is below float32's range has no digits. */
		worst = fmaxl(worst, fabsl(got[0][i] - want) / fmaxl(want, 1e-30L));
	}
	near((double)worst, 0, 1e-6, "%s: weigh: %d weights at rate %g", label, n, rate);
	ok(!memcmp(got[0], got[1], (size_t)n * sizeof **got), "%s: weigh: the same in place", label);
}

void check_weigh(struct device *d, const char *label)
{
	static const int sizes[] = {1, 2, 33, 256, MOST};
	static const double rates[] = {0, 3, 5000};
	for (int i = 0; i < (int)(sizeof sizes / sizeof *sizes); i++)
		for (int j = 0; j < (int)(sizeof rates / sizeof *rates); j++)
			check_softmax(d, label, sizes[i], rates[j]);
}
