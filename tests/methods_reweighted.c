/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Reweighted SAM on small networks: its weights in closed form, its steps beside its equation, and what it is reduced to. Large
 * batches of tail-sgd, whose gradients a network takes in parts, are here too. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "src/analytic.h"
#include "tests/net_case.h"
#include "tests/sampler_body.h"
#include "tests/tap.h"

enum { N = 10, B = 4, MOST = 64 };
static const double lr = 0.05;

/* ---- a network, and a method on it ---- */

struct rig {
	struct net_case q;        /* its data and model alone */
	struct potential *p;
	struct bench b;
};

static void rig_open(struct rig *r, struct device *d, const char *spec, const char *likelihood, int n, int inputs, int batch)
{
	const struct likelihood *l;
	int outputs, input[3] = {1, 1, inputs};
	memset(r, 0, sizeof *r);
	net_case_data(&r->q, n, inputs, strcmp(likelihood, "gaussian") == 0 ? 1 : 3,
	              strcmp(likelihood, "gaussian") == 0 ? LOSS_GAUSSIAN : LOSS_CATEGORICAL);
	MUST(likelihood_find(likelihood, &l));
	const struct targets targets = dataset_targets(&r->q.data);
	MUST(likelihood_outputs(l, &targets, &outputs));
	MUST(model_build(spec, "tanh", NULL, input, outputs, &r->q.model));
	const struct net_options o = {.model = &r->q.model, .data = &r->q.data, .normalize = &r->q.normalize, .likelihood = l,
	                              .noise_sd = 1, .batch = batch};
	MUST(net_open(&o, d, &r->p));
}

static void rig_method(struct rig *r, const char *method, const char *const *options, int batch)
{
	const struct state_plan plan = {.potential = r->p, .n = r->q.data.n, .batch = batch, .temperature = 1, .decay = 0.01,
	                                .lr_max = lr};
	bench_open_plan(&r->b, &plan, method, options);
}

/* Initial parameters into the state and into theta. */
static void rig_start(struct rig *r, float *theta)
{
	segments_init(&r->q.model.params, net_case_key, theta);
	MUST(state_put(&r->b.state, 0, theta));
	r->b.state.step = 0;
}

static void rig_close(struct rig *r)
{
	potential_close(r->p);
	model_free(&r->q.model);
	free((void *)(uintptr_t)r->q.data.x);
	free((void *)(uintptr_t)r->q.data.target);
	free((void *)(uintptr_t)r->q.data.label);
}

/* `steps` steps from the initial parameters on. */
static void trajectory(struct rig *r, const char *method, const char *const *options, int steps, float *out)
{
	rig_method(r, method, options, B);
	rig_start(r, out);
	for (int k = 0; k < steps; k++)
		MUST(state_step(&r->b.state, lr, 1));
	MUST(state_get(&r->b.state, 0, out));
	bench_close(&r->b);
}

static void check_reductions(struct rig *r)
{
	float one[MOST], other[MOST];
	const size_t bytes = r->p->n_params * sizeof *one;
	trajectory(r, "sgd", NULL, 7, one);
	trajectory(r, "rw-sam", (const char *[]){"--rho", "0", NULL}, 7, other);
	ok(!memcmp(one, other, bytes), "rw-sam with ρ = 0 is sgd, bit for bit");
	trajectory(r, "adamw", NULL, 7, one);
	trajectory(r, "rw-sam", (const char *[]){"--rho", "0", "--base", "adamw", NULL}, 7, other);
	ok(!memcmp(one, other, bytes), "and adamw with that as its base");
	trajectory(r, "sam", (const char *[]){"--rho", "0.5", "--momentum", "0.9", NULL}, 7, one);
	trajectory(r, "rw-sam", (const char *[]){"--rho", "0.5", "--momentum", "0.9", "--reweight", "0", NULL}, 7, other);
	double worst = 0;
	for (size_t j = 0; j < r->p->n_params; j++)
		worst = fmax(worst, fabs((double)one[j] - (double)other[j]));
	near(worst, 0, 1e-6, "with λ = 0 it is sam, to rounding");
	trajectory(r, "rw-sam", (const char *[]){"--rho", "0.5", "--momentum", "0.9", "--reweight", "2", NULL}, 7, other);
	ok(memcmp(one, other, bytes) != 0, "with another λ it is not");
}

