/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A fitted temperature against scikit-learn and SciPy; thresholds of abstention and of alarms, and the bounds they rest on, by
 * hand and against SciPy. What the thresholds promise is in decide_laws.c. */
#include "predict/scaling.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_statistics_double.h>

#include "predict/decide/abstain.h"
#include "predict/decide/alarm.h"
#include "predict/decide/beta.h"
#include "predict/decide/decided.h"
#include "tests/golden/decide.h"
#include "tests/tap.h"

static struct arena arena;

static struct scaling fit(size_t n, int c, const double *p, const int32_t *label, double pseudo)
{
	struct mixture m;
	struct scaling s;
	MUST(mixture_open(&arena, n, c, false, &m));
	MUST(mixture_label(&arena, &m, label));
	/* Two members, so that sums are not means. */
	for (int i = 0; i < 2; i++) {
		MUST(mixture_add_probs(&m, 0, n, p, 1e-3));
		mixture_next(&m);
	}
	MUST(scaling_fit(&m, pseudo, &s));
	return s;
}

static void temperatures(void)
{
	struct scaling s = fit(CAL, CLASSES, cal_p, cal_y, 0);
	near(s.t, sklearn_t, 1e-6 * s.t, "without pseudo-examples: scikit-learn's temperature");
	near(s.t, t_pseudo_0, 1e-8 * s.t, "and SciPy's");
	near(s.nll_before, t_nll_before, 1e-13, "the NLL before");
	near(s.nll_after, t_nll_after, 1e-12, "and after");
	ok(s.fitted && !s.at_min && !s.at_max && s.zeros == 0 && s.n == CAL, "what a fit says of itself");
	near(fit(CAL, CLASSES, cal_p, cal_y, SCALING_PSEUDO).t, t_pseudo_1, 1e-8, "with one pseudo-example: SciPy's");
	near(fit(CAL, CLASSES, cal_p, cal_y, 25).t, t_pseudo_25, 1e-8, "with 25 of them");
}

static void temperatures_at_the_edges(void)
{
	const double right[] = {0.9, 0.1, 0.2, 0.8, 0.7, 0.3}, flat[] = {0.5, 0.5, 0.5, 0.5}, sure[] = {1, 0, 0, 1};
	const int32_t y[] = {0, 1, 0}, wrong[] = {1, 0, 1};
	struct scaling s = fit(3, 2, right, y, 0);
	ok(s.at_min && !s.at_max && s.t == SCALING_MIN, "no error and no pseudo-example: T is at its lower bound");
	s = fit(3, 2, right, y, SCALING_PSEUDO);
	/* By symmetry it is where the mean of (1 + w/n) E[z] - z_y - w/n mean z is 0, checked here at the fit itself. */
	double slope = 0;
	for (int i = 0; i < 3; i++) {
		const double z = log(fmin(right[2 * i], right[2 * i + 1]) / fmax(right[2 * i], right[2 * i + 1]));
		const double e = z / (1 + exp(-z / s.t));
		slope += e + (e - z / 2) / 3;
	}
	ok(s.fitted && !s.at_min && !s.at_max && s.t > 0.2 && s.t < 1, "one pseudo-example: T = %.3f, below 1 and off the bound", s.t);
	near(slope, 0, 1e-9, "and the slope is 0 there");
	s = fit(3, 2, right, wrong, SCALING_PSEUDO);
	ok(s.at_max && !s.at_min && s.t == SCALING_MAX, "all wrong: T is at its upper bound");
	near(s.nll_after, (log(1 + pow(9, 0.05)) + log(1 + pow(4, 0.05)) + log(1 + pow(7.0 / 3, 0.05))) / 3, 1e-10,
	     "the NLL there");
	s = fit(2, 2, flat, y, SCALING_PSEUDO);
	ok(!s.fitted && s.t == 1 && !s.at_min && !s.at_max, "rows that tell nothing: T is 1, not fitted");
	near(s.nll_after, M_LN2, 1e-15, "with their NLL");
	s = fit(2, 2, sure, y, SCALING_PSEUDO);
	ok(s.fitted && s.zeros == 0 && s.t > 0.2 && isfinite(s.nll_after), "probabilities of 0 that did not happen: T = %.3g", s.t);
	s = fit(2, 2, sure, wrong, SCALING_PSEUDO);
	ok(s.at_max && s.zeros == 2 && isfinite(s.nll_before), "probabilities of 0 that did: counted, at the bound");
	near(s.nll_before, -log(1e-12), 1e-9, "and scored by the floor");
	s = fit(1, 2, right, y, SCALING_PSEUDO);
	ok(s.fitted && !s.at_min, "one example: T = %.3f", s.t);
	s = fit(0, 2, right, y, SCALING_PSEUDO);
	ok(!s.fitted && s.t == 1 && isnan(s.nll_before) && isnan(s.nll_after), "no example: T is 1");
	const double one[] = {1, 1};
	const int32_t only[] = {0, 0};
	s = fit(2, 1, one, only, SCALING_PSEUDO);
	ok(!s.fitted && s.t == 1, "one class: T is 1");
}

