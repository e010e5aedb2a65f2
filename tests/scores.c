/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Scores against scikit-learn, relplot and quadrature, closed forms at the edges, standard errors against the bootstrap. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_statistics_double.h>

#include "predict/ambiguity.h"
#include "predict/ood.h"
#include "predict/scores/calibrated.h"
#include "predict/scores/class_report.h"
#include "predict/scores/coverage.h"
#include "predict/scores/reliability.h"
#include "predict/scores/selective.h"
#include "predict/scores/smooth_ece.h"
#include "src/rng.h"
#include "tests/golden/scores.h"
#include "tests/mixtures.h"
#include "tests/tap.h"

static struct arena arena;

static struct judged judge(const struct mixture *m)
{
	struct judged j;
	MUST(judged_of(m, &arena, &j));
	return j;
}

/* ---- against other programs ---- */

struct golden {
	const char *name;
	const struct mixture m;
	const double *precision, *recall, *f1;
	const int32_t *support, *confusion;
	double ece, adaptive, classwise, smooth, relplot, smooth_at_5, aurc, augrc, at_80;
};

/* −1 stands for undefined there. */
static double worst(double had, double got, double want)
{
	return want < 0 ? (isnan(got) ? had : INFINITY) : fmax(had, isnan(got) ? INFINITY : fabs(got - want));
}

static void by_class(const struct golden *g, const struct judged *j)
{
	size_t *confusion;
	double off[3] = {0};
	bool same = true;
	const int c = g->m.c;
	MUST(class_confusion(j, &arena, &confusion));
	for (int e = 0; e < c * c; e++)
		same = same && confusion[e] == (size_t)g->confusion[e];
	ok(same, "%s: the confusion is scikit-learn's", g->name);
	for (int k = 0; k < c; k++) {
		const struct class_figures f = class_figures_of(confusion, c, k);
		off[0] = worst(off[0], f.precision, g->precision[k]);
		off[1] = worst(off[1], f.recall, g->recall[k]);
		off[2] = worst(off[2], f.f1, g->f1[k]);
		same = same && f.support == (size_t)g->support[k];
	}
	near(off[0], 0, 1e-15, "%s: so is precision", g->name);
	near(off[1], 0, 1e-15, "%s: recall", g->name);
	near(off[2], 0, 1e-15, "%s: F1", g->name);
	ok(same, "%s: and support", g->name);
}

static void against(const struct golden *g)
{
	const struct judged j = judge(&g->m);
	struct calibration got;
	struct smooth_ece smooth;
	struct selective selective;
	double at_5;
	by_class(g, &j);
	MUST(calibration_equal_width(&j, &got));
	near(got.error, g->ece, 1e-14, "%s: ECE", g->name);
	MUST(calibration_equal_mass(&j, &got));
	near(got.error, g->adaptive, 1e-14, "%s: ECE of equal mass", g->name);
	MUST(calibration_by_class(&g->m, &got));
	near(got.error, g->classwise, 1e-14, "%s: ECE by class", g->name);
	MUST(smooth_ece_at(&j, 0.05, &at_5));
	near(at_5, g->smooth_at_5, 2e-4 * g->smooth_at_5, "%s: smECE at a bandwidth of 0.05 is the integral", g->name);
	MUST(smooth_ece_of(&j, &smooth));
	near(smooth.error, g->smooth, 2e-4 * g->smooth, "%s: smooth ECE is where the integral is its bandwidth", g->name);
	near(smooth.bandwidth, smooth.error, 1e-5, "%s: and so is Basin's", g->name);
	near(smooth.error, g->relplot, 5e-3, "%s: smooth ECE is relplot's, whose kernels end at a half", g->name);
	MUST(selective_of(&j, &selective));
	near(selective.aurc, g->aurc, 1e-14, "%s: AURC, over all orders of ties", g->name);
	near(selective.augrc, g->augrc, 1e-14, "%s: AUGRC by scikit-learn's AUROC", g->name);
	near(selective.accuracy_at_80, g->at_80, 1e-14, "%s: accuracy of the most confident 80 %%", g->name);
}

