/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/conv_planes.h"

#include "src/cpu/conv.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHANNELS = 16,              /* at most; with more of them the library fills its vectors too */
	PITCH = 16,                 /* rows start at multiples of it: the widest vector */
	GRADIENT_BYTES = 1 << 15,   /* of the planes that a task reads again and again: they stay in the L1 cache */
	ALONE_PLANES = 1 << 22      /* multiplications below which waking other threads costs more than they save */
};

struct planes_plan {
	struct layer_plan base;
	int n;
	struct planes_kernel forward, data;  /* data: the same with the gradient as its input and turned weights */
	struct planes dy;                    /* as the gradient of the weights reads it, */
	int together;                        /* so many examples at a time */
	int32_t *order[2];                   /* owned, [0] holds both: which weight each place of the working copies has */
	size_t count[2];
};

bool conv_planes_fit(const struct layer *l)
{
	return l->stride == 1 && l->groups <= 1 && (l->kernel == 3 || l->kernel == 5) && l->pad < l->kernel && l->in[0] <= CHANNELS &&
	       l->out[0] <= CHANNELS && (l->out[1] > 1 || l->out[2] > 1);
}

static struct planes planes_of(const int shape[3], int pad)
{
	return (struct planes){shape[0], shape[1], shape[2], pad, (shape[2] + 2 * pad + PITCH - 1) / PITCH * PITCH};
}

/* With room for the vector that reaches beyond the last row. */
static size_t floats_of(const struct planes *p)
{
	return (size_t)p->n * (size_t)(p->h + 2 * p->pad) * (size_t)p->pitch + PITCH;
}

static struct planes_kernel kernel_of(const int in[3], const int out[3], int kernel, int pad)
{
	int tiles = (out[0] + PLANE_OUTS - 1) / PLANE_OUTS;
	return (struct planes_kernel){.x = planes_of(in, pad), .out = out[0], .oh = out[1], .ow = out[2], .kernel = kernel,
	                              .wide = (out[0] + tiles - 1) / tiles};
}

/* The weights' order in the flat vector is (out, row, column, in); tiles of outs are filled up with anything. */
static void weight_order(const struct planes_kernel *k, bool turned, int32_t *to)
{
	int taps = k->kernel * k->kernel, tiles = (k->out + k->wide - 1) / k->wide;
	for (int t = 0; t < tiles; t++)
		for (int c = 0; c < k->x.n; c++)
			for (int tap = 0; tap < taps; tap++)
				for (int o = t * k->wide; o < (t + 1) * k->wide; o++)
					*to++ = o >= k->out ? 0 : turned ? (c * taps + taps - 1 - tap) * k->out + o : (o * taps + tap) * k->x.n + c;
}

static size_t count_of(const struct planes_kernel *k)
{
	return (size_t)((k->out + k->wide - 1) / k->wide * k->wide * k->x.n * k->kernel * k->kernel);
}

/* Whether everything is in planes and of a shape that they are good for. */
static bool planes_suit(const struct plan_request *r)
{
	return r->x[0].block == 1 && r->y.block == 1 && !r->y.bf16 && !r->folded && conv_planes_fit(r->layer);
}

static void planes_drop(struct layer_plan *base)
{
	struct planes_plan *p = (struct planes_plan *)base;
	free(p->order[0]);
	free(p);
}

static status order_weights(struct planes_plan *p)
{
	p->count[0] = count_of(&p->forward);
	p->count[1] = count_of(&p->data);
	p->order[0] = malloc((p->count[0] + p->count[1]) * sizeof *p->order[0]);
	if (!p->order[0])
		return fail(ERR_MEMORY, "out of memory: a convolution's weights");
	p->order[1] = p->order[0] + p->count[0];
	weight_order(&p->forward, false, p->order[0]);
	weight_order(&p->data, true, p->order[1]);
	p->base.working = (p->count[0] + p->count[1]) * sizeof(float);
	return OK;
}

static status planes_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	(void)d;
	const struct layer *l = r->layer;
	struct planes_plan *p = malloc(sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a convolution's plan");
	*p = (struct planes_plan){
		.n = r->n, .forward = kernel_of(l->in, l->out, l->kernel, l->pad),
		.data = kernel_of(l->out, l->in, l->kernel, l->kernel - 1 - l->pad), .dy = planes_of(l->out, 0),
	};
	size_t x = floats_of(&p->forward.x) / (size_t)l->in[0], dy = floats_of(&p->dy) / (size_t)l->out[0];
	size_t task = (x + PLANE_GRADIENTS * dy) * sizeof(float);
	p->together = task > GRADIENT_BYTES ? 1 : (int)(GRADIENT_BYTES / task);
	status s = order_weights(p);
	if (s != OK) {
		planes_drop(&p->base);
		return s;
	}
	*out = &p->base;
	return OK;
}

