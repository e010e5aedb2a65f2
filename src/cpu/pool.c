/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Pooling: the maximum or the mean over windows. oneDNN's maximum loses NaN, so that a diverged chain would go on
 * unseen; the kernels are Basin's own. */
#include "src/cpu/cpu.h"
#include "src/cpu/pool_tangent.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { POSITIONS = 256 };  /* of a window, as a byte counts them */

struct layer_plan {
	const struct device *device;
	size_t images;               /* times the blocks of channels: what the kernels call images */
	struct pool_kernel kernel;   /* without pointers to tensors */
	struct span *spans;          /* owned: the tables of the kernel */
	bool positions;              /* what is kept: (images, oh, ow, inner) bytes */
};

static void pool_drop(struct layer_plan *p)
{
	if (!p)
		return;
	free(p->spans);
	free(p);
}

static struct span clip_span(int first, int end, int size)
{
	return (struct span){first > 0 ? first : 0, end < size ? end : size};
}

/* Along one axis: outputs' windows in x, and for a place of x the outputs o with o·stride − pad ≤ place < o·stride −
 * pad + kernel. */
static void fill_spans(const struct pool_kernel *k, int in, int out, struct span *window, struct span *outputs)
{
	for (int o = 0; o < out; o++)
		window[o] = clip_span(o * k->stride - k->pad, o * k->stride - k->pad + k->kernel, in);
	for (int i = 0; i < in; i++) {
		int before = i + k->pad - k->kernel;  /* negative in the first window; the division rounds down */
		outputs[i] = clip_span(before < 0 ? 0 : before / k->stride + 1, (i + k->pad) / k->stride + 1, out);
	}
}

/* Whether backward is to know where the maxima were. */
static bool keeps_positions(const struct plan_request *r)
{
	return r->mode != PLAN_INFER && r->layer->pool == POOL_MAX;
}

static size_t pool_kept_bytes(const struct device *d, const struct plan_request *r)
{
	(void)d;
	return keeps_positions(r) ? (size_t)r->n * shape_size(r->layer->out) : 0;
}

static status prepare_pool(struct layer_plan *p, const struct plan_request *r)
{
	const struct layer *l = r->layer;
	const int *in = l->in, *out = l->out;
	if (l->pool == POOL_MAX && l->kernel * l->kernel > POSITIONS)
		return fail(ERR_USAGE, "maxima over windows of %d × %d: up to 16 × 16 on the CPU", l->kernel, l->kernel);
	int inner = r->x[0].block ? r->x[0].block : in[0];
	p->images = (size_t)r->n * (size_t)(in[0] / inner);
	p->spans = calloc((size_t)(in[1] + in[2] + out[1] + out[2]), sizeof *p->spans);
	p->positions = keeps_positions(r);
	if (!p->spans)
		return fail(ERR_MEMORY, "out of memory: a pooling layer's plan");
	struct span *window_y = p->spans, *window_x = window_y + out[1], *outputs_y = window_x + out[2];
	p->kernel = (struct pool_kernel){
		.max = l->pool == POOL_MAX, .x_bf16 = r->x[0].bf16, .y_bf16 = r->y.bf16, .inner = inner,
		.h = in[1], .w = in[2], .oh = out[1], .ow = out[2], .kernel = l->kernel, .stride = l->stride, .pad = l->pad,
		.window_y = window_y, .window_x = window_x, .outputs_y = outputs_y, .outputs_x = outputs_y + in[1],
	};
	fill_spans(&p->kernel, in[1], out[1], window_y, outputs_y);
	fill_spans(&p->kernel, in[2], out[2], window_x, outputs_y + in[1]);
	return OK;
}

static status pool_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	*out = NULL;
	if (r->mode == PLAN_TANGENT && (r->x[0].bf16 || r->y.bf16))
		return fail(ERR_USAGE, "{precision} bf16: pooling has tangents in float32 alone");
	struct layer_plan *p = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a pooling layer's plan");
	p->device = d;
	status s = prepare_pool(p, r);
	if (s != OK) {
		pool_drop(p);
		return s;
	}
	*out = p;
	return OK;
}

