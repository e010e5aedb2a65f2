/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Truncated SGD with heavy-tailed noise: its steps beside its equation, its reductions to SGD, and the laws of its noise. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { N = 6, D = 3, B = 2, STEPS = 60 };
static const struct rng_key key = {5, 3};
/* mᵢ and hᵢ of the terms, as TERMS has them. */
static const double terms[N][D + 1] = {
	{1, 0, 0.5, 0.5}, {-1, 0.5, 0, 1}, {0.25, -1, 2, 1.5}, {2, 1, -0.5, 0.25}, {-0.5, 0.25, 1, 2}, {0, -2, -1, 0.75},
};
#define TERMS "quadratics:1/0/0.5/0.5,-1/0.5/0/1,0.25/-1/2/1.5,2/1/-0.5/0.25,-0.5/0.25/1/2,0/-2/-1/0.75"

/* Two elements with Laplace's prior, and one that is frozen. */
static const struct piece piece[] = {
	{.count = 2, .prior = 2, .kind = PRIOR_LAPLACE},
	{.offset = 2, .count = 1, .prior = 1, .frozen = true},
};
static const struct pieces partly = {(struct piece *)piece, 2, D};

/* ---- steps beside the equation, in double ---- */

struct heavy {
	const char *name, *options[10];
	double clip, scale;      /* b, c */
	int batch, large;        /* B, M; 0: all */
	enum { SAME, FRESH, FULL, NONE } word;
	bool iid;
};

/* Rows first … of an order's batch: those of the step, or of the second stream. */
static void draw_rows(const struct heavy *h, enum stream stream, uint64_t step, int size, int *n, int *row)
{
	uint32_t order[N];
	uint64_t batches = stream == STREAM_SHUFFLE ? (uint64_t)((N + size - 1) / size) : (uint64_t)(N / size);
	int first = (int)(step % batches) * size;
	if (!h->iid)
		rng_permutation(key, stream, step / batches, order, N);
	*n = h->iid || first + size <= N ? size : N - first;
	for (int i = 0; i < *n; i++)
		row[i] = h->iid ? (int)rng_below(key, stream, step, (uint32_t)i, N) : size == N ? i : (int)order[first + i];
}

static void mean_gradient(const double *theta, int n, const int *row, double *g)
{
	for (int j = 0; j < D; j++) {
		g[j] = 0;
		for (int i = 0; i < n; i++)
			g[j] += terms[row[i]][D] * (theta[j] - terms[row[i]][j]) / n;
	}
}

/* ĝ_SB* − ĝ_LB, or ξ/‖ξ‖, without w; and ĝ_SB in g. */
static void noise_of(const struct heavy *h, uint64_t k, const double *theta, const struct pieces *p, double *g, double *z)
{
	int n, row[N], all[N] = {0, 1, 2, 3, 4, 5}, far[N], m;
	double large[D], norm = 0;
	draw_rows(h, STREAM_SHUFFLE, k, h->batch, &n, row);
	mean_gradient(theta, n, row, g);
	if (h->word == NONE) {
		for (int i = 0; i < p->n; i++)
			for (size_t j = p->at[i].offset; j < p->at[i].offset + p->at[i].count; j++)
				norm += p->at[i].frozen ? 0 : pow(rng_normal(key, STREAM_LANGEVIN_0, k, j), 2);
		for (int j = 0; j < D; j++)
			z[j] = rng_normal(key, STREAM_LANGEVIN_0, k, (uint64_t)j) / sqrt(norm);
		return;
	}
	draw_rows(h, STREAM_SHUFFLE_1, k, h->large ? h->large : h->batch, &m, far);
	mean_gradient(theta, h->large ? m : N, h->large ? far : all, large);
	if (h->word == FRESH)
		mean_gradient(theta, h->batch, far, z);
	else
		memcpy(z, g, D * sizeof *z);
	for (int j = 0; j < D; j++)
		z[j] -= large[j];
	if (h->word == FULL)
		memcpy(g, large, sizeof large);
}