/* ---- the weights ---- */

/* z of a step. */
static void signs(struct rng_key key, uint64_t step, size_t n, float *z)
{
	for (size_t j = 0; j < n; j++)
		z[j] = rng_fraction(key, STREAM_RADEMACHER, step, j) < 0.5f ? -1 : 1;
}

/* Two examples of a line, ℓ = (wx + b − y)²/2 + const: p₁ = 1/(1 + exp(λ(n₂ − n₁))), with each n exact for any h. */
static void check_two(struct device *d)
{
	const double h = 0.25;
	struct rig r;
	rig_open(&r, d, "linear", "gaussian", 2, 1, 2);
	const float *x = r.q.data.x, *y = r.q.data.target;
	for (int large = 0; large < 2; large++) {
		float theta[2], z[2], weight[2];
		double n[2], rate = large ? 1e5 : 0.7;
		rig_method(&r, "rw-sam", (const char *[]){"--probe-size", "0.25", "--reweight", large ? "1e5" : "0.7", NULL}, 2);
		rig_start(&r, theta);
		signs(r.b.state.s.slots.key, 0, 2, z);
		MUST(state_step(&r.b.state, lr, 1));
		for (int i = 0; i < 2; i++) {
			double e = (double)theta[0] * (double)x[i] + (double)theta[1] - (double)y[i];
			double slope = (double)z[0] * (double)x[i] + (double)z[1];
			n[i] = fabs(e * slope + h * slope * slope / 2);
		}
		MUST(d->ops->get(d, weight, r.b.state.s.losses[2], sizeof weight));
		near(weight[0], 2 / (1 + exp(rate * (n[1] - n[0]))), 2e-5, "rw-sam, two examples at λ = %g: the closed form", rate);
		near((double)weight[0] + (double)weight[1], 2, 1e-6, "rw-sam: whose weights are B in all");
		if (large)
			ok((weight[0] == 2 && weight[1] == 0) || (weight[0] == 0 && weight[1] == 2),
			   "rw-sam: the longest gradient alone");
		bench_close(&r.b);
	}
	rig_close(&r);
}

/* Two quadratic terms on a line, where all of a step is in closed form. */
static void check_terms(struct device *d)
{
	static const double m[2] = {1, -2}, curvature[2] = {2, 0.5};
	const double theta = 0.3, probe = 0.25, rate = 0.4, rho = 0.7;
	struct potential *p;
	struct bench b;
	MUST(analytic_open("quadratics:1/2,-2/0.5", d, &p));
	const struct state_plan plan = {.potential = p, .n = 2, .batch = 2, .temperature = 1, .decay = 0.01, .lr_max = lr};
	bench_open_plan(&b, &plan, "rw-sam", (const char *[]){"--probe-size", "0.25", "--reweight", "0.4", "--rho", "0.7", NULL});
	double worst = 0;
	for (uint64_t k = 0; k < 8; k++) {
		double share[2], g[2], got;
		float z;
		signs(b.state.s.slots.key, k, 1, &z);
		for (int i = 0; i < 2; i++) {
			g[i] = curvature[i] * (theta - m[i]);
			share[i] = exp(rate * fabs(g[i] * (double)z + curvature[i] * probe / 2));
		}
		double first = share[0] * g[0] + share[1] * g[1], there = theta + (first > 0 ? rho : -rho);
		double second = (curvature[0] * (there - m[0]) + curvature[1] * (there - m[1])) / 2;
		bench_set(&b, &theta);
		b.state.step = k;
		MUST(state_step(&b.state, lr, 1));
		bench_get(&b, &got);
		worst = fmax(worst, fabs(got - (theta - lr * (second + 0.01 * theta))));
		float weight[2];
		MUST(d->ops->get(d, weight, b.state.s.losses[2], sizeof weight));
		worst = fmax(worst, fabs((double)weight[0] - 2 * share[0] / (share[0] + share[1])));
	}
	near(worst, 0, 2e-6, "rw-sam, two quadratic terms: weights and steps are the closed form's");
	bench_close(&b);
	potential_close(p);
}

