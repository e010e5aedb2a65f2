/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Who owns which slots: what one side wrote is never lost to the other side's older copy. */
#include <math.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/tap.h"

enum { N = 4 };

/* A gaussian loss of N examples: ℓ = ½(x − 1)² + ½ ln 2π. */
struct losses {
	struct loss loss;
	double one;  /* Σ ℓᵢ */
};

static struct losses losses_open(struct device *d)
{
	float x[N] = {1, 2, 3, 4}, y[N] = {1, 1, 1, 1};
	return (struct losses){
		.loss = {.kind = LOSS_GAUSSIAN, .n = N, .k = 1, .noise_sd = 1, .scale = 1.0 / N, .count = true,
		         .output = upload(d, x, sizeof x), .target = upload(d, y, sizeof y)},
		.one = 7 + N * log(8 * atan(1)) / 2,
	};
}

static void losses_put(struct device *d, const struct losses *l, float third)
{
	float x[N] = {1, 2, third, 4};
	MUST(d->ops->put(d, (void *)l->loss.output, x, sizeof x));
}

static void losses_close(struct device *d, struct losses *l)
{
	d->ops->free(d, (void *)l->loss.output);
	d->ops->free(d, (void *)l->loss.target);
}

/* A call has the numbers that were sent before it. */
static void check_order(struct device *d, const char *label, struct slots *s, const struct losses *l)
{
	const float *ones = l->loss.target;
	float *out = device_take(d, N * sizeof *out), got[N];
	s->value[SLOT_SAMPLER] = 2;
	MUST(d->ops->slots_send(d, s));
	MUST(d->ops->point(d, s, &(struct point){.theta = ones, .v = ones, .v_coef = SLOT_SAMPLER, .sigma = SLOT_NONE}, 0, N, false, out));
	s->value[SLOT_SAMPLER] = 9;
	MUST(d->ops->slots_send(d, s));
	download(d, got, out, sizeof got);
	ok(got[0] == 3 && got[N - 1] == 3, "%s: slots: a send changes nothing for the calls before it", label);
	MUST(d->ops->reduce(d, s, N, ones, ones, NULL, SLOT_FIRST - 1));
	MUST(d->ops->slots_fetch(d, s));
	ok(s->value[SLOT_FIRST - 1] == N, "%s: slots: a fetch brings the last of the device's too", label);
	d->ops->free(d, out);
}

void check_slots(struct device *d, const char *label)
{
	struct losses l = losses_open(d);
	struct slots s = {.key = {1, 2}, .step = 4};
	s.value[SLOT_SEEN_TOTAL] = 1000;
	s.value[SLOT_SCALAR + 3] = 1.5;
	MUST(d->ops->slots_open(d, &s));
	const struct slots stale = s;
	MUST(d->ops->loss(d, &s, &l.loss));
	MUST(d->ops->slots_send(d, &s));
	MUST(d->ops->loss(d, &s, &l.loss));
	struct slots old = stale;
	MUST(d->ops->slots_send(d, &old));
	s.value[SLOT_SAMPLER] = 5;
	MUST(d->ops->slots_fetch(d, &s));
	ok(s.value[SLOT_SEEN_TOTAL] == 1000 + 2 * N, "%s: slots: a table opens as the host's is, and a send leaves totals alone",
	   label);
	near(s.value[SLOT_NLL_TOTAL], 2 * l.one, 1e-6, "%s: slots: losses add up across sends", label);
	ok(s.value[SLOT_SCALAR + 3] == 1.5, "%s: slots: a sampler's scalar lasts", label);
	ok(s.value[SLOT_SAMPLER] == 5, "%s: slots: a fetch leaves the host's own alone", label);

	losses_put(d, &l, NAN);
	MUST(d->ops->loss(d, &s, &l.loss));
	losses_put(d, &l, 3);
	s.step = 9;
	MUST(d->ops->slots_send(d, &s));
	MUST(d->ops->loss(d, &s, &l.loss));
	MUST(d->ops->slots_fetch(d, &s));
	ok(s.value[SLOT_BAD] == 5, "%s: slots: a bad loss stays known across sends", label);

	s.value[SLOT_NLL_TOTAL] = 7;
	s.value[SLOT_BAD] = 0;
	s.value[SLOT_SCALAR] = -2;
	MUST(d->ops->slots_set(d, &s));
	MUST(d->ops->loss(d, &s, &l.loss));
	MUST(d->ops->slots_fetch(d, &s));
	near(s.value[SLOT_NLL_TOTAL], 7 + l.one, 1e-6, "%s: slots: totals that were set go on", label);
	ok(s.value[SLOT_BAD] == 0 && s.value[SLOT_SCALAR] == -2, "%s: slots: what is set stands", label);
	ok(d->ops->reduce(d, &s, N, l.loss.output, l.loss.output, NULL, SLOT_SAMPLER) == ERR_USAGE,
	   "%s: slots: a sum into one of the host's is refused", label);
	check_order(d, label, &s, &l);
	d->ops->slots_close(d, &s);
	losses_close(d, &l);
}
