/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The Hessian of potentials that can be written down, on the CPU and on a device whose memory the host may not touch: over rows
 * and in batches, of some tensors, with priors. */
#include "curvature/hessian.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_linalg.h>

#include "curvature/density.h"
#include "curvature/lanczos.h"
#include "src/analytic.h"
#include "tests/device_vec.h"
#include "tests/far_device.h"
#include "tests/tap.h"

enum { MOST = 16 };

static const struct rng_key key = {7, 0};
static struct device *d;

/* The whole matrix, (n, n), by unit vectors. */
static void matrix_of(struct curvature *c, double *out)
{
	float v[MOST] = {0}, product[MOST];
	for (size_t j = 0; j < c->n; j++) {
		v[j] = 1;
		MUST(curvature_product(c, v, product));
		v[j] = 0;
		for (size_t i = 0; i < c->n; i++)
			out[i * c->n + j] = (double)product[i];
	}
}

/* How far the operator is from a matrix, as a share of the largest element. */
static double off(struct curvature *c, const double *want)
{
	double got[MOST * MOST], most = 0, size = 0;
	matrix_of(c, got);
	for (size_t i = 0; i < c->n * c->n; i++) {
		most = fmax(most, fabs(got[i] - want[i]));
		size = fmax(size, fabs(want[i]));
	}
	return most / size;
}

static struct curvature *open_hessian(const struct hessian_options *h)
{
	struct curvature *c;
	MUST(hessian_open(h, &c));
	return c;
}

/* Loss and gradient are those of ½θᵀAθ, and decay·½|θ|² for the gradient. */
static void check_loss(struct curvature *c, const double *a, const float *theta, double decay, const char *name)
{
	double loss, want = 0, most = 0;
	float gradient[MOST];
	MUST(hessian_loss(c, &loss, gradient));
	for (size_t i = 0; i < c->n; i++) {
		double slope = 0;
		for (size_t j = 0; j < c->n; j++)
			slope += a[i * c->n + j] * (double)theta[j];
		want += slope * (double)theta[i] / 2;
		most = fmax(most, fabs((double)gradient[i] - slope - decay * (double)theta[i]));
	}
	near(loss, want, 1e-6 * want, "%s: the loss", name);
	near(most, 0, 1e-5, "%s: its gradient", name);
}

/* ---- analytic targets ---- */

static void check_gaussian(void)
{
	struct potential *p;
	const float theta[3] = {1, -2, 0.5f};
	double want[9], decayed[9];
	int n;
	MUST(analytic_open("gaussian:1,4,0.25@0.4", d, &p));
	memcpy(want, analytic_covariance(p, &n), sizeof want);
	gsl_matrix_view m = gsl_matrix_view_array(want, 3, 3);
	gsl_linalg_cholesky_decomp1(&m.matrix);
	gsl_linalg_cholesky_invert(&m.matrix);
	for (int i = 0; i < 9; i++)
		decayed[i] = want[i] + (i % 4 ? 0 : 0.125);
	struct hessian_options h = {.potential = p, .theta = theta};
	struct curvature *c = open_hessian(&h);
	ok(c->n == 3 && n == 3 && hessian_offset(c, 0) == 0, "gaussian: three elements");
	near(off(c, want), 0, 2e-7, "gaussian: the Hessian is the covariance's inverse");
	struct trace t = {.part = NULL};
	MUST(trace_run(c, key, 0, 3, NULL, 0, &t));
	near(t.whole.value, want[0] + want[4] + want[8], 1e-5, "gaussian: and so is its trace");
	check_loss(c, want, theta, 0, "gaussian");
	hessian_close(c);
	h.decay = 0.125;
	c = open_hessian(&h);
	near(off(c, decayed), 0, 2e-7, "gaussian: with the decay on its diagonal");
	check_loss(c, want, theta, h.decay, "gaussian with decay");
	hessian_close(c);
	potential_close(p);
}

