/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Classification metrics against scikit-learn and SciPy, closed forms at the edges, the bootstrap against the binomial. */
#include "predict/metrics.h"

#include <math.h>
#include <string.h>

#include "predict/bootstrap.h"
#include "tests/golden/metrics.h"
#include "tests/mixtures.h"
#include "tests/tap.h"

static struct arena arena;

static status score(struct mixture *m, const int32_t *label, bool errors, struct class_metrics *got)
{
	MUST(mixture_label(&arena, m, label));
	return metrics_classes(m, errors, got);
}

static void golden_values(struct mixture *m, const char *from)
{
	struct class_metrics got;
	MUST(metrics_classes(m, false, &got));
	ok(got.n == C_N && got.members == C_MEMBERS, "%s: counts", from);
	near(got.accuracy, c_accuracy, 1e-15, "%s: accuracy is scikit-learn's, ties to the lowest index", from);
	near(got.nll, c_nll, 1e-13, "%s: NLL is scikit-learn's", from);
	near(got.brier, c_brier, 1e-13, "%s: Brier score is scikit-learn's", from);
	near(got.ece, c_ece, 1e-13, "%s: ECE", from);
	near(got.entropy, c_entropy, 1e-13, "%s: entropy is SciPy's", from);
	near(got.expected_entropy, c_expected_entropy, 1e-13, "%s: expected entropy", from);
	near(got.mutual_information, c_entropy - c_expected_entropy, 1e-13, "%s: mutual information", from);
	ok(isnan(got.accuracy_se) && isnan(got.nll_se), "%s: no standard errors unless asked", from);
}

static void stream_in_parts(void)
{
	struct mixture m;
	float p[C_N * C_CLASSES];
	double worst = 0;
	MUST(mixture_open(&arena, C_N, C_CLASSES, true, &m));
	MUST(mixture_label(&arena, &m, c_labels));
	for (size_t s = 0; s < C_MEMBERS; s++) {
		const float *z = c_logits + s * C_N * C_CLASSES;
		for (size_t first = 0; first < C_N; first += 13) {
			size_t count = C_N - first < 13 ? C_N - first : 13;
			MUST(mixture_add_logits(&m, first, count, z + first * C_CLASSES, C_CLASSES, p + first * C_CLASSES));
		}
		mixture_next(&m);
		for (size_t e = 0; e < C_N * C_CLASSES; e++)
			worst = fmax(worst, fabs((double)p[e] - c_probs[s * C_N * C_CLASSES + e]));
	}
	ok(worst < 1e-7, "members' probabilities are SciPy's softmax");
	golden_values(&m, "logits in batches");
	near(-m.max_logit[3] / C_MEMBERS, c_max_logit_3, 1e-14, "mean largest logit");
	near(m.energy[3] / C_MEMBERS, c_energy_3, 1e-14, "mean energy");
}

/* The call failed as it should, with these words in its message. */
static void refused(status got, status want, const char *words, const char *what)
{
	ok(got == want && strstr(fail_words(got, "--"), words), "%s: %s", what, fail_words(got, "--"));
}

static void degenerate(void)
{
	const double sure[] = {1, 0, 0, 1, 1, 0};
	const int32_t right[] = {0, 1, 0}, wrong[] = {1, 0, 1}, beyond[] = {0, 2, 0}, negative[] = {0, -1, 0};
	struct mixture m = mixture_of(&arena, 1, 3, 2, sure, NULL);
	struct class_metrics got;
	MUST(score(&m, right, true, &got));
	ok(got.accuracy == 1 && got.nll == 0 && got.brier == 0 && got.ece == 0 && got.entropy == 0,
	   "certain and right: every loss is 0");
	ok(got.accuracy_se == 0 && got.nll_se == 0, "certain and right: no spread");
	ok(isnan(got.mutual_information) && got.expected_entropy == 0, "one member has no mutual information");
	MUST(score(&m, wrong, false, &got));
	ok(isinf(got.nll) && got.nll > 0 && got.zeros == 3, "probability 0 of what happened: an infinite NLL, and how often");
	ok(got.accuracy == 0 && got.brier == 2 && got.ece == 1, "certain and wrong: Brier 2, ECE 1");
	refused(mixture_label(&arena, &m, beyond), ERR_INPUT, "label 2 of example 1", "a label beyond the classes");
	refused(mixture_label(&arena, &m, negative), ERR_INPUT, "label -1", "a negative label");

	const double two[] = {1, 0, 0, 1};
	const int32_t zero[] = {0};
	m = mixture_of(&arena, 2, 1, 2, two, NULL);
	MUST(score(&m, zero, true, &got));
	near(got.mutual_information, log(2), 1e-15, "members certain of different classes: mutual information log 2");
	ok(got.accuracy == 1, "a tie goes to the lowest index");
	ok(isnan(got.accuracy_se), "one example has no standard error");
	const int32_t one[] = {1};
	MUST(score(&m, one, false, &got));
	ok(got.accuracy == 0, "a tie is wrong for the higher index");

	const double same[] = {0.3, 0.7, 0.3, 0.7, 0.3, 0.7};
	m = mixture_of(&arena, 3, 1, 2, same, NULL);
	MUST(score(&m, zero, false, &got));
	ok(got.mutual_information >= 0 && got.mutual_information < 1e-15, "equal members: mutual information 0, never below");

	m = mixture_of(&arena, 1, 0, 2, sure, NULL);
	MUST(score(&m, zero, true, &got));
	ok(isnan(got.accuracy) && isnan(got.nll) && isnan(got.ece), "no examples: nothing is defined");
}

