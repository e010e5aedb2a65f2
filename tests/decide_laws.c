/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What decisions promise, over a thousand holdouts drawn afresh: coverage and false alarms have their Beta laws, by
 * Kolmogorov and Smirnov's test; bounds hold as often as they say. Each check would fail by chance with a probability
 * of less than 1e-6; seeds are fixed. */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>

#include "predict/decide/abstain.h"
#include "predict/decide/alarm.h"
#include "predict/decide/beta.h"
#include "predict/decide/conformal_intervals.h"
#include "predict/decide/conformal_sets.h"
#include "src/rng.h"
#include "tests/tap.h"

enum { HOLDOUTS = 1000, N = 100, POOL = 100000, C = 4 };

static struct rng_key of_use(uint32_t use)
{
	return (struct rng_key){20261126, use};
}

/* ---- whether numbers are uniform ---- */

/* √(−ln(α/2)/2) at α = 1e-6, over √n. */
static void uniform(double *u, size_t n, const char *what)
{
	double apart = 0;
	gsl_sort(u, 1, n);
	for (size_t i = 0; i < n; i++)
		apart = fmax(apart, fmax(u[i] - (double)i / (double)n, (double)(i + 1) / (double)n - u[i]));
	ok(apart < 2.6933 / sqrt((double)n), "%s: %.4f from the Beta law over %zu holdouts", what, apart, n);
}

/* The probability of so many or more among n, each with probability p at most, is no less than 1e-6. */
static void at_most(size_t got, size_t n, double p, const char *what)
{
	ok(!got || beta_below(p, (double)got, (double)(n - got + 1)) > 1e-6, "%s: %zu in %zu, promised %g", what, got, n, p);
}

/* ---- classes ---- */

/* Labels follow flatter probabilities than those that are told, so that what is told is wrong. */
struct example {
	double p[C];
	int32_t y;
};

static struct example draw(uint32_t use, uint64_t i)
{
	struct example e;
	double z[4], sum = 0, flat[C], total = 0;
	rng_normals(of_use(use), STREAM_DATA, i, 0, z);
	for (int k = 0; k < C; k++) {
		sum += e.p[k] = exp(2.5 * z[k]);
		total += flat[k] = exp(1.5 * z[k]);
	}
	double left = rng_uniform(of_use(use), STREAM_DATA, i, 4) * total;
	e.y = 0;
	for (int k = 0; k < C; k++) {
		e.p[k] /= sum;
		if (e.y == k && k < C - 1 && left >= flat[k]) {
			left -= flat[k];
			e.y++;
		}
	}
	return e;
}

static double score_of(const struct set_rule *r, bool randomised, uint32_t use, uint64_t i, int32_t *y)
{
	double room[C];
	const struct example e = draw(use, i);
	*y = e.y;
	return conformal_score(r, e.p, C, e.y, randomised ? rng_uniform(of_use(use), STREAM_DATA, i, 5) : 0, room);
}

static double pool[POOL];

/* Share of the pool's first n scores, rising, that are at most q. */
static double covered(size_t n, double q)
{
	size_t low = 0, high = n;
	while (low < high) {
		const size_t i = (low + high) / 2;
		if (pool[i] <= q)
			low = i + 1;
		else
			high = i;
	}
	return (double)low / (double)n;
}

/* The pool's size is that of its examples of class `only`, or of all with −1. */
static size_t fill_pool(const struct set_rule *r, bool randomised, int only)
{
	size_t n = 0;
	for (uint64_t i = 0; i < POOL; i++) {
		int32_t y;
		const double s = score_of(r, randomised, 0, i, &y);
		if (only < 0 || y == only)
			pool[n++] = s;
	}
	gsl_sort(pool, 1, n);
	return n;
}

static void sets_cover(struct set_rule r, bool randomised, const char *name)
{
	static double u[HOLDOUTS];
	const size_t n = fill_pool(&r, randomised, -1);
	for (uint32_t h = 0; h < HOLDOUTS; h++) {
		double score[N];
		int32_t y;
		struct conformal q;
		for (uint64_t i = 0; i < N; i++)
			score[i] = score_of(&r, randomised, h + 1, i, &y);
		MUST(conformal_fit(0.9, score, N, &q));
		/* k = ⌈101 · 0.9⌉ = 91. */
		u[h] = beta_below(covered(n, q.q), 91, 10);
	}
	uniform(u, HOLDOUTS, name);
}

