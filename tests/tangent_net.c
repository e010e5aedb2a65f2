/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* L = ½‖linear(flatten(f(conv(x))))‖², whose Hessian takes a term of each kind in every layer. */
#include "tests/tangent_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/tangent_case.h"
#include "tests/tap.h"

enum { BATCH = 3, PARTS = 4 };

/* The activation's and the flattening's tensors; what is between two layers is what one of them has. */
struct net {
	struct device *d;
	enum activation activation;
	struct tangent_case conv, linear;
	struct layer act, flatten;
	struct layer_plan *act_plan, *flatten_plan;
	struct image a, a_dot, da, da_dot;
};

static const struct conv_setup conv_setup = {.dims = {BATCH, 4, 5, 6, 7, 3, 1, 1, 1, true}, .first = true};
static const struct conv_setup linear_setup = {.dims = {.n = BATCH, .in = 7 * 5 * 6, .out = 4, .bias = true}};

static void net_new(struct device *d, enum activation activation, struct net *n)
{
	*n = (struct net){.d = d, .activation = activation};
	tangent_case_new(d, &conv_setup, 1, &n->conv);
	tangent_case_new(d, &linear_setup, 1, &n->linear);
	const int *out = n->conv.layer.out;
	n->act = (struct layer){.kind = LAYER_ACTIVATION, .in = {out[0], out[1], out[2]}, .out = {out[0], out[1], out[2]},
	                        .activation = activation};
	n->flatten = (struct layer){.kind = LAYER_FLATTEN, .in = {out[0], out[1], out[2]}, .out = {n->linear.layer.in[0], 1, 1}};
	struct plan_request r = {.n = BATCH, .mode = PLAN_TANGENT};
	r.layer = &n->act;
	MUST(d->ops->layers[LAYER_ACTIVATION]->plan(d, &r, &n->act_plan));
	r.layer = &n->flatten;
	MUST(d->ops->layers[LAYER_FLATTEN]->plan(d, &r, &n->flatten_plan));
	struct image *own[] = {&n->a, &n->a_dot, &n->da, &n->da_dot};
	for (int i = 0; i < 4; i++)
		*own[i] = image_new(d, (struct format){0}, BATCH, out);
}

static void net_free(struct net *n)
{
	tangent_case_free(&n->conv);
	tangent_case_free(&n->linear);
	n->d->ops->layers[LAYER_ACTIVATION]->drop(n->act_plan);
	n->d->ops->layers[LAYER_FLATTEN]->drop(n->flatten_plan);
	image_free(&n->a), image_free(&n->a_dot), image_free(&n->da), image_free(&n->da_dot);
}

/* Forward, then backward with the tangents beside it: the product of the Hessian with the cases' directions is in their dẆ and dḃ. */
static void product(struct net *n)
{
	struct tangent_side *c = &n->conv.at, *c_dot = &n->conv.along, *l = &n->linear.at, *l_dot = &n->linear.along;
	const struct layer_ops *act = n->d->ops->layers[LAYER_ACTIVATION], *flatten = n->d->ops->layers[LAYER_FLATTEN];
	struct layer_io conv = tangent_case_io(&n->conv, c), conv_dot = tangent_case_dot(&n->conv, MOVES_ALL & ~MOVES_X);
	struct layer_io linear = tangent_case_io(&n->linear, l), linear_dot = tangent_case_dot(&n->linear, MOVES_ALL);
	struct layer_io a = {.x = {c->y.device}, .y = n->a.device, .dy = {n->da.device}, .dx = {c->dy.device}};
	struct layer_io a_dot = {.x = {c_dot->y.device}, .y = n->a_dot.device, .dy = {n->da_dot.device}, .dx = {c_dot->dy.device}};
	struct layer_io f = {.x = {n->a.device}, .y = l->x.device, .dy = {l->dx.device}, .dx = {n->da.device}};
	struct layer_io f_dot = {.x = {n->a_dot.device}, .y = l_dot->x.device, .dy = {l_dot->dx.device}, .dx = {n->da_dot.device}};
	linear.dy[0] = l->y.device;          /* ∂L/∂y = y */
	linear_dot.dy[0] = l_dot->y.device;
	MUST(n->conv.ops->forward(n->conv.plan, &conv));
	MUST(n->conv.ops->jvp(n->conv.plan, &conv, &conv_dot));
	MUST(act->forward(n->act_plan, &a));
	MUST(act->jvp(n->act_plan, &a, &a_dot));
	MUST(flatten->forward(n->flatten_plan, &f));
	MUST(flatten->jvp(n->flatten_plan, &f, &f_dot));
	MUST(n->linear.ops->forward(n->linear.plan, &linear));
	MUST(n->linear.ops->jvp(n->linear.plan, &linear, &linear_dot));
	MUST(n->linear.ops->backward(n->linear.plan, &linear));
	MUST(n->linear.ops->hvp(n->linear.plan, &linear, &linear_dot));
	MUST(flatten->backward(n->flatten_plan, &f));
	MUST(flatten->hvp(n->flatten_plan, &f, &f_dot));
	MUST(act->backward(n->act_plan, &a));
	MUST(act->hvp(n->act_plan, &a, &a_dot));
	MUST(n->conv.ops->backward(n->conv.plan, &conv));
	MUST(n->conv.ops->hvp(n->conv.plan, &conv, &conv_dot));
}