/* At 0 the curve is −4A/B², at ±B it is 8A/B². */
static void check_double_well(void)
{
	static const struct { float at; double curvature; } of[] = {{0, -1.5}, {2, 3}, {-2, 3}, {1, -0.375}};
	struct potential *p;
	MUST(analytic_open("double-well:1.5,2,0.3", d, &p));
	for (int i = 0; i < 4; i++) {
		struct curvature *c = open_hessian(&(struct hessian_options){.potential = p, .theta = &of[i].at});
		struct lanczos l;
		MUST(lanczos_run(c, &(struct lanczos_options){.top = 5, .tolerance = 1e-3, .key = key}, &l));
		ok(l.n == 1 && l.converged && l.products == 1, "double-well: one eigenvalue at %g", (double)of[i].at);
		near(l.value[0], of[i].curvature, 1e-6, "double-well: which is the second derivative");
		ok(l.least == l.value[0], "double-well: and the smallest");
		hessian_close(c);
	}
	potential_close(p);
}

struct ticks {
	size_t calls, last, batches, end;   /* `end`: the call, from 1, that interrupts */
};

static status tick(void *of, size_t done, size_t batches)
{
	struct ticks *t = of;
	t->last = done;
	t->batches = batches;
	return ++t->calls == t->end ? fail(ERR_INTERRUPTED, "interrupted") : OK;
}

/* Seven terms of curvatures 2⁰ … 2⁶ in batches of three: what is summed is told by its bits. */
static void check_rows(void)
{
	struct potential *p;
	struct ticks ticks = {.calls = 0};
	const float theta[2] = {0.5f, 3};
	const uint32_t some[4] = {6, 0, 3, 3}, beyond[2] = {1, 7};
	MUST(analytic_open("quadratics:1/2/1,0/0/2,-1/3/4,0/5/8,2/2/16,1/0/32,0/1/64", d, &p));
	p->batch = 3;
	struct hessian_options h = {.potential = p, .theta = theta, .tick = tick, .tick_of = &ticks};
	struct curvature *c = open_hessian(&h);
	near(off(c, (double[4]){127. / 7, 0, 0, 127. / 7}), 0, 2e-7, "quadratics: the mean over all terms");
	ok(ticks.calls == 6 && ticks.last == 2 && ticks.batches == 3, "quadratics: three batches a product, and as many ticks");
	struct lanczos l;
	MUST(lanczos_run(c, &(struct lanczos_options){.top = 2, .tolerance = 1e-3, .key = key}, &l));
	ok(l.n == 2 && fabs(l.value[0] - 127. / 7) <= l.error[0] && fabs(l.value[1] - 127. / 7) <= l.error[1],
	   "quadratics: the same eigenvalue twice");
	ticks = (struct ticks){.end = 2};
	float v[2] = {1, 0}, product[2];
	const size_t before = c->products;
	ok(curvature_product(c, v, product) == ERR_INTERRUPTED && ticks.calls == 2 && c->products == before,
	   "quadratics: a tick interrupts between batches");
	hessian_close(c);
	h.rows = some;
	h.n_rows = 4;
	ticks = (struct ticks){.end = 0};
	c = open_hessian(&h);
	near(off(c, (double[4]){81. / 4, 0, 0, 81. / 4}), 0, 2e-7, "quadratics: the mean over some, one of them twice");
	ok(ticks.calls == 4 && ticks.batches == 2, "quadratics: in two batches");
	double loss;
	MUST(hessian_loss(c, &loss, product));
	/* Rows 6, 0, 3, 3: 64 about (0, 1), 1 about (1, 2), and 8 about (0, 5) twice. */
	near(loss, (64 * (.25 + 4) + (.25 + 1) + 16 * (.25 + 4)) / 8, 1e-6, "quadratics: the mean loss over them");
	ok(fabs((double)product[0] - (32 - .5 + 8) / 4) < 1e-5 && fabs((double)product[1] - (128. + 1 - 32) / 4) < 1e-5 && ticks.calls == 6,
	   "quadratics: its gradient, in two batches (%g, %g)", (double)product[0], (double)product[1]);
	hessian_close(c);
	h.rows = beyond;
	h.n_rows = 2;
	ok(hessian_open(&h, &c) == ERR_USAGE && !c && strstr(fail_message(ERR_USAGE), "row 7 of 7"),
	   "quadratics: a row that is not there is refused");
	h.n_rows = 0;
	ok(hessian_open(&h, &c) == ERR_USAGE && !c, "quadratics: and so is no row");
	potential_close(p);
}

/* ---- a potential of several tensors, ½θᵀAθ ---- */