static void heavy_step(const struct heavy *h, uint64_t k, const struct pieces *p, double *theta)
{
	double g[D], z[D], square = 0, deviation = prior_deviation(N, bench_decay);
	double tail = pow(1 - rng_uniform(key, STREAM_HEAVY, k, 0), -1 / 1.4), w = h->scale * (h->word == NONE ? tail : tail - 1);
	noise_of(h, k, theta, p, g, z);
	for (int i = 0; i < p->n; i++) {
		const struct piece *at = &p->at[i];
		const struct prior_curve c = prior_curve(at->kind, at->nu, at->prior, deviation);
		for (size_t j = at->offset; j < at->offset + at->count; j++) {
			g[j] = at->frozen ? 0 : g[j] + w * z[j] + bench_decay * at->prior * prior_gradient(&c, theta[j]);
			square += g[j] * g[j];
		}
	}
	double length = bench_lr * sqrt(square);
	for (int j = 0; j < D; j++)
		theta[j] -= bench_lr * g[j] * fmin(1, h->clip / length);
}

static struct state_plan plan_of(struct potential *p, int batch, bool iid)
{
	return (struct state_plan){.potential = p, .n = N, .batch = batch, .iid = iid, .temperature = 1, .decay = bench_decay,
	                           .lr_max = bench_lr};
}

static void check_steps(struct potential *p, const struct heavy *h)
{
	for (int mixed = 0; mixed < 2; mixed++) {
		const struct pieces *pieces = mixed ? &partly : p->pieces, *before = p->pieces;
		struct bench b;
		double theta[D] = {0.5, -0.25, 1}, got[D], worst = 0, longest = 0;
		const struct state_plan plan = plan_of(p, h->batch, h->iid);
		p->pieces = pieces;
		bench_open_plan(&b, &plan, "tail-sgd", h->options);
		b.state.s.slots.key = b.state.batches.key = b.state.further.key = key;
		bench_set(&b, theta);
		for (uint64_t k = 0; k < STEPS; k++) {
			double from[D], square = 0;
			bench_get(&b, from);
			bench_step(&b, k);
			heavy_step(h, k, pieces, theta);
			bench_get(&b, got);
			for (int j = 0; j < D; j++) {
				worst = fmax(worst, fabs(got[j] - theta[j]) / fmax(1, fabs(theta[j])));
				square += pow(got[j] - from[j], 2);
			}
			longest = fmax(longest, sqrt(square));
		}
		const char *of = mixed ? ", a frozen tensor and another prior" : "";
		near(worst, 0, 2e-5, "tail-sgd, %s%s: %d steps are those of its equation", h->name, of, STEPS);
		ok(longest <= h->clip * (1 + 1e-5), "tail-sgd, %s%s: no step is longer than b", h->name, of);
		bench_close(&b);
		p->pieces = before;
	}
}

static void check_equation(struct potential *p)
{
	static const struct heavy heavies[] = {
		{"same", {"--tail-scale", "0.2", NULL}, INFINITY, 0.2, B, 0, SAME, false},
		{"same, clipped", {"--heavy-batch", "same", "--clip", "0.15", NULL}, 0.15, 0.5, B, 0, SAME, false},
		{"fresh", {"--heavy-batch", "fresh", "--clip", "0.15", NULL}, 0.15, 0.5, B, 0, FRESH, false},
		{"fresh, iid", {"--heavy-batch", "fresh", "--tail-scale", "0.2", NULL}, INFINITY, 0.2, B, 0, FRESH, true},
		{"same, a large batch", {"--large-batch", "4", "--clip", "0.15", NULL}, 0.15, 0.5, B, 4, SAME, false},
		{"fresh, a large batch", {"--heavy-batch", "fresh", "--large-batch", "4", "--clip", "0.15", NULL}, 0.15, 0.5, B, 4,
		 FRESH, false},
		{"fresh, a large batch, iid", {"--heavy-batch", "fresh", "--large-batch", "4", "--clip", "0.15", NULL}, 0.15, 0.5, B, 4,
		 FRESH, true},
		{"same, all data by number", {"--large-batch", "6", "--clip", "0.15", NULL}, 0.15, 0.5, B, 0, SAME, false},
		{"fresh, all data by number", {"--heavy-batch", "fresh", "--large-batch", "6", "--clip", "0.15", NULL}, 0.15, 0.5, B, 0,
		 FRESH, false},
		{"full", {"--heavy-batch", "full", "--clip", "0.15", NULL}, 0.15, 0.5, B, 0, FULL, false},
		{"none", {"--heavy-batch", "none", "--clip", "0.15", NULL}, 0.15, 0.5, B, 0, NONE, false},
		{"none, not clipped", {"--heavy-batch", "none", "--tail-scale", "0.2", NULL}, INFINITY, 0.2, B, 0, NONE, false},
		{"clipped SGD", {"--tail-scale", "0", "--clip", "0.1", NULL}, 0.1, 0, B, 0, SAME, false},
		{"clipped full gradients", {"--tail-scale", "0", "--heavy-batch", "full", "--clip", "0.1", NULL}, 0.1, 0, B, 0, FULL,
		 false},
	};
	for (int i = 0; i < (int)(sizeof heavies / sizeof *heavies); i++)
		check_steps(p, &heavies[i]);
}

