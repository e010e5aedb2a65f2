/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Filter response norm (Singh & Krishnan 2020): x̂ = x/√(ν² + ε), ν² the mean of x² over the pixels of an example's
 * channel; γx̂ + β. With g the gradient behind it and r = 1/√(ν² + ε): dβ = Σg, dγ = Σg·x̂ over examples and pixels, dx
 * = γr·(g − x̂·mean of g·x̂ over the pixels). An example's block is small: the second pass over it finds it in a
 * cache. */
#include "src/cpu/norm.h"
#include "src/cpu/norm_tangent.h"

#include <math.h>
#include <string.h>

static const double EPSILON = 1e-6;

/* What a plan of filter response norms has of its own, (parts, channels) each: of the example that a part is at, but
 * for the totals. */
struct filter_part {
	float *scale, *shift;           /* the norm as scale·x + shift */
	float *of_g, *of_x, *rest;      /* dx = of_g·g + of_x·x + rest; rest stays 0, */
	float *center;                  /* and what numbers are taken relative to too */
	double *sum[3], *total[3];
};

/* What is kept for backward: (n, channels), 1/√(ν² + ε). */
static size_t filter_kept_bytes(size_t n, size_t channels)
{
	return n * channels * sizeof(float);
}

float *norm_filter_root(const struct layer_plan *p, const struct layer_io *io, int image, int channel)
{
	return (float *)io->kept + (size_t)image * (size_t)p->channels + channel;
}

static status filter_open(struct layer_plan *p)
{
	struct filter_part *f;
	TRY(ARENA_NEW(&p->arena, 1, &f));
	p->own = f;
	float **floats[] = {&f->scale, &f->shift, &f->of_g, &f->of_x, &f->rest, &f->center};
	for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
		TRY(ARENA_NEW(&p->arena, (size_t)p->parts * (size_t)p->channels, floats[i]));
	for (int i = 0; i < 3; i++) {
		TRY(ARENA_NEW(&p->arena, (size_t)p->parts * (size_t)p->channels, &f->sum[i]));
		TRY(ARENA_NEW(&p->arena, (size_t)p->parts * (size_t)p->channels, &f->total[i]));
	}
	return OK;
}

/* Points a kernel at the numbers of a part's block. */
static void set_channels(const struct filter_part *f, int at, struct norm_kernel *k)
{
	k->scale = f->scale + at;
	k->shift = f->shift + at;
	k->of_g = f->of_g + at;
	k->of_x = f->of_x + at;
	k->rest = f->rest + at;
	k->center = f->center + at;
	for (int i = 0; i < 3; i++)
		k->sum[i] = f->sum[i] + at;
}

/* The norm of one example's block, from what its channels' roots are. */
static void set_scale(const struct layer_plan *p, const struct layer_io *io, int image, int first, int at)
{
	const struct filter_part *f = p->own;
	const float *gamma = io->param[PARAM_WEIGHT], *beta = io->param[PARAM_BIAS], *root = norm_filter_root(p, io, image, first);
	for (int j = 0; j < p->width; j++) {
		f->scale[at + j] = gamma[first + j] * root[j];
		f->shift[at + j] = beta[first + j];
	}
}

/* One example's block: its sums cleared, its kernel run. */
static void sum_example(const struct layer_plan *p, int at, struct norm_kernel *k, void (*kernel)(const struct norm_kernel *))
{
	const struct filter_part *f = p->own;
	set_channels(f, at, k);
	for (int i = 0; i < 3; i++)
		memset(f->sum[i] + at, 0, (size_t)p->width * sizeof(double));
	kernel(k);
}

static void forward_part(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	const struct kernels *kernels = kernels_of(p->device);
	const struct filter_part *f = p->own;
	int first = block * p->width, at = part * p->channels + first;
	for (int image = norm_first(p, part); image < norm_first(p, part + 1); image++) {
		float *root = norm_filter_root(p, io, image, first);
		struct norm_kernel k = norm_forward_kernel(p, io, block, image, 1), of_x = norm_kernel_of(p, block, 1);
		of_x.x = k.x;
		sum_example(p, at, &of_x, kernels->norm_moments);
		for (int j = 0; j < p->width; j++)
			root[j] = (float)(1 / sqrt(f->sum[1][at + j] / (double)p->pixels + EPSILON));
		set_scale(p, io, image, first, at);
		set_channels(f, at, &k);
		kernels->norm_forward(&k);
	}
}

static void filter_forward(struct layer_plan *p, const struct layer_io *io)
{
	norm_run(p, io, &(struct norm_work){.part = forward_part});
}

/* The sums of one example's block become its share of the totals and the factors of its dx. */
static void finish_example(const struct layer_plan *p, const float *root, int at)
{
	const struct filter_part *f = p->own;
	for (int j = 0; j < p->width; j++) {
		double r = (double)root[j], scale = (double)f->scale[at + j], dgamma = f->sum[1][at + j] * r;
		f->total[0][at + j] += f->sum[0][at + j];
		f->total[1][at + j] += dgamma;
		f->total[2][at + j] += f->sum[2][at + j];
		f->of_g[at + j] = f->scale[at + j];
		f->of_x[at + j] = (float)(-scale * r * dgamma / (double)p->pixels);
	}
}

static void backward_part(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	const struct kernels *kernels = kernels_of(p->device);
	const struct filter_part *f = p->own;
	int first = block * p->width, at = part * p->channels + first;
	for (int i = 0; i < 3; i++)
		memset(f->total[i] + at, 0, (size_t)p->width * sizeof(double));
	for (int image = norm_first(p, part); image < norm_first(p, part + 1); image++) {
		struct norm_kernel k = norm_sums_kernel(p, io, block, image, 1);
		set_scale(p, io, image, first, at);
		sum_example(p, at, &k, kernels->norm_sums);
		finish_example(p, norm_filter_root(p, io, image, first), at);
		if (!io->dx[0])
			continue;
		k = norm_backward_kernel(p, io, block, image, 1);
		set_channels(f, at, &k);
		kernels->norm_backward(&k);
	}
}

static void finish_backward(struct layer_plan *p, const struct layer_io *io, int block)
{
	const struct filter_part *f = p->own;
	for (int c = block * p->width; c < (block + 1) * p->width; c++) {
		double total[3] = {0};
		for (int part = 0; part < p->parts; part++)
			for (int i = 0; i < 3; i++)
				total[i] += f->total[i][part * p->channels + c];
		norm_give(io, PARAM_BIAS, c, total[0]);
		norm_give(io, PARAM_WEIGHT, c, total[1]);
		norm_give(io, PARAM_THRESHOLD, c, total[2]);
	}
}

static void filter_backward(struct layer_plan *p, const struct layer_io *io)
{
	norm_run(p, io, &(struct norm_work){.part = backward_part, .finish = finish_backward});
}

const struct norm_kind norm_filter = {
	.kept_bytes = filter_kept_bytes,
	.open = filter_open,
	.forward = filter_forward,
	.backward = filter_backward,
	.jvp = norm_filter_jvp,
	.hvp = norm_filter_hvp,
};
