/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Norms: y = activation(norm(x[0]) + x[1]), the residual x[1] being optional. All formats are one to the loops: panels, one
 * for each example and block, of rows of channels. The norm itself is applied as one multiply and add per element. */
#include "src/cpu/norm.h"

#include <math.h>
#include <stdlib.h>

/* Bytes of a block over all examples, up to which each thread has a block of its own: then a second pass finds it in a
 * cache. Beyond, threads share a block. */
enum { OWN_BLOCK_MAX = 64 << 20 };
enum { TOGETHER = 64 };  /* thresholds rounded together */

/* Without a residual the output follows from x alone, and with SiLU nothing follows from the output. */
static enum norm_slope slope_of(const struct layer_plan *p)
{
	return p->residual && (p->activation == ACTIVATION_RELU || p->activation == ACTIVATION_THRESHOLD ||
	                       p->activation == ACTIVATION_TANH) ? SLOPE_OF_OUTPUT : SLOPE_OF_SUM;
}

static unsigned backward_reads(const struct layer *l)
{
	if (l->input[1] == -2 || l->activation == ACTIVATION_NONE)
		return READS_X0;
	return l->activation == ACTIVATION_SILU ? READS_X0 | READS_X1 : READS_X0 | READS_Y;
}

static void drop(struct layer_plan *p)
{
	if (!p)
		return;
	arena_free(&p->arena);
	free(p);
}

static void divide(struct layer_plan *p)
{
	size_t per_block = (size_t)p->n * p->pixels * (size_t)p->width;
	p->threads = cpu_alone(p->device, per_block * (size_t)p->blocks) ? 1 : p->device->threads;
	p->parts = 1;
	if (p->blocks % p->threads || per_block * format_bytes(p->x) > OWN_BLOCK_MAX)
		p->parts = p->n < p->threads ? p->n : p->threads;
}

static status take(struct layer_plan *p)
{
	size_t c = (size_t)p->channels, parts = (size_t)p->parts;
	float **all[] = {&p->scale, &p->shift, &p->center, &p->of_g, &p->of_x, &p->rest};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		TRY(ARENA_NEW(&p->arena, parts * c, all[i]));
	for (int i = 0; i < 3; i++)
		TRY(ARENA_NEW(&p->arena, parts * c, &p->sum[i]));
	TRY(ARENA_NEW(&p->arena, c, &p->threshold));
	return p->norm == NORM_BATCH ? norm_batch_open(p) : norm_filter_open(p);
}

static status plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const struct layer *l = r->layer;
	*out = NULL;
	struct layer_plan *p = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a norm's plan");
	p->device = d;
	p->norm = l->norm;
	p->activation = l->activation;
	p->residual = l->input[1] != -2;
	p->x = r->x[0];
	p->r = r->x[1];
	p->y = r->y;
	p->n = r->n;
	p->channels = l->in[0];
	p->pixels = (size_t)l->in[1] * (size_t)l->in[2];
	p->width = r->y.block ? r->y.block : p->channels;
	p->blocks = p->channels / p->width;
	divide(p);
	status s = take(p);
	if (s != OK) {
		drop(p);
		return s;
	}
	*out = p;
	return OK;
}

struct norm_kernel norm_kernel_of(const struct layer_plan *p, int block, int images)
{
	return (struct norm_kernel){.activation = p->activation, .panels = (size_t)images, .rows = p->pixels,
	                            .stride = (size_t)p->channels * p->pixels, .width = (size_t)p->width,
	                            .threshold = p->threshold + block * p->width};
}

struct norm_tensor norm_tensor_of(const struct layer_plan *p, const void *at, struct format f, int block, int image)
{
	size_t element = ((size_t)image * (size_t)p->channels + (size_t)block * (size_t)p->width) * p->pixels;
	return (struct norm_tensor){at ? (char *)at + element * format_bytes(f) : NULL, f.bf16};
}

struct norm_kernel norm_forward_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image, int images)
{
	struct norm_kernel k = norm_kernel_of(p, block, images);
	k.x = norm_tensor_of(p, io->x[0], p->x, block, image);
	if (p->residual)
		k.r = norm_tensor_of(p, io->x[1], p->r, block, image);
	k.y = norm_tensor_of(p, io->y, p->y, block, image);
	return k;
}