#define GOLDEN(x) {#x, mixture_of(&arena, x##_MEMBERS, x##_N, x##_CLASSES, x##_probs, x##_labels), \
	x##_precision, x##_recall, x##_f1, x##_support, x##_confusion, x##_ece, x##_ece_adaptive, x##_ece_classwise, \
	x##_smooth_ece, x##_smooth_ece_relplot, x##_smooth_ece_at_5, x##_aurc, x##_augrc, x##_accuracy_at_80}

static void golden_values(void)
{
	const struct golden all[] = {GOLDEN(A), GOLDEN(B), GOLDEN(T)};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		against(&all[i]);
}

static void intervals(void)
{
	const struct regression r = {.n = I_N, .k = I_K, .members = I_MEMBERS, .output = i_output, .shift = i_shift, .scale = i_scale,
	                             .noise_sd = i_sd};
	struct coverage level[COVERAGE_LEVELS];
	double ambiguity, se;
	bool same = true;
	MUST(coverage_of(&r, i_y, level));
	for (int l = 0; l < COVERAGE_LEVELS; l++)
		same = same && level[l].count == (size_t)i_counts[l];
	ok(same && level[9].level == 0.95, "as many targets as SciPy finds in the mixture's central intervals");
	near(level[4].share, i_counts[4] / 100.0, 1e-15, "coverage is their share");
	ok(level[4].share_se > 0.03 && level[4].share_se < 0.07, "with the error of a share of fifty pairs or a hundred targets");
	MUST(ambiguity_mse(&r, &ambiguity, &se));
	near(ambiguity, i_ambiguity, 1e-12, "members' mean MSE less the ensemble's is their variance");
}

/* ---- standard errors ---- */

enum { N = 300, C = 3 };
static double p_n[N * C], p_r[N * C];
static int32_t y_n[N], y_r[N];

/* Low confidences are too low and high ones too high, so that few gaps are near 0; two examples have each. */
static void make_population(void)
{
	const struct rng_key key = {7, 0};
	for (size_t i = 0; i < N; i++) {
		const double top = 0.5 + 0.45 * rng_uniform(key, STREAM_DATA, 0, i / 2), u = rng_uniform(key, STREAM_DATA, 1, i);
		const int32_t best = (int32_t)(i % C);
		for (int32_t k = 0; k < C; k++)
			p_n[i * C + (size_t)k] = k == best ? top : (1 - top) / 2;
		y_n[i] = u < (top < 0.72 ? top + 0.2 : top - 0.2) ? best : (best + 1) % C;
	}
}

enum { FIGURES = 5 };
static const struct {
	const char *name;
	double tolerance;
} figures[FIGURES] = {{"ECE", 0.01}, {"ECE by class", 0.01}, {"smooth ECE", 0.01}, {"AURC", 0.02}, {"AUGRC", 0.01}};

static void measure(const struct mixture *m, double figure[FIGURES], double se[FIGURES])
{
	const struct judged j = judge(m);
	struct calibration c[2];
	struct smooth_ece smooth;
	struct selective s;
	MUST(calibration_equal_width(&j, &c[0]));
	MUST(calibration_by_class(m, &c[1]));
	MUST(smooth_ece_of(&j, &smooth));
	MUST(selective_of(&j, &s));
	const double values[FIGURES] = {c[0].error, c[1].error, smooth.error, s.aurc, s.augrc};
	const double errors[FIGURES] = {c[0].se, c[1].se, smooth.se, s.aurc_se, s.augrc_se};
	memcpy(figure, values, sizeof values);
	memcpy(se, errors, sizeof errors);
}

