/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The tangents of the CPU's pooling with every instruction set: of maxima they come from the first largest place of each window as
 * forward found it, of means they are means; gradients' tangents go back the same way. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/each_isa.h"
#include "tests/image.h"
#include "tests/ref/ref.h"
#include "tests/tap.h"

static const char *const names[] = {"maxima", "means"};

struct pooling {
	struct device *d;
	struct layer l;
	struct layer_plan *p;
	struct image x, y, x_dot, y_dot, dy, dy_dot[2], dx_dot;
	struct layer_io io, dot;
};

static void pooling_open(struct pooling *q, struct device *d, enum pool kind, const int window[5], int n, int channels, int block)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_POOL];
	struct format f = {false, block};
	int kernel = window[0], stride = window[1], pad = window[2], h = window[3], w = window[4];
	*q = (struct pooling){.d = d};
	q->l = (struct layer){.kind = LAYER_POOL, .input = {INPUT_BATCH, INPUT_NONE}, .pool = kind, .in = {channels, h, w},
	                      .out = {channels, (h + 2 * pad - kernel) / stride + 1, (w + 2 * pad - kernel) / stride + 1},
	                      .kernel = kernel, .stride = stride, .pad = pad, .groups = 1};
	struct format fy = {false, q->l.out[1] == 1 && q->l.out[2] == 1 ? 0 : block};
	struct plan_request r = {.layer = &q->l, .n = n, .mode = PLAN_TANGENT, .x = {f}, .y = fy};
	struct image *like_x[] = {&q->x, &q->x_dot, &q->dx_dot};
	struct image *like_y[] = {&q->y, &q->y_dot, &q->dy, &q->dy_dot[0], &q->dy_dot[1]};
	for (int i = 0; i < 3; i++) {
		*like_x[i] = image_new(d, f, n, q->l.in);
		image_random(like_x[i]);
	}
	for (int i = 0; i < 5; i++) {
		*like_y[i] = image_new(d, fy, n, q->l.out);
		image_random(like_y[i]);
	}
	MUST(ops->plan(d, &r, &q->p));
	q->io = (struct layer_io){.x = {q->x.device}, .y = q->y.device, .dy = {q->dy.device},
	                          .kept = device_take(d, ops->kept_bytes(d, &r))};
	q->dot = (struct layer_io){.x = {q->x_dot.device}, .y = q->y_dot.device, .dy = {q->dy_dot[0].device, q->dy_dot[1].device},
	                           .dx = {q->dx_dot.device}};
}

static void pooling_close(struct pooling *q)
{
	struct image *all[] = {&q->x, &q->y, &q->x_dot, &q->y_dot, &q->dy, &q->dy_dot[0], &q->dy_dot[1], &q->dx_dot};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		image_free(all[i]);
	q->d->ops->layers[LAYER_POOL]->drop(q->p);
	q->d->ops->free(q->d, q->io.kept);
}

/* Small whole numbers, so that maxima tie. */
static void tie(struct image *m)
{
	for (size_t i = 0; i < m->count; i++)
		m->exact[i] = nearbyint(m->exact[i]);
	image_put(m);
}

/* ẏ of one image: ẋ at the first largest place, or its mean. */
static void follow(const struct layer *l, const double *x, const double *x_dot, double *y_dot)
{
	for (int o = 0; o < l->out[1] * l->out[2]; o++) {
		int top = o / l->out[2] * l->stride - l->pad, left = o % l->out[2] * l->stride - l->pad, best = -1, count = 0;
		y_dot[o] = 0;
		for (int at = 0; at < l->in[1] * l->in[2]; at++) {
			int y = at / l->in[2], c = at % l->in[2];
			if (y < top || y >= top + l->kernel || c < left || c >= left + l->kernel)
				continue;
			count++;
			if (l->pool == POOL_MEAN)
				y_dot[o] += x_dot[at];
			if (best < 0 || x[at] > x[best])
				best = at;
		}
		y_dot[o] = l->pool == POOL_MAX ? x_dot[best] : y_dot[o] / count;
	}
}

static void check(struct pooling *q, double worst[2])
{
	const struct layer *l = &q->l;
	const struct layer_ops *ops = q->d->ops->layers[LAYER_POOL];
	int images = q->x.n * q->x.c, in = l->in[1] * l->in[2], out = l->out[1] * l->out[2];
	struct ref_pool ref = {l->pool == POOL_MAX, images, l->in[1], l->in[2], l->out[1], l->out[2], l->kernel, l->stride, l->pad};
	double *want = host_doubles(q->x.count > q->y.count ? q->x.count : q->y.count), *sum = host_doubles(q->y.count);
	tie(&q->x);
	MUST(ops->forward(q->p, &q->io));
	for (int i = 0; i < images; i++)
		follow(l, q->x.exact + (size_t)i * in, q->x_dot.exact + (size_t)i * in, want + (size_t)i * out);
	/* What forward kept is enough. */
	double *kept = memcpy(host_doubles(q->x.count), q->x.exact, q->x.count * sizeof *kept);
	image_random(&q->x);
	image_random(&q->y);
	MUST(ops->jvp(q->p, &q->io, &q->dot));
	image_get(&q->y_dot);
	worst[0] = fmax(worst[0], image_error(&q->y_dot, want, 1e-6, l->pool == POOL_MAX ? 0x1p-149 : 1e-6));
	for (int parts = 1; parts <= 2; parts++) {
		q->dot.dy[0] = parts == 2 ? q->dy_dot[0].device : NULL;
		for (size_t i = 0; i < q->y.count; i++)
			sum[i] = q->dy_dot[1].exact[i] + (parts == 2 ? q->dy_dot[0].exact[i] : 0);
		MUST(ops->hvp(q->p, &q->io, &q->dot));
		image_get(&q->dx_dot);
		ref_pool_backward(&ref, kept, sum, want);
		worst[1] = fmax(worst[1], image_error(&q->dx_dot, want, 1e-6, 1e-5));
	}
	free(want), free(sum), free(kept);
}