/* Rows of all images, of x or of y, shared among the threads. */
static void each_row(const struct layer_plan *p, void (*run)(const struct pool_kernel *, size_t, size_t),
                     const struct pool_kernel *k, int height)
{
	size_t rows = p->images * (size_t)height;
	if (cpu_alone(p->device, p->images * (size_t)(k->h * k->w * k->inner))) {
		run(k, 0, rows);
		return;
	}
#pragma omp parallel num_threads(cpu_threads(p->device))
	{
		size_t thread = (size_t)omp_get_thread_num(), threads = (size_t)omp_get_num_threads();
		run(k, rows * thread / threads, rows * (thread + 1) / threads);
	}
}

/* Windows of 2 × 2 side by side in planes. */
static bool in_pairs(const struct pool_kernel *k)
{
	return k->inner == 1 && k->kernel == 2 && k->stride == 2 && !k->pad && !k->x_bf16 && !k->y_bf16;
}

static status pool_forward(struct layer_plan *p, const struct layer_io *io)
{
	struct pool_kernel k = p->kernel;
	k.position = p->positions ? io->kept : NULL;
	k.x = io->x[0];
	k.y = io->y;
	each_row(p, in_pairs(&k) ? kernels_of(p->device)->pool_pairs : kernels_of(p->device)->pool, &k, k.oh);
	return OK;
}

/* dx from dy, along the positions that forward kept. */
static void hand_back(const struct layer_plan *p, void *kept, const void *const dy[2], void *dx)
{
	struct pool_kernel k = p->kernel;
	k.position = p->positions ? kept : NULL;
	k.dy[0] = dy[0];
	k.dy[1] = dy[1];
	k.dx = dx;
	if (in_pairs(&k))
		each_row(p, kernels_of(p->device)->pool_pairs_backward, &k, k.oh);
	else
		each_row(p, kernels_of(p->device)->pool_backward, &k, k.h);
}

static status pool_backward(struct layer_plan *p, const struct layer_io *io)
{
	if (io->dx[0])
		hand_back(p, io->kept, io->dy, io->dx[0]);
	return OK;
}

/* Bytes of x, and of y, in float32. */
static size_t tangent_bytes(const struct layer_plan *p, int height, int width)
{
	return p->images * (size_t)height * (size_t)width * (size_t)p->kernel.inner * sizeof(float);
}

/* Where the maxima are given, pooling is linear: tangents go the way of what they are tangents of. */
static status pool_jvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	struct pool_kernel k = p->kernel;
	k.position = p->positions ? io->kept : NULL;
	k.x = dot->x[0];
	k.y = dot->y;
	if (k.y && !k.x)
		memset(k.y, 0, tangent_bytes(p, k.oh, k.ow));
	else if (k.y && k.max)
		each_row(p, pool_follow, &k, k.oh);
	else if (k.y)
		each_row(p, in_pairs(&k) ? kernels_of(p->device)->pool_pairs : kernels_of(p->device)->pool, &k, k.oh);
	return OK;
}

static status pool_hvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	const void *dy[2] = {dot->dy[0] ? dot->dy[0] : dot->dy[1], dot->dy[0] ? dot->dy[1] : NULL};
	if (dot->dx[0] && dy[0])
		hand_back(p, io->kept, dy, dot->dx[0]);
	else if (dot->dx[0])
		memset(dot->dx[0], 0, tangent_bytes(p, p->kernel.h, p->kernel.w));
	return OK;
}

static unsigned pool_backward_reads(const struct layer *l)
{
	(void)l;
	return 0;
}

const struct layer_ops cpu_pool = {
	.two_gradients = true,
	.plan = pool_plan,
	.drop = pool_drop,
	.forward = pool_forward,
	.backward = pool_backward,
	.backward_reads = pool_backward_reads,
	.kept_bytes = pool_kept_bytes,
	.jvp = pool_jvp,
	.hvp = pool_hvp,
};