/* The working weights: θ + c·v + σξ, once for each of the two passes that read them. */
static status planes_materialise(struct layer_plan *base, const struct weight_source *from, void *working)
{
	const struct planes_plan *p = (const struct planes_plan *)base;
	const struct kernels *k = kernels_of(base->device);
	const struct segment *weight = from->param[PARAM_WEIGHT];
	float *flat;
	TRY(cpu_scratch(base->device, weight->count * sizeof *flat, (void **)&flat));
	cpu_point_range(k, from->slots, from->at, weight->offset, weight->count, weight->frozen, flat);
	k->permute(flat, p->order[0], p->count[0] + p->count[1], working);
	cpu_scratch_return(base->device);
	return OK;
}

static size_t image_size(int planes, int h, int w)
{
	return (size_t)planes * (size_t)h * (size_t)w;
}

/* Threads worth waking for a pass. */
static int threads_of(const struct planes_plan *p, int tasks)
{
	const struct planes_kernel *k = &p->forward;
	double work = (double)p->n * k->out * k->oh * k->ow * k->kernel * k->kernel * k->x.n;
	int threads = work < ALONE_PLANES ? 1 : cpu_threads(p->base.device);
	return threads < tasks ? threads : tasks;
}

/* Either of the two passes that make images, an example at a time. */
static status run_pass(const struct planes_plan *p, const struct planes_kernel *shape, const float *from,
                       const float *weight, const float *bias, float *to)
{
	struct device *d = p->base.device;
	const struct kernels *k = kernels_of(d);
	size_t room = floats_of(&shape->x), in = image_size(shape->x.n, shape->x.h, shape->x.w);
	size_t out = image_size(shape->out, shape->oh, shape->ow);
	int threads = threads_of(p, p->n);
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

static void put_value(float *to, bool add, float value)
{
	*to = add ? *to + value : value;
}

/* The sums of one task, a vector each, to their places. */
static void collect_sums(const struct kernels *k, const struct planes_kernel *f, int task, const float *sums,
                         const struct layer_io *io)
{
	float *dweight = io->dparam[PARAM_WEIGHT], *dbias = io->dparam[PARAM_BIAS];
	struct planes_task t = planes_task(f, task);
	for (int o = t.first; o < t.end; o++) {
		float value[KERNEL_MAX];
		k->lane_sums(sums, planes_sum_at(f, o, t.in, t.row), (size_t)f->kernel, value);
		for (int i = 0; dweight && i < f->kernel; i++)
			put_value(&dweight[((o * f->kernel + t.row) * f->kernel + i) * f->x.n + t.in], io->add_dparams, value[i]);
		if (!dbias || t.in || t.row)
			continue;
		k->lane_sums(sums, planes_bias_at(f, o), 1, value);
		put_value(&dbias[o], io->add_dparams, value[0]);
	}
}

static status sum_gradient(const struct planes_plan *p, const struct layer_io *io)
{
	struct device *d = p->base.device;
	const float *x = io->x[0], *dy = io->dy[0];
	const struct kernels *k = kernels_of(d);
	const struct planes_kernel *f = &p->forward;
	size_t in = image_size(f->x.n, f->x.h, f->x.w), out = image_size(f->out, f->oh, f->ow);
	size_t x_room = floats_of(&f->x), dy_room = floats_of(&p->dy), room = (size_t)p->together * (x_room + dy_room);
	size_t sums_room = planes_bias_at(f, f->out) * PITCH;
	int tasks = planes_tasks(f), threads = threads_of(p, tasks);
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
			collect_sums(k, f, task, sums, io);
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
	return run_pass(p, &p->data, io->dy[0], (const float *)io->param[PARAM_WEIGHT] + p->count[0], NULL, io->dx[0]);
}

const struct conv_way conv_planes_way = {
	.suits = planes_suit,
	.plan = planes_plan,
	.drop = planes_drop,
	.forward = planes_forward,
	.backward = planes_backward,
	.materialise = planes_materialise,
};
