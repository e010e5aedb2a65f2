/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions in planes of many examples: a vector holds a pixel of as many examples as it has lanes, so that none is
 * idle, whatever the images' size. Tensors are turned on the way in and out, which costs about what margins do.
 * A step of LeNet at batch 32 has 91 MFLOP here, 0.35 ms at the 262 GFLOP/s of Zen 5's AVX-512; the kernels take 0.40 and the turning
 * 0.05. */
#include "src/cpu/conv.h"
#include "src/cpu/conv_planes.h"
#include "src/cpu/conv_planes_weights.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
	TOGETHER = 8,               /* groups whose x and dy are turned at a time, or one for each thread */
	LEAST = 8,                  /* examples; with fewer of them pixels fill vectors better */
};

struct examples_plan {
	struct layer_plan base;
	int n;
	struct planes_kernel forward, data;  /* data: the same with the gradient as its input and turned weights */
	struct planes_weights weights;
};

static bool examples_suit(const struct plan_request *r)
{
	return r->n >= LEAST && conv_planes_suit(r);
}

static void examples_drop(struct layer_plan *base)
{
	struct examples_plan *p = (struct examples_plan *)base;
	planes_weights_drop(&p->weights);
	free(p);
}

static status examples_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	(void)d;
	const struct layer *l = r->layer;
	struct examples_plan *p = malloc(sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a convolution's plan");
	*p = (struct examples_plan){
		.n = r->n, .forward = planes_kernel_of(l->in, l->out, l->kernel, l->pad),
		.data = planes_kernel_of(l->out, l->in, l->kernel, l->kernel - 1 - l->pad),
	};
	status s = planes_weights_make(&p->forward, &p->data, &p->weights);
	p->base.working = planes_weights_bytes(&p->weights);
	if (s != OK) {
		examples_drop(&p->base);
		return s;
	}
	*out = &p->base;
	return OK;
}

static status examples_materialise(struct layer_plan *base, const struct weight_source *from, void *working)
{
	return planes_weights_fill(base->device, &((const struct examples_plan *)base)->weights, from, working);
}

/* ---- groups of examples ---- */

/* Numbers of an example's planes, without or with their margins. */
static size_t size_of(const struct planes *p, bool margins)
{
	int pad = margins ? p->pad : 0;
	return (size_t)p->n * (size_t)(p->h + 2 * pad) * (size_t)(p->w + 2 * pad);
}

static int groups_of(const struct examples_plan *p)
{
	int lanes = kernels_of(p->base.device)->lanes;
	return (p->n + lanes - 1) / lanes;
}

static size_t examples_in(const struct examples_plan *p, int group)
{
	int lanes = kernels_of(p->base.device)->lanes, left = p->n - group * lanes;
	return (size_t)(left < lanes ? left : lanes);
}

/* A group's planes, turned, to where they have margins. */
static void add_margins(const struct planes *p, size_t lanes, const float *from, float *to)
{
	const size_t row = (size_t)p->w * lanes, pad = (size_t)p->pad * lanes, margin = (size_t)p->pad * (row + 2 * pad);
	for (int plane = 0; plane < p->n; plane++) {
		memset(to, 0, (margin + pad) * sizeof *to);
		to += margin + pad;
		for (int y = 0; y < p->h; y++, from += row) {
			memcpy(to, from, row * sizeof *to);
			memset(to + row, 0, 2 * pad * sizeof *to);
			to += row + 2 * pad;
		}
		/* The last row's margin, and half of one that began the next row. */
		memset(to, 0, (margin - pad) * sizeof *to);
		to += margin - pad;
	}
}

/* A group's planes as the kernels read them; room: for them without margins, where there are any. */
static void turn_in(const struct kernels *k, const struct planes *p, const float *from, size_t there, float *room, float *to)
{
	const size_t size = size_of(p, false), lanes = (size_t)k->lanes;
	const struct turn_kernel t = {.rows = there, .columns = size, .from_row = size, .to_row = lanes, .room = lanes};
	k->turn(&t, from, p->pad ? room : to);
	if (p->pad)
		add_margins(p, lanes, room, to);
}

/* Either of the two passes that make images. */
static status run_pass(const struct examples_plan *p, const struct planes_kernel *shape, const float *from, const float *weight,
                       const float *bias, float *to)
{
	struct device *d = p->base.device;
	const struct kernels *k = kernels_of(d);
	const size_t lanes = (size_t)k->lanes, in = size_of(&shape->x, false), x = size_of(&shape->x, true) * lanes;
	const size_t out = (size_t)shape->out * (size_t)shape->oh * (size_t)shape->ow, room = x + (out > in ? out : in) * lanes;
	int groups = groups_of(p), threads = planes_threads(p->base.device, &p->forward, p->n, groups);
	float *scratch;
	TRY(cpu_scratch(d, (size_t)threads * room * sizeof *scratch, (void **)&scratch));
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
	for (int g = 0; g < groups; g++) {
		float *own = scratch + (size_t)omp_get_thread_num() * room, *y = own + x;
		const size_t there = examples_in(p, g), example = (size_t)g * lanes;
		turn_in(k, &shape->x, from + example * in, there, y, own);
		k->examples_conv(shape, own, weight, bias, y);
		k->turn(&(struct turn_kernel){.rows = out, .columns = there, .from_row = lanes, .to_row = out, .room = out}, y,
		        to + example * out);
	}
	cpu_scratch_return(d);
	return OK;
}

