/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ref/net.h"
#include "tests/ref/ref.h"

/* A network while it is evaluated: what each layer computed, and the gradient of that. */
struct pass {
	const struct model *m;
	const double *theta, *x;
	bool bf16;
	int n;
	double *stats;             /* updated, or */
	const double *used;
	double *y[LAYERS_MAX], *dy[LAYERS_MAX];
};

static double *zeros(size_t n)
{
	double *p = calloc(n, sizeof *p);
	if (!p)
		exit(99);
	return p;
}

/* To the nearest number of bf16's 8 bits, the even one of two. */
static void round_all(const struct pass *p, double *x, size_t n)
{
	int exponent;
	for (size_t i = 0; p->bf16 && i < n; i++) {
		const double fraction = frexp(x[i], &exponent);
		x[i] = ldexp(nearbyint(ldexp(fraction, 8)), exponent - 8);
	}
}

static size_t size_of(const struct pass *p, const int shape[3])
{
	return (size_t)p->n * shape_size(shape);
}

static const double *input(const struct pass *p, const struct layer *l, int k)
{
	return l->input[k] == INPUT_NONE ? NULL : l->input[k] == INPUT_BATCH ? p->x : p->y[l->input[k]];
}

static const double *param(const struct pass *p, const struct layer *l, int k)
{
	return layer_segment(l, k) < 0 ? NULL : p->theta + p->m->params.at[layer_segment(l, k)].offset;
}

/* Of a layer's weights. */
static const struct segment *weights_of(const struct pass *p, const struct layer *l)
{
	return &p->m->params.at[layer_segment(l, PARAM_WEIGHT)];
}

static double *gradient_of(const struct pass *p, const struct layer *l, int k, double *gradient)
{
	return layer_segment(l, k) < 0 ? NULL : gradient + p->m->params.at[layer_segment(l, k)].offset;
}

static struct ref_conv conv_of(const struct pass *p, const struct layer *l)
{
	struct ref_conv c = {.n = p->n, .kernel = l->kernel, .stride = l->stride, .pad = l->pad, .groups = l->groups > 0 ? l->groups : 1};
	memcpy(c.in, l->in, sizeof c.in);
	memcpy(c.out, l->out, sizeof c.out);
	return c;
}

static struct ref_pool pool_of(const struct pass *p, const struct layer *l)
{
	return (struct ref_pool){.max = l->pool == POOL_MAX, .images = p->n * l->in[0], .h = l->in[1], .w = l->in[2], .oh = l->out[1],
	                         .ow = l->out[2], .kernel = l->kernel, .stride = l->stride, .pad = l->pad};
}

static struct ref_norm norm_of(const struct pass *p, const struct layer *l)
{
	return (struct ref_norm){.norm = l->norm, .activation = l->activation, .n = p->n, .channels = l->in[0],
	                         .pixels = l->in[1] * l->in[2], .x = input(p, l, 0), .residual = input(p, l, 1),
	                         .gamma = param(p, l, PARAM_WEIGHT), .beta = param(p, l, PARAM_BIAS),
	                         .threshold = param(p, l, PARAM_THRESHOLD),
	                         .running = layer_stat(l) >= 0 && p->used ? p->used + p->m->stats.at[layer_stat(l)].offset : NULL};
}

/* A convolution's sums are rounded before its bias is added. */
static void conv_forward(const struct pass *p, const struct layer *l, double *y)
{
	const struct ref_conv c = conv_of(p, l);
	const double *bias = param(p, l, PARAM_BIAS);
	const size_t pixels = (size_t)l->out[1] * (size_t)l->out[2];
	ref_conv(&c, input(p, l, 0), param(p, l, PARAM_WEIGHT), p->bf16 ? NULL : bias, y);
	if (!p->bf16 || !bias)
		return;
	round_all(p, y, size_of(p, l->out));
	for (size_t i = 0; i < size_of(p, l->out); i++)
		y[i] += bias[i / pixels % (size_t)l->out[0]];
}

static void forward(struct pass *p, const struct layer *l, double *y)
{
	const double *x = input(p, l, 0);
	const struct ref_pool pool = pool_of(p, l);
	const struct ref_norm norm = norm_of(p, l);
	switch (l->kind) {
	case LAYER_LINEAR:
		ref_linear(p->n, l->in[0], l->out[0], x, param(p, l, PARAM_WEIGHT), param(p, l, PARAM_BIAS), y);
		break;
	case LAYER_ACTIVATION:
		for (size_t i = 0; i < size_of(p, l->out); i++)
			y[i] = ref_activation(l->activation, x[i]);
		break;
	case LAYER_CONV:
		conv_forward(p, l, y);
		break;
	case LAYER_NORM:
		ref_norm(&norm, NULL, y);
		if (layer_stat(l) >= 0 && p->stats)
			ref_norm_running(&norm, STATS_RUN, p->stats + p->m->stats.at[layer_stat(l)].offset);
		break;
	case LAYER_POOL:
		ref_pool(&pool, x, y);
		break;
	default:
		memcpy(y, x, size_of(p, l->out) * sizeof *y);
	}
}

