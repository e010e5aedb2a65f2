/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Conformal sets and intervals against MAPIE and small cases by hand; their laws are in decide_laws.c. */
#include "predict/decide/conformal.h"

#include <math.h>
#include <string.h>

#include "predict/decide/conformal_intervals.h"
#include "predict/decide/conformal_sets.h"
#include "src/philox.h"
#include "tests/golden/decide.h"
#include "tests/tap.h"

static const struct set_rule lac = {.score = SET_LAC, .empty = true}, aps = {.score = SET_APS, .empty = true};
static const struct set_rule raps = {SET_RAPS, 0.07, 2, true};

/* ---- the quantile ---- */

static void ranks(void)
{
	ok(conformal_rank(0.9, 9) == 9 && conformal_rank(0.9, 10) == 10 && conformal_rank(0.9, 100) == 91,
	   "the rank is ceil((n + 1) level)");
	bool right = true;
	for (size_t n = 1; n < 2000; n++)
		for (size_t part = 1; part < 20; part++)
			right &= conformal_rank((double)part / 20, n) == ((n + 1) * part + 19) / 20;
	ok(right, "ranks are those of whole numbers for levels of 5 %% to 95 %%");
	right = true;
	for (size_t m = 2; m < 3000; m++)
		right &= conformal_needs(1 - 1 / (double)m) == m - 1;
	ok(right, "1 - 1/m needs m - 1 scores");
	ok(conformal_needs(0.9) == 9 && conformal_needs(0.95) == 19 && conformal_needs(0.5) == 1 && conformal_needs(0.01) == 1,
	   "what 90, 95, 50 and 1 %% need");
}

static void quantiles(void)
{
	const double score[] = {5, 3, INFINITY, 1, 4, 2, 8, 9, 7}, not_number[] = {1, 2, NAN};
	struct conformal q;
	MUST(conformal_fit(0.5, score, 9, &q));
	ok(q.q == 5 && q.rank == 5 && q.n == 9 && q.level == 0.5, "the 5th of 9 at 50 %%");
	ok(score[0] == 5 && score[8] == 7, "scores stay in their order");
	near(conformal_reaches(&q, 0.5), 0.5, 1e-14, "its median: Beta(5, 5) is symmetric");
	MUST(conformal_fit(0.8, score, 9, &q));
	ok(q.q == 9 && q.rank == 8, "80 %% of 10 is the 8th");
	near(conformal_reaches(&q, 0.05), 0.57086439, 1e-6, "5 %% of holdouts reach less: Beta(8, 2)");
	MUST(conformal_fit(0.9, score, 9, &q));
	ok(isinf(q.q) && q.rank == 9 && conformal_reaches(&q, 0.05) < 1, "a score that is infinite may be the quantile");
	MUST(conformal_fit(0.9, score, 8, &q));
	ok(isinf(q.q) && q.rank == 9 && conformal_reaches(&q, 0.05) == 1,
	   "eight are too few for 90 %%: infinite, and all is covered");
	MUST(conformal_fit(0.9, NULL, 0, &q));
	ok(isinf(q.q), "none are too few");
	MUST(conformal_fit(0.5, score, 1, &q));
	ok(q.q == 5, "one is enough for 50 %%");
	ok(conformal_fit(0.5, not_number, 3, &q) == ERR_INPUT && strstr(fail_message(ERR_INPUT), "example 2"),
	   "a score that is no number is refused by its number");
}

static void quantiles_of_classes(void)
{
	const double score[] = {5, 1, 4, 2, 3, 9};
	const int32_t label[] = {2, 0, 2, 0, 2, 3};
	struct conformal q[4];
	MUST(conformal_fit_classes(0.6, score, label, 6, 4, q));
	ok(q[0].q == 2 && q[0].n == 2, "class 0: the 2nd of 2");
	ok(isinf(q[1].q) && q[1].n == 0, "class 1 has no example");
	ok(q[2].q == 5 && q[2].n == 3 && q[2].rank == 3, "class 2: the 3rd of 3");
	ok(isinf(q[3].q) && q[3].n == 1, "class 3 has one, too few for 60 %%");
	const double not_number[] = {1, NAN};
	ok(conformal_fit_classes(0.5, not_number, label, 2, 3, q) == ERR_INPUT, "a score that is no number is refused");
}

/* ---- sets ---- */

/* The set as bits. */
static unsigned set_of(struct set_rule r, double q, const double *p, int c, double u)
{
	const struct conformal all = {.q = q};
	size_t order[CLASSES];
	bool in[CLASSES];
	unsigned bits = 0;
	const int size = conformal_set(&r, &all, false, p, c, u, order, in);
	for (int k = 0; k < c; k++)
		bits |= (unsigned)in[k] << k;
	return size == __builtin_popcount(bits) ? bits : ~0U;
}

