/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/layers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/device_vec.h"
#include "tests/ref/ref.h"
#include "tests/tap.h"

/* The worst error in units of its bound over many shapes, and where it was. */
struct worst {
	double ratio;
	char where[96];
};

static const struct rng_key key = {11, 0};
static uint64_t draws;

static void vec_random(struct device_vec *v)
{
	uint64_t step = draws++;
	for (size_t i = 0; i < v->n; i++)
		v->host[i] = (float)rng_normal(key, STREAM_PROBE, step, i);
	device_vec_put(v);
}

static void compare(struct worst *w, const struct device_vec *got, const double *want, const double *bound,
                    const char *where)
{
	for (size_t i = 0; i < got->n; i++) {
		double ratio = fabs((double)got->host[i] - want[i]) / bound[i];
		if (!(ratio <= w->ratio)) {
			w->ratio = isnan(ratio) ? INFINITY : ratio;
			snprintf(w->where, sizeof w->where, "%s, element %zu: %.9g for %.9g", where, i, (double)got->host[i], want[i]);
		}
	}
}

static void judge(const struct worst *w, const char *name)
{
	if (!ok(w->ratio <= 1, "%s", name))
		note("%.3g times the bound at %s", w->ratio, w->where);
}

/* ---- linear ---- */

struct linear_case {
	int n, in, out;
	bool bias;
	struct device_vec x, w, b, y, dy, dx, dw, db;
};

static struct linear_case linear_new(struct device *d, int n, int in, int out, bool bias)
{
	size_t rows = (size_t)n, i = (size_t)in, o = (size_t)out;
	struct linear_case c = {
		.n = n, .in = in, .out = out, .bias = bias,
		.x = device_vec_new(d, rows * i), .w = device_vec_new(d, o * i), .b = device_vec_new(d, o),
		.y = device_vec_new(d, rows * o), .dy = device_vec_new(d, rows * o), .dx = device_vec_new(d, rows * i),
		.dw = device_vec_new(d, o * i), .db = device_vec_new(d, o),
	};
	vec_random(&c.x);
	vec_random(&c.w);
	vec_random(&c.b);
	vec_random(&c.dy);
	/* What is added to, or must be overwritten. */
	vec_random(&c.dx);
	vec_random(&c.dw);
	vec_random(&c.db);
	return c;
}

static void linear_free(struct linear_case *c)
{
	struct device_vec *all[] = {&c->x, &c->w, &c->b, &c->y, &c->dy, &c->dx, &c->dw, &c->db};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		device_vec_free(all[i]);
}

static struct layer_plan *linear_plan(const struct layer_ops *ops, struct linear_case *c, enum plan_mode mode)
{
	struct layer l = {.kind = LAYER_LINEAR, .input = {INPUT_BATCH, INPUT_NONE}, .in = {c->in, 1, 1},
	                  .out = {c->out, 1, 1}, .param = {1, c->bias ? 2 : 0}};
	struct layer_plan *p;
	MUST(ops->plan(c->x.d, &(struct plan_request){.layer = &l, .n = c->n, .mode = mode}, &p));
	return p;
}

static struct layer_io linear_io(struct linear_case *c)
{
	return (struct layer_io){.x = {c->x.device}, .y = c->y.device,
	                         .param = {c->w.device, c->bias ? c->b.device : NULL},
	                         .dy = {c->dy.device}, .dx = {c->dx.device},
	                         .dparam = {c->dw.device, c->bias ? c->db.device : NULL}};
}

static double *magnitudes(const struct device_vec *v)
{
	double *m = host_doubles(v->n);
	for (size_t i = 0; i < v->n; i++)
		m[i] = fabs(v->exact[i]);
	return m;
}

/* Turns Σ|terms| into a float32 dot product's error bound, γ_k Σ|a||b|, k terms (Higham 2002, eq. 3.5), and `old`
 * added. */
static void to_bound(double *m, size_t n, int terms, const double *old)
{
	for (size_t i = 0; i < n; i++)
		m[i] = (terms + 2) * 0x1p-24 * (m[i] + (old ? fabs(old[i]) : 0)) + 1e-30;
}

