/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Pooling and flattening against the oracle, in every layout and type. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/image.h"
#include "tests/layers.h"
#include "tests/ref/ref.h"
#include "tests/tap.h"

static const struct {
	const char *name;
	struct format x, y;
} types[] = {
	{"float32, PyTorch's order", {false, 1}, {false, 1}},
	{"float32, channels last", {false, 0}, {false, 0}},
	{"float32, blocks of 8", {false, 8}, {false, 8}},
	{"float32, blocks of 16", {false, 16}, {false, 16}},
	{"bf16, channels last", {true, 0}, {true, 0}},
	{"bf16, blocks of 16", {true, 16}, {true, 16}},
	{"bf16 to float32, channels last", {true, 0}, {false, 0}},
	{"float32 to bf16, blocks of 8", {false, 8}, {true, 8}},
};
enum { TYPES = sizeof types / sizeof *types };

/* A plan, and memory for what it keeps. */
static struct layer_plan *plan_of(struct device *d, const struct layer *l, int n, struct format x, struct format y,
                                  enum plan_mode mode, void **kept)
{
	const struct layer_ops *ops = d->ops->layers[l->kind];
	struct layer_plan *p;
	struct plan_request r = {.layer = l, .n = n, .mode = mode, .x = {x}, .y = y,
	                         .precision = x.bf16 || y.bf16 ? PRECISION_BF16 : PRECISION_FP32};
	MUST(ops->plan(d, &r, &p));
	*kept = device_take(d, ops->kept_bytes ? ops->kept_bytes(d, &r) : 0);
	return p;
}

/* ---- pooling ---- */

static struct layer pool_layer(enum pool kind, int c, int h, int w, int kernel, int stride, int pad)
{
	return (struct layer){
		.kind = LAYER_POOL, .input = {INPUT_BATCH, INPUT_NONE}, .pool = kind,
		.in = {c, h, w}, .out = {c, (h + 2 * pad - kernel) / stride + 1, (w + 2 * pad - kernel) / stride + 1},
		.kernel = kernel, .stride = stride, .pad = pad, .groups = 1,
	};
}

/* Small whole numbers, so that maxima tie and bf16 holds every sum, with some NaN and −∞. */
static void few_values(struct image *m, bool special)
{
	image_random(m);
	for (size_t i = 0; i < m->count; i++)
		m->exact[i] = special && i % 97 == 5 ? NAN : special && i % 7 < 4 ? -INFINITY : nearbyint(m->exact[i] * 2);
	image_put(m);
}

/* Forward and backward of one shape; both errors in units of what rounding explains. */
static void pool_shape(struct device *d, const struct layer *l, int n, int type, bool special, double worst[2])
{
	const struct layer_ops *ops = d->ops->layers[LAYER_POOL];
	struct format fx = types[type].x, fy = types[type].y;
	if (l->out[1] == 1 && l->out[2] == 1)
		fy.block = 0;
	struct image x = image_new(d, fx, n, l->in), dx = image_new(d, fx, n, l->in);
	struct image y = image_new(d, fy, n, l->out), dy = image_new(d, fy, n, l->out), more = image_new(d, fy, n, l->out);
	struct ref_pool ref = {l->pool == POOL_MAX, n * l->in[0], l->in[1], l->in[2], l->out[1], l->out[2], l->kernel, l->stride,
	                       l->pad};
	void *kept;
	struct layer_plan *p = plan_of(d, l, n, fx, fy, PLAN_TRAIN, &kept);
	double *want = host_doubles(x.count > y.count ? x.count : y.count), *sum = host_doubles(y.count);
	few_values(&x, special);
	image_random(&dy);
	image_random(&more);
	image_random(&dx);  /* must be overwritten */
	struct layer_io io = {.x = {x.device}, .y = y.device, .kept = kept, .dy = {dy.device}, .dx = {dx.device}};
	MUST(ops->forward(p, &io));
	image_get(&y);
	ref_pool(&ref, x.exact, want);
	double y_rounding = fy.bf16 ? 0x1p-8 : 0, x_rounding = fx.bf16 ? 0x1p-8 : 0;
	worst[0] = fmax(worst[0], image_error(&y, want, y_rounding + 1e-6, l->pool == POOL_MAX ? 0x1p-149 : 1e-5));
	for (int parts = 1; parts <= 2; parts++) {
		if (parts == 2)
			io.dy[1] = more.device;
		MUST(ops->backward(p, &io));
		image_get(&dx);
		for (size_t i = 0; i < y.count; i++)
			sum[i] = dy.exact[i] + (parts == 2 ? more.exact[i] : 0);
		ref_pool_backward(&ref, x.exact, sum, want);
		worst[1] = fmax(worst[1], image_error(&dx, want, x_rounding + 1e-6, 1e-5));
	}
	ops->drop(p);
	d->ops->free(d, kept);
	image_free(&x), image_free(&dx), image_free(&y), image_free(&dy), image_free(&more);
	free(want), free(sum);
}

