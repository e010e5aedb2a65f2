/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Derivatives of the losses' gradients against central differences of the plain double ones, and against closed forms. Steps of
 * 1e-5 leave 1e-10 of a number: what is allowed is two roundings to float32, of a row's largest number where terms cancel. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/ref/loss.h"
#include "tests/tap.h"

enum { SET = 300, OFFSET = 3 };
static const double noise_sd = 0.6, scale = 0.37, step = 1e-5, rounding = 1.2e-7;
static const struct rng_key key = {31, 0};
static const char *const names[LOSS_KINDS] = {"categorical", "gaussian", "bernoulli", "heteroscedastic"};

struct loss_case {
	enum loss_kind kind;
	int n, k;
	bool weighted, indexed, classed, add;
	bool own, own_moves, output_moves;  /* σ is a parameter for each output; what has a tangent */
	double spread;                      /* of the outputs */
};

/* A case on the host: outputs and tangents (n, k), targets, ln σ and its tangent (k). */
struct numbers {
	float *x, *x_dot, *y, *weight, *s, *s_dot;
	float by_class[SET];
	int32_t label[SET];
	uint32_t *index;
};

static float normal(int what, int i)
{
	return (float)rng_normal(key, STREAM_DATA, (uint64_t)what, (uint64_t)i);
}

static void numbers_make(const struct loss_case *c, struct numbers *q)
{
	const size_t n = (size_t)c->n, k = (size_t)c->k;
	q->x = host_take(n * k * sizeof(float)), q->x_dot = host_take(n * k * sizeof(float));
	q->y = host_take(SET * k * sizeof(float)), q->weight = host_take(n * sizeof(float));
	q->s = host_take(k * sizeof(float)), q->s_dot = host_take(k * sizeof(float));
	q->index = host_take((n + OFFSET) * sizeof *q->index);
	for (int i = 0; i < c->n * c->k; i++) {
		q->x[i] = (float)c->spread * normal(0, i);
		q->x_dot[i] = c->output_moves ? normal(1, i) : 0;
	}
	/* Log-variances beyond the bounds where they are plain. */
	for (int i = 0; c->kind == LOSS_HETEROSCEDASTIC && i < c->n; i += 3)
		q->x[i * c->k + c->k / 2] = (i % 2 ? 41 : -42) + normal(2, i) / 4;
	for (int i = 0; i < SET * c->k; i++)
		q->y[i] = c->kind == LOSS_BERNOULLI ? normal(3, i) > 0 : normal(3, i);
	for (int i = 0; i < SET; i++) {
		q->label[i] = (int32_t)rng_below(key, STREAM_DATA, 4, (uint32_t)i, (uint64_t)c->k);
		q->by_class[i] = 0.5f + (float)i / 4;
	}
	for (int i = 0; i < c->n + OFFSET; i++)
		q->index[i] = (uint32_t)(i * 7 % SET);
	for (int i = 0; i < c->n; i++)
		q->weight[i] = c->weighted ? fabsf(normal(5, i)) : 1;
	for (int j = 0; j < c->k; j++) {
		q->s[j] = normal(6, j) / 3;
		q->s_dot[j] = c->own_moves ? normal(7, j) : 0;
	}
}

static void numbers_free(struct numbers *q)
{
	free(q->x), free(q->x_dot), free(q->y), free(q->weight), free(q->s), free(q->s_dot), free(q->index);
}