static void add_to(double *sum, const double *old, size_t n)
{
	for (size_t i = 0; old && i < n; i++)
		sum[i] += old[i];
}

/* One shape, forward and backward, setting or adding, against the oracle and its error bound. */
static void linear_shape(const struct layer_ops *ops, struct linear_case *c, bool add, struct worst *forward,
                         struct worst *data, struct worst *params)
{
	char where[64];
	snprintf(where, sizeof where, "n %d, %d → %d%s%s", c->n, c->in, c->out, c->bias ? "" : ", no bias", add ? ", added" : "");
	struct layer_plan *p = linear_plan(ops, c, PLAN_TRAIN);
	struct layer_io io = linear_io(c);
	io.add_dparams = add;
	MUST(ops->forward(p, &io));
	MUST(ops->backward(p, &io));
	struct device_vec *out[] = {&c->y, &c->dx, &c->dw, &c->db};
	double *want[4], *bound[4];
	int terms[] = {c->in + 1, c->out, c->n, c->n};
	for (int i = 0; i < 4; i++) {
		device_vec_get(out[i]);
		want[i] = host_doubles(out[i]->n);
		bound[i] = host_doubles(out[i]->n);
	}
	double *ax = magnitudes(&c->x), *aw = magnitudes(&c->w), *ab = magnitudes(&c->b), *ady = magnitudes(&c->dy);
	ref_linear(c->n, c->in, c->out, c->x.exact, c->w.exact, c->bias ? c->b.exact : NULL, want[0]);
	ref_linear(c->n, c->in, c->out, ax, aw, c->bias ? ab : NULL, bound[0]);
	ref_linear_backward(c->n, c->in, c->out, c->x.exact, c->w.exact, c->dy.exact, want[1], want[2], want[3]);
	ref_linear_backward(c->n, c->in, c->out, ax, aw, ady, bound[1], bound[2], bound[3]);
	for (int i = 0; i < 4; i++) {
		const double *old = add && i > 1 ? out[i]->exact : NULL;
		add_to(want[i], old, out[i]->n);
		to_bound(bound[i], out[i]->n, terms[i], old);
		if (i < 3 || c->bias)
			compare(i == 0 ? forward : i == 1 ? data : params, out[i], want[i], bound[i], where);
		free(want[i]);
		free(bound[i]);
	}
	free(ax), free(aw), free(ab), free(ady);
	ops->drop(p);
}

static void linear_shapes(struct device *d, const struct layer_ops *ops)
{
	/* 29: the kernels make two vectors of columns together, and of any instruction set the second one is not whole. */
	static const int ns[] = {1, 2, 7, 32, 129}, ins[] = {1, 3, 29, 64, 131}, outs[] = {1, 10, 29, 65};
	struct worst forward = {0}, data = {0}, params = {0}, add_params = {0};
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 5; j++)
			for (int k = 0; k < 4; k++) {
				if (!in_turn())
					continue;
				struct linear_case c = linear_new(d, ns[i], ins[j], outs[k], (i + j + k) % 4 != 0);
				linear_shape(ops, &c, false, &forward, &data, &params);
				linear_free(&c);
				c = linear_new(d, ns[i], ins[j], outs[k], (i + j + k) % 4 != 0);
				linear_shape(ops, &c, true, &forward, &data, &add_params);
				linear_free(&c);
			}
	/* Large enough for more than one thread. */
	struct linear_case c = linear_new(d, 512, 300, 310, true);
	linear_shape(ops, &c, false, &forward, &data, &params);
	linear_free(&c);
	judge(&forward, "linear: y over all shapes, within the bound of float32 sums");
	judge(&data, "linear: dx, set whether or not dW and db are added to");
	judge(&params, "linear: dW and db");
	judge(&add_params, "linear: dW and db added to what is there");
}