/* ---- reductions to sgd, bit for bit ---- */

static void trajectory(struct potential *p, const char *method, const char *const *options, int batch, float *out)
{
	struct bench b;
	const struct state_plan plan = plan_of(p, batch, false);
	bench_open_plan(&b, &plan, method, options);
	bench_set(&b, (double[D]){0.5, -0.25, 1});
	for (uint64_t k = 0; k < STEPS; k++) {
		bench_step(&b, k);
		MUST(state_get(&b.state, 0, out + k * D));
	}
	bench_close(&b);
}

static void check_reductions(struct potential *p)
{
	static const struct {
		const char *what, *options[8];
		int batch;
	} sames[] = {
		{"without noise and clipping", {"--tail-scale", "0", NULL}, B},
		{"without noise, clipped beyond every step", {"--tail-scale", "0", "--clip", "1e6", NULL}, B},
		{"with all data in a batch: same", {"--tail-scale", "40", NULL}, N},
		{"with all data in a batch: fresh", {"--tail-scale", "40", "--heavy-batch", "fresh", NULL}, N},
		{"with all data in a batch: full", {"--tail-scale", "40", "--heavy-batch", "full", "--clip", "1e6", NULL}, N},
	};
	float sgd[STEPS * D], tail[STEPS * D];
	for (int i = 0; i < (int)(sizeof sames / sizeof *sames); i++) {
		trajectory(p, "sgd", NULL, sames[i].batch, sgd);
		trajectory(p, "tail-sgd", sames[i].options, sames[i].batch, tail);
		ok(!memcmp(sgd, tail, sizeof sgd) && sgd[0] != sgd[D], "tail-sgd %s is sgd, bit for bit", sames[i].what);
	}
	trajectory(p, "tail-sgd", (const char *[]){"--tail-scale", "0.1", NULL}, B, tail);
	trajectory(p, "sgd", NULL, B, sgd);
	ok(memcmp(sgd, tail, sizeof sgd) != 0, "tail-sgd with noise is not");
}

/* ---- the law of the noise ---- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Kolmogorov's distance of w at 20,000 steps from P(w > z) = (1 + z/c)^−α, or of W from (z/c)^−α: above 2.23/√n once in 10⁴. */
static void check_weights(struct potential *p, bool direction)
{
	enum { DRAWS = 20000 };
	static double w[DRAWS];
	const double alpha = 1.7, c = 0.3;
	struct bench b;
	const struct state_plan plan = plan_of(p, B, false);
	double worst = 0;
	bench_open_plan(&b, &plan, "tail-sgd", (const char *[]){"--tail-index", "1.7", "--tail-scale", "0.3", "--heavy-batch",
	                                                        direction ? "none" : "same", NULL});
	struct sampler_state *s = &b.state.s;
	for (int k = 0; k < DRAWS; k++) {
		s->slots.step = (uint64_t)k;
		s->sampler->coef(s);
		w[k] = s->slots.value[SLOT_SAMPLER + 3];
	}
	qsort(w, DRAWS, sizeof *w, compare);
	for (int k = 0; k < DRAWS; k++) {
		double below = 1 - pow(direction ? fmax(w[k] / c, 1) : 1 + w[k] / c, -alpha);
		worst = fmax(worst, fmax(fabs(below - (double)k / DRAWS), fabs(below - (double)(k + 1) / DRAWS)));
	}
	near(worst * sqrt(DRAWS), 0, 2.23, "tail-sgd: %s Pareto's (√n times Kolmogorov's distance)",
	     direction ? "the length of the noise is" : "c + w is");
	ok(direction ? w[0] >= c : w[0] >= 0 && w[0] < c / 100, "tail-sgd: it begins where it should");
	bench_close(&b);
}