/* ---- a step beside the equation: gradients are the network's own, all else is double ---- */

static double norm_of(const float *x, size_t n)
{
	double sum = 0;
	for (size_t j = 0; j < n; j++)
		sum += (double)x[j] * (double)x[j];
	return sqrt(sum);
}

struct by_hand {
	float theta[MOST], z[MOST], g[MOST], weight[B];
	float *v, *device_weight, *each[2];   /* device */
};

/* The weights at λ = 3 and h = 0.01, by ℓᵢ at θ + hz and at θ. */
static void hand_weights(struct device *d, struct sampler_state *s, struct by_hand *m)
{
	double sum = 0, rate = 3 / 0.01, n[B];
	float each[2][B];
	MUST(d->ops->put(d, m->v, m->z, s->potential->n_params * sizeof *m->z));
	for (int i = 0; i < 2; i++) {
		MUST(sampler_gradient_at(s, &(struct sampler_gradient_request){
			.at = {.theta = s->vector[0], .v = i ? NULL : m->v, .v_coef = i ? SLOT_NONE : SLOTS - 1}, .each = m->each[i],
		}));
		MUST(d->ops->get(d, each[i], m->each[i], sizeof each[i]));
	}
	for (int i = 0; i < B; i++) {
		n[i] = fabs((double)each[0][i] - (double)each[1][i]);
		sum += exp(rate * n[i]);
	}
	for (int i = 0; i < B; i++)
		m->weight[i] = (float)(B * exp(rate * n[i]) / sum);
	MUST(d->ops->put(d, m->device_weight, m->weight, sizeof m->weight));
}

/* θ after the step, to m->theta; ρ = 0.5, and at coefficient SLOTS − 1 of v whatever the host's slots say. */
static void hand_step(struct device *d, struct sampler_state *s, struct by_hand *m)
{
	const size_t n = s->potential->n_params;
	struct batch weighted = s->batch;
	weighted.weight = m->device_weight;
	MUST(sampler_gradient_at(s, &(struct sampler_gradient_request){
		.at = {.theta = s->vector[0]}, .batch = &weighted, .gradient = m->v,
	}));
	MUST(d->ops->get(d, m->g, m->v, n * sizeof *m->g));
	s->slots.value[SLOTS - 1] = 0.5 / (norm_of(m->g, n) + 1e-12);
	MUST(d->ops->slots_send(d, &s->slots));
	MUST(sampler_gradient_at(s, &(struct sampler_gradient_request){
		.at = {.theta = s->vector[0], .v = m->v, .v_coef = SLOTS - 1}, .gradient = m->v,
	}));
	MUST(d->ops->get(d, m->g, m->v, n * sizeof *m->g));
	for (size_t j = 0; j < n; j++)
		m->theta[j] -= (float)(lr * ((double)m->g[j] + 0.01 * (double)m->theta[j]));
}

static void check_step(struct rig *r, struct device *d)
{
	struct by_hand m;
	float got[MOST], weight[B];
	double worst = 0, off = 0, seen;
	const size_t n = r->p->n_params, bytes = n * sizeof(float);
	MUST(d->ops->alloc(d, bytes, (void **)&m.v));
	MUST(d->ops->alloc(d, sizeof m.weight, (void **)&m.device_weight));
	for (int i = 0; i < 2; i++)
		MUST(d->ops->alloc(d, sizeof m.weight, (void **)&m.each[i]));
	rig_method(r, "rw-sam", (const char *[]){"--rho", "0.5", "--reweight", "3", "--probe-size", "0.01", NULL}, B);
	struct sampler_state *s = &r->b.state.s;
	rig_start(r, m.theta);
	MUST(state_step(&r->b.state, lr, 1));
	MUST(state_get(&r->b.state, 0, got));
	MUST(d->ops->get(d, weight, s->losses[2], sizeof weight));
	MUST(d->ops->slots_fetch(d, &s->slots));
	seen = s->slots.value[SLOT_SEEN_TOTAL];
	double total = s->slots.value[SLOT_NLL_TOTAL], value = s->slots.value[SLOT_GOOD_NLL];
	/* The same batch once more, from where it began. */
	MUST(state_put(&r->b.state, 0, m.theta));
	signs(s->slots.key, 0, n, m.z);
	s->slots.value[SLOTS - 1] = 0.01;
	MUST(d->ops->slots_send(d, &s->slots));
	hand_weights(d, s, &m);
	MUST(d->ops->slots_fetch(d, &s->slots));
	near(value, s->slots.value[SLOT_NLL], 1e-6, "rw-sam: the value that counts is that of θ, all examples alike");
	near(total / seen, value, 1e-12, "rw-sam: and the totals are its");
	ok((int)seen == B, "rw-sam: each example is counted once");
	hand_step(d, s, &m);
	for (int i = 0; i < B; i++)
		off = fmax(off, fabs((double)weight[i] - (double)m.weight[i]) / (double)m.weight[i]);
	for (size_t j = 0; j < n; j++)
		worst = fmax(worst, fabs((double)got[j] - (double)m.theta[j]));
	near(off, 0, 1e-6, "rw-sam: weights are the softmax of the losses' differences");
	near(worst, 0, 1e-6, "rw-sam: a step is that of its equation");
	bench_close(&r->b);
	d->ops->free(d, m.v);
	d->ops->free(d, m.device_weight);
	for (int i = 0; i < 2; i++)
		d->ops->free(d, m.each[i]);
}

