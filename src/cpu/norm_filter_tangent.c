/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Tangents of filter response norm. With r = 1/√(ν² + ε), means over the pixels of an example's channel, and s = γr:
 * ṙ = −r³·mean of x·ẋ, ṡ = γ̇r + γṙ, ż = s·ẋ + ṡ·x + β̇ + the residual's tangent. dx = s·g − γr³q·x, q the mean of g·x,
 * has the tangent s·ġ + ṡ·g − (γ̇r³ + 3γr²ṙ)q·x − γr³q̇·x − γr³q·ẋ, q̇ the mean of ġ·x + g·ẋ; dβ = Σg has Σġ, and
 * dγ = Σg·x·r has Σ(ġ·x + g·ẋ)·r + g·x·ṙ. */
#include "src/cpu/norm_tangent.h"

/* The numbers of an example's block but for the factors of x and ẋ. center stays 0. */
static void set_numbers(struct layer_plan *p, const struct layer_io *io, int block, int part, int image)
{
	const float *gamma = io->param[PARAM_WEIGHT], *beta = io->param[PARAM_BIAS];
	struct norm_tangent *t = &p->tangent;
	struct norm_kernel k = norm_jvp_kernel(p, io, block, part, image, 1);
	norm_clear(p, t->sum, NORM_SUMS, block, part);
	k.sum[0] = t->sum[0] + norm_place(p, block, part);
	if (k.x_dot.at)
		kernels_of(p->device)->norm_products(&k);
	for (int j = 0, at = norm_place(p, block, part); j < p->width; j++, at++) {
		int c = block * p->width + j;
		double r = (double)*norm_filter_root(p, io, image, c), r_dot = -r * r * r * t->sum[0][at] / (double)p->pixels;
		t->root_dot[at] = r_dot;
		t->scale[at] = (float)((double)gamma[c] * r);
		t->shift[at] = beta[c];
		t->scale_dot[at] = (float)(norm_param_dot(p, PARAM_WEIGHT, c) * r + (double)gamma[c] * r_dot);
		t->shift_dot[at] = (float)norm_param_dot(p, PARAM_BIAS, c);
	}
}

static void jvp_part(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	norm_set_threshold_dot(p, block, part);
	for (int image = norm_first(p, part); image < norm_first(p, part + 1); image++) {
		set_numbers(p, io, block, part, image);
		struct norm_kernel k = norm_jvp_kernel(p, io, block, part, image, 1);
		kernels_of(p->device)->norm_jvp(&k);
	}
}

void norm_filter_jvp(struct layer_plan *p, const struct layer_io *io)
{
	norm_run(p, io, &(struct norm_work){.part = jvp_part});
}

/* An example's sums become its share of the totals, and the factors of the tangent of its dx. */
static void finish_example(struct layer_plan *p, const struct layer_io *io, int block, int part, int image)
{
	const float *gamma = io->param[PARAM_WEIGHT];
	struct norm_tangent *t = &p->tangent;
	for (int j = 0, at = norm_place(p, block, part); j < p->width; j++, at++) {
		int c = block * p->width + j;
		double r = (double)*norm_filter_root(p, io, image, c), r_dot = t->root_dot[at], m = (double)p->pixels;
		double cube = (double)gamma[c] * r * r * r, q = t->sum[1][at] / m, q_dot = t->sum[2][at] / m;
		double cube_dot = norm_param_dot(p, PARAM_WEIGHT, c) * r * r * r + 3 * (double)gamma[c] * r * r * r_dot;
		t->total[0][at] += t->sum[0][at];
		t->total[1][at] += t->sum[2][at] * r + t->sum[1][at] * r_dot;
		t->total[2][at] += t->sum[3][at];
		t->of_x[at] = (float)-(cube_dot * q + cube * q_dot);
		t->of_x_dot[at] = (float)-(cube * q);
	}
}

/* The tangent of dx needs sums over the pixels: a second pass. */
static void hvp_part(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	struct norm_tangent *t = &p->tangent;
	norm_set_threshold_dot(p, block, part);
	norm_clear(p, t->total, NORM_TOTALS, block, part);
	for (int image = norm_first(p, part); image < norm_first(p, part + 1); image++) {
		set_numbers(p, io, block, part, image);
		struct norm_kernel k = norm_hvp_kernel(p, io, block, part, image, 1), sums = k;
		norm_clear(p, t->sum, NORM_SUMS, block, part);
		sums.dx_dot.at = NULL;
		kernels_of(p->device)->norm_hvp(&sums);
		finish_example(p, io, block, part, image);
		if (!k.dx_dot.at)
			continue;
		for (int i = 0; i < NORM_SUMS; i++)
			k.sum[i] = NULL;
		k.dr_dot.at = NULL;
		kernels_of(p->device)->norm_hvp(&k);
	}
}

static void finish_hvp(struct layer_plan *p, const struct layer_io *io, int block)
{
	(void)io;
	const struct norm_tangent *t = &p->tangent;
	for (int c = block * p->width; c < (block + 1) * p->width; c++) {
		double total[NORM_TOTALS] = {0};
		for (int part = 0; part < p->parts; part++)
			for (int i = 0; i < NORM_TOTALS; i++)
				total[i] += t->total[i][part * p->channels + c];
		norm_give(t->dot, PARAM_BIAS, c, total[0]);
		norm_give(t->dot, PARAM_WEIGHT, c, total[1]);
		norm_give(t->dot, PARAM_THRESHOLD, c, total[2]);
	}
}

void norm_filter_hvp(struct layer_plan *p, const struct layer_io *io)
{
	norm_run(p, io, &(struct norm_work){.part = hvp_part, .finish = finish_hvp});
}