/* Gradients of row i, t along its tangents: with respect to its outputs (k), and to ln σ, which is added to `own` (k). */
static void gradient_at(const struct loss_case *c, const struct numbers *q, int i, double t, double *g, double *own)
{
	const size_t row = c->indexed ? q->index[OFFSET + i] : (size_t)(OFFSET + i);
	const int per = loss_targets(c->kind, c->k);
	double x[128], y[128], factor = scale * (double)q->weight[i];
	for (int j = 0; j < c->k; j++)
		x[j] = (double)q->x[i * c->k + j] + t * (double)q->x_dot[i * c->k + j];
	for (int j = 0; j < per; j++)
		y[j] = (double)q->y[row * (size_t)per + (size_t)j];
	if (c->classed)
		factor *= (double)q->by_class[c->kind == LOSS_CATEGORICAL ? q->label[row] : y[0] > 0.5];
	if (!c->own)
		ref_loss(c->kind, c->k, x, q->label[row], y, noise_sd, g);
	for (int j = 0; c->own && j < c->k; j++) {
		const double sd = exp((double)q->s[j] + t * (double)q->s_dot[j]), z = (x[j] - y[j]) / sd;
		ref_loss(c->kind, 1, x + j, 0, y + j, sd, g + j);
		own[j] += factor * (1 - z * z);
	}
	for (int j = 0; j < c->k; j++)
		g[j] *= factor;
}

/* Their differences: (n, k) and (k). */
static void differences(const struct loss_case *c, const struct numbers *q, double *dot, double *own_dot)
{
	double up[128], down[128], *own = host_doubles(2 * (size_t)c->k);
	for (int i = 0; i < c->n; i++) {
		gradient_at(c, q, i, step, up, own);
		gradient_at(c, q, i, -step, down, own + c->k);
		for (int j = 0; j < c->k; j++)
			dot[i * c->k + j] = (up[j] - down[j]) / (2 * step);
	}
	for (int j = 0; j < c->k; j++)
		own_dot[j] = (own[j] - own[c->k + j]) / (2 * step);
	free(own);
}

/* The largest difference in rows of k, as a share of the row's largest number; of one that is small beside the gradients themselves
 * differences of those know little (sure() does). */
static double worst(const float *got, const double *want, int n, int k)
{
	double off = 0;
	for (int i = 0; i < n; i++) {
		double most = 1e-3, most_off = 0;
		for (int j = i * k; j < (i + 1) * k; j++) {
			most = fmax(most, fabs(want[j]));
			most_off = fmax(most_off, isfinite(got[j]) ? fabs((double)got[j] - want[j]) : (double)INFINITY);
		}
		off = fmax(off, most_off / most);
	}
	return off;
}

/* What the device has, on its own copies: (n, k) and (k), where the sums of a loss's own parameters are added to 2, or set. */
static void ask(struct device *d, const struct loss_case *c, const struct numbers *q, float *dot, float *own_dot)
{
	const size_t n = (size_t)c->n, k = (size_t)c->k, bytes = n * k * sizeof(float);
	struct slots s = {.value = {[SLOT_FIRST] = 1}};
	for (int j = 0; j < c->k; j++)
		own_dot[j] = 2;
	void *there[] = {upload(d, q->x, bytes), upload(d, q->x_dot, bytes), upload(d, q->s, k * sizeof(float)),
	                 upload(d, q->s_dot, k * sizeof(float)), device_take(d, bytes), upload(d, own_dot, k * sizeof(float))};
	const struct loss l = {
		.kind = c->kind, .output = there[0], .n = c->n, .k = c->k, .row = SLOT_FIRST, .offset = OFFSET - 1, .noise_sd = noise_sd,
		.target = c->kind == LOSS_CATEGORICAL ? (const void *)q->label : q->y, .index = c->indexed ? q->index : NULL,
		.weight = c->weighted ? q->weight : NULL, .class_weight = c->classed ? q->by_class : NULL,
		.params = {c->own ? there[2] : NULL}, .scale = scale, .add_dparams = c->add};
	const struct loss_dot asked = {.output = c->output_moves ? there[1] : NULL, .params = {c->own_moves ? there[3] : NULL},
	                               .gradient = there[4], .dparams = {c->own ? there[5] : NULL}};
	MUST(d->ops->loss_dot(d, &s, &l, &asked));
	download(d, dot, there[4], bytes);
	download(d, own_dot, there[5], k * sizeof(float));
	for (size_t i = 0; i < sizeof there / sizeof *there; i++)
		d->ops->free(d, there[i]);
}