static void refusals(void)
{
	const double nan_p[] = {0.5, 0.5, NAN, 1}, negative[] = {1.2, -0.2}, short_row[] = {0.5, 0.498};
	const double close_row[] = {0.5, 0.4995};
	const float z[] = {1, 2, NAN, 1}, inf[] = {1, -INFINITY};
	struct mixture m;
	MUST(mixture_open(&arena, 2, 2, true, &m));
	refused(mixture_add_probs(&m, 0, 2, nan_p, 1e-3), ERR_INPUT, "row 1", "a NaN probability");
	refused(mixture_add_probs(&m, 0, 1, negative, 1e-3), ERR_INPUT, "at least 0", "a negative probability");
	refused(mixture_add_probs(&m, 1, 1, short_row, 1e-3), ERR_INPUT, "row 1 sums to 0.998", "a row that sums to 0.998");
	ok(mixture_add_probs(&m, 1, 1, close_row, 1e-3) == OK, "a row that sums to 0.9995 is taken");
	refused(mixture_add_logits(&m, 0, 2, z, 2, NULL), ERR_INPUT, "example 1", "a NaN logit");
	refused(mixture_add_logits(&m, 0, 1, inf, 2, NULL), ERR_INPUT, "example 0", "an infinite logit");
}

static void bernoulli(void)
{
	const float z[] = {0, 3, -800, 800};
	struct mixture m;
	double p[2];
	MUST(mixture_open(&arena, 4, 2, true, &m));
	MUST(mixture_add_logits(&m, 0, 4, z, 1, NULL));
	mixture_next(&m);
	mixture_mean(&m, 1, p);
	near(p[1], 1 / (1 + exp(-3)), 1e-15, "one logit: the sigmoid is class 1's probability");
	near(p[0], 1 / (1 + exp(3)), 1e-15, "one logit: class 0 has the rest");
	near(m.entropy[1], log(1 + exp(-3)) + 3 / (1 + exp(3)), 1e-14, "one logit: entropy of (0, z)");
	near(m.entropy[0], M_LN2, 1e-15, "one logit of 0: ln 2");
	near(m.energy[1], -log(exp(-1.5) + exp(1.5)), 1e-14, "one logit: energy of (−z/2, z/2)");
	mixture_mean(&m, 2, p);
	ok(p[0] == 1 && p[1] == 0 && m.entropy[2] == 0, "a very negative logit saturates");
	mixture_mean(&m, 3, p);
	ok(p[0] == 0 && p[1] == 1 && m.entropy[3] == 0, "a very positive logit saturates");
	near(m.entropy[0], log(2), 1e-15, "logit 0 has entropy log 2");
}

/* Members' −log p(y) and the mean's by SciPy 1.10's log_softmax and logsumexp, where probabilities underflow. */
static void far_apart(void)
{
	const float z[2][9] = {{0, 2000, 5, 120, 0, -30, 1, 2, 3}, {0, 2500, 1, 3, 900, 0, 30, -90, 7}};
	const float one[] = {800, -3, -1e4F};
	const int32_t label[] = {0, 2, 1}, bit[] = {0, 1, 1};
	struct mixture m;
	struct class_metrics got;
	MUST(mixture_open(&arena, 3, 3, true, &m));
	ok(isnan(mixture_part_nll(&m)), "without labels a part has no NLL");
	MUST(mixture_label(&arena, &m, label));
	for (int s = 0; s < 2; s++) {
		MUST(mixture_add_logits(&m, 0, 3, z[s], 3, NULL));
		mixture_next(&m);
		near(mixture_part_nll(&m), s ? 717.8290158353748 : 717.1358686548148, 1e-10, "the NLL of %d in one part", s + 1);
	}
	near(mixture_loss(&m, 0), 2000.69314718056, 1e-10, "no member's probability fits into a double: log p̄(y) all the same");
	near(mixture_loss(&m, 1), 150.69314718055995, 1e-12, "one member's alone does");
	near(mixture_loss(&m, 2), 2.1007531450043255, 1e-14, "both do");
	MUST(metrics_classes(&m, true, &got));
	near(got.nll, 717.8290158353748, 1e-10, "logits have no floor");
	mixture_part(&m);
	MUST(mixture_add_logits(&m, 0, 3, z[1], 3, NULL));
	mixture_next(&m);
	near(mixture_part_nll(&m), 1173.3333333333676, 1e-10, "a part is scored by itself");
	MUST(mixture_add_logits(&m, 0, 3, z[0], 3, NULL));
	near(mixture_last_nll(&m), 717.1358686548148, 1e-10, "and the last member");
	MUST(mixture_add_logits(&m, 0, 3, z[1], 3, NULL));
	near(mixture_last_nll(&m), 1173.3333333333676, 1e-10, "whichever it is");
	ok(got.zeros == 0 && isfinite(got.nll_se), "and never a probability 0");
	MUST(mixture_open(&arena, 3, 2, true, &m));
	MUST(mixture_label(&arena, &m, bit));
	MUST(mixture_add_logits(&m, 0, 3, one, 1, NULL));
	mixture_next(&m);
	MUST(metrics_classes(&m, false, &got));
	near(got.nll, 3601.0161957838577, 1e-9, "nor has one logit");
}

