/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A backend's norms against the oracle in tests/ref. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/layers.h"
#include "tests/norm_case.h"
#include "tests/tap.h"

enum { FORWARD, DATA, PARAMS, KINDS };

/* The worst error in units of its bound, and where it was. */
struct worst {
	double ratio;
	char where[200];
};

static const char *const activations[] = {"relu", "silu", "tanh", "none", "threshold"};

static void describe(const struct norm_case *c, char *text, size_t size)
{
	snprintf(text, size, "%s %s%s%s%s, (%d, %d, %d, %d) block %d, x %s, r %s, y %s, policy %d",
	         c->norm == NORM_BATCH ? "batch norm" : "frn", activations[c->activation], c->residual ? ", residual" : "",
	         c->second ? ", two gradients" : "", c->add ? ", added" : "", c->shape.n, c->shape.channels, c->shape.height,
	         c->shape.width, c->shape.block, c->x_bf16 ? "bf16" : "fp32", c->r_bf16 ? "bf16" : "fp32",
	         c->y_bf16 ? "bf16" : "fp32", (int)c->policy);
}

static double largest(const double *x, size_t n)
{
	double most = 0;
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fabs(x[i]));
	return most;
}

/* Errors are bounded by `bound` and `own` times the element. */
static void compare(struct worst *w, const struct norm_case *c, const char *what, struct image *got, const double *want,
                    double bound, double own)
{
	image_get(got);
	for (size_t i = 0; i < got->count; i++) {
		double ratio = fabs(got->exact[i] - want[i]) / (bound + own * fabs(want[i]));
		if (!(ratio <= w->ratio)) {
			char text[120];
			describe(c, text, sizeof text);
			w->ratio = isnan(ratio) ? INFINITY : ratio;
			snprintf(w->where, sizeof w->where, "%s[%zu]: %.6g for %.6g: %s", what, i, got->exact[i], want[i], text);
		}
	}
}

/* The largest part of a gradient dx that goes the direct way; the others may take most of it back. */
static double direct(const struct ref_norm *l, const double *g)
{
	double most = 0;
	for (int i = 0; i < l->n * l->channels; i++)
		most = fmax(most, fabs(ref_norm_scale(l, i / l->channels, i % l->channels)) *
		                  largest(g + (size_t)i * (size_t)l->pixels, (size_t)l->pixels));
	return most;
}

/* The largest number over its channel's deviation, times γ: a mean is rounded as the numbers are, which may be far
 * larger than the deviation. */
static double magnified(const struct ref_norm *l)
{
	double most = 0;
	for (int i = 0; i < l->n * l->channels; i++)
		most = fmax(most, fabs(ref_norm_scale(l, i / l->channels, i % l->channels)) *
		                  largest(l->x + (size_t)i * (size_t)l->pixels, (size_t)l->pixels));
	return most;
}

static double *kept(const struct image *t)
{
	return memcpy(host_doubles(t->count), t->exact, t->count * sizeof(double));
}

static void add(double *to, const double *x, size_t n, bool wanted)
{
	for (size_t i = 0; wanted && i < n; i++)
		to[i] += x[i];
}

/* Forward and backward once against the oracle. Half an ulp of bf16 is 2⁻⁹ of a number's power of two. */
static void check(struct norm_case *c, struct worst worst[KINDS])
{
	const struct layer_ops *ops = c->d->ops->layers[LAYER_NORM];
	norm_case_new(c);
	size_t n = c->x.count, channels = (size_t)c->shape.channels;
	double *y = host_doubles(n), *g = host_doubles(n), *dx = host_doubles(n), *dy = kept(&c->dy[0]);
	double *dgamma = host_doubles(channels), *dbeta = host_doubles(channels), *dtau = host_doubles(channels);
	add(dy, c->dy[1].exact, n, c->second);
	struct ref_norm l = norm_case_ref(c);
	ref_norm(&l, NULL, y);
	ref_norm_backward(&l, dy, dx, g, dgamma, dbeta, dtau);
	add(dgamma, c->dgamma.exact, channels, c->add);
	add(dbeta, c->dbeta.exact, channels, c->add);
	add(dtau, c->dtau.exact, channels, c->add);

	struct layer_plan *p = norm_case_plan(c, PLAN_TRAIN);
	struct layer_io io = norm_case_io(c);
	unsigned reads = ops->backward_reads(&c->layer);
	MUST(ops->forward(p, &io));
	io.x[0] = reads & READS_X0 ? io.x[0] : NULL;
	io.x[1] = reads & READS_X1 ? io.x[1] : NULL;
	io.y = reads & READS_Y ? io.y : NULL;
	MUST(ops->backward(p, &io));
	ops->drop(p);
	double mean = 0x1p-23 * magnified(&l);
	compare(&worst[FORWARD], c, "y", &c->y, y, 4e-6 * largest(y, n) + mean, c->y_bf16 ? 0x1p-8 : 1e-6);
	/* The slope of tanh is taken from y: 1 − y² has its rounding. Gradients of a residual are stored, and read
	 * again. */
	double rounding = 1e-5 + mean + (c->y_bf16 && c->activation == ACTIVATION_TANH && c->residual ? 0x1p-7 : 0) +
	                  (c->residual && c->r_bf16 ? 0x1p-8 : 0);
	compare(&worst[DATA], c, "dx", &c->dx, dx, rounding * direct(&l, g), c->x_bf16 ? 0x1p-8 : 0);
	if (c->residual)
		compare(&worst[DATA], c, "dr", &c->dr, g, rounding * largest(g, n), 0);
	compare(&worst[PARAMS], c, "dgamma", &c->dgamma, dgamma, rounding * sqrt((double)(n / channels)) * largest(g, n), 1e-6);
	compare(&worst[PARAMS], c, "dbeta", &c->dbeta, dbeta, rounding * sqrt((double)(n / channels)) * largest(g, n), 1e-6);
	if (c->activation == ACTIVATION_THRESHOLD)
		compare(&worst[PARAMS], c, "dtau", &c->dtau, dtau, 1e-5, 1e-6);
	norm_case_free(c);
	free(y), free(g), free(dx), free(dgamma), free(dbeta), free(dtau), free(dy);
}