/* Bins of equal mass move where an example is left out, and the jackknife takes that for their error: their signs are known. */
static void equal_mass(const struct mixture *m)
{
	const struct judged j = judge(m);
	struct calibration got;
	double each[N];
	for (size_t i = 0; i < N; i++)
		each[i] = (j.confidence[i] < 0.72 ? 1 : -1) * (j.right[i] - j.confidence[i]);
	MUST(calibration_equal_mass(&j, &got));
	near(got.se, gsl_stats_sd(each, 1, N) / sqrt(N), 6e-4, "ECE of equal mass: its standard error is that of gaps by their signs");
}

/* The jackknife, whose deviation over leaving out each example is the same to first order. */
static void errors(void)
{
	static double figure[FIGURES][N];
	double own[FIGURES], se[FIGURES], values[FIGURES], none[FIGURES];
	make_population();
	const struct mixture m = mixture_of(&arena, 1, N, C, p_n, y_n);
	measure(&m, own, se);
	equal_mass(&m);
	for (size_t r = 0; r < N; r++) {
		for (size_t i = 0, at = 0; i < N; i++)
			if (i != r) {
				memcpy(p_r + at * C, p_n + i * C, C * sizeof *p_r);
				y_r[at++] = y_n[i];
			}
		const struct mixture rest = mixture_of(&arena, 1, N - 1, C, p_r, y_r);
		measure(&rest, values, none);
		for (int f = 0; f < FIGURES; f++)
			figure[f][r] = values[f];
		arena_free(&arena);
	}
	for (int f = 0; f < FIGURES; f++) {
		const double want = gsl_stats_sd(figure[f], 1, N) * (N - 1) / sqrt(N);
		near(se[f] / want, 1, figures[f].tolerance, "%s: its standard error is the jackknife's", figures[f].name);
	}
}

/* Where the last that are answered are right far less often than the others, the threshold's own movement counts: against the
 * deviation over 1,000 samples of 300 examples. */
static void error_at_80(void)
{
	enum { SAMPLES = 1000 };
	const struct rng_key key = {11, 0};
	static double confidence[N], right[N], figure[SAMPLES];
	const struct judged j = {.n = N, .c = 2, .confidence = confidence, .right = right};
	struct selective got;
	double se = 0;
	for (uint64_t r = 0; r < SAMPLES; r++) {
		for (uint32_t i = 0; i < N; i++) {
			confidence[i] = (1 + rng_uniform(key, STREAM_DATA, 2 * r, i)) / 2;
			right[i] = rng_uniform(key, STREAM_DATA, 2 * r + 1, i) < (confidence[i] > 0.65 ? 0.98 : 0.45);
		}
		MUST(selective_of(&j, &got));
		figure[r] = got.accuracy_at_80;
		se += got.accuracy_at_80_se / SAMPLES;
		arena_free(&arena);
	}
	near(se / gsl_stats_sd(figure, 1, SAMPLES), 1, 0.1, "accuracy at 80 %%: its standard error is the deviation over samples");
}

/* ---- edges ---- */

