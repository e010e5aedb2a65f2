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
	int n;
	double *stats;
	double *y[LAYERS_MAX], *dy[LAYERS_MAX];
};

static double *zeros(size_t n)
{
	double *p = calloc(n, sizeof *p);
	if (!p)
		exit(99);
	return p;
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
	                         .threshold = param(p, l, PARAM_THRESHOLD)};
}

static void forward(struct pass *p, const struct layer *l, double *y)
{
	const double *x = input(p, l, 0);
	const struct ref_conv c = conv_of(p, l);
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
		ref_conv(&c, x, param(p, l, PARAM_WEIGHT), param(p, l, PARAM_BIAS), y);
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
		ref_linear_backward(p->n, l->in[0], l->out[0], x, weight, dy, dx, dw, db);
		break;
	case LAYER_ACTIVATION:
		for (size_t i = 0; i < size_of(p, l->out); i++)
			dx[i] = dy[i] * ref_activation_slope(l->activation, x[i]);
		break;
	case LAYER_CONV:
		ref_conv_backward(&c, x, weight, dy, dx, dw, db);
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

double ref_net(const struct model *m, const double *theta, int n, const double *x, const int *label, double *stats, double *gradient)
{
	struct pass p = {.m = m, .theta = theta, .x = x, .n = n, .stats = stats};
	const int last = m->n_layers - 1;
	for (int i = 0; i <= last; i++) {
		p.y[i] = zeros(size_of(&p, m->layer[i].out));
		p.dy[i] = zeros(size_of(&p, m->layer[i].out));
		forward(&p, &m->layer[i], p.y[i]);
	}
	const double value = cross_entropy(n, m->outputs, p.y[last], label, p.dy[last]);
	for (int i = last; i >= 0; i--) {
		const struct layer *l = &m->layer[i];
		double *dx = zeros(size_of(&p, l->in)), *g = zeros(size_of(&p, l->out));
		backward(&p, l, p.dy[i], dx, g, gradient);
		add(&p, l, 0, dx);
		add(&p, l, 1, g);
		free(dx), free(g);
	}
	for (int i = 0; i <= last; i++)
		free(p.y[i]), free(p.dy[i]);
	return value;
}