/* The worst of some cases, by norm. */
struct norm_worst {
	struct worst of[2][KINDS];
};

static void say_worst(const struct norm_worst *all, int norm, const char *what)
{
	static const char *const names[] = {"y", "dx and the residual's gradient", "gradients of the parameters"};
	for (int kind = 0; kind < KINDS; kind++) {
		const struct worst *w = &all->of[norm][kind];
		if (!ok(w->ratio <= 1, "%s: %s, %s", norm ? "filter response norm" : "batch norm", names[kind], what))
			note("%.3g times the bound at %s", w->ratio, w->where);
	}
}

static const struct norm_shape shapes[] = {
	{3, 32, 5, 4, 16}, {2, 16, 3, 3, 16}, {5, 24, 3, 3, 8}, {4, 20, 4, 3, 0}, {3, 6, 5, 7, 1}, {7, 64, 2, 2, 0}, {9, 8, 3, 1, 0},
	{1, 4, 6, 6, 0}, {2, 33, 1, 1, 0}, {1, 16, 1, 1, 0}, {3, 6, 5, 7, 0}, {2, 72, 5, 4, 0},
	/* Large enough for more than one thread: a block each, shared blocks, channels last, planes. */
	{9, 32, 16, 16, 16}, {9, 48, 12, 12, 16}, {9, 40, 13, 9, 0}, {9, 10, 20, 20, 1}, {70, 512, 1, 1, 0},
};

/* Every shape with every norm and activation; types, residuals and the rest in turn, so that all pairs come up. */
static void against_oracle(struct device *d)
{
	struct norm_worst worst = {.of = {{{0}}}};
	int turn = 0;
	for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
		for (int norm = 0; norm < 2; norm++)
			for (int a = ACTIVATION_RELU; a <= ACTIVATION_THRESHOLD; a++)
				for (int bf16 = 0; bf16 < 3; bf16++, turn++) {
					struct norm_case c = {.shape = shapes[s], .seed = (unsigned)turn, .norm = (enum norm)norm,
					                      .activation = (enum activation)a, .residual = turn % 2, .x_bf16 = bf16 == 1, .y_bf16 = bf16 > 0,
					                      .r_bf16 = bf16 == 1 || (bf16 == 2 && turn % 5 > 2), .second = turn % 3 == 0,
					                      .add = turn % 5 == 0, .policy = turn % 7 == 0 ? STATS_USE : STATS_FREEZE, .d = d};
					if (in_turn())
						check(&c, worst.of[norm]);
				}
	for (int norm = 0; norm < 2; norm++)
		say_worst(&worst, norm, "all shapes, formats, activations");
}

void check_large_norm(struct device *d, enum norm norm, const struct norm_shape *shape, bool bf16, enum activation activation,
                      bool residual)
{
	struct norm_worst worst = {.of = {{{0}}}};
	struct norm_case c = {.shape = *shape, .norm = norm, .activation = activation, .residual = residual, .x_bf16 = bf16,
	                      .y_bf16 = bf16, .r_bf16 = bf16, .second = residual, .policy = STATS_FREEZE, .d = d};
	char what[200];
	describe(&c, what, sizeof what);
	check(&c, worst.of[norm]);
	say_worst(&worst, norm, what);
}

/* A batch's share in the mean of a pass's statistics, as the pass gives it. */
static void set_share(struct device *d, struct slots *s, double share, struct layer_io *io)
{
	s->value[SLOT_SAMPLER] = share;
	MUST(d->ops->slots_send(d, s));
	io->slots = s;
	io->stats_share = SLOT_SAMPLER;
}

