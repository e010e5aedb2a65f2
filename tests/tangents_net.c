/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Products with the Hessian of networks of linear layers under each likelihood, against central differences of the gradient in
 * double. The differences leave 1e-9; products are sums of some
 * hundred terms in float32, off by 2e-7 of their length: 1e-6 is allowed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/apart.h"
#include "tests/device_vec.h"
#include "tests/net_case.h"
#include "tests/tap.h"

enum { ROWS = 23, INPUTS = 6, FIRST = 2, N = 17, MOST = 400 };
static const double step = 1e-5, allowed = 1e-6, scale = 0.3;

struct law {
	const char *name, *model, *activation, *freeze;
	enum loss_kind loss;
	bool own;                  /* σ is sampled */
	bool classed, weighted;
};

/* The network, opened for products, and what of it is held. */
struct subject {
	struct net_case q;
	const struct law *law;
	size_t n;                  /* parameters, the likelihood's own last */
	double exact[MOST];
	float *theta, *product;    /* device */
	double class_weight[4];
	float weight[N];
	uint32_t index[ROWS];
};

static struct device *open_device(void)
{
	struct device *d;
	MUST(backend_open("cpu", 2, &d));
	return d;
}

static float normal(uint64_t what, size_t i)
{
	return (float)rng_normal(net_case_key, STREAM_PROBE, what, i);
}

static struct net_options options_of(const struct subject *u)
{
	const struct likelihood *l;
	MUST(likelihood_find(u->law->name, &l));
	return (struct net_options){.model = &u->q.model, .data = &u->q.data, .normalize = &u->q.normalize,
	                            .likelihood = u->law->own ? l->learning : l, .noise_sd = 0.7,
	                            .class_weight = u->law->classed ? u->class_weight : NULL, .batch = N, .tangents = true};
}

static void subject_open(struct subject *u, const struct law *law)
{
	const char *last = strrchr(law->model, '-');
	const int outputs = last ? atoi(last + 1) : 3;
	float host[MOST];
	*u = (struct subject){.law = law, .class_weight = {0.5, 2, 1, 3}};
	net_case_data(&u->q, ROWS, INPUTS, outputs, law->loss);
	net_case_open(&u->q, law->model, law->activation, law->name, 0.7, N, NULL);
	potential_close(u->q.p);
	if (law->own)
		MUST(likelihood_append(options_of(u).likelihood, u->q.model.outputs, &u->q.model.params, &u->q.model.arena));
	if (law->freeze)
		MUST(segments_freeze(&u->q.model.params, law->freeze));
	const struct net_options o = options_of(u);
	MUST(net_open(&o, u->q.d, &u->q.p));
	u->n = u->q.p->n_params;
	segments_init(&u->q.model.params, net_case_key, host);
	for (size_t i = 0; i < u->n; i++)
		u->exact[i] = (double)(host[i] += 0.3f * normal(9, i));
	u->theta = upload(u->q.d, host, u->n * sizeof *host);
	u->product = device_take(u->q.d, u->n * sizeof *host);
	for (int i = 0; i < N; i++)
		u->weight[i] = law->weighted ? fabsf(normal(1, (size_t)i)) : 1;
	for (int i = 0; i < ROWS; i++)
		u->index[i] = (uint32_t)(i * 5 % ROWS);
}

static void subject_close(struct subject *u)
{
	u->q.d->ops->free(u->q.d, u->theta);
	u->q.d->ops->free(u->q.d, u->product);
	net_case_close(&u->q);
}

/* Rows FIRST + first … of the order that the index gives. */
static struct gradient_request request_of(const struct subject *u, int first, int n)
{
	return (struct gradient_request){.at = {.theta = u->theta}, .gradient = u->product, .policy = STATS_USE,
	                                 .batch = {.index = u->index, .row = SLOT_FIRST, .offset = (size_t)first, .n = n, .scale = scale,
	                                           .weight = u->law->weighted ? u->weight + first : NULL}};
}