static void pool_shapes(struct device *d, enum pool kind)
{
	static const int window[][5] = {  /* kernel, stride, pad, height, width */
		{2, 2, 0, 8, 6}, {2, 2, 0, 7, 9}, {3, 2, 1, 9, 12}, {3, 1, 1, 5, 4}, {3, 3, 1, 10, 7}, {2, 3, 0, 9, 9}, {5, 5, 0, 5, 5},
		{4, 1, 0, 4, 4}, {1, 1, 0, 3, 2}, {16, 1, 0, 16, 16},
	};
	const char *name = kind == POOL_MAX ? "maxima" : "means";
	for (int t = 0; t < TYPES; t++) {
		double worst[2] = {0}, special[2] = {0};
		for (size_t s = 0; s < sizeof window / sizeof *window; s++) {
			const int *k = window[s];
			if (!in_turn())
				continue;
			bool blocked = types[t].x.block > 1;
			struct layer l = pool_layer(kind, blocked ? 32 : s % 2 ? 37 : 6, k[3], k[4], k[0], k[1], k[2]);
			pool_shape(d, &l, 3, t, false, worst);
			if (kind == POOL_MAX)
				pool_shape(d, &l, 2, t, true, special);
		}
		/* Large enough for more than one thread. */
		struct layer large = pool_layer(kind, 64, 16, 16, 2, 2, 0), all = pool_layer(kind, 128, 8, 8, 8, 1, 0);
		if (in_turn())
			pool_shape(d, &large, 17, t, false, worst);
		if (in_turn())
			pool_shape(d, &all, 33, t, false, worst);
		ok(worst[0] <= 1, "pooling: %s, %s: y is the oracle's (%.2g of the bound)", name, types[t].name, worst[0]);
		ok(worst[1] <= 1, "pooling: %s, %s: dx, of one gradient and of two (%.2g of the bound)", name, types[t].name, worst[1]);
		if (kind == POOL_MAX)
			ok(special[0] <= 1 && special[1] <= 1, "pooling: %s, %s: NaN and −∞ come through", name, types[t].name);
	}
}

