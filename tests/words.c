/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Lists of words against the enums and tables beside which they stand. */
#include "src/words.h"

#include <stdio.h>
#include <string.h>

#include "predict/decide/conformal_intervals.h"
#include "predict/decide/conformal_sets.h"
#include "predict/ood.h"
#include "src/data/dataset.h"
#include "src/files/snaps.h"
#include "src/likelihood.h"
#include "src/net/model.h"
#include "src/schedule.h"
#include "src/text.h"
#include "tests/tap.h"

static bool amount(size_t bytes, const char *want)
{
	return strcmp(text_amount(&(struct text){.n = 0}, bytes), want) == 0;
}

static void amounts(void)
{
	ok(amount(0, "0 bytes") && amount(999, "999 bytes") && amount(1234, "1.23 kB") && amount(14400000, "14.4 MB"),
	   "amounts of memory have three digits");
	ok(amount(999499, "999 kB") && amount(999500, "1 MB") && amount(85000000000, "85 GB") && amount(2500000000000000, "2.5e+03 TB"),
	   "and the unit that suits them");
}

static void finding(void)
{
	ok(words_count("a") == 1 && words_count("one|two|three") == 3, "words are counted");
	ok(words_find("one|two|three", "one") == 0 && words_find("one|two|three", "three") == 2, "and found by their places");
	ok(words_find("one|two", "tw") < 0 && words_find("one|two", "twos") < 0 && words_find("one|two", "") < 0 &&
	   words_find("one|two", NULL) < 0, "parts of words, longer ones, and none are not");
	ok(!strcmp(words_at("one|two|three", 0).at, "one") && !strcmp(words_at("one|two|three", 2).at, "three"), "words are at their places");
}

/* A word for each value of an enum, and the last value's at the end. */
static void list(const char *words, int last, const char *first, const char *end)
{
	ok(words_count(words) == last + 1 && words_find(words, first) == 0 && words_find(words, end) == last,
	   "%s: from %s to %s", words, first, end);
}

static void names(void)
{
	bool splits = true, dtypes = true, rows = true, builds = true;
	for (int i = 0; i < words_count(SPLIT_WORDS); i++)
		splits = splits && words_find(SPLIT_WORDS, split_name((enum split)i)) == i;
	for (int i = 0; i < words_count(SNAPS_DTYPE_WORDS); i++)
		dtypes = dtypes && words_find(SNAPS_DTYPE_WORDS, snaps_dtype_name((enum snaps_dtype)i)) == i;
	int n = 0;
	for (; likelihoods[n]; n++)
		rows = rows && words_find(LIKELIHOOD_WORDS, likelihoods[n]->name) == n;
	ok(splits, "splits have the names of their words");
	ok(dtypes, "so do the types of snapshots");
	ok(rows && n == words_count(LIKELIHOOD_WORDS), "and the table of likelihoods");
	static const char *const activations[] = {"relu", "silu", "tanh"}, *const norms[] = {"bn", "frn"};
	struct model m;
	for (int i = 0; i < 3; i++) {
		MUST(model_build("linear", activations[i], NULL, (int[]){1, 1, 2}, 2, &m));
		builds = builds && words_find(ACTIVATION_WORDS, activations[i]) == (int)m.activation;
		model_free(&m);
	}
	for (int i = 0; i < 2; i++) {
		MUST(model_build("resnet20", NULL, norms[i], (int[]){3, 32, 32}, 2, &m));
		builds = builds && words_find(NORM_WORDS, norms[i]) == (int)m.norm;
		model_free(&m);
	}
	ok(builds, "models take activations and norms by them");
}

int main(void)
{
	finding();
	amounts();
	list(SPLIT_WORDS, SPLIT_HOLDOUT, "train", "holdout");
	list(PRECISION_WORDS, PRECISION_BF16, "fp32", "bf16");
	list(AUGMENT_WORDS, AUGMENT_CROP_FLIP, "none", "crop-flip");
	list(CONV_ALGO_WORDS, CONV_GEMM, "auto", "gemm");
	list(ACTIVATION_WORDS, ACTIVATION_TANH, "relu", "tanh");
	list(NORM_WORDS, NORM_FILTER_RESPONSE, "bn", "frn");
	list(SCHEDULE_WORDS, SCHEDULE_SWA, "constant", "swa");
	list(SNAPS_DTYPE_WORDS, SNAPS_BFLOAT16, "float32", "bfloat16");
	list(OOD_SCORE_WORDS, OOD_SCORES - 1, "entropy", "energy");
	list(SET_SCORE_WORDS, SET_SCORES - 1, "lac", "raps");
	list(INTERVAL_SCORE_WORDS, INTERVAL_SCORES - 1, "normalised", "quantiles");
	list(MISSING_WORDS, MISSING_INDICATOR, "refuse", "indicator");
	list(UNKNOWN_WORDS, UNKNOWN_OTHER, "refuse", "other");
	list(DECIMAL_WORDS, DECIMAL_COMMA, "point", "comma");
	names();
	ok(!strcmp(words_number(0.43214).at, "0.4321"), "a number has four decimals");
	ok(!strcmp(words_number(0).at, "0.0000"), "so has 0");
	ok(!strcmp(words_number(-1.2345e-6).at, "-1.234e-06"), "a small one has digits instead");
	ok(!strcmp(words_number(99999.4).at, "99999.4000"), "a large one decimals, while they help");
	ok(!strcmp(words_number(6.23e44).at, "6.23e+44"), "and a larger one digits");
	return done_testing();
}