/* Of the whole batch's loss at θ + t·v. */
static void gradient_at(const struct subject *u, const double *v, double t, double *g)
{
	const int k = u->q.model.outputs, per = u->q.data.target ? u->q.data.n_targets : 1, last = (int)u->n - 1;
	double at[MOST], x[N * INPUTS], y[N * 4], w[N], out[N * 4];
	struct ref_mlp m = u->q.ref;
	for (size_t i = 0; i < u->n; i++)
		at[i] = u->exact[i] + t * v[i];
	for (int i = 0; i < N; i++) {
		const uint32_t row = u->index[FIRST + i];
		memcpy(x + i * INPUTS, u->q.x + row * INPUTS, INPUTS * sizeof *x);
		memcpy(y + i * per, u->q.target + row * (uint32_t)per, (size_t)per * sizeof *y);
		w[i] = (double)u->weight[i] * (u->law->classed ? u->class_weight[(int)y[i * per]] : 1);
	}
	if (!u->law->own) {
		ref_mlp(&m, at, N, x, y, w, scale, g, out);
		return;
	}
	/* One output, whose ln σ is the last parameter. */
	m.noise_sd = exp(at[last]);
	ref_mlp(&m, at, N, x, y, w, scale, g, out);
	g[last] = 0;
	for (int i = 0; i < N * k; i++)
		g[last] += scale * w[i / k] * (1 - pow((out[i] - y[i]) / m.noise_sd, 2));
}

/* A direction as the network takes it: with numbers where tensors are frozen, which must not count. In `held` they are 0. */
static void direction(const struct subject *u, uint64_t number, float *v, double *held)
{
	for (size_t i = 0; i < u->n; i++)
		held[i] = (double)(v[i] = normal(number, i));
	for (int k = 0; k < u->q.model.params.n; k++) {
		const struct segment *seg = &u->q.model.params.at[k];
		for (size_t i = seg->offset; seg->frozen && i < seg->offset + seg->count; i++)
			held[i] = 0;
	}
}

static void differences(const struct subject *u, const double *v, double *out)
{
	double g[2][MOST];
	gradient_at(u, v, step, g[0]);
	gradient_at(u, v, -step, g[1]);
	for (size_t i = 0; i < u->n; i++)
		out[i] = (g[0][i] - g[1][i]) / (2 * step);
	for (int k = 0; k < u->q.model.params.n; k++) {
		const struct segment *seg = &u->q.model.params.at[k];
		if (seg->frozen)
			memset(out + seg->offset, 0, seg->count * sizeof *out);
	}
}

/* The slots are to stay as they are. */
static void multiply(struct subject *u, const struct gradient_request *r, const float *v)
{
	struct slots before;
	u->q.slots.value[SLOT_FIRST] = FIRST;
	u->q.slots.value[SLOT_NLL] = 5;
	u->q.slots.value[SLOT_NLL_TOTAL] = 6;
	before = u->q.slots;
	MUST(u->q.p->ops->hvp(u->q.p, &u->q.slots, r, v));
	ok(memcmp(&before, &u->q.slots, sizeof before) == 0, "a product leaves the slots alone");
}

