/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The graph with layers that the networks here don't have: sums of two inputs, and weights in a working copy. */
#include "src/net/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/branched_net.h"
#include "tests/tap.h"

enum { N = BRANCHED_N, IN = BRANCHED_IN, MID = BRANCHED_MID, OUT = BRANCHED_OUT };
enum { PARAMS = MID * (IN + 1) + MID * (MID + 1) + OUT * (MID + 1) };

static const struct rng_key key = {8, 0};

static double worst(const float *got, const double *want, int n)
{
	double off = 0, largest = 0;
	for (int i = 0; i < n; i++) {
		off = fmax(off, fabs((double)got[i] - want[i]));
		largest = fmax(largest, fabs(want[i]));
	}
	return off / largest;
}

/* Whether a plan of three linear layers had to be made. */
static bool is_new(struct graph *g, int n, enum plan_mode mode)
{
	struct graph_plan *p;
	int before = branched.planned;
	MUST(graph_plan(g, n, mode, &p));
	return branched.planned == before + 3 && p->n == n && p->mode == mode;
}

/* What is used stays planned; what was used longest ago gives way. */
static void keeps_plans(struct graph *g)
{
	for (int n = 1; n <= GRAPH_PLANS; n++)
		ok(is_new(g, n, PLAN_TRAIN), "a first plan for %d", n);
	ok(!is_new(g, 1, PLAN_TRAIN), "which stays");
	ok(is_new(g, N, PLAN_TRAIN), "a plan for a new size is a new one");
	ok(!is_new(g, 1, PLAN_TRAIN) && !is_new(g, 3, PLAN_TRAIN) && !is_new(g, 4, PLAN_TRAIN), "plans used since stay");
	ok(is_new(g, 2, PLAN_TRAIN), "the one used longest ago gave way");
	ok(is_new(g, 2, PLAN_INFER), "another mode is another plan");
}

/* ---- tangents ---- */

/* H·v of Σ r·y + ½Σ y² is the central difference of its gradient, which is a polynomial: of the fifth degree, so that a step of 1e-4
 * leaves 1e-8 of it. */
static void differences(const double *theta, const float *v, const double *x, const double *r, double *out)
{
	const double step = 1e-4;
	double at[PARAMS], y[N * OUT], dy[N * OUT], g[2][PARAMS];
	for (int side = 0; side < 2; side++) {
		for (int i = 0; i < PARAMS; i++)
			at[i] = theta[i] + (side ? -step : step) * (double)v[i];
		branched_oracle(at, x, r, y, g[side]);
		for (int i = 0; i < N * OUT; i++)
			dy[i] = r[i] + y[i];
		branched_oracle(at, x, dy, y, g[side]);
	}
	for (int i = 0; i < PARAMS; i++)
		out[i] = (g[0][i] - g[1][i]) / (2 * step);
}

/* Both branches' tangents reach the layer that they start from; what is frozen is held, whatever the direction has there. */
static void check_tangents(struct device *d, struct model *m, const float *theta, const double *exact, const double *x, const double *r)
{
	struct graph g;
	struct graph_plan *p;
	float v[PARAMS], *product, host[PARAMS], held[PARAMS];
	double want[PARAMS];
	for (int i = 0; i < PARAMS; i++)
		held[i] = v[i] = (float)rng_normal(key, STREAM_PROBE, 2, (uint64_t)i);
	for (int frozen = 0; frozen < 2; frozen++) {
		for (int k = 0; frozen && k < m->params.n; k += 3) {
			struct segment *seg = &m->params.at[k];
			seg->frozen = true;
			memset(held + seg->offset, 0, seg->count * sizeof *held);
		}
		differences(exact, held, x, r, want);
		MUST(d->ops->alloc(d, sizeof v, (void **)&product));
		MUST(d->ops->put(d, product, v, sizeof v));
		MUST(graph_open(&g, d, &(struct graph_options){.model = m, .batch = N, .tangents = true}));
		MUST(graph_plan(&g, N, PLAN_TANGENT, &p));
		MUST(graph_weights(&g, p, NULL, &(struct point){.theta = theta}, NULL));
		for (int i = 0; i < N * IN; i++)
			((float *)g.x)[i] = (float)x[i];
		MUST(graph_forward(&g, p, NULL, STATS_USE, NULL, SLOT_NONE));
		MUST(graph_direction(&g, p, product));
		MUST(graph_jvp(&g, p));
		for (int i = 0; i < N * OUT; i++)
			graph_output_gradient(&g)[i] = (float)r[i] + graph_output(&g)[i];
		MUST(d->ops->copy(d, graph_output_gradient_dot(&g), graph_output_dot(&g), N * OUT * sizeof(float)));
		MUST(graph_hvp(&g, p, NULL, product, false));
		MUST(d->ops->get(d, host, product, sizeof host));
		bool zeros = true;
		for (int i = 0; i < PARAMS; i++) {
			want[i] = frozen && held[i] == 0 ? 0 : want[i];
			zeros = zeros && (want[i] != 0 || host[i] == 0);
		}
		near(worst(host, want, PARAMS), 0, 2e-6, "a product with the Hessian%s", frozen ? " where tensors are frozen" : "");
		if (frozen)
			ok(zeros, "which there is 0");
		graph_close(&g);
		d->ops->free(d, product);
	}
	for (int k = 0; k < m->params.n; k++)
		m->params.at[k].frozen = false;
}