static double score(struct set_rule r, const double *p, int y, double u)
{
	double room[4];
	return conformal_score(&r, p, 4, y, u, room);
}

static void scores_by_hand(void)
{
	const double p[] = {0.125, 0.5, 0.25, 0.125};
	ok(score(lac, p, 2, 0) == 0.75, "lac: 1 - p");
	ok(score(aps, p, 1, 0) == 0 && score(aps, p, 2, 0) == 0.5 && score(aps, p, 0, 0) == 0.75 && score(aps, p, 3, 0) == 0.75,
	   "aps: the mass above; classes of one probability have one score");
	ok(score(aps, p, 2, 0.5) == 0.625, "aps: and a share of its own");
	const struct set_rule r = {SET_RAPS, 0.25, 1, false};
	ok(score(r, p, 1, 0) == 0 && score(r, p, 2, 0) == 0.75 && score(r, p, 0, 0) == 1.25 && score(r, p, 3, 0) == 1.25,
	   "raps: a penalty a rank beyond the first");
	const double same[] = {0.25, 0.25, 0.25, 0.25}, sure[] = {0, 0, 1, 0};
	ok(score(aps, same, 0, 0) == 0 && score(aps, same, 3, 0) == 0, "aps: with all classes alike nothing is above");
	ok(score(aps, sure, 2, 0) == 0 && score(aps, sure, 1, 0.7) == 1, "aps: a class of probability 0 has all above it");
}

static void sets_by_hand(void)
{
	const double p[] = {0.125, 0.5, 0.25, 0.125};
	const struct set_rule never = {.score = SET_LAC}, never_aps = {.score = SET_APS};
	ok(set_of(lac, 0.75, p, 4, 0) == 6, "lac: those with 1 - q, that probability too");
	ok(set_of(lac, 0.25, p, 4, 0) == 0 && set_of(never, 0.25, p, 4, 0) == 2, "lac: empty, or the most probable class");
	ok(set_of(aps, 0, p, 4, 0) == 2 && set_of(aps, 0.49, p, 4, 0) == 2 && set_of(aps, 0.5, p, 4, 0) == 6,
	   "aps: by the mass above");
	ok(set_of(aps, 0.75, p, 4, 0) == 15, "aps: ties are in together");
	ok(set_of(aps, 0.2, p, 4, 0.5) == 0 && set_of(never_aps, 0.2, p, 4, 0.5) == 2, "randomised aps: empty, or never");
	ok(set_of(lac, INFINITY, p, 4, 0) == 15 && set_of(aps, INFINITY, p, 4, 0) == 15 && set_of(raps, INFINITY, p, 4, 0) == 15,
	   "an infinite quantile takes all classes");
	const double tie[] = {0.25, 0.25, 0.25, 0.25};
	ok(set_of(never, 0.1, tie, 4, 0) == 1, "of equal classes the first stands for an empty set");
	const double one[] = {1};
	ok(set_of(never, 0, one, 1, 0) == 1 && set_of(never_aps, 0, one, 1, 0) == 1, "a single class");

	const struct conformal q[] = {{.q = 0.9}, {.q = 0.1}, {.q = INFINITY}, {.q = 0.5}};
	size_t order[4];
	bool in[4];
	ok(conformal_set(&lac, q, true, p, 4, 0, order, in) == 2 && in[0] && in[2], "lac: a quantile a class");
	ok(conformal_set(&aps, q, true, p, 4, 0, order, in) == 3 && in[0] && in[1] && in[2], "aps: a quantile a class");
}

/* Membership is the score's, to the bit: with the quantile at each class's own score, and next below it. */
static void sets_are_scores(void)
{
	bool same = true, below = true;
	const struct set_rule *rules[] = {&lac, &aps, &raps};
	for (int i = 0; i < CAL; i++)
		for (int k = 0; k < 3; k++) {
			const double *p = cal_p + i * CLASSES, u = i % 3 ? 0 : set_u[i];
			double room[CLASSES], q = conformal_score(rules[k], p, CLASSES, cal_y[i], u, room);
			same &= set_of(*rules[k], q, p, CLASSES, u) >> cal_y[i] & 1;
			below &= !(set_of(*rules[k], nextafter(q, -1), p, CLASSES, u) >> cal_y[i] & 1);
		}
	ok(same, "a class is in the set of its own score");
	ok(below, "and in none of less");
}

