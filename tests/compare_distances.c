/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Distances between ensembles against NumPy and SciPy, and against what is known of them without either: what is the
 * same is 0 apart, Gaussians have W₂² = (difference of means)² + (difference of deviations)², W₁ is at least the
 * distance of the means. */
#include "predict/compare.h"

#include <math.h>
#include <string.h>

#include "tests/golden/compare.h"
#include "tests/tap.h"

static struct arena arena;

static struct class_votes votes(const float *p, size_t members)
{
	struct mixture m;
	struct class_votes out;
	double wide[V_N * V_CLASSES];
	MUST(mixture_open(&arena, V_N, V_CLASSES, false, &m));
	for (size_t s = 0; s < members; s++) {
		for (size_t e = 0; e < V_N * V_CLASSES; e++)
			wide[e] = (double)p[s * V_N * V_CLASSES + e];
		MUST(mixture_add_probs(&m, 0, V_N, wide, 1e-3));
		mixture_next(&m);
	}
	MUST(votes_of(&m, p, &arena, &out));
	return out;
}

static void classes_as_numpy_has_them(void)
{
	const struct class_votes a = votes(v_a, V_A), b = votes(v_b, V_B);
	struct distances d;
	MUST(compare_votes(&a, &b, &d));
	near(d.agreement.value, v_agreement, 1e-15, "agreement");
	near(d.agreement.se, v_agreement_se, 1e-13, "its standard error");
	near(d.total_variation.value, v_total_variation, 1e-13, "total variation");
	near(d.total_variation.se, v_total_variation_se, 1e-13, "its standard error");
	near(d.w1.value, v_w1, 1e-13, "W₁ of the members");
	near(d.w1.se, v_w1_se, 1e-13, "its standard error");
	ok(isnan(d.w2.value), "classes have no W₂");
	struct class_votes first, second;
	MUST(votes_part(&a, 0, 4, &arena, &first));
	MUST(votes_part(&a, 4, V_A, &arena, &second));
	ok(first.members == 4 && second.members == V_A - 4, "halves have their members");
	MUST(compare_votes(&first, &second, &d));
	near(d.agreement.value, v_halves_agreement, 1e-15, "agreement of halves");
	near(d.total_variation.value, v_halves_total_variation, 1e-13, "total variation of halves");
	near(d.w1.value, v_halves_w1, 1e-13, "W₁ of halves");
	MUST(compare_votes(&a, &a, &d));
	ok(d.agreement.value == 1 && d.total_variation.value == 0 && d.w1.value == 0 && d.w1.se == 0, "itself is no distance away");
}

/* Members at 0.2 and 0.8 average to what one at 0.5 says, and a tie goes to the first class. */
static void averages_hide_members(void)
{
	const float split[] = {0.25f, 0.75f, 0.75f, 0.25f}, middle[] = {0.5f, 0.5f};
	const double mean[] = {0.5, 0.5};
	const struct class_votes a = {1, 2, 2, split, mean}, b = {1, 2, 1, middle, mean};
	struct distances d;
	MUST(compare_votes(&a, &b, &d));
	ok(d.agreement.value == 1 && d.total_variation.value == 0 && d.w1.value == 0.25, "members differ where averages do not");
	ok(isnan(d.w1.se) && isnan(d.agreement.se), "one example has no standard error");
}

static void ties_go_to_the_first(void)
{
	const float even[] = {0.4f, 0.4f, 0.2f}, first[] = {0.5f, 0.3f, 0.2f}, second[] = {0.1f, 0.6f, 0.3f};
	const double even_mean[] = {0.4, 0.4, 0.2}, first_mean[] = {0.5, 0.3, 0.2}, second_mean[] = {0.1, 0.6, 0.3};
	const struct class_votes a = {1, 3, 1, even, even_mean}, b = {1, 3, 1, first, first_mean}, c = {1, 3, 1, second, second_mean};
	struct distances d;
	MUST(compare_votes(&a, &b, &d));
	ok(d.agreement.value == 1, "a tie goes to the first class, on either side");
	MUST(compare_votes(&c, &a, &d));
	ok(d.agreement.value == 0, "and not to another");
}

static void w1_by_hand(void)
{
	const double a[] = {0, 1}, b[] = {0, 1, 5}, c[] = {3};
	/* Quantiles: 0 | 1 in halves against 0 | 1 | 5 in thirds. */
	near(sorted_w1(a, 2, b, 3), (0 + 1. / 6 * 1 + 1. / 6 * 0 + 1. / 3 * 4), 1e-15, "W₁ of two values and three");
	near(sorted_w1(b, 3, a, 2), sorted_w1(a, 2, b, 3), 1e-15, "and the other way round");
	near(sorted_w1(a, 2, c, 1), 2.5, 1e-15, "and of one");
	near(sorted_w1(m_a, M_A, m_b, M_B), m_w1_of_means, 1e-14, "W₁ is SciPy's");
}

static double w2(const double *a, size_t na, double sd_a, const double *b, size_t nb, double sd_b)
{
	const struct gaussian_mixture x = {a, na, sd_a, NULL}, y = {b, nb, sd_b, NULL};
	return gaussian_mixtures_w2(&x, &y);
}