static void applied(void)
{
	double p[CLASSES], worst = 0, sum = 0;
	memcpy(p, cal_p, sizeof p);
	scaling_apply(1, p, CLASSES);
	ok(!memcmp(p, cal_p, sizeof p), "T = 1 leaves probabilities as they are");
	scaling_apply(2.5, p, CLASSES);
	for (int k = 0; k < CLASSES; k++)
		worst = fmax(worst, fabs(p[k] - t_row[k]));
	near(worst, 0, 1e-15, "T = 2.5 is SciPy's softmax");
	double zero[] = {0, 1, 0};
	scaling_apply(20, zero, 3);
	ok(zero[0] > 0 && zero[0] == zero[2] && zero[1] > zero[0], "a probability of 0 is the floor's");
	double far[] = {1e-300, 0.4, 0.6};
	scaling_apply(SCALING_MIN, far, 3);
	for (int k = 0; k < 3; k++)
		sum += far[k];
	near(sum, 1, 1e-15, "at the lower bound they sum to 1");
}

static void bounds(void)
{
	for (int i = 0; i < 7; i++) {
		const double got = clopper_pearson_upper((size_t)cp_errors[i], (size_t)cp_n[i], 0.01);
		near(got, cp_upper[i], 1e-12, "Clopper-Pearson of %d in %d is SciPy's", cp_errors[i], cp_n[i]);
	}
	ok(clopper_pearson_upper(0, 0, 0.05) == 1, "nothing seen: 1");
	bool right = true;
	for (int k = 1; k < 60; k++)
		right &= trials_needed(0.1, pow(0.9, k)) == (size_t)k && trials_needed(0.03, pow(0.97, k)) == (size_t)k;
	ok(right, "trials needed are not one more for rounding");
	for (int i = 0; i < 6; i++)
		for (int j = 0; j < 3; j++) {
			const double u[] = {0.01, 0.4, 0.975}, a = beta_ab[2 * i], b = beta_ab[2 * i + 1];
			const double sd = sqrt(a * b / (a + b + 1)) / (a + b);
			near(beta_quantile(u[j], a, b), beta_quantiles[3 * i + j], fmax(1e-13, 1e-6 * sd),
			     "quantile %g of Beta(%g, %g) is SciPy's", u[j], a, b);
		}
	ok(trials_needed(0.05, 0.05) == 59 && trials_needed(0.5, 0.25) == 2 && trials_needed(0.9, 0.5) == 1,
	   "trials without an event: 59 for 5 %% at 95 %%");
	near(clopper_pearson_upper(0, 59, 0.05), 1 - pow(0.05, 1 / 59.0), 1e-15, "no error in 59: the closed form");
}

/* ---- abstention ---- */

enum { MANY = 4000 };
static double confidence[MANY];
static bool wrong[MANY];

/* Rising in i; the errors are among the least confident alone. */
static struct abstention abstain(size_t n, size_t errors, double risk, double delta)
{
	struct abstention a;
	for (size_t i = 0; i < n; i++) {
		confidence[i] = ((double)i + 1) / (double)n;
		wrong[i] = i < errors;
	}
	MUST(abstain_fit(risk, delta, confidence, wrong, n, &a));
	return a;
}