static void linear_modes(struct device *d, const struct layer_ops *ops)
{
	struct linear_case c = linear_new(d, 33, 70, 20, true);
	struct layer_plan *p = linear_plan(ops, &c, PLAN_TRAIN);
	struct layer_io io = linear_io(&c);
	MUST(ops->forward(p, &io));
	MUST(ops->backward(p, &io));
	float *y = device_vec_bits(&c.y), *dw = device_vec_bits(&c.dw);
	float *dx = device_vec_bits(&c.dx), *db = device_vec_bits(&c.db);
	ops->drop(p);
	for (int mode = PLAN_INFER; mode <= PLAN_TANGENT; mode++) {
		p = linear_plan(ops, &c, (enum plan_mode)mode);
		vec_random(&c.y);
		MUST(ops->forward(p, &io));
		bool good = device_vec_same(&c.y, y);
		if (mode != PLAN_INFER) {
			MUST(ops->backward(p, &io));
			good = good && device_vec_same(&c.dw, dw) && device_vec_same(&c.dx, dx) && device_vec_same(&c.db, db);
		}
		ok(good, "linear: plan mode %d of a fresh plan has the same bits", mode);
		ops->drop(p);
	}
	p = linear_plan(ops, &c, PLAN_TRAIN);
	vec_random(&c.dx);
	vec_random(&c.dw);
	float *kept_dx = device_vec_bits(&c.dx), *kept_dw = device_vec_bits(&c.dw);
	io.dx[0] = NULL;
	io.dparam[PARAM_WEIGHT] = NULL;
	MUST(ops->backward(p, &io));
	ok(device_vec_same(&c.dx, kept_dx) && device_vec_same(&c.dw, kept_dw) && device_vec_same(&c.db, db),
	   "linear: gradients that are not wanted are left alone");
	c.x.host[0] = NAN;
	device_vec_put(&c.x);
	MUST(ops->forward(p, &io));
	device_vec_get(&c.y);
	ok(isnan(c.y.host[0]) && !isnan(c.y.host[c.out]), "linear: NaN in a row stays in that row");
	ops->drop(p);
	free(y), free(dw), free(dx), free(db), free(kept_dx), free(kept_dw);
	linear_free(&c);
}

/* ---- activations ---- */

static struct layer_plan *activation_plan(struct device *d, const struct layer_ops *ops, enum activation kind, int n, int width,
                                          enum plan_mode mode)
{
	struct layer l = {.kind = LAYER_ACTIVATION, .input = {INPUT_BATCH, INPUT_NONE}, .in = {width, 1, 1},
	                  .out = {width, 1, 1}, .activation = kind};
	struct layer_plan *p;
	MUST(ops->plan(d, &(struct plan_request){.layer = &l, .n = n, .mode = mode}, &p));
	return p;
}

static void activation_shape(struct device *d, const struct layer_ops *ops, enum activation kind, int n, int width,
                             struct worst *forward, struct worst *backward)
{
	size_t count = (size_t)n * (size_t)width;
	struct device_vec x = device_vec_new(d, count), y = device_vec_new(d, count);
	struct device_vec dy = device_vec_new(d, count), dx = device_vec_new(d, count);
	double *want = host_doubles(count), *bound = host_doubles(count);
	char where[64];
	snprintf(where, sizeof where, "n %d, width %d", n, width);
	vec_random(&x);
	vec_random(&dy);
	vec_random(&dx);
	/* Beyond where exponentials overflow, and zeros of both signs. */
	static const float extremes[] = {0, -0.0f, 100, -100, 20, -20, 1e-30f, -1e-30f};
	for (size_t i = 0; i < 8 && i < count; i++)
		x.host[i] = extremes[i];
	for (size_t i = 8; i < count; i++)
		x.host[i] *= 3;
	device_vec_put(&x);
	struct layer_plan *p = activation_plan(d, ops, kind, n, width, PLAN_TRAIN);
	struct layer_io io = {.x = {x.device}, .y = y.device, .dy = {dy.device}, .dx = {dx.device}};
	MUST(ops->forward(p, &io));
	MUST(ops->backward(p, &io));
	device_vec_get(&y);
	device_vec_get(&dx);
	for (size_t i = 0; i < count; i++) {
		want[i] = ref_activation(kind, x.exact[i]);
		bound[i] = 3e-7 * fmin(1, fabs(x.exact[i])) + 2e-7 * fabs(want[i]) + 1e-30;
	}
	compare(forward, &y, want, bound, where);
	for (size_t i = 0; i < count; i++) {
		want[i] = ref_activation_slope(kind, x.exact[i]) * dy.exact[i];
		bound[i] = 1e-6 * fabs(dy.exact[i]) + 1e-30;
	}
	compare(backward, &dx, want, bound, where);
	ops->drop(p);
	device_vec_free(&x), device_vec_free(&y), device_vec_free(&dy), device_vec_free(&dx);
	free(want), free(bound);
}