/* Of many classes, whose order is made in two ways: peaked and flat, with ties, one quantile or one a class. */
static void sets_of_many(void)
{
	enum { MANY = 100 };
	int differ = 0, sizes = 0;
	for (int i = 0; i < 60; i++) {
		double p[MANY], room[MANY], sum = 0;
		struct conformal q[MANY];
		size_t order[MANY];
		bool in[MANY];
		const struct set_rule r = {i % 2 ? SET_APS : SET_RAPS, 0.01, 5, true};
		for (int k = 0; k < MANY; k++)
			sum += p[k] = exp(-(k * 37 % MANY / 3) * (i % 3 ? 0.5 : 0.001));
		for (int k = 0; k < MANY; k++) {
			p[k] /= sum;
			q[k] = (struct conformal){.q = i / 60.0 + (i % 5 ? 0 : k * 0.01)};
		}
		int size = conformal_set(&r, q, i % 5 == 0, p, MANY, i % 4 / 4.0, order, in);
		sizes += size;
		for (int k = 0; k < MANY; k++) {
			const bool want = conformal_score(&r, p, MANY, k, i % 4 / 4.0, room) <= q[i % 5 ? 0 : k].q;
			differ += in[k] != want;
			size -= in[k];
		}
		differ += size != 0;
	}
	ok(!differ && sizes > 1000, "sets of a hundred classes are those of their scores: %d of 6000 in", sizes);
}

/* ---- MAPIE ---- */

static struct conformal fit(struct set_rule r, const double *u, double level, const double *want, const char *name)
{
	double got[CAL], worst = 0, room[CLASSES];
	struct conformal q;
	for (int i = 0; i < CAL; i++) {
		got[i] = conformal_score(&r, cal_p + i * CLASSES, CLASSES, cal_y[i], u ? u[i] : 0, room);
		worst = fmax(worst, fabs(got[i] - want[i]));
	}
	near(worst, 0, 1e-14, "%s: MAPIE's scores", name);
	MUST(conformal_fit(level, got, CAL, &q));
	return q;
}

static void sets_are(struct set_rule r, const struct conformal *q, const double *u, const int *want, const char *name)
{
	int differ = 0;
	for (int i = 0; i < NEW; i++) {
		const unsigned got = set_of(r, q->q, new_p + i * CLASSES, CLASSES, u ? u[i] : 0);
		for (int k = 0; k < CLASSES; k++)
			differ += (got >> k & 1) != (unsigned)want[i * CLASSES + k];
	}
	ok(!differ, "%s: MAPIE's sets", name);
}

static void sets_of_mapie(void)
{
	const struct set_rule crossing = {SET_RAPS, 0.07, 3, true};
	struct conformal q = fit(lac, NULL, 0.9, lac_scores, "lac"), by_class[CLASSES];
	near(q.q, lac_q, 1e-15, "lac: MAPIE's quantile");
	sets_are(lac, &q, NULL, lac_sets, "lac");
	q = fit(aps, set_u, 0.9, aps_scores, "aps");
	near(q.q, aps_q, 1e-14, "aps: MAPIE's quantile");
	sets_are(aps, &q, NULL, aps_sets, "aps with the last class");
	sets_are(aps, &q, aps_new_u, aps_random_sets, "aps, randomised");
	q = fit(raps, set_u, 0.9, raps_scores, "raps");
	near(q.q, raps_q, 1e-14, "raps: MAPIE's quantile");
	sets_are(crossing, &q, NULL, raps_sets, "raps with the last class");

	double worst = 0;
	MUST(conformal_fit_classes(0.7, lac_scores, cal_y, CAL, CLASSES, by_class));
	for (int k = 0; k < CLASSES; k++)
		worst = fmax(worst, fabs(by_class[k].q - lac_class_q[k]));
	near(worst, 0, 1e-15, "class-wise: MAPIE's quantiles of each class alone");
}

/* ---- intervals ---- */

static struct told told_of(int i)
{
	return (struct told){told[4 * i], told[4 * i + 1], told[4 * i + 2], told[4 * i + 3]};
}

static void intervals_of_mapie(enum interval_score which, const double *want, const char *name)
{
	double got[CAL], worst = 0;
	struct conformal q;
	for (int i = 0; i < CAL; i++) {
		const struct told t = told_of(i);
		got[i] = interval_score(which, &t, target[i]);
	}
	MUST(conformal_fit(0.9, got, CAL, &q));
	for (int i = 0; i < NEW; i++) {
		const struct told t = told_of(CAL + i);
		const struct interval in = interval_of(which, &q, &t);
		worst = fmax(worst, fmax(fabs(in.lower - want[2 * i]), fabs(in.upper - want[2 * i + 1])));
	}
	near(worst, 0, 1e-13, "%s: MAPIE's intervals", name);
}

