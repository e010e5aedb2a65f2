/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "src/cpu/conv_planes.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHANNELS = 16,              /* at most; with more of them the library fills its vectors too */
	PITCH = 16,                 /* rows start at multiples of it: the widest vector */
	GRADIENT_BYTES = 1 << 15,   /* of the planes that a task reads again and again: they stay in the L1 cache */
	ALONE_PLANES = 1 << 22      /* multiplications below which waking other threads costs more than they save */
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
static void order(const struct planes_kernel *k, bool turned, int32_t *to)
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

status conv_planes_make(const struct layer *l, int n, struct conv_planes *p)
{
	*p = (struct conv_planes){.n = n, .forward = kernel_of(l->in, l->out, l->kernel, l->pad),
	                          .data = kernel_of(l->out, l->in, l->kernel, l->kernel - 1 - l->pad), .dy = planes_of(l->out, 0)};
	size_t x = floats_of(&p->forward.x) / (size_t)l->in[0], dy = floats_of(&p->dy) / (size_t)l->out[0];
	size_t task = (x + PLANE_GRADIENTS * dy) * sizeof(float);
	p->together = task > GRADIENT_BYTES ? 1 : (int)(GRADIENT_BYTES / task);
	p->count[0] = count_of(&p->forward);
	p->count[1] = count_of(&p->data);
	p->order[0] = malloc((p->count[0] + p->count[1]) * sizeof *p->order[0]);
	if (!p->order[0])
		return fail(ERR_MEMORY, "out of memory: a convolution's weights");
	p->order[1] = p->order[0] + p->count[0];
	order(&p->forward, false, p->order[0]);
	order(&p->data, true, p->order[1]);
	p->made = true;
	return OK;
}

void conv_planes_drop(struct conv_planes *p)
{
	free(p->order[0]);
	*p = (struct conv_planes){0};
}

size_t conv_planes_bytes(const struct conv_planes *p)
{
	return (p->count[0] + p->count[1]) * sizeof(float);
}

status conv_planes_fill(struct device *d, const struct conv_planes *p, const struct weight_source *from, void *working)
{
	const struct kernels *k = kernels_of(d);
	float *flat;
	TRY(cpu_scratch(d, from->weight->count * sizeof *flat, (void **)&flat));
	cpu_point_range(k, from->slots, from->at, from->weight->offset, from->weight->count, from->weight->frozen, flat);
	k->permute(flat, p->order[0], p->count[0] + p->count[1], working);
	return OK;
}

static size_t image(int planes, int h, int w)
{
	return (size_t)planes * (size_t)h * (size_t)w;
}

/* Threads worth waking for a pass. */
static int threads_of(const struct device *d, const struct conv_planes *p, int tasks)
{
	const struct planes_kernel *k = &p->forward;
	double work = (double)p->n * k->out * k->oh * k->ow * k->kernel * k->kernel * k->x.n;
	int threads = work < ALONE_PLANES ? 1 : d->threads;
	return threads < tasks ? threads : tasks;
}

/* Either of the two passes that make images, an example at a time. */
static status pass(struct device *d, const struct conv_planes *p, const struct planes_kernel *shape, const float *from,
                   const float *weight, const float *bias, float *to)
{
	const struct kernels *k = kernels_of(d);
	size_t room = floats_of(&shape->x), in = image(shape->x.n, shape->x.h, shape->x.w), out = image(shape->out, shape->oh, shape->ow);
	int threads = threads_of(d, p, p->n);
	float *scratch;
	TRY(cpu_scratch(d, (size_t)threads * room * sizeof *scratch, (void **)&scratch));
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
	for (int i = 0; i < p->n; i++) {
		float *own = scratch + (size_t)omp_get_thread_num() * room;
		k->planes_spread(&shape->x, from + (size_t)i * in, own);
		k->planes_conv(shape, own, weight, bias, to + (size_t)i * out);
	}
	return OK;
}

status conv_planes_forward(struct device *d, const struct conv_planes *p, const struct layer_io *io)
{
	return pass(d, p, &p->forward, io->x[0], io->weight, io->bias, io->y);
}

/* ---- the gradient of the weights ---- */

static void put(float *to, bool add, float value)
{
	*to = add ? *to + value : value;
}

/* The sums of one task, a vector each, to their places. */
static void collect(const struct kernels *k, const struct planes_kernel *f, int task, const float *sums, bool add, float *dweight,
                    float *dbias)
{
	struct planes_task t = planes_task(f, task);
	for (int o = t.first; o < t.end; o++) {
		float value[KERNEL_MAX];
		k->lane_sums(sums, planes_sum_at(f, o, t.in, t.row), (size_t)f->kernel, value);
		for (int i = 0; dweight && i < f->kernel; i++)
			put(&dweight[((o * f->kernel + t.row) * f->kernel + i) * f->x.n + t.in], add, value[i]);
		if (!dbias || t.in || t.row)
			continue;
		k->lane_sums(sums, planes_bias_at(f, o), 1, value);
		put(&dbias[o], add, value[0]);
	}
}

static status gradient(struct device *d, const struct conv_planes *p, const struct layer_io *io)
{
	const float *x = io->x[0], *dy = io->dy[0];
	const struct kernels *k = kernels_of(d);
	const struct planes_kernel *f = &p->forward;
	size_t in = image(f->x.n, f->x.h, f->x.w), out = image(f->out, f->oh, f->ow);
	size_t x_room = floats_of(&f->x), dy_room = floats_of(&p->dy), room = (size_t)p->together * (x_room + dy_room);
	size_t sums_room = planes_bias_at(f, f->out) * PITCH;
	int tasks = planes_tasks(f), threads = threads_of(d, p, tasks);
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
			collect(k, f, task, sums, io->add_dparams, io->dweight, io->dbias);
	}
	return OK;
}

status conv_planes_backward(struct device *d, const struct conv_planes *p, const struct layer_io *io)
{
	if (io->dweight || io->dbias)
		TRY(gradient(d, p, io));
	return io->dx[0] ? pass(d, p, &p->data, io->dy[0], (const float *)io->weight + p->count[0], NULL, io->dx[0]) : OK;
}
