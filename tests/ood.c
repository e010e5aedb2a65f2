/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* ROC figures against scikit-learn, ties and missing classes included, and the scores of a mixture. */
#include "predict/ood.h"

#include <math.h>
#include <string.h>

#include "tests/golden/metrics.h"
#include "tests/tap.h"

#define COUNT(x) (sizeof(x) / sizeof *(x))

#define AGAINST_SKLEARN(t, what)                                                                            \
	do {                                                                                                \
		struct roc r;                                                                               \
		MUST(ood_roc(t##_id, COUNT(t##_id), t##_ood, COUNT(t##_ood), ROC_BOOTSTRAP, &r));           \
		near(r.auroc, t##_auroc, 1e-13, what ": AUROC is scikit-learn's");                          \
		near(r.aupr_out, t##_aupr_out, 1e-13, what ": AUPR, OOD positive");                         \
		near(r.aupr_in, t##_aupr_in, 1e-13, what ": AUPR, in-distribution positive");               \
		near(r.fpr95, t##_fpr95, 1e-15, what ": FPR at 95 %% recall, OOD positive");                \
		near(r.fpr95_in, t##_fpr95_in, 1e-15, what ": FPR at 95 %% recall, in-distribution positive"); \
		ok(r.n_id == COUNT(t##_id) && r.n_ood == COUNT(t##_ood), what ": counts");                  \
		near(r.base_rate, (double)COUNT(t##_ood) / (double)(COUNT(t##_id) + COUNT(t##_ood)), 1e-15, \
		     what ": base rate");                                                                   \
	} while (0)

/* Hanley & McNeil (1982), eq. 1: the deviation of an AUROC from the two pairwise probabilities, here counted exactly.
 * The bootstrap has an error of 2.2 % of its own (1000 resamples) and a bias of order 1/n (under 2 % for these sizes). */
static void standard_error(void)
{
	double a = 0, q_ood = 0, q_id = 0, n_id = COUNT(u_id), n_ood = COUNT(u_ood);
	double by_id[COUNT(u_id)] = {0}, by_ood[COUNT(u_ood)] = {0};
	for (size_t i = 0; i < COUNT(u_id); i++)
		for (size_t j = 0; j < COUNT(u_ood); j++) {
			double win = u_ood[j] > u_id[i] ? 1 : u_ood[j] == u_id[i] ? 0.5 : 0;
			by_id[i] += win / n_ood;
			by_ood[j] += win / n_id;
		}
	for (size_t i = 0; i < COUNT(u_id); i++) {
		a += by_id[i] / n_id;
		q_id += by_id[i] * by_id[i] / n_id;
	}
	for (size_t j = 0; j < COUNT(u_ood); j++)
		q_ood += by_ood[j] * by_ood[j] / n_ood;
	double want = sqrt((a * (1 - a) + (n_ood - 1) * (q_id - a * a) + (n_id - 1) * (q_ood - a * a)) / (n_id * n_ood));
	struct roc r;
	MUST(ood_roc(u_id, COUNT(u_id), u_ood, COUNT(u_ood), ROC_BOOTSTRAP, &r));
	near(r.auroc_se / want, 1, 0.15, "standard error of the AUROC is Hanley and McNeil's");
}

/* The call failed as it should, with these words in its message. */
static void refused(status got, status want, const char *words, const char *what)
{
	ok(got == want && strstr(fail_words(got, "--"), words), "%s: %s", what, fail_words(got, "--"));
}

static void edges(void)
{
	const double low[] = {1, 2, 3}, high[] = {4, 5}, bad[] = {1, NAN}, inf[] = {INFINITY, INFINITY};
	struct roc r;
	MUST(ood_roc(low, 3, high, 2, ROC_BOOTSTRAP, &r));
	ok(r.auroc == 1 && r.aupr_out == 1 && r.aupr_in == 1 && r.fpr95 == 0 && r.fpr95_in == 0, "separated sets: perfect");
	bool perfect = true;
	double rising[60];
	for (size_t i = 0; i < 60; i++)
		rising[i] = (double)i;
	for (size_t n = 1; n < 60; n++) {
		MUST(ood_roc(rising, n, rising + n, 60 - n, ROC_PLACEMENTS, &r));
		perfect = perfect && r.aupr_out == 1 && r.aupr_in == 1;
	}
	ok(perfect, "to the last bit, sets of any size");
	MUST(ood_roc(high, 2, low, 3, ROC_BOOTSTRAP, &r));
	ok(r.auroc == 0 && r.fpr95 == 1 && r.fpr95_in == 1, "separated the wrong way: worst");
	MUST(ood_roc(low, 3, high, 0, ROC_BOOTSTRAP, &r));
	ok(isnan(r.auroc) && isnan(r.auroc_se) && isnan(r.aupr_out) && isnan(r.aupr_in) && isnan(r.fpr95) &&
	   isnan(r.fpr95_in) && r.base_rate == 0, "no OOD examples: nothing is defined");
	MUST(ood_roc(low, 0, high, 2, ROC_BOOTSTRAP, &r));
	ok(isnan(r.auroc) && isnan(r.fpr95_in) && r.base_rate == 1, "no in-distribution examples: nothing is defined");
	MUST(ood_roc(low, 0, high, 0, ROC_BOOTSTRAP, &r));
	ok(isnan(r.auroc) && isnan(r.base_rate), "no examples at all: nothing is defined");
	MUST(ood_roc(low, 1, high, 1, ROC_BOOTSTRAP, &r));
	ok(r.auroc == 1 && isnan(r.auroc_se), "one of each: an AUROC without a standard error");
	MUST(ood_roc(low, 3, inf, 2, ROC_BOOTSTRAP, &r));
	ok(r.auroc == 1, "infinite scores are ordered");
	refused(ood_roc(low, 3, bad, 2, ROC_BOOTSTRAP, &r), ERR_INPUT, "out-of-distribution example 1", "a NaN score");
	/* 20 OOD examples: 19 of them are exactly 95 %. */
	double id[2] = {0.5, -1}, ood[20];
	for (int i = 0; i < 20; i++)
		ood[i] = i ? i : 0;
	MUST(ood_roc(id, 2, ood, 20, ROC_BOOTSTRAP, &r));
	ok(r.fpr95 == 0, "a recall of exactly 0.95 is enough");
}

/* One output z is two logits −z/2 and z/2: surely the one class is as familiar as surely the other. */
static void bernoulli(struct arena *arena)
{
	static const float one[] = {3, -3, 0.5F, 0}, two[] = {-1.5F, 1.5F, 1.5F, -1.5F, -0.25F, 0.25F, 0, 0};
	static const enum ood_score kinds[] = {OOD_MAX_LOGIT, OOD_ENERGY, OOD_MSP, OOD_ENTROPY};
	struct mixture single, pair;
	double a[4], b[4];
	MUST(mixture_open(arena, 4, 2, true, &single));
	MUST(mixture_open(arena, 4, 2, true, &pair));
	MUST(mixture_add_logits(&single, 0, 4, one, 1, NULL));
	MUST(mixture_add_logits(&pair, 0, 4, two, 2, NULL));
	mixture_next(&single);
	mixture_next(&pair);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		MUST(ood_scores(&single, kinds[k], a));
		MUST(ood_scores(&pair, kinds[k], b));
		near(a[1], a[0], 1e-15, "of a bernoulli's two classes neither is the stranger (score %d)", (int)kinds[k]);
		for (int i = 0; i < 4; i++)
			near(a[i], b[i], 1e-14, "as of two logits around 0 (score %d, example %d)", (int)kinds[k], i);
	}
}

static void scores(void)
{
	struct arena arena = {0};
	struct mixture m, probs;
	double score[C_N];
	MUST(mixture_open(&arena, C_N, C_CLASSES, true, &m));
	MUST(mixture_open(&arena, C_N, C_CLASSES, false, &probs));
	for (size_t s = 0; s < C_MEMBERS; s++) {
		MUST(mixture_add_logits(&m, 0, C_N, c_logits + s * C_N * C_CLASSES, C_CLASSES, NULL));
		mixture_next(&m);
		if (s == 0)
			refused(ood_scores(&m, OOD_MI, score), ERR_USAGE, "one member", "mi of one member");
	}
	MUST(ood_scores(&m, OOD_MI, score));
	near(score[3], c_mi_3, 1e-13, "mi");
	MUST(ood_scores(&m, OOD_MAX_LOGIT, score));
	near(score[3], c_max_logit_3, 1e-14, "max-logit");
	MUST(ood_scores(&m, OOD_ENERGY, score));
	near(score[3], c_energy_3, 1e-14, "energy");
	MUST(ood_scores(&m, OOD_MSP, score));
	near(score[8], -0.25, 1e-15, "msp of four equal probabilities");
	bernoulli(&arena);
	MUST(ood_scores(&m, OOD_ENTROPY, score));
	near(score[8], log(4), 1e-15, "entropy of four equal probabilities");
	double total = 0;
	for (int i = 0; i < C_N; i++)
		total += score[i] / C_N;
	near(total, c_entropy, 1e-13, "mean entropy is SciPy's");
	refused(ood_scores(&probs, OOD_ENERGY, score), ERR_USAGE, "needs logits", "energy of probabilities");
	refused(ood_scores(&probs, OOD_MAX_LOGIT, score), ERR_USAGE, "needs logits", "max-logit of probabilities");
	arena_free(&arena);
}

int main(void)
{
	AGAINST_SKLEARN(t, "many ties");
	AGAINST_SKLEARN(u, "unequal sets");
	AGAINST_SKLEARN(e, "one value");
	standard_error();
	edges();
	scores();
	return done_testing();
}