enum { TENSORS = 4, ALL = 10 };

struct form {
	struct potential base;
	struct potential_ops ops;
	struct arena arena;
	struct segments params, stats;
	struct pieces pieces;
	double a[ALL * ALL];
	float stat;            /* that it was called with */
	bool outside;          /* a direction along what is frozen or held came */
	bool held[ALL];
	float factor;          /* of products */
};

static status form_hvp(struct potential *base, struct slots *s, const struct gradient_request *r, const float *v)
{
	struct form *f = (struct form *)base;
	float along[ALL], out[ALL];
	(void)s;
	TRY(base->device->ops->get(base->device, along, v, sizeof along));
	TRY(base->device->ops->get(base->device, out, r->gradient, sizeof out));
	TRY(base->device->ops->get(base->device, &f->stat, r->stats, sizeof f->stat));
	for (size_t i = 0; i < ALL; i++) {
		double sum = r->accumulate ? (double)out[i] : 0;
		f->outside = f->outside || (f->held[i] && along[i] != 0);
		for (size_t j = 0; j < ALL; j++)
			sum += r->batch.scale * r->batch.n * f->a[i * ALL + j] * (double)along[j];
		out[i] = (float)sum * f->factor;
	}
	return base->device->ops->put(base->device, r->gradient, out, sizeof out);
}

static void form_close(struct potential *base)
{
	arena_free(&((struct form *)base)->arena);
}

static void form_open(struct form *f)
{
	static const char *const names[TENSORS] = {"one.weight", "one.bias", "two.weight", "two.bias"};
	static const int64_t counts[TENSORS] = {4, 1, 3, 2};
	*f = (struct form){.factor = 1, .ops = {.hvp = form_hvp, .close = form_close}};
	for (int i = 0; i < TENSORS; i++)
		MUST(segments_add(&f->params, &f->arena, names[i], 1, &counts[i], INIT_CONSTANT, 0, NULL));
	MUST(segments_add(&f->stats, &f->arena, "mean", 1, (int64_t[]){1}, INIT_CONSTANT, 0, NULL));
	MUST(pieces_of(&f->params, &f->arena, &f->pieces));
	f->base = (struct potential){.ops = &f->ops, .device = d, .n_params = ALL, .n_stats = 1, .n = 5, .batch = 2,
	                             .params = &f->params,
	                             .stats = &f->stats, .pieces = &f->pieces};
	for (size_t i = 0; i < ALL; i++)
		for (size_t j = 0; j <= i; j++)
			f->a[i * ALL + j] = f->a[j * ALL + i] = rng_normal(key, STREAM_DATA, i, j);
}

/* The block of A of those elements, whose number is n. */
static void block_of(const struct form *f, const size_t *element, size_t n, double *out)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			out[i * n + j] = f->a[element[i] * ALL + element[j]];
}

static void check_tensors(void)
{
	static const size_t moving[] = {0, 1, 2, 3, 5, 6, 7, 8, 9}, two[] = {0, 1, 2, 3, 8, 9};
	const bool chosen[TENSORS] = {true, true, false, true}, frozen[TENSORS] = {false, true, false, false};
	struct form f;
	double want[ALL * ALL];
	float theta[ALL] = {0}, stat = 2.5f;
	form_open(&f);
	f.params.at[1].frozen = true;
	f.held[4] = true;
	struct hessian_options h = {.potential = &f.base, .theta = theta, .stats = &stat};
	struct curvature *c = open_hessian(&h);
	block_of(&f, moving, 9, want);
	ok(c->n == 9 && hessian_offset(c, 0) == 0 && hessian_offset(c, 1) == SIZE_MAX && hessian_offset(c, 2) == 4 &&
	   hessian_offset(c, 3) == 7,
	   "tensors: all but the frozen one have their places");
	near(off(c, want), 0, 2e-7, "tensors: and their block of the Hessian, summed over three batches");
	ok(f.stat == 2.5f, "tensors: the statistics are those that were given");
	ok(strcmp(c->part(c, 3), "one.weight") == 0 && strcmp(c->part(c, 4), "two.weight") == 0 &&
	   strcmp(c->part(c, 8), "two.bias") == 0, "tensors: elements have their names");
	hessian_close(c);
	h.tensor = chosen;
	f.held[5] = f.held[6] = f.held[7] = true;
	c = open_hessian(&h);
	block_of(&f, two, 6, want);
	ok(c->n == 6 && hessian_offset(c, 2) == SIZE_MAX && hessian_offset(c, 3) == 4,
	   "tensors: those that are chosen, less the frozen one");
	near(off(c, want), 0, 2e-7, "tensors: and their block");
	ok(!f.outside, "tensors: no direction leads out of it");
	f.factor = 1e38f;
	float v[6] = {1, 1, 1, 1, 1, 1}, product[6];
	ok(curvature_product(c, v, product) == ERR_INPUT && strstr(fail_message(ERR_INPUT), "of 6, in one.weight;"),
	   "tensors: what is not finite is named: %s",
	   fail_message(ERR_INPUT));
	hessian_close(c);
	h.tensor = frozen;
	ok(hessian_open(&h, &c) == ERR_USAGE && !c && strstr(fail_message(ERR_USAGE), "frozen"),
	   "tensors: frozen ones alone are refused");
	f.ops.hvp = NULL;
	ok(hessian_open(&h, &c) == ERR_USAGE && !c && strstr(fail_message(ERR_USAGE), "device cpu"),
	   "tensors: and a device without tangents: %s",
	   fail_message(ERR_USAGE));
	potential_close(&f.base);
}

