/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/conv_planes.h"

#include "src/cpu/conv.h"
#include "src/cpu/conv_planes_weights.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHANNELS = 16,              /* at most; with more of them the library fills its vectors too */
	GRADIENT_BYTES = 1 << 15    /* of the planes that a task reads again and again: they stay in the L1 cache */
};

struct planes_plan {
	struct layer_plan base;
	int n;
	struct planes_kernel forward, data;  /* data: the same with the gradient as its input and turned weights */
	struct planes dy;                    /* as the gradient of the weights reads it, */
	int together;                        /* so many examples at a time */
	struct planes_weights weights;
};

bool conv_planes_fit(const struct layer *l)
{
	return l->stride == 1 && l->groups <= 1 && (l->kernel == 3 || l->kernel == 5) && l->pad < l->kernel && l->in[0] <= CHANNELS &&
	       l->out[0] <= CHANNELS && (l->out[1] > 1 || l->out[2] > 1);
}

/* With room for the vector that reaches beyond the last row. */
static size_t floats_of(const struct planes *p)
{
	return (size_t)p->n * (size_t)(p->h + 2 * p->pad) * (size_t)p->pitch + PLANE_PITCH;
}

bool conv_planes_suit(const struct plan_request *r)
{
	return r->x[0].block == 1 && r->y.block == 1 && !r->y.bf16 && !r->folded && conv_planes_fit(r->layer);
}

static void planes_drop(struct layer_plan *base)
{
	struct planes_plan *p = (struct planes_plan *)base;
	planes_weights_drop(&p->weights);
	free(p);
}

static status planes_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	(void)d;
	const struct layer *l = r->layer;
	struct planes_plan *p = malloc(sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a convolution's plan");
	*p = (struct planes_plan){
		.n = r->n, .forward = planes_kernel_of(l->in, l->out, l->kernel, l->pad),
		.data = planes_kernel_of(l->out, l->in, l->kernel, l->kernel - 1 - l->pad), .dy = planes_of(l->out, 0),
	};
	size_t x = floats_of(&p->forward.x) / (size_t)l->in[0], dy = floats_of(&p->dy) / (size_t)l->out[0];
	size_t task = (x + PLANE_GRADIENTS * dy) * sizeof(float);
	p->together = task > GRADIENT_BYTES ? 1 : (int)(GRADIENT_BYTES / task);
	status s = planes_weights_make(&p->forward, &p->data, &p->weights);
	p->base.working = planes_weights_bytes(&p->weights);
	if (s != OK) {
		planes_drop(&p->base);
		return s;
	}
	*out = &p->base;
	return OK;
}

static status planes_materialise(struct layer_plan *base, const struct weight_source *from, void *working)
{
	return planes_weights_fill(base->device, &((const struct planes_plan *)base)->weights, from, working);
}

static size_t image_size(int planes, int h, int w)
{
	return (size_t)planes * (size_t)h * (size_t)w;
}

/* Either of the two passes that make images, an example at a time. */
static status run_pass(const struct planes_plan *p, const struct planes_kernel *shape, const float *from,
                       const float *weight, const float *bias, float *to)
{
	struct device *d = p->base.device;
	const struct kernels *k = kernels_of(d);
	size_t room = floats_of(&shape->x), in = image_size(shape->x.n, shape->x.h, shape->x.w);
	size_t out = image_size(shape->out, shape->oh, shape->ow);
	int threads = planes_threads(p->base.device, &p->forward, p->n, p->n);
	float *scratch;
	TRY(cpu_scratch(d, (size_t)threads * room * sizeof *scratch, (void **)&scratch));
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
	for (int i = 0; i < p->n; i++) {
		float *own = scratch + (size_t)omp_get_thread_num() * room;
		k->planes_spread(&shape->x, from + (size_t)i * in, own);
		k->planes_conv(shape, own, weight, bias, to + (size_t)i * out);
	}
	cpu_scratch_return(d);
	return OK;
}

static status planes_forward(struct layer_plan *base, const struct layer_io *io)
{
	const struct planes_plan *p = (const struct planes_plan *)base;
	return run_pass(p, &p->forward, io->x[0], io->param[PARAM_WEIGHT], io->param[PARAM_BIAS], io->y);
}

/* ---- the gradient of the weights ---- */

static status sum_gradient(const struct planes_plan *p, const struct layer_io *io)
{
	struct device *d = p->base.device;
	const float *x = io->x[0], *dy = io->dy[0];
	const struct kernels *k = kernels_of(d);
	const struct planes_kernel *f = &p->forward;
	size_t in = image_size(f->x.n, f->x.h, f->x.w), out = image_size(f->out, f->oh, f->ow);
	size_t x_room = floats_of(&f->x), dy_room = floats_of(&p->dy), room = (size_t)p->together * (x_room + dy_room);
	size_t sums_room = planes_bias_at(f, f->out) * PLANE_PITCH;
	int tasks = planes_tasks(f), threads = planes_threads(p->base.device, &p->forward, p->n, tasks);
	float *sums;
	TRY(cpu_scratch(d, (sums_room + (size_t)threads * room) * sizeof *sums, (void **)&sums));
	memset(sums, 0, sums_room * sizeof *sums);
#pragma omp parallel num_threads(threads) if (threads > 1)
	{
		int thread = omp_get_thread_num(), all = omp_get_num_threads();
		int first = tasks * thread / all, end = tasks * (thread + 1) / all;
		float *own = sums + sums_room + (size_t)thread * room;
		struct planes_batch b = {.x = own, .dy = own + (size_t)p->together * x_room, .x_step = x_room, .dy_step = dy_room};
		for (int i = 0; i < p->n; i += b.n) {
			b.n = p->n - i < p->together ? p->n - i : p->together;
			for (int e = 0; e < b.n; e++) {
				k->planes_spread(&f->x, x + (size_t)(i + e) * in, own + (size_t)e * x_room);
				k->planes_spread(&p->dy, dy + (size_t)(i + e) * out, own + (size_t)p->together * x_room + (size_t)e * dy_room);
			}
			k->planes_gradient(f, &p->dy, &b, first, end, sums);
		}
		for (int task = first; task < end; task++)
			planes_collect(k, f, task, sums, io);
	}
	cpu_scratch_return(d);
	return OK;
}

static status planes_backward(struct layer_plan *base, const struct layer_io *io)
{
	const struct planes_plan *p = (const struct planes_plan *)base;
	if (io->dparam[PARAM_WEIGHT] || io->dparam[PARAM_BIAS])
		TRY(sum_gradient(p, io));
	if (!io->dx[0])
		return OK;
	return run_pass(p, &p->data, io->dy[0], (const float *)io->param[PARAM_WEIGHT] + p->weights.count[0], NULL, io->dx[0]);
}

const struct conv_way conv_planes_way = {
	.suits = conv_planes_suit,
	.plan = planes_plan,
	.drop = planes_drop,
	.forward = planes_forward,
	.backward = planes_backward,
	.materialise = planes_materialise,
};