/* dy of a network's last layer is rounded for its products, but not for the sums of it that its biases get. */
static void linear_backward(const struct pass *p, const struct layer *l, const double *dy, double *dx, double *dw, double *db)
{
	const size_t n = size_of(p, l->out);
	double *rounded = zeros(n);
	memcpy(rounded, dy, n * sizeof *rounded);
	round_all(p, rounded, n);
	ref_linear_backward(p->n, l->in[0], l->out[0], input(p, l, 0), param(p, l, PARAM_WEIGHT), rounded, dx, dw, NULL);
	ref_linear_backward(p->n, l->in[0], l->out[0], input(p, l, 0), param(p, l, PARAM_WEIGHT), dy, NULL, NULL, db);
	free(rounded);
}

/* Sets dx, what x[0] gets of the gradient, and g, what x[1] gets. */
static void backward(const struct pass *p, const struct layer *l, const double *dy, double *dx, double *g, double *gradient)
{
	const double *x = input(p, l, 0), *weight = param(p, l, PARAM_WEIGHT);
	const struct ref_conv c = conv_of(p, l);
	const struct ref_pool pool = pool_of(p, l);
	const struct ref_norm norm = norm_of(p, l);
	double *dw = gradient_of(p, l, PARAM_WEIGHT, gradient), *db = gradient_of(p, l, PARAM_BIAS, gradient);
	double *threshold = gradient_of(p, l, PARAM_THRESHOLD, gradient), *unused = zeros((size_t)l->in[0]);
	switch (l->kind) {
	case LAYER_LINEAR:
		linear_backward(p, l, dy, dx, dw, db);
		break;
	case LAYER_ACTIVATION:
		for (size_t i = 0; i < size_of(p, l->out); i++)
			dx[i] = dy[i] * ref_activation_slope(l->activation, x[i]);
		break;
	case LAYER_CONV:
		ref_conv_backward(&c, x, weight, dy, dx, dw, db);
		round_all(p, dw, weights_of(p, l)->count);
		break;
	case LAYER_NORM:
		ref_norm_backward(&norm, dy, dx, g, dw, db, threshold ? threshold : unused);
		break;
	case LAYER_POOL:
		ref_pool_backward(&pool, x, dy, dx);
		break;
	default:
		memcpy(dx, dy, size_of(p, l->out) * sizeof *dx);
	}
	free(unused);
}

static void add(const struct pass *p, const struct layer *l, int k, const double *what)
{
	if (l->input[k] < 0)
		return;
	for (size_t i = 0; i < size_of(p, p->m->layer[l->input[k]].out); i++)
		p->dy[l->input[k]][i] += what[i];
}

/* The mean cross-entropy of n rows of logits, and its gradient. */
static double cross_entropy(int n, int k, const double *logits, const int *label, double *dy)
{
	double value = 0;
	for (int i = 0; i < n; i++) {
		const double *z = logits + (size_t)i * (size_t)k;
		double most = z[0], sum = 0;
		for (int j = 1; j < k; j++)
			most = fmax(most, z[j]);
		for (int j = 0; j < k; j++)
			sum += exp(z[j] - most);
		value += (most + log(sum) - z[label[i]]) / n;
		for (int j = 0; j < k; j++)
			dy[(size_t)i * (size_t)k + (size_t)j] = (exp(z[j] - most) / sum - (j == label[i])) / n;
	}
	return value;
}

/* θ with the weights of products rounded; the caller's. */
static double *working_theta(const struct pass *p, const double *theta)
{
	double *working = zeros(p->m->params.count);
	memcpy(working, theta, p->m->params.count * sizeof *working);
	for (int i = 0; i < p->m->n_layers; i++) {
		const struct layer *l = &p->m->layer[i];
		if (l->kind == LAYER_CONV || l->kind == LAYER_LINEAR)
			round_all(p, working + weights_of(p, l)->offset, weights_of(p, l)->count);
	}
	return working;
}

static double evaluate(struct pass p, const double *theta, const int *label, double *gradient)
{
	const struct model *m = p.m;
	const int last = m->n_layers - 1;
	double *working = working_theta(&p, theta);
	p.theta = working;
	for (int i = 0; i <= last; i++) {
		p.y[i] = zeros(size_of(&p, m->layer[i].out));
		p.dy[i] = zeros(size_of(&p, m->layer[i].out));
		forward(&p, &m->layer[i], p.y[i]);
		if (i < last)
			round_all(&p, p.y[i], size_of(&p, m->layer[i].out));
	}
	const double value = cross_entropy(p.n, m->outputs, p.y[last], label, p.dy[last]);
	for (int i = last; i >= 0; i--) {
		const struct layer *l = &m->layer[i];
		double *dx = zeros(size_of(&p, l->in)), *g = zeros(size_of(&p, l->out));
		backward(&p, l, p.dy[i], dx, g, gradient);
		round_all(&p, dx, size_of(&p, l->in));
		round_all(&p, g, size_of(&p, l->out));
		add(&p, l, 0, dx);
		add(&p, l, 1, g);
		free(dx), free(g);
	}
	for (int i = 0; i <= last; i++)
		free(p.y[i]), free(p.dy[i]);
	free(working);
	return value;
}

double ref_net(const struct model *m, enum precision precision, const double *theta, int n, const double *x, const int *label,
               double *stats, double *gradient)
{
	return evaluate((struct pass){.m = m, .bf16 = precision == PRECISION_BF16, .x = x, .n = n, .stats = stats}, theta, label, gradient);
}

double ref_net_used(const struct model *m, const double *theta, int n, const double *x, const int *label, const double *stats,
                    double *gradient)
{
	return evaluate((struct pass){.m = m, .x = x, .n = n, .used = stats}, theta, label, gradient);
}