/* Each tensor's prior by differences of its gradient, and where there is no second derivative, words. */
static void check_priors(void)
{
	struct form f;
	double want[ALL * ALL] = {0};
	float theta[ALL] = {0.5f, -1, 2, 4, 0.25f, 1, -0.5f, 3, 0.125f, -0.0625f}, stat = 0;
	const double decay = 0.3, deviation = 0.8, t = 1e-4;
	bool negative = false;
	form_open(&f);
	struct segment *at = f.params.at;
	at[0].kind = PRIOR_STUDENT_T;
	at[0].nu = 3;
	at[0].prior = 2;
	at[1].prior = 0;
	at[2].kind = PRIOR_LAPLACE;
	at[3].prior = 5;
	for (int i = 0; i < TENSORS; i++)
		for (size_t j = at[i].offset; j < at[i].offset + at[i].count && at[i].prior > 0; j++) {
			const struct prior_curve curve = prior_curve(at[i].kind, at[i].nu, at[i].prior, deviation);
			const double x = (double)theta[j];
			want[j * ALL + j] = decay * at[i].prior * (prior_gradient(&curve, x + t) - prior_gradient(&curve, x - t)) / (2 * t);
			negative = negative || want[j * ALL + j] < -1e-3;
		}
	memset(f.a, 0, sizeof f.a);
	struct hessian_options h = {.potential = &f.base, .theta = theta, .stats = &stat, .decay = decay, .deviation = deviation};
	struct curvature *c = open_hessian(&h);
	near(off(c, want), 0, 1e-6, "priors: the diagonal of each kind");
	ok(negative && want[0] > 0, "priors: student-t's is negative far out");
	near(want[8 * ALL + 8], 5 * decay, 1e-9, "priors: gaussian's is the decay times the factor");
	hessian_close(c);
	theta[6] = 0;
	ok(hessian_open(&h, &c) == ERR_USAGE && !c && strstr(fail_message(ERR_USAGE), "element 2 of two.weight"),
	   "priors: laplace's kink is refused: %s",
	   fail_message(ERR_USAGE));
	theta[6] = 1;
	h.deviation = 0;
	ok(hessian_open(&h, &c) == ERR_USAGE && !c && strstr(fail_message(ERR_USAGE), "student-t"),
	   "priors: and one without its deviation");
	h.decay = 0;
	c = open_hessian(&h);
	ok(c->n == ALL, "priors: without decay there is none");
	hessian_close(c);
	potential_close(&f.base);
}

int main(void)
{
	struct device *devices[2];
	MUST(backend_open("cpu", 1, &devices[0]));
	MUST(far_open(1, &devices[1]));
	for (int i = 0; i < 2; i++) {
		d = devices[i];
		test_prefix(d->ops->name);
		check_gaussian();
		check_double_well();
		check_rows();
		check_tensors();
		check_priors();
	}
	for (int i = 0; i < 2; i++)
		devices[i]->ops->close(devices[i]);
	return done_testing();
}