static void check_case(struct device *d, struct device *other, const struct loss_case *c)
{
	const size_t n = (size_t)c->n * (size_t)c->k, k = (size_t)c->k;
	struct numbers q;
	numbers_make(c, &q);
	float *got = host_take((n + k) * sizeof *got), *again = host_take((n + k) * sizeof *again);
	double *want = host_doubles(n + k);
	differences(c, &q, want, want + n);
	ask(d, c, &q, got, got + n);
	ask(other, c, &q, again, again + n);
	near(worst(got, want, c->n, c->k), 0, rounding, "%s%s, %d × %d: derivatives of the gradients are their differences", names[c->kind],
	     c->own ? " with σ" : "", c->n, c->k);
	ok(memcmp(got, again, (n + k) * sizeof *got) == 0, "%s, %d × %d: the same bits with another number of threads", names[c->kind],
	   c->n, c->k);
	for (size_t j = 0; c->own && j < k; j++)
		want[n + j] += c->add ? 2 : 0;
	if (c->own)
		near(worst(got + n, want + n, 1, c->k), 0, rounding, "gaussian, %d × %d: that of ln σ", c->n, c->k);
	numbers_free(&q);
	free(got), free(again), free(want);
}

/* Two classes, the label's far ahead: p(1 − p)(ẋ₀ − ẋ₁) to full accuracy, though 1 − p is nothing beside 1. */
static void sure(struct device *d)
{
	const float x[] = {0, -60, 0, 0}, x_dot[] = {1, 3, 1, 3};
	const int32_t label[] = {0, 0};
	float got[4];
	const struct loss l = {.kind = LOSS_CATEGORICAL, .output = x, .n = 2, .k = 2, .target = label, .scale = 1};
	MUST(d->ops->loss_dot(d, &(struct slots){0}, &l, &(struct loss_dot){.output = x_dot, .gradient = got}));
	near(got[0] / (-2 * exp(-60)), 1, rounding, "a sure prediction's curvature is small, and not nothing");
	near(got[1], -(double)got[0], 0, "and its other class's the opposite");
	near(got[2], -0.5, rounding, "one that is not sure: −2·¼");
}

int main(void)
{
	static const int outputs[] = {1, 2, 10, 17, 100};
	struct device *d, *other;
	MUST(backend_open("cpu", 1, &d));
	MUST(backend_open("cpu", 3, &other));
	for (int kind = 0; kind < LOSS_KINDS; kind++)
		for (int i = 0; i < (int)(sizeof outputs / sizeof *outputs); i++) {
			const bool classes = kind == LOSS_CATEGORICAL || (kind == LOSS_BERNOULLI && outputs[i] == 1);
			struct loss_case c = {.kind = (enum loss_kind)kind, .n = 21 + i, .k = outputs[i], .weighted = i % 2, .indexed = i % 3 != 1,
			                      .classed = classes && i != 1, .output_moves = true, .spread = i == 3 ? 9 : 2};
			c.k += kind == LOSS_HETEROSCEDASTIC && c.k % 2;
			check_case(d, other, &c);
			if (kind != LOSS_GAUSSIAN)
				continue;
			c.own = c.own_moves = true;
			c.add = i % 2;
			check_case(d, other, &c);
			c.output_moves = false;
			check_case(d, other, &c);
			c.output_moves = true, c.own_moves = false;
			check_case(d, other, &c);
		}
	for (int kind = 0; kind < LOSS_KINDS; kind++)
		check_case(d, other, &(struct loss_case){.kind = (enum loss_kind)kind, .n = 4000, .k = 10, .weighted = true, .indexed = true,
		                                         .output_moves = true, .own = kind == LOSS_GAUSSIAN, .own_moves = true, .spread = 2});
	sure(d);
	d->ops->close(d);
	other->ops->close(other);
	return done_testing();
}
