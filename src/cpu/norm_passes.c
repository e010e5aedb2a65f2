/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What the passes of all norms share. All formats are one to the loops: panels, one for each example and block, of rows
 * of channels. The norm itself is applied as one multiply and add per element. */
#include "src/cpu/norm.h"

#include <math.h>

enum { TOGETHER = 64 };  /* thresholds rounded together */

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

void norm_set_threshold(struct layer_plan *p, const struct layer_io *io, bool of_output)
{
	const float *tau = io->param[PARAM_THRESHOLD];
	for (int c = 0; c < p->channels; c++)
		p->threshold[c] = p->activation == ACTIVATION_THRESHOLD ? tau[c]
		                  : p->activation == ACTIVATION_RELU    ? 0
		                                                        : -INFINITY;
	if (of_output && p->y.bf16)
		round_thresholds(p);
}

/* Without a residual the output follows from x alone, and with SiLU nothing follows from the output. */
enum norm_slope norm_slope_of(const struct layer_plan *p)
{
	return p->residual && (p->activation == ACTIVATION_RELU || p->activation == ACTIVATION_THRESHOLD ||
	                       p->activation == ACTIVATION_TANH) ? SLOPE_OF_OUTPUT : SLOPE_OF_SUM;
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

struct norm_kernel norm_forward_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image,
                                       int images)
{
	struct norm_kernel k = norm_kernel_of(p, block, images);
	k.x = norm_tensor_of(p, io->x[0], p->x, block, image);
	if (p->residual)
		k.r = norm_tensor_of(p, io->x[1], p->r, block, image);
	k.y = norm_tensor_of(p, io->y, p->y, block, image);
	return k;
}

/* What the gradient before the activation is made from. */
static void set_gradient(const struct layer_plan *p, const struct layer_io *io, int block, int image,
                         struct norm_kernel *k)
{
	k->slope = norm_slope_of(p);
	for (int i = 0; i < 2; i++)
		k->dy[i] = norm_tensor_of(p, io->dy[i], p->y, block, image);
	if (k->slope == SLOPE_OF_OUTPUT)
		k->y = norm_tensor_of(p, io->y, p->y, block, image);
	else if (p->residual && p->activation == ACTIVATION_SILU)
		k->r = norm_tensor_of(p, io->x[1], p->r, block, image);
}

struct norm_kernel norm_sums_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image,
                                    int images)
{
	struct norm_kernel k = norm_kernel_of(p, block, images);
	k.x = norm_tensor_of(p, io->x[0], p->x, block, image);
	set_gradient(p, io, block, image, &k);
	if (p->residual)
		k.dr = norm_tensor_of(p, io->dx[1], p->r, block, image);
	return k;
}

struct norm_kernel norm_backward_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int image,
                                        int images)
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

static void run_block(struct layer_plan *p, const struct layer_io *io, const struct norm_work *work, int block)
{
	for (int part = 0; work->part && part < p->parts; part++)
		work->part(p, io, block, part);
	if (work->finish)
		work->finish(p, io, block);
	for (int part = 0; work->second && part < p->parts; part++)
		work->second(p, io, block, part);
}

static void run_shared_blocks(struct layer_plan *p, const struct layer_io *io, const struct norm_work *work)
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
		run_shared_blocks(p, io, work);
	} else if (p->threads > 1 && p->blocks > 1) {
#pragma omp parallel for schedule(static) num_threads(p->threads)
		for (int block = 0; block < p->blocks; block++)
			run_block(p, io, work, block);
	} else {
		for (int block = 0; block < p->blocks; block++)
			run_block(p, io, work, block);
	}
}