/* ---- without memory ---- */

static status (*alloc)(struct device *d, size_t bytes, void **out);
static int allocations;  /* that still succeed */

static status short_alloc(struct device *d, size_t bytes, void **out)
{
	return allocations-- > 0 ? alloc(d, bytes, out) : fail(ERR_MEMORY, "out of memory: %zu bytes", bytes);
}

/* New plans that want larger copies and find no room for one: a plan for N, made before, still runs. */
static void out_of_memory(struct graph *g, struct backend *fake, const float *theta, const double *want)
{
	struct graph_plan *p;
	float out[N * OUT];
	alloc = fake->alloc;
	branched.padding = 64;
	for (int copy = 0; copy < 3; copy++) {
		/* The copies before it have their room from the last turn, but for one. */
		allocations = copy > 0;
		fake->alloc = short_alloc;
		ok(graph_plan(g, N - 1, PLAN_TRAIN, &p) == ERR_MEMORY && !p, "no memory for the weights of layer %d", copy);
		fake->alloc = alloc;
		MUST(graph_plan(g, N, PLAN_TRAIN, &p));
		MUST(graph_weights(g, p, NULL, &(struct point){.theta = theta}, NULL));
		MUST(graph_forward(g, p, NULL, STATS_RUN, NULL, SLOT_NONE));
		MUST(fake->get(g->device, out, graph_output(g), sizeof out));
		near(worst(out, want, N * OUT), 0, 1e-6, "and the plan that was there still gives its outputs");
	}
	MUST(graph_plan(g, N - 1, PLAN_TRAIN, &p));
	ok(branched.asked_n == N - 1 && branched.asked_batch == N, "layers are told which batch the examples are a rest of");
	branched.padding = 0;
}

int main(void)
{
	struct device *d;
	struct model m;
	struct graph g;
	struct graph_plan *p;
	double theta[PARAMS], x[N * IN], r[N * OUT], y[N * OUT], want[PARAMS];
	MUST(backend_open("cpu", 1, &d));
	const struct backend *real = d->ops;
	struct backend fake;
	branched_layers(real, &fake);
	d->ops = &fake;
	branched_model(&m);
	ok(m.params.count == PARAMS, "the network has %d parameters", PARAMS);
	float *device_theta, *gradient, host[PARAMS], first[PARAMS], device_r[N * OUT], out[N * OUT];
	MUST(fake.alloc(d, PARAMS * sizeof(float), (void **)&device_theta));
	MUST(fake.alloc(d, PARAMS * sizeof(float), (void **)&gradient));
	segments_init(&m.params, key, device_theta);
	MUST(graph_open(&g, d, &(struct graph_options){.model = &m, .batch = N}));
	for (int i = 0; i < PARAMS; i++)
		theta[i] = (double)device_theta[i];
	for (int i = 0; i < N * IN; i++)
		x[i] = (double)(((float *)g.x)[i] = (float)rng_normal(key, STREAM_PROBE, 0, (uint64_t)i));
	for (int i = 0; i < N * OUT; i++)
		r[i] = (double)(device_r[i] = (float)rng_normal(key, STREAM_PROBE, 1, (uint64_t)i));
	branched_oracle(theta, x, r, y, want);
	for (int turn = 0; turn < 2; turn++) {
		MUST(graph_plan(&g, N, PLAN_TRAIN, &p));
		MUST(graph_weights(&g, p, NULL, &(struct point){.theta = device_theta}, NULL));
		MUST(graph_forward(&g, p, NULL, STATS_RUN, NULL, SLOT_NONE));
		MUST(fake.get(d, out, graph_output(&g), sizeof out));
		MUST(fake.put(d, graph_output_gradient(&g), device_r, sizeof device_r));
		MUST(graph_backward(&g, p, NULL, gradient, turn == 1));
		MUST(fake.get(d, turn ? host : first, gradient, sizeof host));
	}
	near(worst(out, y, N * OUT), 0, 1e-6, "outputs of a network with a sum of two branches");
	near(worst(first, want, PARAMS), 0, 2e-6, "its gradient: both branches reach the layer they start from");
	bool twice = true;
	for (int i = 0; i < PARAMS; i++)
		twice = twice && fabsf(host[i] - 2 * first[i]) <= 1e-5f * (1 + fabsf(first[i]));
	ok(twice, "added to itself, the gradient doubles");
	ok(branched.materialised == 6, "three layers' working weights were made for each gradient");
	out_of_memory(&g, &fake, device_theta, y);
	graph_close(&g);
	MUST(graph_open(&g, d, &(struct graph_options){.model = &m, .batch = N}));
	keeps_plans(&g);
	graph_close(&g);
	check_tangents(d, &m, device_theta, theta, x, r);
	fake.free(d, device_theta);
	fake.free(d, gradient);
	model_free(&m);
	d->ops = real;
	real->close(d);
	return done_testing();
}