static void sure(void)
{
	const double p[] = {1, 0, 0, 1, 1, 0, 0, 1};
	const int32_t right[] = {0, 1, 0, 1}, wrong[] = {1, 0, 1, 0}, one[] = {0, 0, 0, 0};
	struct mixture m = mixture_of(&arena, 1, 4, 2, p, right);
	struct judged j = judge(&m);
	struct smooth_ece smooth;
	struct selective s;
	size_t *confusion;
	MUST(smooth_ece_of(&j, &smooth));
	MUST(selective_of(&j, &s));
	ok(smooth.error == 0 && smooth.se == 0, "certain and right: no smooth ECE");
	ok(s.aurc == 0 && s.augrc == 0 && s.accuracy_at_80 == 1, "nor a risk");
	m = mixture_of(&arena, 1, 4, 2, p, wrong);
	j = judge(&m);
	MUST(smooth_ece_of(&j, &smooth));
	MUST(selective_of(&j, &s));
	near(smooth.error, 1, 1e-3, "certain and wrong: a smooth ECE of 1");
	near(s.aurc, 1, 1e-15, "an AURC of 1");
	near(s.augrc, 0.5, 1e-15, "and an AUGRC of ½");
	m = mixture_of(&arena, 1, 4, 2, p, one);
	j = judge(&m);
	MUST(class_confusion(&j, &arena, &confusion));
	const struct class_figures f = class_figures_of(confusion, 2, 1);
	ok(f.support == 0 && isnan(f.recall) && f.precision == 0 && f.f1 == 0, "a class without rows has no recall, and an F1 of 0");
	const size_t counts[] = {3, 1, 2, 4};
	const struct class_figures first = class_figures_of(counts, 2, 0);
	near(first.f1_se, 2 / 2.25 * sqrt(0.25 / 6), 1e-15, "F1 of 3 of 4 and 3 of 5: the error of a share of six, by the delta method");
	near(first.recall_se, sqrt(3.0 / 64), 1e-15, "recall: of a share of four");
	near(first.precision_se, sqrt(0.24 / 5), 1e-15, "precision: of a share of five");
	struct calibrated none;
	m.n = 1;
	MUST(calibrated_nll(&m, &none));
	ok(isnan(none.nll), "one example has no halves");
	m.n = 0;
	j = judge(&m);
	MUST(selective_of(&j, &s));
	MUST(smooth_ece_of(&j, &smooth));
	ok(isnan(s.aurc) && isnan(s.augrc) && isnan(s.accuracy_at_80) && isnan(smooth.error), "no examples: nothing is defined");
}

static void binary(void)
{
	const struct mixture m = mixture_of(&arena, B_MEMBERS, B_N, B_CLASSES, B_probs, B_labels);
	double score[2][B_N], p[2];
	size_t n[2] = {0, 0};
	struct roc r;
	for (size_t i = 0; i < B_N; i++) {
		mixture_mean(&m, i, p);
		score[B_labels[i]][n[B_labels[i]]++] = p[1];
	}
	MUST(ood_roc(score[0], n[0], score[1], n[1], ROC_PLACEMENTS, &r));
	near(r.auroc, B_auroc, 1e-14, "two classes: AUROC by the second's probability");
	near(r.aupr_out, B_aupr, 1e-14, "and average precision");
	/* Of those below the ones above beat 2/3, 1, 2/3, 1; of those above 1, 3/4, 3/4 beat them. */
	const double below[] = {1, 2, 2}, above[] = {2, 3, 2, 4};
	MUST(ood_roc(below, 3, above, 4, ROC_PLACEMENTS, &r));
	near(r.auroc_se, sqrt(4. / 36 / 3 / 4 + (1. / 36 + 2. / 144) / 2 / 3), 1e-15,
	     "AUROC's error by placements, ties for a half");
}

static void bins(void)
{
	const double p[] = {0.4, 0.35, 0.25, 0.95, 0.05, 0, 0.96, 0.02, 0.02};
	const int32_t y[] = {0, 0, 1};
	const struct mixture m = mixture_of(&arena, 1, 3, 3, p, y);
	const struct judged j = judge(&m);
	struct reliability_bin bin[ECE_BINS];
	reliability_bins(&j, bin);
	ok(bin[14].count == 2 && bin[5].count == 1 && bin[0].count == 0, "counts of bins");
	near(bin[14].confidence, 0.955, 1e-15, "mean confidence");
	near(bin[14].accuracy, 0.5, 1e-15, "accuracy");
	near(bin[14].accuracy_se, sqrt(0.125), 1e-15, "with the binomial's error");
	ok(isnan(bin[0].confidence) && isnan(bin[0].accuracy) && isnan(bin[5].accuracy_se), "none where there are no examples, or one");
}

int main(void)
{
	errors();
	error_at_80();
	golden_values();
	binary();
	bins();
	intervals();
	sure();
	arena_free(&arena);
	return done_testing();
}
