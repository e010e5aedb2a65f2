/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* How many launches on the stand-in make a network's parameters at a point: as few as a table holds. */
#include <stdio.h>
#include <string.h>

#include "src/cuda/weights.h"
#include "src/net/graph.h"
#include "tests/cuda_driver.h"
#include "tests/device_vec.h"
#include "tests/standin/standin.h"
#include "tests/tap.h"

enum { PLACES = 200, SIGMA = SLOT_SAMPLER, COEF };

/* Since `before`, when all that was put off has run. */
static int launches_since(struct device *d, long before)
{
	MUST(d->ops->sync(d));
	return (int)(standin_launches() - before);
}

/* So many numbers of a vector, each to a place of its own that is not beside the others. */
static int points_apart(struct device *d, const struct slots *s, const struct point *at, int n, float *out)
{
	const long before = standin_launches();
	for (int i = 0; i < n; i++)
		MUST(d->ops->point(d, s, at, (size_t)(2 * i), 1, false, out + 2 * i));
	return launches_since(d, before);
}

static void check_calls(struct device *d)
{
	struct slots s = {.key = {1, 0}};
	float *theta = device_take(d, 2 * PLACES * sizeof *theta), *out = device_take(d, 2 * PLACES * sizeof *out);
	MUST(d->ops->slots_open(d, &s));
	MUST(d->ops->sync(d));
	const struct point at = {.theta = theta, .sigma = SIGMA}, moved = {.theta = theta, .v = theta, .v_coef = COEF};
	ok(points_apart(d, &s, &at, CUDA_WEIGHTS_PARTS, out) == 1, "%d parts of a vector are one launch", CUDA_WEIGHTS_PARTS);
	ok(points_apart(d, &s, &at, CUDA_WEIGHTS_PARTS + 1, out) == 2, "one more is two");
	long before = standin_launches();
	for (int i = 0; i < PLACES; i++)
		MUST(d->ops->point(d, &s, &at, (size_t)i, 1, false, out + i));
	ok(launches_since(d, before) == 1, "%d side by side are one part", PLACES);
	before = standin_launches();
	MUST(d->ops->point(d, &s, &at, 0, 5, false, out));
	MUST(d->ops->point(d, &s, &moved, 5, 5, false, out + 5));
	ok(launches_since(d, before) == 2, "two points are two launches");
	before = standin_launches();
	MUST(d->ops->point(d, &s, &at, 0, 5, false, out));
	MUST(d->ops->add(d, (struct format){.bf16 = false}, 5, out + 50, out));
	MUST(d->ops->point(d, &s, &at, 5, 5, false, out + 5));
	ok(launches_since(d, before) == 3, "and what comes between them stays between them");
	d->ops->slots_close(d, &s);
	d->ops->free(d, theta);
	d->ops->free(d, out);
}

/* The launches that make a network's parameters θ + σξ, to train. */
static int launches_of(struct device *d, const struct model *m, enum precision precision)
{
	struct graph g;
	struct graph_plan *p;
	struct slots s = {.key = {1, 0}};
	float *theta = device_take(d, m->params.count * sizeof *theta);
	MUST(graph_open(&g, d, &(struct graph_options){.model = m, .precision = precision, .batch = 2}));
	MUST(graph_plan(&g, 2, PLAN_TRAIN, &p));
	MUST(d->ops->slots_open(d, &s));
	MUST(d->ops->sync(d));
	const long before = standin_launches();
	MUST(graph_weights(&g, p, &s, &(struct point){.theta = theta, .sigma = SIGMA, .stream = STREAM_PERTURB}, NULL));
	const int launches = launches_since(d, before);
	d->ops->slots_close(d, &s);
	graph_close(&g);
	d->ops->free(d, theta);
	return launches;
}

static void check_network(struct device *d, const char *spec, const int input[3])
{
	struct model m;
	MUST(model_build(spec, NULL, NULL, input, 10, &m));
	if (model_lacks(&m, d)) {
		char name[64], reason[64];
		snprintf(name, sizeof name, "the parameters of %s", spec);
		snprintf(reason, sizeof reason, "this backend has no %s", model_lacks(&m, d));
		skip(name, reason);
	} else {
		for (int precision = PRECISION_FP32; precision <= PRECISION_BF16; precision++) {
			const int n = launches_of(d, &m, (enum precision)precision);
			ok(n == 1, "%s: %d launch makes all parameters, %s", spec, n, precision == PRECISION_BF16 ? "bf16" : "float32");
		}
	}
	model_free(&m);
}

/* The same calls without plans, whose engines would be measured: bf16 copies of what is multiplied, everything else as it lies, layer
 * by layer. */
static void put_off_all(struct device *d, const struct model *m, const struct slots *s, const struct point *at, float *out)
{
	for (int i = 0; i < m->n_layers; i++) {
		const struct layer *l = &m->layer[i];
		for (int k = 0; k < LAYER_PARAMS; k++) {
			const struct segment *seg = l->param[k] ? &m->params.at[layer_segment(l, k)] : NULL;
			const struct weight_source from = {.slots = s, .at = at, .param = {[PARAM_WEIGHT] = seg}};
			if (seg && k == PARAM_WEIGHT && l->kind != LAYER_NORM) {
				const size_t rows = (size_t)l->out[0], row = seg->count / rows;
				MUST(cuda_weights_later(d, &(struct cuda_weights){rows, 1, row, row, true, false}, &from, out + seg->offset));
			} else if (seg) {
				MUST(d->ops->point(d, s, at, seg->offset, seg->count, false, out + seg->offset));
			}
		}
	}
}

static void check_large_network(struct device *d, const char *spec, int want)
{
	struct model m;
	struct slots s = {.key = {1, 0}};
	MUST(model_build(spec, NULL, NULL, (const int[]){3, 32, 32}, 10, &m));
	float *theta = device_take(d, m.params.count * sizeof *theta), *out = device_take(d, m.params.count * sizeof *out);
	MUST(d->ops->slots_open(d, &s));
	MUST(d->ops->sync(d));
	const long before = standin_launches();
	put_off_all(d, &m, &s, &(struct point){.theta = theta, .sigma = SIGMA, .stream = STREAM_PERTURB}, out);
	const int n = launches_since(d, before);
	ok(n == want, "%s: %d launches for %d tensors", spec, n, m.params.n);
	d->ops->slots_close(d, &s);
	d->ops->free(d, theta);
	d->ops->free(d, out);
	model_free(&m);
}

int main(void)
{
	struct device *d = open_cuda();
	test_prefix(cuda_label);
	check_calls(d);
	check_network(d, "mlp:3072-16-16-10", (const int[]){3, 32, 32});
	check_network(d, "lenet", (const int[]){1, 28, 28});
	check_network(d, "resnet20", (const int[]){3, 8, 8});
	check_large_network(d, "resnet18", 1);
	if (!in_haste())
		check_large_network(d, "resnet50", 2);
	d->ops->close(d);
	return done_testing();
}