static void abstentions(void)
{
	struct abstention a = abstain(1000, 0, 0.05, 0.1);
	ok(a.passed && a.accepted == 1000 && isinf(a.threshold) && a.threshold < 0 && a.errors == 0, "no errors: answer all");
	/* n/20 and what is above it: 103 = needs of 0.1/18 or so. */
	ok(a.tests == 18 && a.needs == trials_needed(0.05, 0.1 / 18), "18 thresholds of 100 and more can pass, not 19: needs %zu", a.needs);
	near(a.bound, 1 - pow(0.1 / 18, 1e-3), 1e-12, "with the bound of that many tests");
	a = abstain(1000, 100, 0.05, 0.1);
	ok(a.passed && a.accepted == 900 && a.errors == 0, "100 errors at the foot: answer the 900 above them");
	near(a.threshold, 0.1, 1e-15, "above the 901st confidence");
	a = abstain(1000, 128, 0.05, 0.1);
	ok(a.passed && a.accepted == 900 && a.errors == 28, "28 in 900 pass");
	/* SciPy: beta.ppf(1 - 0.1/18, 29, 872). */
	near(a.bound, 0.04896540697772858, 1e-12, "with their bound");
	a = abstain(1000, 129, 0.05, 0.1);
	ok(a.passed && a.accepted == 850 && a.errors == 0, "29 do not: their bound is 0.0503");
	a = abstain(MANY, MANY - 100, 0.1, 0.1);
	ok(a.passed && a.accepted == 100, "a few sure ones among many: one in 40 is answered");
	a = abstain(999, 50, 0.05, 0.1);
	ok(a.passed && a.accepted == 949, "50 errors at the foot of 999: 949 are answered, all but a twentieth");
	a = abstain(1000, 1000, 0.05, 0.1);
	ok(!a.passed && a.accepted == 0 && isinf(a.threshold) && a.threshold > 0 && isnan(a.bound), "all wrong: answer nothing");
	a = abstain(40, 0, 0.05, 0.1);
	ok(!a.passed && a.tests == 0 && a.needs == 45 && a.threshold > 1, "40 are too few for 5 %% at 90 %%: 45 are needed");
	a = abstain(45, 0, 0.05, 0.1);
	ok(a.passed && a.tests == 1, "45 are just enough, for one test");
	ok(abstain(2, 0, 0.5, 0.25).passed && !abstain(2, 0, 0.5, 0.249).passed, "two right ones are just enough for a half at 75 %%");
	a = abstain(10, 0, 0.5, 0.25);
	ok(a.tests == 6 && a.needs == 5, "of ten, 10, 9, … 5 are tested once each");
	MUST(abstain_fit(0.05, 0.1, NULL, NULL, 0, &a));
	ok(!a.passed && a.tests == 0, "none are too few");
	confidence[7] = NAN;
	ok(abstain_fit(0.05, 0.1, confidence, wrong, 40, &a) == ERR_INPUT && strstr(fail_message(ERR_INPUT), "example 7"),
	   "a confidence that is no number is refused by its number");
	confidence[7] = -INFINITY;
	ok(abstain_fit(0.05, 0.1, confidence, wrong, 40, &a) == ERR_INPUT, "and one that is infinite");
}

static void abstentions_with_ties(void)
{
	struct abstention a;
	/* 310 of confidence 1 with 20 errors, 400 of ½ without, 290 of 0.2 that are all wrong: the first 700 would pass, 20 errors
	 * and all, but a threshold of ½ has the 310 alone above it. */
	for (int i = 0; i < 1000; i++) {
		confidence[i] = i < 310 ? 1 : i < 710 ? 0.5 : 0.2;
		wrong[i] = i < 20 || i >= 710;
	}
	MUST(abstain_fit(0.05, 0.1, confidence, wrong, 1000, &a));
	ok(a.passed && a.threshold == 0.2 && a.accepted == 710 && a.errors == 20, "ties with the threshold are not answered");
	for (int i = 0; i < 1000; i++)
		confidence[i] = 1;
	MUST(abstain_fit(0.1, 0.1, confidence, wrong, 1000, &a));
	ok(!a.passed, "all confidences alike and 31 %% wrong: nothing is answered");
	memset(wrong, 0, sizeof wrong);
	MUST(abstain_fit(0.1, 0.1, confidence, wrong, 1000, &a));
	ok(a.passed && a.threshold < 0 && a.accepted == 1000, "all alike and none wrong: all are");
}

/* ---- alarms ---- */

