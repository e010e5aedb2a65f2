/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The worst of what draws say of chains: by role, of the draws that chains have in common. */
#include "predict/mixing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "predict/convergence.h"
#include "predict/panel.h"
#include "src/rng.h"
#include "tests/tap.h"

enum { ROWS = 3, MOST = 400 };

/* Members as they are chosen: chain after chain, in each by step, of a step the roles in turn. */
struct bench {
	struct choice choice[MOST];
	double value[ROWS * MOST];
	size_t n;
};

static void add_chain(struct bench *b, uint32_t source, size_t draws, int roles)
{
	static const char *const role[] = {"theta", "anchor"};
	for (size_t i = 0; i < draws; i++)
		for (int r = 0; r < roles; r++)
			b->choice[b->n++] = (struct choice){.step = i + 1, .source = source, .role = role[r]};
}

/* Independent standard normal draws. */
static void fill(struct bench *b)
{
	for (size_t row = 0; row < ROWS; row++)
		for (size_t i = 0; i < b->n; i++)
			b->value[row * b->n + i] = rng_normal((struct rng_key){4, 0}, STREAM_PROBE, row, i);
}

static struct mixing judge(struct bench *b)
{
	const struct selection s = {.choice = b->choice, .n = b->n};
	const struct member_draws d = {.members = b->n, .rows = ROWS, .value = b->value};
	struct mixing m;
	MUST(mixing_judge(&d, &s, &m));
	return m;
}

/* The worst of all rows, of the members of a role from step `from` on, chain after chain. */
static struct mixing want(const struct bench *b, const char *role, uint32_t sources, uint64_t from, size_t draws)
{
	struct mixing w = {(int)sources, draws, 0, true, NAN, NAN, NAN};
	double x[MOST];
	for (size_t row = 0; row < ROWS; row++) {
		struct convergence c;
		size_t n = 0;
		for (size_t i = 0; i < b->n; i++)
			if (strcmp(b->choice[i].role, role) == 0 && b->choice[i].source < sources && b->choice[i].step >= from)
				x[n++] = b->value[row * b->n + i];
		MUST(convergence_of(x, (int)sources, draws, &c));
		if (isnan(c.rhat))
			continue;
		w.rhat = fmax(w.rhat, c.rhat);
		w.ess_bulk = fmin(w.ess_bulk, c.ess_bulk);
		w.ess_tail = fmin(w.ess_tail, c.ess_tail);
	}
	return w;
}

static void same(const struct mixing *got, const struct mixing *w, const char *what)
{
	ok(got->judged && got->chains == w->chains && got->draws == w->draws, "%s: %d chains of %zu draws", what, got->chains, got->draws);
	near(got->rhat, w->rhat, 0, "%s: the largest R̂ of all rows", what);
	near(got->ess_bulk, w->ess_bulk, 0, "%s: their smallest ESS of the bulk", what);
	near(got->ess_tail, w->ess_tail, 0, "%s: and of the tails", what);
}

static void chains(struct bench *b)
{
	*b = (struct bench){.n = 0};
	add_chain(b, 0, 40, 1);
	add_chain(b, 1, 40, 1);
	fill(b);
	struct mixing got = judge(b), w = want(b, "theta", 2, 0, 40);
	same(&got, &w, "two chains");
	for (size_t i = 40; i < 80; i++)
		b->value[b->n + i] += 3;
	got = judge(b);
	ok(got.rhat > 1.5 && got.ess_bulk < 10, "one row apart: R̂ %.2f, ESS %.1f", got.rhat, got.ess_bulk);
	for (size_t i = 0; i < 80; i++)
		b->value[b->n + i] = 0.25;
	got = judge(b), w = want(b, "theta", 2, 0, 40);
	same(&got, &w, "a row that never changes is left out");
	for (size_t i = 0; i < ROWS * b->n; i++)
		b->value[i] = 0.25;
	got = judge(b);
	ok(isnan(got.rhat) && got.ess_bulk == 0 && got.ess_tail == 0, "none that changes: no effective draws");
	for (size_t i = 0; i < ROWS * b->n; i++)
		b->value[i] = i % 80 < 40;
	got = judge(b);
	ok(isinf(got.rhat), "chains that stand still apart: R̂ is infinite");
}

static void lengths(struct bench *b)
{
	*b = (struct bench){.n = 0};
	add_chain(b, 0, 60, 1);
	add_chain(b, 1, 30, 1);
	add_chain(b, 2, 29, 1);
	fill(b);
	struct mixing got = judge(b);
	ok(got.left_out == 1 && got.chains == 2 && got.draws == 30, "a chain with less than half of another's draws is left out");
	double x[60], all = -1;
	for (size_t row = 0; row < ROWS; row++) {
		struct convergence c;
		memcpy(x, b->value + row * b->n + 30, sizeof x);
		MUST(convergence_of(x, 2, 30, &c));
		all = fmax(all, c.rhat);
	}
	near(got.rhat, all, 0, "and the last draws of the others are held together");
	*b = (struct bench){.n = 0};
	add_chain(b, 0, PANEL_JUDGED - 1, 1);
	add_chain(b, 1, PANEL_JUDGED, 1);
	fill(b);
	got = judge(b);
	ok(!got.judged && isnan(got.rhat) && isnan(got.ess_bulk) && got.draws == PANEL_JUDGED - 1, "%zu draws are too few", got.draws);
	*b = (struct bench){.n = 0};
	add_chain(b, 0, PANEL_JUDGED, 1);
	fill(b);
	got = judge(b);
	ok(got.judged && got.chains == 1, "%zu of one chain are enough", got.draws);
}

/* The anchor has a mean of its own in both chains, which is no disagreement; then in one alone. */
static void roles(struct bench *b)
{
	*b = (struct bench){.n = 0};
	add_chain(b, 0, 30, 2);
	add_chain(b, 1, 30, 2);
	fill(b);
	for (size_t i = 1; i < b->n; i += 2)
		b->value[i] += 50;
	struct mixing got = judge(b), theta = want(b, "theta", 2, 0, 30), anchor = want(b, "anchor", 2, 0, 30);
	near(got.rhat, fmax(theta.rhat, anchor.rhat), 0, "roles are held together each by itself");
	near(fmin(got.ess_bulk, got.ess_tail), fmin(fmin(theta.ess_bulk, theta.ess_tail), fmin(anchor.ess_bulk, anchor.ess_tail)), 0,
	     "and the worst counts");
	for (size_t i = 1; i < b->n / 2; i += 2)
		b->value[i] += 50;
	got = judge(b);
	ok(got.rhat > 1.5, "where the anchors alone disagree: R̂ %.2f", got.rhat);
	for (size_t i = 1; i < b->n / 2; i += 2) {
		b->value[i - 1] += 50;
		b->value[i] -= 50;
	}
	got = judge(b);
	ok(got.rhat > 1.5, "where the first role alone does: R̂ %.2f", got.rhat);
}

int main(void)
{
	struct bench *b = malloc(sizeof *b);
	chains(b);
	lengths(b);
	roles(b);
	free(b);
	return done_testing();
}
