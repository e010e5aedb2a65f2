/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/tap.h"

static const struct rng_key key = {5, 2};

static void small_net(struct segments *s, struct arena *a)
{
	int index;
	MUST(segments_add(s, a, "conv1.weight", 4, (int64_t[]){5, 3, 2, 4}, INIT_UNIFORM, 0.25, NULL));
	MUST(segments_add(s, a, "conv1.bias", 1, (int64_t[]){5}, INIT_UNIFORM, 0.5, &index));
	MUST(segments_add(s, a, "bn1.weight", 1, (int64_t[]){5}, INIT_CONSTANT, 1, NULL));
	MUST(segments_add(s, a, "fc.weight", 2, (int64_t[]){10, 1000}, INIT_NORMAL, 2, NULL));
	MUST(segments_add(s, a, "fc.bias", 1, (int64_t[]){10}, INIT_CONSTANT, 0, NULL));
	ok(index == 1 && s->n == 5, "segments are numbered in order");
}

static void layout(const struct segments *s)
{
	size_t at = 0;
	bool tight = true;
	for (int i = 0; i < s->n; i++) {
		tight = tight && s->at[i].offset == at && s->at[i].prior == 1 && !s->at[i].frozen;
		at += s->at[i].count;
	}
	ok(tight && at == s->count && at == 120 + 5 + 5 + 10000 + 10, "segments follow one another without gaps");
	ok(segments_find(s, "fc.weight") == &s->at[3] && !segments_find(s, "fc"), "a segment is found by its whole name");
}

static void first_values(const struct segments *s)
{
	float *x = host_take(s->count * sizeof *x), *y = host_take(s->count * sizeof *y);
	segments_init(s, key, x);
	bool exact = true;
	for (size_t e = 0; e < 125; e++) {
		double scale = e < 120 ? 0.25 : 0.5;
		exact = exact && x[e] == (float)(scale * (2 * rng_uniform(key, STREAM_INIT, 0, e) - 1));
	}
	ok(exact, "uniform values follow the flat index, whatever segment it is in");
	ok(x[125] == 1 && x[129] == 1 && x[10130] == 0 && x[10139] == 0, "constants");
	double sum = 0, squares = 0;
	for (size_t e = 130; e < 10130; e++) {
		sum += (double)x[e];
		squares += (double)(x[e] * x[e]);
	}
	/* 10,000 draws of N(0, 4): 5.5 standard errors, false-alarm rate below 1e-7 each. */
	near(sum / 1e4, 0, 5.5 * 0.02, "normal values have mean 0");
	near(squares / 1e4, 4, 5.5 * 4 * sqrt(2e-4), "and their variance");
	segments_init(s, (struct rng_key){5, 3}, y);
	ok(x[0] != y[0] && x[200] != y[200], "another chain starts elsewhere");
	free(x);
	free(y);
}

/* A uniform segment's spread: bounds kept and reached, mean and variance those of U(−s, s). */
static void uniform_bounds(void)
{
	enum { COUNT = 40000 };
	struct arena a = {0};
	struct segments s = {0};
	double bound = 1 / sqrt(784.0), low = 0, high = 0, sum = 0, squares = 0;
	float *x = host_take(COUNT * sizeof *x);
	MUST(segments_add(&s, &a, "w", 1, (int64_t[]){COUNT}, INIT_UNIFORM, bound, NULL));
	segments_init(&s, key, x);
	for (int i = 0; i < COUNT; i++) {
		double v = (double)x[i] / bound;
		low = fmin(low, v);
		high = fmax(high, v);
		sum += v;
		squares += v * v;
	}
	/* P(no draw beyond 0.999) = 0.9995^40000 < 1e-8; mean and square within 5.5 standard errors. */
	ok(low >= -1 - 1e-7 && low < -0.999 && high <= 1 + 1e-7 && high > 0.999, "U(±1/√fan_in) fills its range and no more");
	near(sum / COUNT, 0, 5.5 * sqrt(1.0 / 3 / COUNT), "with mean 0");
	near(squares / COUNT, 1.0 / 3, 5.5 * sqrt(4.0 / 45 / COUNT), "and variance 1/3 of the bound's square");
	free(x);
	arena_free(&a);
}

static void freezing(struct segments *s, struct arena *a)
{
	struct pieces p;
	MUST(pieces_of(s, a, &p));
	ok(p.n == 1 && p.at[0].offset == 0 && p.at[0].count == s->count && p.count == s->count, "alike segments are one piece");
	MUST(segments_freeze(s, "conv1.*,fc.b?as"));
	ok(s->at[0].frozen && s->at[1].frozen && !s->at[2].frozen && !s->at[3].frozen && s->at[4].frozen,
	   "shell patterns freeze what they match");
	MUST(segments_prior(s, "gaussian,*=2,bn*=0,fc.weight=0.5"));
	ok(s->at[0].prior == 2 && s->at[2].prior == 0 && s->at[3].prior == 0.5 && s->at[4].prior == 2, "later prior patterns win");
	MUST(pieces_of(s, a, &p));
	ok(p.n == 4 && p.at[0].frozen && p.at[0].count == 125 && p.at[1].prior == 0 && p.at[1].offset == 125 &&
	   p.at[2].prior == 0.5 && !p.at[2].frozen && p.at[3].frozen && p.at[3].count == 10, "pieces keep unlike segments apart");
	ok(segments_freeze(s, "layer9*") == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "layer9*") &&
	   strstr(fail_words(ERR_USAGE, "--"), "fc.weight"), "a pattern that matches nothing is refused, with the names there are");
	ok(segments_prior(s, "cauchy") == ERR_USAGE && segments_prior(s, "gaussian,fc") == ERR_USAGE &&
	   segments_prior(s, "gaussian,fc*=-1") == ERR_USAGE && segments_prior(s, "gaussian,fc*=1x") == ERR_USAGE &&
	   segments_prior(s, "gaussian,nothing=1") == ERR_USAGE, "other words, and factors that are none, are refused");
	MUST(segments_prior(s, "gaussian"));
}

static void orders(const struct segments *s)
{
	const struct segment *conv = &s->at[0], *fc = &s->at[3];
	float memory[120], file[120], back[120];
	for (int i = 0; i < 120; i++)
		memory[i] = (float)i;
	segment_to_file(conv, memory, file);
	bool right = true;
	for (int o = 0; o < 5; o++)
		for (int i = 0; i < 3; i++)
			for (int h = 0; h < 2; h++)
				for (int w = 0; w < 4; w++)
					right = right && file[((o * 3 + i) * 2 + h) * 4 + w] == memory[((o * 2 + h) * 4 + w) * 3 + i];
	ok(right, "OHWI in memory is OIHW in files");
	segment_from_file(conv, file, back);
	ok(!memcmp(memory, back, sizeof memory), "and back");
	float *x = host_take(fc->count * sizeof *x), *y = host_take(fc->count * sizeof *y);
	x[7] = 3;
	segment_to_file(fc, x, y);
	ok(!memcmp(x, y, fc->count * sizeof *x), "matrices lie the same way in both");
	free(x);
	free(y);
}

int main(void)
{
	struct arena a = {0};
	struct segments s = {0};
	small_net(&s, &a);
	layout(&s);
	first_values(&s);
	uniform_bounds();
	orders(&s);
	freezing(&s, &a);
	arena_free(&a);
	return done_testing();
}