static void classes_cover(void)
{
	static double u[HOLDOUTS];
	const struct set_rule r = {.score = SET_APS};
	const int of = 2;
	const size_t n = fill_pool(&r, true, of);
	size_t holdouts = 0;
	for (uint32_t h = 0; h < HOLDOUTS; h++) {
		double score[N];
		int32_t y[N];
		struct conformal q[C];
		size_t count = 0;
		for (uint64_t i = 0; i < N; i++) {
			score[i] = score_of(&r, true, h + 1, i, &y[i]);
			count += y[i] == of;
		}
		MUST(conformal_fit_classes(0.8, score, y, N, C, q));
		const size_t rank = (4 * (count + 1) + 4) / 5;
		if (rank <= count)
			u[holdouts++] = beta_below(covered(n, q[of].q), (double)rank, (double)(count + 1 - rank));
	}
	ok(holdouts > HOLDOUTS * 9 / 10, "class-wise: %zu holdouts have enough of the class", holdouts);
	uniform(u, holdouts, "class-wise aps, given the class");
}

/* The sets themselves hold the label as often as the scores say, and what may not be empty is not. */
static void sets_hold(void)
{
	const struct set_rule r = {.score = SET_LAC}, empty = {.score = SET_LAC, .empty = true};
	double score[N];
	int32_t y;
	struct conformal q;
	size_t held = 0, scored = 0, held_more = 0, none = 0;
	for (uint64_t i = 0; i < N; i++)
		score[i] = score_of(&r, false, 1, i, &y);
	MUST(conformal_fit(0.4, score, N, &q));
	for (uint64_t i = 0; i < 2000; i++) {
		const struct example e = draw(0, i);
		size_t order[C];
		bool in[C];
		double room[C];
		scored += conformal_score(&r, e.p, C, e.y, 0, room) <= q.q;
		none += !conformal_set(&empty, &q, false, e.p, C, 0, order, in);
		held += in[e.y];
		none += !conformal_set(&r, &q, false, e.p, C, 0, order, in) * POOL;
		held_more += in[e.y];
	}
	ok(held == scored, "sets hold what their scores say");
	ok(none > 0 && none < POOL && held_more > held, "lac at 40 %%: %zu of 2000 sets would be empty, and none is; %zu hold, not %zu",
	   none, held_more, held);
}

/* ---- intervals ---- */

/* y = 2x + (0.3 + |x|) e with e of law |N|^1.5 to either side, told as if it were normal of a deviation a fifth too
 * small. */
static double target_of(uint32_t use, uint64_t i, struct told *t)
{
	double z[4];
	rng_normals(of_use(use), STREAM_DATA, i, 0, z);
	const double sd = 0.3 + fabs(z[0]);
	*t = (struct told){2 * z[0], 0.8 * sd, 2 * z[0] - 1.2 * sd, 2 * z[0] + 1.4 * sd};
	return 2 * z[0] + sd * copysign(pow(fabs(z[1]), 1.5), z[1]);
}

static bool within(struct interval i, double y)
{
	return i.lower <= y && y <= i.upper;
}

static void intervals_cover(enum interval_score which, const char *name)
{
	static double u[HOLDOUTS];
	struct told t;
	struct conformal q;
	size_t held = 0, scored = 0;
	for (uint64_t i = 0; i < POOL; i++) {
		const double y = target_of(0, i, &t);
		pool[i] = interval_score(which, &t, y);
	}
	gsl_sort(pool, 1, POOL);
	for (uint32_t h = 0; h < HOLDOUTS; h++) {
		double score[N];
		for (uint64_t i = 0; i < N; i++) {
			const double y = target_of(h + 1, i, &t);
			score[i] = interval_score(which, &t, y);
		}
		MUST(conformal_fit(0.9, score, N, &q));
		u[h] = beta_below(covered(POOL, q.q), 91, 10);
	}
	uniform(u, HOLDOUTS, name);
	for (uint64_t i = 0; i < 2000; i++) {
		const double y = target_of(0, i, &t);
		scored += interval_score(which, &t, y) <= q.q;
		held += within(interval_of(which, &q, &t), y);
	}
	ok(held == scored && held > 1500, "%s: intervals hold what their scores say", name);
}