/* What the gradient before the activation is made from. */
static void set_gradient(const struct layer_plan *p, const struct layer_io *io, int block, int image, struct norm_kernel *k)
{
	k->slope = slope_of(p);
	for (int i = 0; i < 2; i++)
		k->dy[i] = norm_tensor_of(p, io->dy[i], p->y, block, image);
	if (k->slope == SLOPE_OF_OUTPUT)
		k->y = norm_tensor_of(p, io->y, p->y, block, image);
	else if (p->residual && p->activation == ACTIVATION_SILU)
		k->r = norm_tensor_of(p, io->x[1], p->r, block, image);
}

struct norm_kernel norm_sums_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image, int images)
{
	struct norm_kernel k = norm_kernel_of(p, block, images);
	k.x = norm_tensor_of(p, io->x[0], p->x, block, image);
	set_gradient(p, io, block, image, &k);
	if (p->residual)
		k.dr = norm_tensor_of(p, io->dx[1], p->r, block, image);
	return k;
}

struct norm_kernel norm_backward_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image, int images)
{
	struct norm_kernel k = norm_kernel_of(p, block, images);
	k.x = norm_tensor_of(p, io->x[0], p->x, block, image);
	if (p->residual && io->dx[1]) {
		k.slope = SLOPE_ONE;
		k.dy[0] = norm_tensor_of(p, io->dx[1], p->r, block, image);
	} else {
		set_gradient(p, io, block, image, &k);
	}
	k.dx = norm_tensor_of(p, io->dx[0], p->x, block, image);
	return k;
}

static void one_block(struct layer_plan *p, const struct layer_io *io, const struct norm_work *work, int block)
{
	for (int part = 0; work->part && part < p->parts; part++)
		work->part(p, io, block, part);
	if (work->finish)
		work->finish(p, io, block);
	for (int part = 0; work->second && part < p->parts; part++)
		work->second(p, io, block, part);
}

static void shared_blocks(struct layer_plan *p, const struct layer_io *io, const struct norm_work *work)
{
#pragma omp parallel num_threads(p->threads)
	for (int block = 0; block < p->blocks; block++) {
		if (work->part) {
#pragma omp for schedule(static)
			for (int part = 0; part < p->parts; part++)
				work->part(p, io, block, part);
		}
		if (work->finish) {
#pragma omp single
			work->finish(p, io, block);
		}
		if (work->second) {
#pragma omp for schedule(static) nowait
			for (int part = 0; part < p->parts; part++)
				work->second(p, io, block, part);
		}
	}
}

void norm_run(struct layer_plan *p, const struct layer_io *io, const struct norm_work *work)
{
	if (p->threads > 1 && p->parts > 1) {
		shared_blocks(p, io, work);
	} else if (p->threads > 1 && p->blocks > 1) {
#pragma omp parallel for schedule(static) num_threads(p->threads)
		for (int block = 0; block < p->blocks; block++)
			one_block(p, io, work, block);
	} else {
		for (int block = 0; block < p->blocks; block++)
			one_block(p, io, work, block);
	}
}

static void round_thresholds(struct layer_plan *p)
{
	const struct kernels *k = kernels_of(p->device);
	for (int c = 0; c < p->channels; c += TOGETHER) {
		uint16_t rounded[TOGETHER];
		size_t n = p->channels - c < TOGETHER ? (size_t)(p->channels - c) : TOGETHER;
		k->convert(p->threshold + c, false, rounded, true, n);
		k->convert(rounded, true, p->threshold + c, false, n);
	}
}

/* A backward pass that reads y of bf16 compares it with the threshold as bf16 has it: `of_output`. */
static void set_threshold(struct layer_plan *p, const struct layer_io *io, bool of_output)
{
	for (int c = 0; c < p->channels; c++)
		p->threshold[c] = p->activation == ACTIVATION_THRESHOLD ? io->threshold[c]
		                  : p->activation == ACTIVATION_RELU    ? 0
		                                                        : -INFINITY;
	if (of_output && p->y.bf16)
		round_thresholds(p);
}

static status forward(struct layer_plan *p, const struct layer_io *io)
{
	set_threshold(p, io, false);
	if (p->norm == NORM_BATCH)
		norm_batch_forward(p, io);
	else
		norm_filter_forward(p, io);
	return OK;
}

static status backward(struct layer_plan *p, const struct layer_io *io)
{
	set_threshold(p, io, slope_of(p) == SLOPE_OF_OUTPUT);
	if (p->norm == NORM_BATCH)
		norm_batch_backward(p, io);
	else
		norm_filter_backward(p, io);
	return OK;
}

const struct layer_ops cpu_norm = {
	.kind = LAYER_NORM,
	.two_gradients = true,
	.plan = plan,
	.drop = drop,
	.forward = forward,
	.backward = backward,
	.backward_reads = backward_reads,
};