/* NaN in a mean; bits from run to run and in every mode; what is not wanted; what there is no memory for. */
static void pool_rules(struct device *d)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_POOL];
	for (int kind = POOL_MAX; kind <= POOL_MEAN; kind++) {
		struct layer l = pool_layer((enum pool)kind, 32, 12, 12, 3, 2, 1);
		struct format f = {false, 16};
		struct image x = image_new(d, f, 16, l.in), dx = image_new(d, f, 16, l.in), y = image_new(d, f, 16, l.out);
		struct image dy = image_new(d, f, 16, l.out);
		struct layer_io io = {.x = {x.device}, .y = y.device, .dy = {dy.device}, .dx = {dx.device}};
		const char *name = kind == POOL_MAX ? "maxima" : "means";
		void *bits[2] = {NULL, NULL};
		bool same = true;
		image_random(&x);
		image_random(&dy);
		for (int mode = PLAN_TANGENT; mode >= PLAN_INFER; mode--) {
			struct layer_plan *p = plan_of(d, &l, 16, f, f, (enum plan_mode)mode, &io.kept);
			MUST(ops->forward(p, &io));
			if (mode != PLAN_INFER)
				MUST(ops->backward(p, &io));
			if (!bits[0]) {
				bits[0] = image_bits(&y);
				bits[1] = image_bits(&dx);
			}
			same = same && image_same(&y, bits[0]) && image_same(&dx, bits[1]);
			image_random(&y);
			if (mode == PLAN_TRAIN) {
				io.dx[0] = NULL;
				MUST(ops->backward(p, &io));
				same = same && image_same(&dx, bits[1]);
			}
			ops->drop(p);
			d->ops->free(d, io.kept);
		}
		ok(same, "pooling: %s have the same bits in every mode, and a gradient that is not wanted is left alone", name);
		x.exact[40] = NAN;
		image_put(&x);
		struct layer_plan *p = plan_of(d, &l, 16, f, f, PLAN_INFER, &io.kept);
		MUST(ops->forward(p, &io));
		image_get(&y);
		int nans = 0;
		for (size_t i = 0; i < y.count; i++)
			nans += isnan(y.exact[i]) != 0;
		/* Row 3, column 4 lies in the windows of rows 1 and 2 and of column 2. */
		ok(nans == 2 && isnan(y.exact[8]) && isnan(y.exact[14]), "pooling: %s: NaN is in every window that holds it", name);
		ops->drop(p);
		d->ops->free(d, io.kept);
		ok(!(ops->backward_reads && ops->backward_reads(&l)) && ops->two_gradients, "pooling: %s: backward reads neither x nor y", name);
		free(bits[0]), free(bits[1]);
		image_free(&x), image_free(&dx), image_free(&y), image_free(&dy);
	}
	struct layer wide = pool_layer(POOL_MAX, 4, 40, 40, 17, 1, 0);
	struct layer_plan *p = (void *)1;
	ok(ops->plan(d, &(struct plan_request){.layer = &wide, .n = 1, .mode = PLAN_TRAIN}, &p) == ERR_USAGE && !p &&
	           strstr(fail_words(ERR_USAGE, "--"), "17 × 17"), "pooling: maxima over windows that are too large are refused");
}

/* ---- flattening ---- */

static void flattening(struct device *d)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_FLATTEN];
	static const int shapes[][3] = {{16, 5, 5}, {32, 1, 1}, {48, 3, 7}, {16, 80, 73}};
	for (int t = 0; t < TYPES; t++) {
		bool good = true;
		for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
			const int *in = shapes[s];
			if (!in_turn())
				continue;
			struct layer l = {.kind = LAYER_FLATTEN, .input = {INPUT_BATCH, INPUT_NONE}, .in = {in[0], in[1], in[2]},
			                  .out = {in[0] * in[1] * in[2], 1, 1}};
			struct format flat = {types[t].y.bf16, 0};
			struct image x = image_new(d, types[t].x, 3, in), dx = image_new(d, types[t].x, 3, in);
			struct image y = image_new(d, flat, 3, l.out), dy = image_new(d, flat, 3, l.out);
			double *want = host_doubles(x.count);
			void *kept;
			struct layer_plan *p = plan_of(d, &l, 3, types[t].x, flat, PLAN_TRAIN, &kept);
			struct layer_io io = {.x = {x.device}, .y = y.device, .dy = {dy.device}, .dx = {dx.device}};
			image_random(&x);
			image_random(&dy);
			image_random(&dx);
			x.exact[1] = NAN;
			image_put(&x);
			MUST(ops->forward(p, &io));
			image_get(&y);
			for (size_t i = 0; i < x.count; i++)
				want[i] = flat.bf16 ? bf16_of(x.exact[i]) : x.exact[i];
			good = good && image_error(&y, want, 0, 0x1p-149) == 0;
			MUST(ops->backward(p, &io));
			image_get(&dx);
			for (size_t i = 0; i < x.count; i++)
				want[i] = types[t].x.bf16 ? bf16_of(dy.exact[i]) : dy.exact[i];
			good = good && image_error(&dx, want, 0, 0x1p-149) == 0;
			void *bits = image_bits(&dx);
			io.dx[0] = NULL;
			MUST(ops->backward(p, &io));
			good = good && image_same(&dx, bits);
			ops->drop(p);
			d->ops->free(d, kept);
			free(want), free(bits);
			image_free(&x), image_free(&dx), image_free(&y), image_free(&dy);
		}
		ok(good, "flattening: %s: PyTorch's order, exactly, and back", types[t].name);
	}
}

void check_small_layers(struct device *d)
{
	if (d->ops->layers[LAYER_POOL]) {
		pool_shapes(d, POOL_MAX);
		pool_shapes(d, POOL_MEAN);
		pool_rules(d);
	} else {
		skip("pooling", "this backend has none");
	}
	flattening(d);
}