/* ---- vectors over all parameters: the convolution's W and b, the linear layer's ---- */

struct vector {
	size_t n;
	double *of;
};

static struct vector gathered(const struct image *const parts[PARTS])
{
	struct vector v = {0};
	for (int i = 0; i < PARTS; i++)
		v.n += parts[i]->count;
	v.of = host_doubles(v.n);
	double *to = v.of;
	for (int i = 0; i < PARTS; to += parts[i++]->count)
		memcpy(to, parts[i]->exact, parts[i]->count * sizeof *to);
	return v;
}

static struct vector parameters(const struct net *n, bool direction)
{
	const struct tangent_side *c = direction ? &n->conv.along : &n->conv.at, *l = direction ? &n->linear.along : &n->linear.at;
	return gathered((const struct image *const[]){&c->w, &c->b, &l->w, &l->b});
}

static struct vector product_of(struct net *n)
{
	struct tangent_side *c = &n->conv.along, *l = &n->linear.along;
	product(n);
	image_get(&c->dw), image_get(&c->db), image_get(&l->dw), image_get(&l->db);
	return gathered((const struct image *const[]){&c->dw, &c->db, &l->dw, &l->db});
}

static double inner(struct vector a, struct vector b)
{
	double sum = 0;
	for (size_t i = 0; i < a.n; i++)
		sum += a.of[i] * b.of[i];
	return sum;
}

/* The gradient at θ + t·v in double. */
static void gradient_at(const struct net *n, struct vector theta, struct vector v, double t, double *gradient)
{
	const struct ref_conv *s = &n->conv.shape;
	size_t hidden = n->conv.at.y.count, w = n->conv.at.w.count, b = n->conv.at.b.count, w2 = n->linear.at.w.count;
	double *p = host_doubles(theta.n), *z = host_doubles(hidden), *a = host_doubles(hidden), *da = host_doubles(hidden);
	double *y = host_doubles(n->linear.at.y.count);
	int in = n->linear.shape.in[0], out = n->linear.shape.out[0];
	for (size_t i = 0; i < theta.n; i++)
		p[i] = theta.of[i] + t * v.of[i];
	ref_conv(s, n->conv.at.x.exact, p, p + w, z);
	for (size_t i = 0; i < hidden; i++)
		a[i] = ref_activation(n->activation, z[i]);
	ref_linear(BATCH, in, out, a, p + w + b, p + w + b + w2, y);
	ref_linear_backward(BATCH, in, out, a, p + w + b, y, da, gradient + w + b, gradient + w + b + w2);
	for (size_t i = 0; i < hidden; i++)
		da[i] *= ref_activation_slope(n->activation, z[i]);
	ref_conv_backward(s, n->conv.at.x.exact, p, da, NULL, gradient, gradient + w);
	free(p), free(z), free(a), free(da), free(y);
}

/* ‖got − H·v‖ / ‖H·v‖, the product by differences of fourth order, whose error is below 1e-9 of it. */
static double difference_error(const struct net *n, struct vector v, struct vector got)
{
	static const double at[] = {1, -1, 2, -2}, share[] = {8. / 12, -8. / 12, -1. / 12, 1. / 12}, h = 1e-3;
	struct vector theta = parameters(n, false), want = {got.n, host_doubles(got.n)}, g = {got.n, host_doubles(got.n)};
	for (int i = 0; i < 4; i++) {
		gradient_at(n, theta, v, at[i] * h, g.of);
		for (size_t j = 0; j < g.n; j++)
			want.of[j] += share[i] * g.of[j] / h;
	}
	for (size_t j = 0; j < g.n; j++)
		g.of[j] = got.of[j] - want.of[j];
	double error = sqrt(inner(g, g) / inner(want, want));
	free(theta.of), free(want.of), free(g.of);
	return error;
}

/* A float32 sum of up to 210 terms, four layers deep both ways: errors of some 1e-6 of ‖H·v‖, and the bounds allow ten times as
 * much. */
void tangent_nets(struct device *d)
{
	static const char *const names[] = {"relu", "silu", "tanh"};
	for (int kind = ACTIVATION_RELU; kind <= ACTIVATION_TANH; kind++) {
		struct net n;
		net_new(d, (enum activation)kind, &n);
		struct vector v = parameters(&n, true), hv = product_of(&n);
		if (kind != ACTIVATION_RELU) {
			double error = difference_error(&n, v, hv);
			ok(error < 1e-5, "%s: a network's product is that of differences (off by %.2g)", names[kind], error);
		}
		tangent_case_redraw(&n.conv);
		tangent_case_redraw(&n.linear);
		struct vector u = parameters(&n, true), hu = product_of(&n);
		double off = fabs(inner(u, hv) - inner(v, hu)) / sqrt(inner(u, u) * inner(hv, hv));
		ok(off < 1e-5 && inner(hv, hv) > 0, "%s: and the Hessian is symmetric (off by %.2g)", names[kind], off);
		free(v.of), free(hv.of), free(u.of), free(hu.of);
		net_free(&n);
	}
}
