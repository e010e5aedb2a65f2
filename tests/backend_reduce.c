/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Sums over vectors and pieces against plain ones. */
#include <math.h>
#include <stdlib.h>

#include "tests/backend_body.h"
#include "tests/tap.h"

static void check_plain(struct device *d, const char *label)
{
	static const size_t sizes[] = {1, 15, 16, 17, 4096, 4097, 100003, 5000000};
	struct draws r = {31, 0};
	size_t n = sizes[sizeof sizes / sizeof *sizes - 1];
	float *x = host_take(n * sizeof *x), *y = host_take(n * sizeof *y), *w = host_take(n * sizeof *w);
	for (size_t i = 0; i < n; i++) {
		x[i] = i < 1000 ? (float)draw_normal(&r) : x[i - 1000] + 1e-3f;
		y[i] = i < 1000 ? (float)draw_normal(&r) : y[i % 1000];
		w[i] = (float)(i % 3);
	}
	float *dx = upload(d, x, n * sizeof *x), *dy = upload(d, y, n * sizeof *y), *dw = upload(d, w, n * sizeof *w);
	struct slots s = {0};
	MUST(d->ops->slots_open(d, &s));
	for (int i = 0; i < (int)(sizeof sizes / sizeof *sizes); i++)
		for (int weighted = 0; weighted < 2; weighted++) {
			double want = 0, size = 0;
			if (!in_turn())
				continue;
			for (size_t j = 0; j < sizes[i]; j++) {
				double term = (double)x[j] * y[j] * (weighted ? w[j] : 1);
				want += term;
				size += fabs(term);
			}
			MUST(d->ops->reduce(d, &s, sizes[i], dx, dy, weighted ? dw : NULL, SLOT_RESULT));
			MUST(d->ops->slots_fetch(d, &s));
			near(s.value[SLOT_RESULT], want, 1e-13 * size, "%s: Σ %sx·y of %zu", label, weighted ? "w·" : "", sizes[i]);
		}
	d->ops->slots_close(d, &s);
	d->ops->free(d, dx);
	d->ops->free(d, dy);
	d->ops->free(d, dw);
	free(x);
	free(y);
	free(w);
}

/* Frozen pieces do not count, also where they hold no numbers, and each kind of prior has its energy. */
static void check_pieces(struct device *d, const char *label)
{
	enum { N = 90001 };
	struct piece at[] = {
		{.count = 5, .prior = 2},
		{.offset = 5, .count = 20, .prior = 1, .frozen = true},
		{.offset = 25, .count = 50000, .prior = 0.5},
		{.offset = 50025, .count = 10000, .prior = 0, .kind = PRIOR_STUDENT_T, .nu = 3},
		{.offset = 60025, .count = 10000, .prior = 3, .kind = PRIOR_LAPLACE},
		{.offset = 70025, .count = N - 70025, .prior = 0.2, .kind = PRIOR_STUDENT_T, .nu = 5},
	};
	const struct pieces p = {at, sizeof at / sizeof *at, N};
	struct draws r = {33, 0};
	struct slots s = {0};
	float *x = host_take(N * sizeof *x), *y = host_take(N * sizeof *y);
	double sum = 0, weighted = 0, energy = 0, size = 0;
	s.value[SLOT_PRIOR] = 0.4;
	for (int q = 0; q < p.n; q++)
		for (size_t i = at[q].offset; i < at[q].offset + at[q].count; i++) {
			x[i] = at[q].frozen ? NAN : (float)draw_normal(&r);
			y[i] = (float)(i % 3);
			if (at[q].frozen)
				continue;
			sum += (double)x[i] * x[i];
			weighted += (double)x[i] * x[i] * y[i];
			size += fabs((double)x[i] * x[i] * y[i]) + (double)x[i] * x[i];
			energy += reference_energy(&at[q], s.value[SLOT_PRIOR], x[i]);
		}
	float *dx = upload(d, x, N * sizeof *x), *dy = upload(d, y, N * sizeof *y);
	MUST(d->ops->slots_open(d, &s));
	MUST(d->ops->reduce_moving(d, &s, &p, dx, dx, NULL, SLOT_RESULT));
	MUST(d->ops->reduce_moving(d, &s, &p, dx, dx, dy, SLOT_RESULT + 1));
	MUST(d->ops->prior_energy(d, &s, &p, dx, SLOT_RESULT + 2));
	MUST(d->ops->slots_fetch(d, &s));
	near(s.value[SLOT_RESULT], sum, 1e-13 * size, "%s: Σ x² of what moves", label);
	near(s.value[SLOT_RESULT + 1], weighted, 1e-13 * size, "%s: Σ w·x² of what moves", label);
	near(s.value[SLOT_RESULT + 2], energy, 1e-12 * energy, "%s: the priors' energy", label);
	ok(d->ops->reduce_moving(d, &s, &p, dx, dx, NULL, SLOT_SAMPLER) == ERR_USAGE &&
	   d->ops->prior_energy(d, &s, &p, dx, SLOT_FIRST) == ERR_USAGE, "%s: sums into the host's slots are refused", label);
	d->ops->slots_close(d, &s);
	d->ops->free(d, dx);
	d->ops->free(d, dy);
	free(x);
	free(y);
}

/* Tables that differ in one number of one piece. */
static void check_tables(struct device *d, const char *label)
{
	enum { N = 40 };
	static const struct piece one[] = {
		{.count = N, .prior = 1, .kind = PRIOR_STUDENT_T, .nu = 5}, {.count = N, .prior = 2, .kind = PRIOR_STUDENT_T, .nu = 5},
		{.count = N, .prior = 1, .kind = PRIOR_STUDENT_T, .nu = 7}, {.count = N, .prior = 1, .kind = PRIOR_LAPLACE, .nu = 5},
		{.count = N, .prior = 1, .kind = PRIOR_STUDENT_T, .nu = 5, .frozen = true},
	};
	struct slots s = {0};
	float x[N];
	bool good = true;
	s.value[SLOT_PRIOR] = 0.4;
	for (int i = 0; i < N; i++)
		x[i] = (float)i / 9;
	float *dx = upload(d, x, sizeof x);
	MUST(d->ops->slots_open(d, &s));
	for (size_t q = 0; q < sizeof one / sizeof *one; q++) {
		double want = 0;
		for (int i = 0; i < N && !one[q].frozen; i++)
			want += reference_energy(&one[q], s.value[SLOT_PRIOR], x[i]);
		MUST(d->ops->prior_energy(d, &s, &(struct pieces){(struct piece *)&one[q], 1, N}, dx, SLOT_RESULT));
		MUST(d->ops->slots_fetch(d, &s));
		good = good && fabs(s.value[SLOT_RESULT] - want) <= 1e-12 * want;
	}
	ok(good, "%s: tables of pieces that differ in one number are told apart", label);
	d->ops->slots_close(d, &s);
	d->ops->free(d, dx);
}

void check_reduce(struct device *d, const char *label)
{
	check_tables(d, label);
	check_plain(d, label);
	check_pieces(d, label);
}