/* NumPy's −mean log of the mean, in float64. */
static void tiny(void)
{
	const double p[] = {1e-60, 1 - 1e-60, 0.5, 0.5, 3e-320, 1}, mean[] = {1e-300, 1, 0.2, 0.8, 5e-324, 1, 0.4, 0.6};
	const double least[] = {5e-324, 1, 0, 1}, zero[] = {0, 1, 0.5, 0.5};
	const int32_t label[] = {0, 0, 0};
	struct class_metrics got;
	struct mixture m = mixture_of(&arena, 1, 3, 2, p, NULL);
	MUST(score(&m, label, true, &got));
	near(got.nll, 291.52562712083613, 1e-12, "tiny probabilities count as what they are");
	m = mixture_of(&arena, 2, 2, 2, mean, NULL);
	MUST(score(&m, label, false, &got));
	near(got.nll, 346.3363239415498, 1e-12, "and so does their mean");
	m = mixture_of(&arena, 2, 1, 2, least, NULL);
	MUST(score(&m, label, false, &got));
	near(got.nll, 745.1332191019411, 1e-12, "half the smallest double is no 0");
	m = mixture_of(&arena, 1, 2, 2, zero, NULL);
	MUST(score(&m, label, true, &got));
	ok(isinf(got.nll) && got.zeros == 1 && isnan(got.nll_se), "one probability 0: infinite, without a standard error");
	near(got.accuracy_se, 0.35, 0.03, "which the accuracy still has");
}

static void bins(void)
{
	bool good = true;
	for (int k = 1; k <= ECE_BINS; k++) {
		double edge = (double)k / ECE_BINS;
		good &= ece_bin(edge) == k - 1 && ece_bin(nextafter(edge, 0)) == k - 1;
		if (k < ECE_BINS)
			good &= ece_bin(nextafter(edge, 1)) == k;
	}
	ok(good && ece_bin(0) == 0 && ece_bin(1) == ECE_BINS - 1, "bins are open below and closed above");
}

/* The bootstrap's deviation of a mean is √(v/n), v the population variance, within its own error of 1/√(2·1000) = 2.2 %
 * of it. Six of those: a false alarm has probability 2e-9; the resamples are fixed. */
static void bootstrap(void)
{
	enum { N = 400 };
	double p[2 * N], mean = 0, square = 0;
	int32_t label[N];
	struct class_metrics got;
	for (int i = 0; i < N; i++) {
		p[2 * i] = 0.55 + 0.4 * ((i * 37) % N) / N;
		p[2 * i + 1] = 1 - p[2 * i];
		label[i] = i % 4 == 0;
		double loss = -log(p[2 * i + label[i]]);
		mean += loss / N;
		square += loss * loss / N;
	}
	struct mixture m = mixture_of(&arena, 1, N, 2, p, NULL);
	MUST(score(&m, label, true, &got));
	double want = sqrt(0.75 * 0.25 / N), want_nll = sqrt((square - mean * mean) / N);
	near(got.accuracy_se / want, 1, 6 * 0.0224, "standard error of the accuracy is the binomial's");
	near(got.nll_se / want_nll, 1, 6 * 0.0224, "standard error of the NLL is the mean's");
	uint32_t one[N], other[N];
	bootstrap_counts(0, 5, N, one);
	bootstrap_counts(1, 5, N, other);
	ok(memcmp(one, other, sizeof one) != 0, "two sets are resampled apart");
}

int main(void)
{
	struct mixture m = mixture_of(&arena, C_MEMBERS, C_N, C_CLASSES, c_probs, NULL);
	MUST(mixture_label(&arena, &m, c_labels));
	golden_values(&m, "probabilities");
	stream_in_parts();
	degenerate();
	refusals();
	bernoulli();
	far_apart();
	tiny();
	bins();
	bootstrap();
	arena_free(&arena);
	return done_testing();
}