static void running_statistics(struct device *d)
{
	static const char *const names[] = {"run", "freeze", "cumulate"};
	struct slots slots = {.step = 0};
	MUST(d->ops->slots_open(d, &slots));
	for (int policy = STATS_RUN; policy <= STATS_CUMULATE; policy++) {
		struct norm_case c = {.shape = {6, 20, 7, 5, 0}, .policy = (enum stats_policy)policy, .d = d};
		const struct layer_ops *ops = d->ops->layers[LAYER_NORM];
		struct worst w = {0};
		norm_case_new(&c);
		double *want = kept(&c.stats);
		struct layer_plan *p = norm_case_plan(&c, PLAN_TRAIN);
		struct layer_io io = norm_case_io(&c);
		for (int batch = 0; batch < 4; batch++) {
			struct ref_norm l = norm_case_ref(&c);
			image_normals(&c.x, 0.5 * batch, 1 + batch);
			ref_norm_running(&l, c.policy, want);
			set_share(d, &slots, 1 / ((double)batch + 1), &io);
			MUST(ops->forward(p, &io));
			compare(&w, &c, "statistics", &c.stats, want, 1e-7, 1e-6);
		}
		if (!ok(w.ratio <= 1, "batch norm: running statistics over 4 batches, policy %s", names[policy]))
			note("%.3g times the bound at %s", w.ratio, w.where);
		ops->drop(p);
		norm_case_free(&c);
		free(want);
	}
	d->ops->slots_close(d, &slots);
}

/* Around 100 with deviation 1: the sum of squares alone would lose the variance. And one number a channel. */
static void hard_statistics(struct device *d)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_NORM];
	struct norm_case c = {.shape = {64, 16, 16, 16, 16}, .policy = STATS_CUMULATE, .activation = ACTIVATION_NONE, .d = d};
	struct worst w = {0};
	struct slots slots = {.step = 0};
	MUST(d->ops->slots_open(d, &slots));
	norm_case_new(&c);
	image_normals(&c.x, 100, 1);
	double *want = kept(&c.stats), *y = host_doubles(c.x.count);
	struct ref_norm l = norm_case_ref(&c);
	ref_norm_running(&l, c.policy, want);
	ref_norm(&l, NULL, y);
	struct layer_plan *p = norm_case_plan(&c, PLAN_TRAIN);
	struct layer_io io = norm_case_io(&c);
	set_share(d, &slots, 1, &io);
	MUST(ops->forward(p, &io));
	compare(&w, &c, "statistics", &c.stats, want, 1e-7, 1e-6);
	compare(&w, &c, "y", &c.y, y, 4e-5, 0);
	if (!ok(w.ratio <= 1, "batch norm: mean 100, deviation 1"))
		note("%.3g times the bound at %s", w.ratio, w.where);
	ops->drop(p);
	norm_case_free(&c);
	free(want), free(y);

	c = (struct norm_case){.shape = {1, 16, 1, 1, 16}, .policy = STATS_CUMULATE, .activation = ACTIVATION_NONE, .d = d};
	norm_case_new(&c);
	p = norm_case_plan(&c, PLAN_TRAIN);
	io = norm_case_io(&c);
	set_share(d, &slots, 1, &io);
	MUST(ops->forward(p, &io));
	MUST(ops->backward(p, &io));
	image_get(&c.y), image_get(&c.dx), image_get(&c.stats);
	bool good = true;
	for (int i = 0; i < 16; i++)
		good = good && fabs(c.y.exact[i] - c.beta.exact[i]) < 1e-3 && fabs(c.dx.exact[i]) < 1e-3 && c.stats.exact[16 + i] == 0;
	ok(good, "batch norm: of one number a channel the output is β, the gradient 0");
	ops->drop(p);
	norm_case_free(&c);
	d->ops->slots_close(d, &slots);
}

static void not_a_number(struct device *d)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_NORM];
	bool seen = true, elsewhere = false;
	for (int a = ACTIVATION_RELU; a <= ACTIVATION_THRESHOLD; a++)
		for (int bf16 = 0; bf16 < 2; bf16++)
			for (int which = 0; which < 3; which++) {
				if (!in_turn())
					continue;
				struct norm_case c = {.shape = {3, 18, 3, 3, 0}, .norm = which == 2 ? NORM_FILTER_RESPONSE : NORM_BATCH,
				                      .activation = (enum activation)a, .x_bf16 = bf16, .y_bf16 = bf16, .r_bf16 = bf16,
				                      .policy = which == 1 ? STATS_USE : STATS_RUN, .residual = a % 2, .d = d};
				enum { AT = (1 * 18 + 17) * 9 + 4 };
				norm_case_new(&c);
				c.x.exact[AT] = NAN;
				image_put(&c.x);
				struct layer_plan *p = norm_case_plan(&c, PLAN_TRAIN);
				struct layer_io io = norm_case_io(&c);
				MUST(ops->forward(p, &io));
				MUST(ops->backward(p, &io));
				image_get(&c.y), image_get(&c.dgamma);
				seen = seen && isnan(c.y.exact[AT]) && isnan(c.dgamma.exact[17]);
				elsewhere = elsewhere || isnan(c.y.exact[AT - 9]) || isnan(c.dgamma.exact[16]);
				ops->drop(p);
				norm_case_free(&c);
			}
	ok(seen, "norms: NaN stays NaN through every activation");
	ok(!elsewhere, "norms: NaN stays in its channel");
}

void check_norms(struct device *d)
{
	against_oracle(d);
	running_statistics(d);
	hard_statistics(d);
	check_norm_places(d);
	not_a_number(d);
}
