/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A product with the Hessian of whole networks' mean loss against PyTorch's double-backward in double, tests/golden/flatness.py. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curvature/hessian.h"
#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "src/net/net.h"
#include "tests/device_vec.h"
#include "tests/golden/flatness.h"
#include "tests/golden_values.h"
#include "tests/tap.h"

enum { BATCH = 6 };  /* of 16 rows: 6, 6 and 4 */

static const char *const ways[] = {[CONV_AUTO] = "auto", [CONV_DIRECT] = "direct", [CONV_GEMM] = "gemm"};

/* The direction, and the product with it, in memory order. */
static void multiply(const struct golden_flatness *g, struct potential *p, float *product)
{
	float *theta = host_take(p->n_params * sizeof *theta), *stats = host_take((p->n_stats + 1) * sizeof *stats);
	float *v = host_take(p->n_params * sizeof *v), *file = host_take(p->n_params * sizeof *file);
	struct curvature *c;
	golden_fill(p->params, g->seed, 0, theta);
	golden_fill(p->stats, g->seed, GOLDEN_STATS, stats);
	for (int i = 0; i < p->params->n; i++) {
		const struct segment *s = &p->params->at[i];
		for (size_t e = 0; e < s->count; e++)
			file[e] = golden_value(g->seed, GOLDEN_DIRECTION + (uint64_t)i, e, 0, 1);
		segment_from_file(s, file, v + s->offset);
	}
	MUST(hessian_open(&(struct hessian_options){.potential = p, .theta = theta, .stats = stats, .n_rows = FLATNESS_ROWS}, &c));
	MUST(c->apply(c, v, product));
	hessian_close(c);
	float *all[] = {theta, stats, v, file};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]);
}

static void compare(const struct golden_flatness *g, const struct potential *p, const float *product, enum conv_algo algo)
{
	double worst = 0, square = 0, norm = 0;
	const char *name = "";
	bool same = p->params->n == g->n_tensors;
	for (int i = 0; i < p->params->n && same; i++) {
		const struct segment *s = &p->params->at[i];
		const double *golden = g->product[i].norm_and_sums;
		same = !strcmp(s->name, g->product[i].name);
		double d = golden_distance(s, product + s->offset, g->seed, (uint64_t)i, golden, FLATNESS_SKETCHES);
		square += d * d * golden[0] * golden[0];
		norm += golden[0] * golden[0];
		if (!(d <= worst)) {
			worst = d;
			name = s->name;
		}
	}
	const char *way = ways[algo];
	ok(same, "%s, %s: PyTorch has the same tensors", g->name, way);
	/* Asked for is 1e-4. PyTorch's own float32 is 3e-7 from its double as one vector, and as far as this. Filter response norms at
	 * random parameters magnify rounding: it is 1.3e-5 and 2e-5 off with them, and this 1.8e-5, up to 3.9e-5 in a tensor. */
	const double bound = g->norm && !strcmp(g->norm, "frn") ? 6e-5 : 5e-6;
	near(sqrt(square / norm), 0, bound, "%s, %s: a product with the Hessian", g->name, way);
	near(worst, 0, 2 * bound, "%s, %s: each tensor's part of it", g->name, way);
	note("%s, %s: %.1e as one vector, up to %.1e (%s)", g->name, way, sqrt(square / norm), worst, name);
}

static void network(const struct golden_flatness *g, enum conv_algo algo)
{
	const size_t pixels = (size_t)(g->shape[0] * g->shape[1] * g->shape[2]);
	uint8_t *x = host_take(FLATNESS_ROWS * pixels);
	int32_t *label = host_take(FLATNESS_ROWS * sizeof *label);
	struct device *d;
	struct model model;
	struct normalize normalize;
	const struct likelihood *likelihood;
	struct potential *p;
	golden_bytes(g->seed, FLATNESS_ROWS * pixels, x);
	for (int i = 0; i < FLATNESS_ROWS; i++)
		label[i] = i % FLATNESS_CLASSES;
	const struct dataset data = {.kind = "npy", .spec = "npy:test", .n = FLATNESS_ROWS, .element = ELEMENT_U8, .c = g->shape[0],
	                             .h = g->shape[1], .w = g->shape[2], .x = x, .label = label, .n_classes = FLATNESS_CLASSES,
	                             .image = true};
	MUST(normalize_parse("0.5:0.25", &data, &normalize));
	MUST(backend_open("cpu", 2, &d));
	MUST(likelihood_find("categorical", &likelihood));
	MUST(model_build(g->model, g->activation, g->norm, g->shape, FLATNESS_CLASSES, &model));
	MUST(net_open(&(struct net_options){.model = &model, .data = &data, .normalize = &normalize, .likelihood = likelihood,
	                                    .noise_sd = 1, .algo = algo, .batch = BATCH, .tangents = true}, d, &p));
	float *product = host_take(p->n_params * sizeof *product);
	multiply(g, p, product);
	compare(g, p, product, algo);
	free(product);
	potential_close(p);
	model_free(&model);
	d->ops->close(d);
	free(x);
	free(label);
}

int main(void)
{
	for (size_t i = 0; i < sizeof golden_flatness / sizeof *golden_flatness; i++)
		for (size_t j = 0; j < sizeof ways / sizeof *ways; j++)
			if (ways[j] && in_turn())
				network(&golden_flatness[i], (enum conv_algo)j);
	return done_testing();
}
