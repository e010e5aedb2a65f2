/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filter response norm (Singh & Krishnan 2020): x̂ = x/√(ν² + ε), ν² the mean of x² over the pixels of an example's channel;
 * γx̂ + β. With g the gradient behind it and r = 1/√(ν² + ε): dβ = Σg, dγ = Σg·x̂ over examples and pixels,
 * dx = γr·(g − x̂·mean of g·x̂ over the pixels). An example's block is small: the second pass over it finds it in a cache. */
#include "src/cpu/norm.h"

#include <math.h>
#include <string.h>

static const double EPSILON = 1e-6;

status norm_filter_open(struct layer_plan *p)
{
	for (int i = 0; i < 3; i++)
		TRY(ARENA_NEW(&p->arena, (size_t)p->parts * (size_t)p->channels, &p->total[i]));
	return ARENA_NEW(&p->arena, (size_t)p->n * (size_t)p->channels, &p->root);
}

/* Points a kernel at the numbers of a part's block. */
static void set_channels(const struct layer_plan *p, int at, struct norm_kernel *k)
{
	k->scale = p->scale + at;
	k->shift = p->shift + at;
	k->of_g = p->of_g + at;
	k->of_x = p->of_x + at;
	k->rest = p->rest + at;
	k->center = p->center + at;
	for (int i = 0; i < 3; i++)
		k->sum[i] = p->sum[i] + at;
}

/* One example's block: its sums cleared, its kernel run. */
static void sum_example(const struct layer_plan *p, int at, struct norm_kernel *k, void (*kernel)(const struct norm_kernel *))
{
	set_channels(p, at, k);
	for (int i = 0; i < 3; i++)
		memset(p->sum[i] + at, 0, (size_t)p->width * sizeof(double));
	kernel(k);
}

static void forward_part(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	const struct kernels *kernels = kernels_of(p->device);
	const float *gamma = io->weight;
	int first = block * p->width, at = part * p->channels + first;
	for (int image = norm_first(p, part); image < norm_first(p, part + 1); image++) {
		float *root = p->root + (size_t)image * (size_t)p->channels + first;
		struct norm_kernel k = norm_forward_kernel(p, io, block, image, 1), of_x = norm_kernel_of(p, block, 1);
		of_x.x = k.x;
		sum_example(p, at, &of_x, kernels->norm_moments);
		for (int j = 0; j < p->width; j++) {
			root[j] = (float)(1 / sqrt(p->sum[1][at + j] / (double)p->pixels + EPSILON));
			p->scale[at + j] = gamma[first + j] * root[j];
			p->shift[at + j] = io->bias[first + j];
		}
		set_channels(p, at, &k);
		kernels->norm_forward(&k);
	}
}

void norm_filter_forward(struct layer_plan *p, const struct layer_io *io)
{
	norm_run(p, io, &(struct norm_work){.part = forward_part});
}

static void backward_part(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	const struct kernels *kernels = kernels_of(p->device);
	const float *gamma = io->weight;
	int first = block * p->width, at = part * p->channels + first;
	for (int i = 0; i < 3; i++)
		memset(p->total[i] + at, 0, (size_t)p->width * sizeof(double));
	for (int image = norm_first(p, part); image < norm_first(p, part + 1); image++) {
		const float *root = p->root + (size_t)image * (size_t)p->channels + first;
		struct norm_kernel k = norm_sums_kernel(p, io, block, image, 1);
		for (int j = 0; j < p->width; j++) {
			p->scale[at + j] = gamma[first + j] * root[j];
			p->shift[at + j] = io->bias[first + j];
		}
		sum_example(p, at, &k, kernels->norm_sums);
		for (int j = 0; j < p->width; j++) {
			double r = (double)root[j], scale = (double)p->scale[at + j], dgamma = p->sum[1][at + j] * r;
			p->total[0][at + j] += p->sum[0][at + j];
			p->total[1][at + j] += dgamma;
			p->total[2][at + j] += p->sum[2][at + j];
			p->of_g[at + j] = p->scale[at + j];
			p->of_x[at + j] = (float)(-scale * r * dgamma / (double)p->pixels);
		}
		if (!io->dx[0])
			continue;
		k = norm_backward_kernel(p, io, block, image, 1);
		set_channels(p, at, &k);
		kernels->norm_backward(&k);
	}
}

static void finish_backward(struct layer_plan *p, const struct layer_io *io, int block)
{
	for (int c = block * p->width; c < (block + 1) * p->width; c++) {
		double total[3] = {0};
		for (int part = 0; part < p->parts; part++)
			for (int i = 0; i < 3; i++)
				total[i] += p->total[i][part * p->channels + c];
		norm_give(io, io->dbias, c, total[0]);
		norm_give(io, io->dweight, c, total[1]);
		norm_give(io, io->dthreshold, c, total[2]);
	}
}

void norm_filter_backward(struct layer_plan *p, const struct layer_io *io)
{
	norm_run(p, io, &(struct norm_work){.part = backward_part, .finish = finish_backward});
}
