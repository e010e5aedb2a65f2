/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/weighted_net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/net_case.h"
#include "tests/sampler_bench.h"
#include "tests/tap.h"

enum { ROWS = 21, INPUTS = 3, CLASSES = 3, MOST = 2 * ROWS, DOUBLED = 1 };
static const double factor[CLASSES] = {1, 2, 1};

/* The same network on the rows with factors, and on rows of which those of a class are there twice. */
struct pair {
	struct net_case weighted, doubled;
};

static void double_rows(const struct dataset *from, struct dataset *to)
{
	float *x = host_take((size_t)MOST * INPUTS * sizeof *x);
	int32_t *label = host_take(MOST * sizeof *label);
	size_t n = 0;
	for (size_t i = 0; i < from->n; i++)
		for (int copy = 0; copy < (from->label[i] == DOUBLED ? 2 : 1); copy++) {
			memcpy(x + n * INPUTS, (const float *)from->x + i * INPUTS, INPUTS * sizeof *x);
			label[n++] = from->label[i];
		}
	*to = *from;
	to->x = x;
	to->label = label;
	to->n = n;
}

static void pair_open(struct pair *p, const char *likelihood, enum loss_kind loss)
{
	const struct likelihood *l;
	const char *model = loss == LOSS_BERNOULLI ? "mlp:3-4-1" : "mlp:3-4-3";
	memset(p, 0, sizeof *p);
	net_case_data(&p->weighted, ROWS, INPUTS, CLASSES, loss);
	double_rows(&p->weighted.data, &p->doubled.data);
	net_case_open(&p->doubled, model, "tanh", likelihood, 1, (int)p->doubled.data.n, NULL);
	net_case_open(&p->weighted, model, "tanh", likelihood, 1, ROWS, NULL);
	/* The case's own has no factors. */
	struct net_case *q = &p->weighted;
	potential_close(q->p);
	MUST(likelihood_find(likelihood, &l));
	MUST(net_open(&(struct net_options){.model = &q->model, .data = &q->data, .normalize = &q->normalize, .likelihood = l,
	                                    .class_weight = factor, .batch = ROWS}, q->d, &q->p));
}

static void pair_close(struct pair *p)
{
	net_case_close(&p->weighted);
	net_case_close(&p->doubled);
}

/* N·u and its gradient, and what the log adds up. */
static void check_potential(struct pair *p, const char *what)
{
	struct net_case *a = &p->weighted, *b = &p->doubled;
	const size_t n = a->p->n_params;
	struct gradient_request one = net_case_request(a, 0, ROWS), two = net_case_request(b, 0, (int)b->data.n);
	one.batch.scale = two.batch.scale = 1;
	one.count = two.count = true;
	net_case_gradient(a, &one);
	net_case_gradient(b, &two);
	near(a->slots.value[SLOT_NLL], b->slots.value[SLOT_NLL], 1e-6 * b->slots.value[SLOT_NLL],
	     "%s: N·u with a factor of 2 is that of rows that are there twice", what);
	near(a->slots.value[SLOT_NLL_TOTAL], b->slots.value[SLOT_NLL_TOTAL], 1e-6 * b->slots.value[SLOT_NLL],
	     "%s: and so is what the log sums", what);
	ok(a->slots.value[SLOT_SEEN_TOTAL] == ROWS, "%s: over the examples that there are", what);
	MUST(a->d->ops->get(a->d, a->host, a->gradient, n * sizeof(float)));
	MUST(b->d->ops->get(b->d, b->host, b->gradient, n * sizeof(float)));
	double worst = 0, largest = 0;
	for (size_t i = 0; i < n; i++) {
		worst = fmax(worst, fabs((double)a->host[i] - (double)b->host[i]));
		largest = fmax(largest, fabs((double)b->host[i]));
	}
	near(worst / largest, 0, 1e-6, "%s: its gradient too", what);
}

/* Steps of a method on all rows, from the initial parameters on; the step size is such that λ∇u and λ/β are those of N·u. */
static void steps(struct net_case *q, const char *method, const char *const *options, float *out)
{
	const double n = (double)q->data.n, lr = 0.002 * n;
	const struct state_plan plan = {.potential = q->p, .n = q->data.n, .batch = (int)q->data.n, .temperature = 1, .decay = 0,
	                                .lr_max = lr};
	struct bench b;
	bench_open_plan(&b, &plan, method, options);
	segments_init(&q->model.params, net_case_key, out);
	MUST(state_put(&b.state, 0, out));
	for (int k = 0; k < 5; k++)
		MUST(state_step(&b.state, lr, 1));
	MUST(state_get(&b.state, 0, out));
	bench_close(&b);
}

static void check_steps(struct pair *p, const char *what)
{
	static const struct {
		const char *name, *options[7];
	} methods[] = {
		{"sgld", {NULL}}, {"sgld-cv", {"--refresh", "2", NULL}}, {"sam", {"--rho", "0.2", NULL}}, {"m-sam", {"--rho", "0.2", NULL}},
		{"rw-sam", {"--rho", "0.2", "--reweight", "2", "--probe-size", "0.1", NULL}}, {"hmc", {"--trajectory", "0.3", NULL}},
	};
	const size_t n = p->weighted.p->n_params;
	float *a = host_take(n * sizeof *a), *b = host_take(n * sizeof *b), *start = host_take(n * sizeof *start);
	segments_init(&p->weighted.model.params, net_case_key, start);
	for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
		double worst = 0, moved = 0;
		steps(&p->weighted, methods[m].name, methods[m].options, a);
		steps(&p->doubled, methods[m].name, methods[m].options, b);
		for (size_t i = 0; i < n; i++) {
			worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
			moved = fmax(moved, fabs((double)a[i] - (double)start[i]));
		}
		ok(moved > 0.01 && worst < 1e-5 * moved, "%s, %s: steps with a factor are those with rows that are there twice (%g of %g)",
		   what, methods[m].name, worst, moved);
	}
	free(a);
	free(b);
	free(start);
}

/* What a reweighting method looks at is an example's own loss. */
static void check_each(struct pair *p, const char *what)
{
	struct net_case *a = &p->weighted, *b = &p->doubled;
	float *one = device_take(a->d, MOST * sizeof *one), *two = device_take(b->d, MOST * sizeof *two), got[MOST], want[MOST];
	struct gradient_request r = net_case_request(a, 0, ROWS), s = net_case_request(b, 0, (int)b->data.n);
	r.each = one;
	s.each = two;
	net_case_gradient(a, &r);
	net_case_gradient(b, &s);
	download(a->d, got, one, sizeof got);
	download(b->d, want, two, sizeof want);
	double worst = 0;
	size_t at = 0;
	for (size_t i = 0; i < a->data.n; at += a->data.label[i] == DOUBLED ? 2 : 1, i++)
		worst = fmax(worst, fabs((double)got[i] - (double)want[at]));
	near(worst, 0, 1e-6, "%s: an example's own loss has no factor", what);
	a->d->ops->free(a->d, one);
	b->d->ops->free(b->d, two);
}

void check_weighted_nets(struct device *(*open)(void), const char *label)
{
	static const struct {
		const char *name;
		enum loss_kind loss;
	} cases[] = {{"categorical", LOSS_CATEGORICAL}, {"bernoulli", LOSS_BERNOULLI}};
	net_case_on(open);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char what[64];
		struct pair p;
		snprintf(what, sizeof what, "%s, %s", label, cases[i].name);
		pair_open(&p, cases[i].name, cases[i].loss);
		check_potential(&p, what);
		check_each(&p, what);
		check_steps(&p, what);
		pair_close(&p);
	}
}