static void w2_of_gaussians(void)
{
	const double zero = 0, two = 2, far[] = {-1e9, 0, 1e9}, further[] = {-1e9, 5, 1e9};
	const double tail[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 100}, none[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	near(w2(&zero, 1, 1, &two, 1, 1), 2, 1e-9, "W₂ of a shift");
	near(w2(&zero, 1, 1, &zero, 1, 3), 2, 3 * 3e-4, "W₂ of a scale");
	near(w2(&two, 1, 0.5, &zero, 1, 1), sqrt(4.25), 3e-4, "W₂ of both");
	near(w2(&zero, 1, 1, &zero, 1, 1e-3), 0.999, 1. / 3072, "of all but a point");
	near(w2(&zero, 1, 1e-3, &zero, 1, 2e-3), 1e-3, 2e-3 * 3e-4, "in any unit");
	near(w2(far, 3, 1, further, 3, 1), 5 / sqrt(3), 1e-6, "W₂ where members are far apart");
	near(w2(tail, 10, 1, none, 10, 1), m_w2_far, 1e-3, "or one of ten is, W₂ is SciPy's");
	near(w2(m_a, M_A, 0.7, m_b, M_B, 0.7), m_w2_equal, 0.7 * 3e-4, "W₂ of mixtures is SciPy's");
	near(w2(m_a, M_A, 0.3, m_b, M_B, 1.1), m_w2_unequal, 1.1 * 3e-4, "with deviations of their own");
	near(w2(m_b, M_B, 1.1, m_a, M_A, 0.3), m_w2_unequal, 1.1 * 3e-4, "and the other way round");
	ok(w2(m_a, M_A, 0.3, m_a, M_A, 0.3) == 0, "a mixture and itself are 0 apart");
	/* Two members of one place are one. */
	near(w2(none, 10, 1, &zero, 1, 1), 0, 1e-8, "weights are shares");
	near(w2(&zero, 1, 1, &(double){1e-3}, 1, 1), 1e-3, 1e-6, "a small shift is not lost");
}

/* (S, n, k): outputs of two targets, in units of their own. */
static void regressions(void)
{
	enum { N = 3, K = 2 };
	const float a[2 * N * K] = {0, 1, 2, 3, 4, 5, 2, 1, 4, 3, 6, 5}, b[N * K] = {1, 1, 3, 3, 5, 5};
	const double shift[K] = {10, -3}, scale[K] = {2, 5};
	const struct regression x = {.n = N, .k = K, .members = 2, .output = a, .shift = shift, .scale = scale, .noise_sd = 1e-4}, y = {.n = N, .k = K, .members = 1, .output = b, .shift = NULL, .scale = NULL, .noise_sd = 1e-4};
	struct distances d;
	MUST(compare_regressions(&x, &x, &d));
	ok(d.w1.value == 0 && d.w2.value == 0 && d.w1.se == 0, "itself is no distance away");
	const struct regression own = {.n = N, .k = K, .members = 1, .output = b, .shift = shift, .scale = scale, .noise_sd = 1e-4};
	MUST(compare_regressions(&x, &own, &d));
	/* Of the first target members are 2 units to either side; of the second they are the same. */
	near(d.w1.value, 1, 1e-12, "W₁ in the targets' units, a mean over them");
	near(d.w2.value, 1, 1e-3, "W₂ likewise");
	ok(isnan(d.agreement.value) && isnan(d.total_variation.value), "real targets have no agreement");
	MUST(compare_regressions(&own, &y, &d));
	double want = 0;
	for (int i = 0; i < N; i++)
		want += (fabs(10 + 2 * (2. * i + 1) - (2 * i + 1)) + fabs(-3 + 5 * (2. * i + 1) - (2 * i + 1))) / (2 * N);
	near(d.w1.value, want, 1e-12, "ensembles of other units meet in the targets' own");
	const struct regression half = regression_part(&x, 1, 2);
	MUST(compare_regressions(&half, &own, &d));
	near(d.w1.value, 1, 1e-12, "a part has its own members");
	ok(half.members == 1 && half.output == a + N * K, "from where they begin");
}

static void paired_differences(void)
{
	struct paired p = compare_paired(d_x, d_y, D_N);
	near(p.difference, d_difference, 1e-15, "a paired difference");
	near(p.se, d_se, 1e-15, "its standard error");
	near(p.detectable, d_detectable, 1e-14, "what would be found at 5 %% four times in five");
	p = compare_paired(d_x, d_x, D_N);
	ok(p.difference == 0 && p.se == 0 && isnan(p.detectable), "nothing varies: no difference, and no word on others");
	p = compare_paired(d_x, d_y, 1);
	ok(p.difference == d_y[0] - d_x[0] && isnan(p.se) && isnan(p.detectable), "one example has no standard error");
	const double infinite[] = {1, INFINITY}, finite[] = {1, 1};
	p = compare_paired(finite, infinite, 2);
	ok(isnan(p.difference) && isnan(p.se), "an infinite loss has no difference");
	p = compare_paired(infinite, infinite, 2);
	ok(isnan(p.difference) && isnan(p.detectable), "nor have two");
}

int main(void)
{
	classes_as_numpy_has_them();
	averages_hide_members();
	ties_go_to_the_first();
	w1_by_hand();
	w2_of_gaussians();
	regressions();
	paired_differences();
	arena_free(&arena);
	return done_testing();
}
