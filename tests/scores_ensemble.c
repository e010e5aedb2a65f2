/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Scores of what members have together, or of halves of the examples: joint NLL, ambiguity, calibrated NLL, deep-ensemble equivalent. */
#include <math.h>
#include <string.h>

#include "predict/ambiguity.h"
#include "predict/joint.h"
#include "predict/judged.h"
#include "predict/scaling.h"
#include "predict/scores/calibrated.h"
#include "predict/scores/equivalent.h"
#include "src/rng.h"
#include "tests/golden/scores.h"
#include "tests/mixtures.h"
#include "tests/tap.h"

static struct arena arena;

/* ---- members together ---- */

static void joint_of_members(void)
{
	enum { EXAMPLES = 50 };
	struct joint j;
	double log_lik[EXAMPLES], nll, se;
	MUST(joint_open(&arena, EXAMPLES, &j));
	ok(j.batches >= JOINT_LEAST && j.batches % (EXAMPLES / 2) == 0, "a thousand batches, each pairing whole");
	int used[EXAMPLES] = {0};
	double heads = 0;
	for (size_t b = 0; b < EXAMPLES / 2; b++)
		used[j.pair[2 * b]]++, used[j.pair[2 * b + 1]]++;
	for (size_t b = 0; b < j.batches; b++)
		heads += j.first[b];
	bool once = true;
	for (int i = 0; i < EXAMPLES; i++)
		once = once && used[i] == 1;
	ok(once, "a pairing has every example once");
	near(heads / (double)j.batches, 5, 5 * sqrt(2.5 / (double)j.batches), "coins are fair");
	joint_nll(&j, &nll, &se);
	ok(isnan(nll) && isnan(se), "without members there is no joint NLL");
	for (int i = 0; i < EXAMPLES; i++)
		log_lik[i] = log(0.3);
	joint_add(&j, log_lik);
	joint_nll(&j, &nll, &se);
	near(nll, -10 * log(0.3), 1e-12, "one member's joint NLL is ten times its NLL");
	near(se, 0, 1e-12, "of equal examples without an error");
	/* Of members certain of different worlds, one is right about ten examples of both kinds together. */
	for (int i = 0; i < EXAMPLES; i++)
		log_lik[i] = log(0.9);
	joint_add(&j, log_lik);
	joint_nll(&j, &nll, &se);
	near(nll, -log((pow(0.3, 10) + pow(0.9, 10)) / 2), 1e-12, "two members': the mean of their products");
	for (int i = 0; i < EXAMPLES; i++)
		log_lik[i] = -INFINITY;
	joint_add(&j, log_lik);
	joint_nll(&j, &nll, &se);
	near(nll, -log((pow(0.3, 10) + pow(0.9, 10)) / 3), 1e-12, "a member of probability 0 only counts");
	MUST(joint_open(&arena, EXAMPLES, &j));
	log_lik[0] = -1;
	joint_add(&j, log_lik);
	joint_nll(&j, &nll, &se);
	ok(isinf(nll) && isnan(se), "of probability 0 by all the joint NLL is infinite");
	MUST(joint_open(&arena, EXAMPLES, &j));
	for (int i = 0; i < EXAMPLES; i++)
		log_lik[i] = i ? -1 : -INFINITY;
	joint_add(&j, log_lik);
	bool defined = true;
	for (size_t b = 0; b < j.batches; b++)
		defined = defined && !isnan(j.log_sum[b]);
	ok(defined, "an example that the coin leaves out has no part in its batch");
	MUST(joint_open(&arena, 1, &j));
	joint_add(&j, log_lik);
	joint_nll(&j, &nll, &se);
	ok(isnan(nll), "one example has no pair");
}

/* Different examples: by the batches themselves. */
static void joint_of_examples(void)
{
	enum { EXAMPLES = 7 };
	struct joint j;
	double log_lik[2][EXAMPLES], nll, se, want = 0;
	MUST(joint_open(&arena, EXAMPLES, &j));
	for (int s = 0; s < 2; s++) {
		for (int i = 0; i < EXAMPLES; i++)
			log_lik[s][i] = -0.1 - 0.3 * ((i * 5 + s * 3) % EXAMPLES);
		joint_add(&j, log_lik[s]);
	}
	for (size_t b = 0; b < j.batches; b++) {
		double product[2] = {1, 1};
		for (int s = 0; s < 2; s++)
			for (int t = 0; t < 10; t++)
				product[s] *= exp(log_lik[s][j.pair[2 * b + (t >= j.first[b])]]);
		want -= log((product[0] + product[1]) / 2) / (double)j.batches;
	}
	joint_nll(&j, &nll, &se);
	near(nll, want, 1e-12, "batches of two examples: the products one by one");
	ok(se > 0, "with an error");
}

static void ambiguity_of_members(void)
{
	struct ambiguity got;
	double row[A_N], value, se;
	const struct mixture m = mixture_of(&arena, A_MEMBERS, A_N, A_CLASSES, A_probs, A_labels);
	struct judged j;
	MUST(judged_of(&m, &arena, &j));
	MUST(ambiguity_open(&arena, A_N, &got));
	for (size_t s = 0; s < A_MEMBERS; s++) {
		for (size_t i = 0; i < A_N; i++)
			row[i] = log(A_probs[(s * A_N + i) * A_CLASSES + (size_t)A_labels[i]]);
		ambiguity_add(&got, row);
		MUST(ambiguity_nll(&got, j.loss, &value, &se));
		ok(isnan(value) == (s == 0) && isnan(se) == (s == 0), "ambiguity of %zu members is%s a figure", s + 1, s ? "" : " not");
	}
	MUST(ambiguity_nll(&got, j.loss, &value, &se));
	near(value, A_ambiguity, 1e-13, "members' mean NLL less the ensemble's is NumPy's");
	ok(se > 0 && se < value, "with an error");
	row[3] = -INFINITY;
	ambiguity_add(&got, row);
	MUST(ambiguity_nll(&got, j.loss, &value, &se));
	ok(isinf(value) && isnan(se), "a member of probability 0 makes it infinite");
	j.loss[3] = INFINITY;
	MUST(ambiguity_nll(&got, j.loss, &value, &se));
	ok(isnan(value), "and an ensemble's undefined");
}