static void check_products(const struct law *law)
{
	struct subject u;
	float v[MOST], got[MOST], again[MOST];
	double held[MOST], want[MOST];
	subject_open(&u, law);
	struct device *d = u.q.d;
	const size_t bytes = u.n * sizeof *v;
	const struct gradient_request whole = request_of(&u, 0, N);
	direction(&u, 2, v, held);
	differences(&u, held, want);
	float *there = upload(d, v, bytes);
	multiply(&u, &whole, there);
	download(d, got, u.product, bytes);
	near(apart(got, want, u.n), 0, allowed, "%s: a product is the difference of gradients", law->model);
	if (law->own)
		near((double)got[u.n - 1], want[u.n - 1], allowed * fabs(want[u.n - 1]), "%s: and so is that of ln σ", law->model);
	bool zeros = true;
	for (size_t i = 0; i < u.n; i++)
		zeros = zeros && (want[i] != 0 || got[i] == 0);
	ok(zeros, "%s: it is 0 where tensors are held", law->model);

	/* In the direction's own place. */
	download(d, again, there, bytes);
	ok(memcmp(again, v, bytes) == 0, "%s: the direction is as it was", law->model);
	MUST(d->ops->put(d, u.product, v, bytes));
	multiply(&u, &whole, u.product);
	download(d, again, u.product, bytes);
	ok(memcmp(again, got, bytes) == 0, "%s: the same bits again, in the direction's place", law->model);

	/* In parts, added to what is there. */
	struct gradient_request part = request_of(&u, 0, 5);
	MUST(d->ops->put(d, u.product, v, bytes));
	part.accumulate = true;
	multiply(&u, &part, there);
	part = request_of(&u, 5, N - 5);
	part.accumulate = true;
	multiply(&u, &part, there);
	download(d, again, u.product, bytes);
	for (size_t i = 0; i < u.n; i++)
		want[i] += (double)v[i];
	near(apart(again, want, u.n), 0, allowed, "%s: parts of a batch are added", law->model);
	d->ops->free(d, there);
	subject_close(&u);
}

/* At θ + c·w, of which the network has a copy: the same as where that is θ. */
static void elsewhere(void)
{
	static const struct law law = {.name = "gaussian", .model = "mlp:6-8-1", .activation = "tanh", .loss = LOSS_GAUSSIAN, .own = true};
	struct subject u;
	float v[MOST], w[MOST], got[MOST];
	double held[MOST], want[MOST];
	subject_open(&u, &law);
	direction(&u, 2, v, held);
	direction(&u, 3, w, want);
	float *there = upload(u.q.d, v, u.n * sizeof *v), *shift = upload(u.q.d, w, u.n * sizeof *w);
	struct gradient_request r = request_of(&u, 0, N);
	r.at.v = shift;
	r.at.v_coef = SLOT_SAMPLER;
	u.q.slots.value[SLOT_SAMPLER] = 0.25;
	multiply(&u, &r, there);
	download(u.q.d, got, u.product, u.n * sizeof *got);
	for (size_t i = 0; i < u.n; i++)
		u.exact[i] += 0.25 * (double)w[i];
	differences(&u, held, want);
	near(apart(got, want, u.n), 0, allowed, "a product at another point than θ");
	u.q.d->ops->free(u.q.d, there);
	u.q.d->ops->free(u.q.d, shift);
	subject_close(&u);
}

int main(void)
{
	static const struct law laws[] = {
		{"categorical", "mlp:6-8-9-3", "tanh", NULL, LOSS_CATEGORICAL, false, false, false},
		{"categorical", "mlp:6-12-3", "relu", "fc1.bias,fc2.weight", LOSS_CATEGORICAL, false, true, true},
		{"categorical", "linear", "relu", NULL, LOSS_CATEGORICAL, false, true, false},
		{"bernoulli", "mlp:6-9-1", "silu", "fc2.weight", LOSS_BERNOULLI, false, true, true},
		{"gaussian", "mlp:6-8-3", "silu", NULL, LOSS_GAUSSIAN, false, false, true},
		{"gaussian", "mlp:6-10-1", "tanh", NULL, LOSS_GAUSSIAN, true, false, true},
		{"gaussian", "mlp:6-10-1", "tanh", "noise.log_sd", LOSS_GAUSSIAN, true, false, true},
		{"gaussian", "mlp:6-10-1", "tanh", "fc*", LOSS_GAUSSIAN, true, false, false},
		{"heteroscedastic", "mlp:6-7-4", "tanh", NULL, LOSS_HETEROSCEDASTIC, false, false, true},
	};
	net_case_on(open_device);
	for (size_t i = 0; i < sizeof laws / sizeof *laws; i++)
		check_products(&laws[i]);
	elsewhere();
	return done_testing();
}