/* ---- which passes update running statistics, and count ---- */

enum { PASSES = 4 };
static struct pass {
	bool count, gradient, run;
} passes[PASSES];
static int n_passes;
static const struct potential_ops *passed_on;

static status watched(struct potential *p, struct slots *s, const struct gradient_request *r)
{
	if (n_passes < PASSES)
		passes[n_passes] = (struct pass){r->count, r->gradient != NULL, r->policy == STATS_RUN};
	n_passes++;
	return passed_on->value_grad(p, s, r);
}

static void check_passes(struct rig *r)
{
	const struct potential_ops ops = {.value_grad = watched};
	float theta[MOST];
	rig_method(r, "rw-sam", NULL, B);
	rig_start(r, theta);
	passed_on = r->p->ops;
	r->p->ops = &ops;
	n_passes = 0;
	MUST(state_step(&r->b.state, lr, 1));
	r->p->ops = passed_on;
	ok(n_passes == 3, "rw-sam: a value and two gradients a step");
	ok(!passes[0].gradient && !passes[0].count && !passes[0].run, "rw-sam: the probe leaves nothing behind");
	ok(passes[1].gradient && passes[1].count && passes[1].run, "rw-sam: the pass at θ counts, and updates running statistics");
	ok(passes[2].gradient && !passes[2].count && !passes[2].run, "rw-sam: the one uphill does not");
	bench_close(&r->b);
}

/* ---- large batches ---- */

/* Planned for batches of B, and for 2B at once: the large batch comes in parts, or whole. */
static void check_parts(struct device *d)
{
	static const char *const options[][7] = {
		{"--large-batch", "8", "--clip", "0.02", NULL},
		{"--heavy-batch", "fresh", "--large-batch", "8", NULL},
		{"--heavy-batch", "full", NULL},
	};
	for (int i = 0; i < 3; i++) {
		float theta[2][MOST];
		double worst = 0;
		size_t n = 0;
		for (int whole = 0; whole < 2; whole++) {
			struct rig r;
			rig_open(&r, d, "mlp:2-3-3", "categorical", N, 2, whole ? N : B);
			trajectory(&r, "tail-sgd", options[i], 5, theta[whole]);
			n = r.p->n_params;
			rig_close(&r);
		}
		for (size_t j = 0; j < n; j++)
			worst = fmax(worst, fabs((double)theta[0][j] - (double)theta[1][j]));
		near(worst, 0, 2e-6, "tail-sgd %s %s: a gradient in parts is the whole", options[i][0], options[i][1]);
	}
}

void check_reweighted(struct device *d, bool stationary)
{
	struct rig r;
	(void)stationary;
	check_two(d);
	check_terms(d);
	rig_open(&r, d, "mlp:2-3-3", "categorical", N, 2, B);
	check_reductions(&r);
	check_step(&r, d);
	check_passes(&r);
	rig_close(&r);
	check_parts(d);
}