static status examples_forward(struct layer_plan *base, const struct layer_io *io)
{
	const struct examples_plan *p = (const struct examples_plan *)base;
	return run_pass(p, &p->forward, io->x[0], io->param[PARAM_WEIGHT], io->param[PARAM_BIAS], io->y);
}

/* ---- the gradient of the weights ---- */

/* Numbers of a group in scratch memory: x with margins, then dy, with room for x without margins. */
struct group_sizes {
	size_t x, dy;
	struct planes of_dy;
};

static struct group_sizes sizes_of(const struct examples_plan *p)
{
	const struct planes_kernel *f = &p->forward;
	const size_t lanes = (size_t)kernels_of(p->base.device)->lanes;
	struct group_sizes s = {.x = size_of(&f->x, true) * lanes, .of_dy = {.n = f->out, .h = f->oh, .w = f->ow}};
	size_t dy = size_of(&s.of_dy, false), in = size_of(&f->x, false);
	s.dy = (dy > in ? dy : in) * lanes;
	return s;
}

/* x and dy of a group as the kernels read them. */
static void turn_group(const struct examples_plan *p, const struct layer_io *io, const struct group_sizes *s, int group, float *to)
{
	const struct kernels *k = kernels_of(p->base.device);
	const struct planes *x = &p->forward.x;
	const size_t example = (size_t)(group * k->lanes), there = examples_in(p, group);
	/* dy's place serves x without its margins before. */
	turn_in(k, x, (const float *)io->x[0] + example * size_of(x, false), there, to + s->x, to);
	turn_in(k, &s->of_dy, (const float *)io->dy[0] + example * size_of(&s->of_dy, false), there, NULL, to + s->x);
}

/* All tasks over all groups, so many of them at a time. Each task adds up the groups in their order, on whatever thread. */
static void sum_tasks(const struct examples_plan *p, const struct layer_io *io, const struct group_sizes *s, float *sums, float *groups,
                      int together, int threads)
{
	(void)threads;  /* without OpenMP nobody else names it */
	const struct kernels *k = kernels_of(p->base.device);
	const struct planes_kernel *f = &p->forward;
	const int n = groups_of(p), tasks = planes_tasks(f);
#pragma omp parallel num_threads(threads) if (threads > 1)
	{
		int thread = omp_get_thread_num(), all = omp_get_num_threads();
		int first = tasks * thread / all, end = tasks * (thread + 1) / all;
		for (int from = 0, next; from < n; from = next) {
			next = n - from < together ? n : from + together;
#pragma omp for schedule(static)
			for (int g = from; g < next; g++)
				turn_group(p, io, s, g, groups + (size_t)(g - from) * (s->x + s->dy));
			for (int g = from; g < next; g++) {
				const float *at = groups + (size_t)(g - from) * (s->x + s->dy);
				k->examples_gradient(f, at, at + s->x, first, end, sums);
			}
#pragma omp barrier
		}
		for (int task = first; task < end; task++)
			planes_collect(k, f, task, sums, io);
	}
}

static status sum_gradient(const struct examples_plan *p, const struct layer_io *io)
{
	struct device *d = p->base.device;
	const struct planes_kernel *f = &p->forward;
	const size_t lanes = (size_t)kernels_of(d)->lanes, sums_room = planes_bias_at(f, f->out) * lanes;
	const struct group_sizes s = sizes_of(p);
	int threads = planes_threads(p->base.device, &p->forward, p->n, planes_tasks(f)), together = threads > TOGETHER ? threads : TOGETHER;
	together = groups_of(p) < together ? groups_of(p) : together;
	float *sums;
	TRY(cpu_scratch(d, (sums_room + (size_t)together * (s.x + s.dy)) * sizeof *sums, (void **)&sums));
	memset(sums, 0, sums_room * sizeof *sums);
	sum_tasks(p, io, &s, sums, sums + sums_room, together, threads);
	cpu_scratch_return(d);
	return OK;
}

static status examples_backward(struct layer_plan *base, const struct layer_io *io)
{
	const struct examples_plan *p = (const struct examples_plan *)base;
	if (io->dparam[PARAM_WEIGHT] || io->dparam[PARAM_BIAS])
		TRY(sum_gradient(p, io));
	if (!io->dx[0])
		return OK;
	return run_pass(p, &p->data, io->dy[0], (const float *)io->param[PARAM_WEIGHT] + p->weights.count[0], NULL, io->dx[0]);
}

const struct conv_way conv_examples_way = {
	.suits = examples_suit,
	.plan = examples_plan,
	.drop = examples_drop,
	.forward = examples_forward,
	.backward = examples_backward,
	.materialise = examples_materialise,
};