/* Wider by rounding alone. */
static bool is_about(struct interval i, double lower, double upper)
{
	return i.lower <= lower && i.lower > lower - 1e-14 && i.upper >= upper && i.upper < upper + 1e-14;
}

/* Of targets of few values many have the very score that became q. */
static void intervals_hold_their_own(void)
{
	int missed = 0, cases = 0;
	for (uint32_t k = 0; k < 30000; k++) {
		uint32_t w[4];
		philox_words(k, 0, 0, 0, 0, w);
		const double mean = ldexp((double)w[0] - 0x1p31, -25), y = (double)(w[1] % 200) / 10 - 10, sd = ldexp(1 + (double)w[2], -30);
		const struct told t = {.mean = mean, .sd = sd, .lower = mean - sd, .upper = mean + ldexp((double)w[3], -30)};
		for (int which = 0; which < INTERVAL_SCORES; which++) {
			const struct conformal q = {.q = interval_score((enum interval_score)which, &t, y)};
			const struct interval i = interval_of((enum interval_score)which, &q, &t);
			missed += !(i.lower <= y && y <= i.upper);
			cases++;
		}
	}
	ok(missed == 0, "%d targets are within the interval of their own score: %d are not", cases, missed);
}

static void intervals_by_hand(void)
{
	const struct told t = {.mean = 2, .sd = 0.5, .lower = 1, .upper = 4}, still = {.mean = 2, .sd = 0};
	ok(interval_score(INTERVAL_ABSOLUTE, &t, 3) == 1 && interval_score(INTERVAL_NORMALISED, &t, 3) == 2,
	   "residuals, plain and in deviations");
	ok(interval_score(INTERVAL_QUANTILES, &t, 0) == 1 && interval_score(INTERVAL_QUANTILES, &t, 6) == 2 &&
	   interval_score(INTERVAL_QUANTILES, &t, 3.5) == -0.5, "beyond the quantiles, and within them");
	ok(interval_score(INTERVAL_NORMALISED, &still, 2) == 0 && isinf(interval_score(INTERVAL_NORMALISED, &still, 3)),
	   "no deviation: right, or infinitely off");
	const struct told odd = {.mean = INFINITY, .sd = -1, .lower = -INFINITY, .upper = 1}, negative = {.mean = 0, .sd = -1};
	ok(isnan(interval_score(INTERVAL_ABSOLUTE, &odd, 3)) && isnan(interval_score(INTERVAL_NORMALISED, &odd, 3)) &&
	   isnan(interval_score(INTERVAL_NORMALISED, &negative, 3)) && isnan(interval_score(INTERVAL_QUANTILES, &odd, 3)) &&
	   isnan(interval_score(INTERVAL_ABSOLUTE, &t, INFINITY)) && isnan(interval_score(INTERVAL_QUANTILES, &t, INFINITY)), "what is not finite is no number");

	const struct conformal one = {.q = 1}, inward = {.q = -0.5}, beyond = {.q = -2}, all = {.q = INFINITY};
	struct interval i = interval_of(INTERVAL_ABSOLUTE, &one, &t);
	ok(is_about(i, 1, 3), "plain: mean and q");
	i = interval_of(INTERVAL_NORMALISED, &one, &t);
	ok(is_about(i, 1.5, 2.5), "normalised: mean and q deviations");
	i = interval_of(INTERVAL_QUANTILES, &inward, &t);
	ok(is_about(i, 1.5, 3.5), "quantiles move inward too");
	i = interval_of(INTERVAL_QUANTILES, &beyond, &t);
	ok(is_about(i, 2.5, 2.5), "and no further than to the point between them");
	bool whole = true;
	for (int k = 0; k < INTERVAL_SCORES; k++) {
		i = interval_of((enum interval_score)k, &all, &still);
		whole &= isinf(i.lower) && i.lower < 0 && isinf(i.upper) && i.upper > 0;
	}
	ok(whole, "an infinite quantile is the whole line, without a deviation too");
}

int main(void)
{
	ranks();
	quantiles();
	quantiles_of_classes();
	scores_by_hand();
	sets_by_hand();
	sets_are_scores();
	sets_of_many();
	sets_of_mapie();
	intervals_by_hand();
	intervals_hold_their_own();
	intervals_of_mapie(INTERVAL_ABSOLUTE, absolute_intervals, "absolute");
	intervals_of_mapie(INTERVAL_NORMALISED, normalised_intervals, "normalised");
	intervals_of_mapie(INTERVAL_QUANTILES, quantiles_intervals, "quantiles");
	return done_testing();
}