/* In one dimension, with options of the noise that has no batch. */

/* ---- what it asks for ---- */

/* A potential that notes which stream augments each gradient. */
struct augmented {
	struct potential base;
	struct potential *inner;
	int n;
	enum stream of[4];
};

static status augmented_gradient(struct potential *p, struct slots *s, const struct gradient_request *r)
{
	struct augmented *a = (struct augmented *)p;
	if (a->n < 4)
		a->of[a->n++] = r->augment;
	return a->inner->ops->value_grad(a->inner, s, r);
}

/* Examples of the second batch are augmented by themselves: else ĝ_SB* would not be independent of ĝ_SB, nor of its law. */
static void check_augmentation(struct potential *p)
{
	static const struct potential_ops ops = {.value_grad = augmented_gradient};
	struct augmented a = {.base = *p, .inner = p};
	struct bench b;
	a.base.ops = &ops;
	const struct state_plan plan = plan_of(&a.base, B, false);
	bench_open_plan(&b, &plan, "tail-sgd", (const char *[]){"--heavy-batch", "fresh", "--large-batch", "4", NULL});
	bench_set(&b, (double[D]){0});
	bench_step(&b, 0);
	ok(a.n == 3 && a.of[0] == STREAM_AUGMENT && a.of[1] == STREAM_AUGMENT_1 && a.of[2] == STREAM_AUGMENT_1,
	   "tail-sgd: the second batch is augmented apart from the step's");
	bench_close(&b);
	/* What has number k among all rows is another example than what the batch has there, unless it has them all as they are. */
	for (int whole = 0; whole < 2; whole++) {
		const struct state_plan full = plan_of(&a.base, whole ? N : B, false);
		a.n = 0;
		bench_open_plan(&b, &full, "tail-sgd", (const char *[]){"--heavy-batch", "full", NULL});
		bench_set(&b, (double[D]){0});
		bench_step(&b, 0);
		ok(a.n >= 2 && a.of[0] == STREAM_AUGMENT && a.of[1] == (whole ? STREAM_AUGMENT : STREAM_AUGMENT_1), "tail-sgd: %s",
		   whole ? "but a batch of all rows is the same" : "and so are all rows");
		bench_close(&b);
	}
}

static void check_large(struct potential *p)
{
	static const struct {
		const char *word, *large, *scale;
		bool taken;
	} cases[] = {{"same", "4", "0.5", true}, {"fresh", "6", "0.5", true}, {"same", "3", "0.5", false}, {"same", "8", "0.5", false},
	             {"full", "4", "0.5", false}, {"none", "4", "0.5", false}, {"same", "4", "0", false}};
	const struct sampler *s;
	struct sampler_state out;
	MUST(sampler_find("tail-sgd", &s));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct opts *o = sampler_words("tail-sgd", (const char *[]){"--heavy-batch", cases[i].word, "--large-batch", cases[i].large,
		                                                            "--tail-scale", cases[i].scale, NULL});
		struct state_plan plan = plan_of(p, B, false);
		plan.sampler = s;
		opts_numbers(o, s->params, plan.param);
		ok((state_facts(&plan, key, &out) == OK) == cases[i].taken, "tail-sgd, %s, scale %s: a large batch of %s is %s", cases[i].word,
		   cases[i].scale, cases[i].large, cases[i].taken ? "taken" : "refused");
		opts_free(o);
	}
}

void check_heavy(struct device *d)
{
	struct potential *p;
	MUST(analytic_open(TERMS, d, &p));
	check_equation(p);
	check_reductions(p);
	check_augmentation(p);
	check_large(p);
	check_weights(p, false);
	check_weights(p, true);
	potential_close(p);
}