/* ---- calibrated ---- */

static void powered(const double *p, size_t n, int c, double b, double *out)
{
	for (size_t i = 0; i < n; i++) {
		double sum = 0;
		for (int k = 0; k < c; k++)
			sum += out[i * (size_t)c + (size_t)k] = pow(p[i * (size_t)c + (size_t)k], b);
		for (int k = 0; k < c; k++)
			out[i * (size_t)c + (size_t)k] /= sum;
	}
}

static void calibrated_halves(void)
{
	const struct mixture m = mixture_of(&arena, A_MEMBERS, A_N, A_CLASSES, A_probs, A_labels);
	double half_p[2][A_N / 2 * A_CLASSES], p[A_CLASSES], loss = 0;
	int32_t half_y[2][A_N / 2];
	uint32_t order[A_N];
	struct scaling fit[2];
	struct calibrated got;
	rng_permutation((struct rng_key){0, 0}, STREAM_HALVES, 0, order, A_N);
	for (size_t i = 0; i < A_N; i++) {
		const size_t h = i / (A_N / 2), at = i % (A_N / 2);
		mixture_mean(&m, order[i], half_p[h] + at * A_CLASSES);
		half_y[h][at] = A_labels[order[i]];
	}
	for (int h = 0; h < 2; h++) {
		const struct mixture half = mixture_of(&arena, 1, A_N / 2, A_CLASSES, half_p[h], half_y[h]);
		MUST(scaling_fit(&half, SCALING_PSEUDO, &fit[h]));
	}
	for (size_t i = 0; i < A_N; i++) {
		const size_t h = i / (A_N / 2), at = i % (A_N / 2);
		memcpy(p, half_p[h] + at * A_CLASSES, sizeof p);
		scaling_apply(fit[1 - h].t, p, A_CLASSES);
		loss -= log(p[half_y[h][at]]) / A_N;
	}
	MUST(calibrated_nll(&m, &got));
	near(got.nll, loss, 1e-10, "the calibrated NLL is of each half by the other's temperature");
	near(got.temperature[0], fit[0].t, 1e-8, "whose temperatures are told");
	ok(got.nll_se > 0.01 && got.nll_se < 0.3, "with an error");
}

/* What is only sharper is as good once it is calibrated. */
static void calibrated_alike(void)
{
	double mean[A_N * A_CLASSES], sharp[A_N * A_CLASSES];
	const struct mixture m = mixture_of(&arena, A_MEMBERS, A_N, A_CLASSES, A_probs, A_labels);
	struct calibrated flat, got;
	for (size_t i = 0; i < A_N; i++)
		mixture_mean(&m, i, mean + i * A_CLASSES);
	powered(mean, A_N, A_CLASSES, 2, sharp);
	const struct mixture other = mixture_of(&arena, 1, A_N, A_CLASSES, sharp, A_labels);
	MUST(calibrated_nll(&m, &flat));
	MUST(calibrated_nll(&other, &got));
	near(got.nll, flat.nll, 1e-4, "probabilities to the square have the same calibrated NLL");
	near(got.temperature[0], 2 * flat.temperature[0], 1e-2, "at twice the temperature");
}

static void deep_ensembles(void)
{
	enum { MEMBERS = A_MEMBERS };
	static float probs[MEMBERS * A_N * A_CLASSES];
	struct equivalent got;
	struct calibrated own;
	for (size_t e = 0; e < MEMBERS * A_N * A_CLASSES; e++)
		probs[e] = (float)A_probs[e];
	const struct mixture m = mixture_of(&arena, MEMBERS, A_N, A_CLASSES, A_probs, A_labels);
	MUST(calibrated_nll(&m, &own));
	MUST(equivalent_of(probs, MEMBERS, A_N, A_CLASSES, A_labels, own.nll, &arena, &got));
	near(got.nll[MEMBERS - 1], own.nll, 1e-5, "all members in any order are the whole ensemble");
	ok(got.nll[0] > got.nll[1] && got.nll[1] > got.nll[2], "more members are better, on average over orders");
	const double between = got.nll[1] + 0.25 * (got.nll[2] - got.nll[1]);
	MUST(equivalent_of(probs, MEMBERS, A_N, A_CLASSES, A_labels, between, &arena, &got));
	near(got.number, 2.25, 1e-3, "a quarter of the way from two members to three");
	ok(got.number_sd > 0 || isnan(got.number_sd), "with a deviation over orders, if all have a number");
	MUST(equivalent_of(probs, MEMBERS, A_N, A_CLASSES, A_labels, 100, &arena, &got));
	ok(got.number == 1 && got.at_least && got.number_sd == 0, "worse than any member: 1 at least");
	MUST(equivalent_of(probs, MEMBERS, A_N, A_CLASSES, A_labels, 0.01, &arena, &got));
	ok(isnan(got.number) && isnan(got.number_sd), "better than all: none");
}

int main(void)
{
	joint_of_members();
	joint_of_examples();
	ambiguity_of_members();
	calibrated_halves();
	calibrated_alike();
	deep_ensembles();
	arena_free(&arena);
	return done_testing();
}