static void shapes(struct device *d, enum pool kind)
{
	static const int windows[][5] = {  /* kernel, stride, pad, height, width */
		{2, 2, 0, 8, 6}, {2, 2, 0, 7, 9}, {3, 2, 1, 9, 12}, {3, 1, 1, 5, 4}, {3, 3, 1, 10, 7}, {2, 3, 0, 9, 9}, {5, 5, 0, 5, 5},
		{1, 1, 0, 3, 2}, {16, 1, 0, 16, 16}, {1, 1, 0, 1, 1},
	};
	static const int blocks[] = {1, 0, 8, 16}, large[] = {3, 2, 1, 17, 16};
	double worst[2] = {0};
	struct pooling q;
	for (size_t b = 0; b < 4; b++) {
		for (size_t s = 0; s < sizeof windows / sizeof *windows; s++) {
			if (!in_turn())
				continue;
			pooling_open(&q, d, kind, windows[s], 3, blocks[b] > 1 ? 32 : s % 2 ? 37 : 6, blocks[b]);
			check(&q, worst);
			pooling_close(&q);
		}
		/* Large enough for more than one thread. */
		pooling_open(&q, d, kind, large, 5, 32, blocks[b]);
		check(&q, worst);
		pooling_close(&q);
	}
	ok(worst[0] <= 1, "pooling: %s: tangents (%.2g of the bound)", names[kind], worst[0]);
	ok(worst[1] <= 1, "pooling: %s: tangents of gradients, of one and of two (%.2g of the bound)", names[kind], worst[1]);
}

static bool all_zero(struct image *m)
{
	bool zero = true;
	image_get(m);
	for (size_t i = 0; i < m->count; i++)
		zero = zero && m->exact[i] == 0;
	return zero;
}

/* What is NULL stands for 0, or is not wanted. */
static void rules(struct device *d, enum pool kind, int block)
{
	static const int window[] = {2, 2, 0, 7, 6};
	const struct layer_ops *ops = d->ops->layers[LAYER_POOL];
	struct pooling q;
	pooling_open(&q, d, kind, window, 2, 16, block);
	MUST(ops->forward(q.p, &q.io));
	q.dot.x[0] = q.dot.dy[0] = q.dot.dy[1] = NULL;
	MUST(ops->jvp(q.p, &q.io, &q.dot));
	MUST(ops->hvp(q.p, &q.io, &q.dot));
	ok(all_zero(&q.y_dot) && all_zero(&q.dx_dot), "pooling: %s, block %d: tangents of what does not move are 0", names[kind], block);
	q.dot.x[0] = q.x_dot.device;
	q.dot.dy[0] = q.dy_dot[0].device;
	q.dot.y = q.dot.dx[0] = NULL;
	MUST(ops->jvp(q.p, &q.io, &q.dot));
	MUST(ops->hvp(q.p, &q.io, &q.dot));
	ok(all_zero(&q.y_dot) && all_zero(&q.dx_dot), "pooling: %s, block %d: what is not wanted is left alone", names[kind], block);
	pooling_close(&q);
}

static void refusal(struct device *d, enum pool kind)
{
	struct layer l = {.kind = LAYER_POOL, .pool = kind, .input = {INPUT_BATCH, INPUT_NONE}, .in = {4, 2, 2}, .out = {4, 1, 1},
	                  .kernel = 2, .stride = 2, .groups = 1};
	struct layer_plan *p = (void *)1;
	struct plan_request r = {.layer = &l, .n = 2, .mode = PLAN_TANGENT, .precision = PRECISION_BF16, .x = {{true, 0}},
	                         .y = {true, 0}};
	ok(d->ops->layers[LAYER_POOL]->plan(d, &r, &p) == ERR_USAGE && !p && strstr(fail_words(ERR_USAGE, "--"), "bf16"),
	   "pooling: %s: there are no tangents of bf16", names[kind]);
}

static void tangents(struct device *d, const struct kernels *k)
{
	(void)k;
	for (int kind = POOL_MAX; kind <= POOL_MEAN; kind++) {
		shapes(d, (enum pool)kind);
		rules(d, (enum pool)kind, 1);
		rules(d, (enum pool)kind, 16);
		refusal(d, (enum pool)kind);
	}
}

int main(void)
{
	each_isa(tangents);
	return done_testing();
}