/* y over x and dx over dy must give what separate memory gives; NaN must come out as NaN. */
static void activation_in_place(struct device *d, const struct layer_ops *ops, enum activation kind, const char *name)
{
	enum { ROWS = 5, WIDTH = 37 };
	bool y_too = kind != ACTIVATION_SILU;
	struct device_vec x = device_vec_new(d, ROWS * WIDTH), y = device_vec_new(d, ROWS * WIDTH);
	struct device_vec dy = device_vec_new(d, ROWS * WIDTH), dx = device_vec_new(d, ROWS * WIDTH);
	vec_random(&x);
	vec_random(&dy);
	struct layer_plan *p = activation_plan(d, ops, kind, ROWS, WIDTH, PLAN_TRAIN);
	struct layer_io io = {.x = {x.device}, .y = y.device, .dy = {dy.device}, .dx = {dx.device}};
	MUST(ops->forward(p, &io));
	MUST(ops->backward(p, &io));
	float *want_y = device_vec_bits(&y), *want_dx = device_vec_bits(&dx);
	if (y_too)
		io.y = x.device;
	io.dx[0] = dy.device;
	MUST(ops->forward(p, &io));
	MUST(ops->backward(p, &io));
	ok(device_vec_same(y_too ? &x : &y, want_y) && device_vec_same(&dy, want_dx), "%s: in place, the same bits", name);
	ops->drop(p);
	p = activation_plan(d, ops, kind, ROWS, WIDTH, PLAN_INFER);
	vec_random(&x);
	io = (struct layer_io){.x = {x.device}, .y = y.device};
	MUST(ops->forward(p, &io));
	float *apart = device_vec_bits(&y);
	io.y = x.device;
	MUST(ops->forward(p, &io));
	ok(device_vec_same(&x, apart), "%s: without a backward pass too", name);
	free(apart);
	vec_random(&x);
	x.host[3] = NAN;
	device_vec_put(&x);
	io = (struct layer_io){.x = {x.device}, .y = y.device};
	MUST(ops->forward(p, &io));
	device_vec_get(&y);
	ok(isnan(y.host[3]) && !isnan(y.host[2]), "%s: NaN stays NaN", name);
	ops->drop(p);
	device_vec_free(&x), device_vec_free(&y), device_vec_free(&dy), device_vec_free(&dx);
	free(want_y), free(want_dx);
}

static void activations(struct device *d, const struct layer_ops *ops)
{
	static const char *const names[] = {"relu", "silu", "tanh"};
	static const int ns[] = {1, 3, 32}, widths[] = {1, 10, 64, 129};
	for (int kind = ACTIVATION_RELU; kind <= ACTIVATION_TANH; kind++) {
		struct worst forward = {0}, backward = {0};
		char name[64];
		for (int i = 0; i < 3; i++)
			for (int j = 0; j < 4; j++)
				if (in_turn())
					activation_shape(d, ops, (enum activation)kind, ns[i], widths[j], &forward, &backward);
		activation_shape(d, ops, (enum activation)kind, 300, 900, &forward, &backward);
		snprintf(name, sizeof name, "%s: y", names[kind]);
		judge(&forward, name);
		snprintf(name, sizeof name, "%s: dx", names[kind]);
		judge(&backward, name);
		activation_in_place(d, ops, (enum activation)kind, names[kind]);
	}
}

void check_layers(struct device *d)
{
	linear_shapes(d, d->ops->layers[LAYER_LINEAR]);
	linear_modes(d, d->ops->layers[LAYER_LINEAR]);
	activations(d, d->ops->layers[LAYER_ACTIVATION]);
}
