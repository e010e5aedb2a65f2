/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which members of an ensemble have died, by what each is worth by itself. */
#include "predict/members.h"

#include <math.h>
#include <string.h>

#include "src/rng.h"
#include "tests/tap.h"

enum { MOST = 200 };

/* L: lives, G: guesses, F: far. */
static void fates(const char *what, const double *figure, double guess, const char *want)
{
	const size_t n = strlen(want);
	enum member_fate fate[MOST];
	char got[MOST + 1] = "";
	MUST(members_judge(figure, n, &(struct guess){guess, guess}, fate));
	for (size_t i = 0; i < n; i++)
		got[i] = fate[i] == MEMBER_LIVES ? 'L' : fate[i] == MEMBER_GUESSES ? 'G' : 'F';
	ok(strcmp(got, want) == 0, "%s: %s", what, got);
}

/* Figures that vary as those of good chains do, over many seeds, some of them hardly at all, are never far. Of 40 normal numbers one
 * is 10 robust deviations off with a probability far below 1e-6, and FAR_SHARE asks for more. */
static void good_chains(void)
{
	size_t far = 0;
	for (uint64_t seed = 0; seed < 1000; seed++) {
		double figure[40];
		enum member_fate fate[40];
		for (uint64_t i = 0; i < 40; i++) {
			const double z = rng_normal((struct rng_key){9, 0}, STREAM_PROBE, seed, i);
			figure[i] = 0.5 + (seed % 2 ? 0.02 * z : 1e-9 * (i == 0 ? 1e3 : 1) * z);
		}
		MUST(members_judge(figure, 40, &(struct guess){2.3, 2.3}, fate));
		for (int i = 0; i < 40; i++)
			far += fate[i] != MEMBER_LIVES;
	}
	ok(far == 0, "of 1000 ensembles of 40 that are alike no member is far (%zu)", far);
}

/* An anchor's members are worse by far than θ's, and as their like are. */
static void roles(void)
{
	enum { THETAS = 12, N = 18 };
	static const double anchors[N - THETAS] = {0.9, 1.3, 1.6, 1.1, 1.5, 1.0};
	struct choice choice[N];
	double figure[N];
	enum member_fate pooled[N], fate[N];
	int far = 0, apart = 0;
	for (int i = 0; i < N; i++) {
		choice[i] = (struct choice){.role = i % 3 == 2 ? "anchor" : "theta"};
		figure[i] = i % 3 == 2 ? anchors[i / 3] : 0.5 + 0.01 * (i % 4);
	}
	figure[0] = 1.7;
	MUST(members_judge(figure, N, &(struct guess){2.3, 2.3}, pooled));
	MUST(members_judge_roles(figure, &(struct selection){.choice = choice, .n = N}, &(struct guess){2.3, 2.3}, fate));
	for (int i = 1; i < N; i++) {
		far += pooled[i] == MEMBER_FAR;
		apart += fate[i] != MEMBER_LIVES;
	}
	ok(far > 0 && apart == 0 && fate[0] == MEMBER_FAR, "members are held against those of their role: %d far, %d if pooled", apart, far);
}

int main(void)
{
	const double chance = log(10);
	fates("members that know something", (double[]){0.5, 0.52, 0.48, 0.5, 0.51, 0.49}, chance, "LLLLLL");
	fates("at chance, above it, and within half a percent", (double[]){0.5, chance, 0.52, 2.4, 0.996 * chance, 0.99 * chance}, chance,
	      "LGLGGL");
	fates("half of them at chance", (double[]){0.5, 0.52, 0.48, chance, chance, chance}, chance, "LLLGGG");
	fates("all at chance", (double[]){chance, 2.31, 2.32}, chance, "GGG");
	fates("one that is far worse", (double[]){0.5, 0.52, 0.48, 0.5, 0.51, 1.5}, chance, "LLLLLF");
	fates("one that is far better", (double[]){0.9, 0.92, 0.88, 0.9, 0.91, 0.2}, chance, "LLLLLL");
	/* The median is 0.505 and 1.7976 better than guessing. */
	fates("by less than half of what the others know", (double[]){0.5, 0.52, 0.48, 0.5, 0.51, 1.40}, chance, "LLLLLL");
	fates("and by more", (double[]){0.5, 0.52, 0.48, 0.5, 0.51, 1.41}, chance, "LLLLLF");
	/* The median is 0.575 and that of the distances 0.1: 0.575 + 10 · 1.4826 · 0.1 = 2.0576. */
	fates("others that are apart themselves", (double[]){0.4, 0.5, 0.55, 0.6, 0.7, 2.05}, chance, "LLLLLL");
	fates("further than ten deviations", (double[]){0.4, 0.5, 0.55, 0.6, 0.7, 2.065}, chance, "LLLLLF");
	fates("most of them at chance, which are none of the others",
	      (double[]){0.5, 0.51, 0.49, 0.5, 0.51, 1.5, 2.31, 2.31, 2.31, 2.31, 2.31, 2.31}, chance, "LLLLLFGGGGGG");
	fates("too few to say", (double[]){0.5, 0.5, 0.5, 1.9}, chance, "LLLL");
	fates("one more is enough", (double[]){0.5, 0.5, 0.5, 0.5, 1.9}, chance, "LLLLF");
	fates("a guess that is not known", (double[]){0.5, 0.5, 0.5, 0.5, 1.9}, (double)NAN, "LLLLL");
	good_chains();
	roles();
	return done_testing();
}