/* ---- alarms ---- */

static void alarms_keep(void)
{
	static double u[HOLDOUTS];
	size_t beyond = 0, beyond_bound = 0;
	for (uint32_t h = 0; h < HOLDOUTS; h++) {
		double score[N];
		struct alarm a;
		for (uint32_t i = 0; i < N / 4; i++)
			rng_normals(of_use(h + 1), STREAM_DATA, 0, i, score + 4 * i);
		MUST(alarm_fit(0.1, 0.2, score, N, &a));
		const double rate = gsl_cdf_ugaussian_Q(a.mean.threshold);
		u[h] = beta_below(rate, 10, 91);
		beyond_bound += rate > a.mean.bound;
		beyond += gsl_cdf_ugaussian_Q(a.sure.threshold) > 0.1;
	}
	uniform(u, HOLDOUTS, "false alarms");
	at_most(beyond_bound, HOLDOUTS, 0.2, "rates beyond their bound");
	ok(beyond_bound > 120, "which is no wider than it need be");
	at_most(beyond, HOLDOUTS, 0.2, "rates beyond what is sure");
	/* The law is exact: with rank 94 of 100, P(Beta(7, 94) > 0.1) = 11.7 %, and a rank less would be 20.6 %. */
	ok(beyond > 60, "which is no stricter than it need be");
}

/* ---- abstention ---- */

/* Confidence is uniform; an answer of confidence t is wrong with probability worst (1 − t) + flat, and the more by `top` above
 * 0.9. */
struct world {
	double worst, flat, top;
};

/* Its mean above a threshold. */
static double risk_above(struct world w, double t)
{
	return w.worst * (1 - t) / 2 + w.flat + w.top * fmin(1, 0.1 / (1 - t));
}

static void abstention_keeps(struct world w, double risk, const char *name, size_t least)
{
	enum { EXAMPLES = 400 };
	size_t broken = 0, beyond = 0, passed = 0;
	for (uint32_t h = 0; h < HOLDOUTS; h++) {
		double t[EXAMPLES];
		bool wrong[EXAMPLES];
		struct abstention a;
		for (uint32_t i = 0; i < EXAMPLES; i++) {
			uint32_t word[4];
			rng_words(of_use(h), STREAM_DATA, 1, i, word);
			t[i] = (word[0] + 0.5) * 0x1p-32;
			wrong[i] = (word[1] + 0.5) * 0x1p-32 < w.worst * (1 - t[i]) + w.flat + w.top * (t[i] > 0.9);
		}
		MUST(abstain_fit(risk, 0.1, t, wrong, EXAMPLES, &a));
		passed += a.passed;
		beyond += a.passed && risk_above(w, fmax(a.threshold, 0)) > a.bound;
		broken += a.passed && risk_above(w, fmax(a.threshold, 0)) > risk;
	}
	at_most(broken, HOLDOUTS, 0.1, name);
	at_most(beyond, HOLDOUTS, 0.1, "the risk beyond its bound");
	ok(passed >= least, "%s: %zu pass", name, passed);
}

int main(void)
{
	sets_cover((struct set_rule){.score = SET_LAC}, false, "lac");
	sets_cover((struct set_rule){.score = SET_APS}, false, "aps");
	sets_cover((struct set_rule){.score = SET_APS}, true, "aps, randomised");
	sets_cover((struct set_rule){SET_RAPS, 0.05, 1, false}, false, "raps");
	classes_cover();
	sets_hold();
	intervals_cover(INTERVAL_ABSOLUTE, "absolute");
	intervals_cover(INTERVAL_NORMALISED, "normalised");
	intervals_cover(INTERVAL_QUANTILES, "quantiles");
	alarms_keep();
	abstention_keeps((struct world){0.4, 0, 0}, 0.15, "abstention where confidence tells", 900);
	abstention_keeps((struct world){0, 0.1001, 0}, 0.1, "abstention where nothing may pass", 10);
	abstention_keeps((struct world){-0.1, 0.15, 0}, 0.1, "abstention where the most confident are the worst", 5);
	abstention_keeps((struct world){0.4, 0, 0.2}, 0.17, "abstention where they are too sure, and most of the rest is wrong", 100);
	return done_testing();
}