static void alarms(void)
{
	struct alarm a;
	for (int i = 0; i < 1000; i++)
		confidence[i] = (i * 7 % 1000) + 1;
	MUST(alarm_fit(0.05, 0.1, confidence, 1000, &a));
	ok(a.mean.rank == 951 && a.mean.threshold == 951 && a.mean.needs == 19, "on average: the 951st of 1000");
	/* SciPy: binom.ppf(0.1, 1000, 0.05) = 41: P(41 events or more) is 91.9 %, P(42 or more) 89.4 %. */
	ok(a.sure.rank == 960 && a.sure.threshold == 960 && a.sure.needs == 45, "for sure: the 960th");
	near(a.mean.bound, beta_quantile(0.9, 50, 951), 1e-15, "the first may have %.4f", a.mean.bound);
	ok(a.mean.bound > 0.05 && a.sure.bound <= 0.05, "above 5 %%, and the second not: %.4f", a.sure.bound);
	ok(beta_below(0.05, 42, 959) < 0.9, "a rank less would not do");
	MUST(alarm_fit(0.05, 0.1, confidence, 44, &a));
	ok(isfinite(a.mean.threshold) && isinf(a.sure.threshold) && a.sure.rank == 45 && a.sure.bound == 0,
	   "44 are too few to be sure: no alarm");
	MUST(alarm_fit(0.05, 0.1, confidence, 45, &a));
	ok(a.sure.rank == 45 && isfinite(a.sure.threshold), "45 are enough: the largest");
	MUST(alarm_fit(0.05, 0.1, confidence, 18, &a));
	ok(isinf(a.mean.threshold) && a.mean.rank == 19, "18 are too few on average too");
	MUST(alarm_fit(0.05, 0.1, NULL, 0, &a));
	ok(isinf(a.mean.threshold) && isinf(a.sure.threshold), "none are too few");
	MUST(alarm_fit(0.5, 0.5, confidence, 1, &a));
	ok(a.mean.threshold == 1 && a.sure.threshold == 1, "one is enough for a half");
	confidence[3] = NAN;
	ok(alarm_fit(0.05, 0.1, confidence, 10, &a) == ERR_INPUT && strstr(fail_message(ERR_INPUT), "example 3"),
	   "a score that is no number is refused by its number");
}

/* Two targets of a row that are always in or out together are one. */
static void several_targets(void)
{
	double lower[8] = {0}, upper[8] = {1, 1, 1, 1, 1, 1, 1, 1};
	const double y[8] = {0.5, 0.5, 2, 2, 0.5, 0.5, 0.5, 0.5};
	const struct decided rows = {.n = 4, .targets = 2, .lower = lower, .upper = upper};
	struct figures got;
	decided_figures_reals(&rows, y, &got);
	ok(got.count == 4 && !strcmp(got.at[1].name, "interval_coverage_se"), "figures of intervals");
	near(got.at[0].value, 0.75, 1e-15, "their coverage");
	near(got.at[1].value, sqrt(0.75 * 0.25 / 4), 1e-15, "with the standard error of as many rows, not targets");
	upper[0] = upper[1] = 5;
	decided_figures_reals(&rows, y, &got);
	near(got.at[2].value, 2, 1e-15, "widths are 1, and 5 once");
	near(got.at[3].value, 1, 1e-15, "whose mean has the error of four rows");
	decided_figures_reals(&(struct decided){.n = 1, .targets = 2, .lower = lower, .upper = upper}, y, &got);
	ok(got.at[0].value == 1 && isnan(got.at[1].value) && isnan(got.at[3].value), "of one row no error is known");
}

static void sizes_of_sets(void)
{
	static const double p[8] = {0.9, 0.1, 0.6, 0.4, 0.5, 0.5, 0.8, 0.2};
	bool in[8] = {true, false, true, true, true, true, true, false};
	double scaled[8] = {0.9, 0.1, 0.6, 0.4, 0.5, 0.5, 0.8, 0.2};
	const int32_t label[4] = {0, 0, 0, 0};
	const struct mixture m = {.n = 4, .c = 2, .members = 1, .p = (double *)p, .label = label};
	const struct decided rows = {.n = 4, .classes = 2, .in = in, .scaled = scaled};
	struct figures got;
	decided_figures_classes(&rows, &m, &got);
	const double loss[4] = {-log(0.9), -log(0.6), -log(0.5), -log(0.8)};
	near(got.at[0].value, gsl_stats_mean(loss, 1, 4), 1e-15, "scaled probabilities have an NLL");
	near(got.at[1].value, gsl_stats_sd(loss, 1, 4) / 2, 1e-15, "with its error");
	ok(got.count == 6 && !strcmp(got.at[5].name, "set_size_se"), "figures of sets");
	near(got.at[4].value, 1.5, 1e-15, "their size");
	near(got.at[5].value, sqrt(1 / 12.0), 1e-15, "with its error");
	bool accept[4] = {false, true, false, false};
	decided_figures_classes(&(struct decided){.n = 4, .classes = 2, .accept = accept}, &m, &got);
	ok(got.count == 4 && got.at[2].value == 0 && isnan(got.at[3].value) && got.at[1].value > 0,
	   "one accepted row's risk has no error, the share that is accepted has one");
}

int main(void)
{
	temperatures();
	temperatures_at_the_edges();
	applied();
	bounds();
	abstentions();
	abstentions_with_ties();
	alarms();
	several_targets();
	sizes_of_sets();
	arena_free(&arena);
	return done_testing();
}
