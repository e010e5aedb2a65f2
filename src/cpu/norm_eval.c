/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Tangents of batch norm in evaluation, whose statistics are constants. With i = 1/√(variance + ε), s = γ·i and ṡ = γ̇·i:
 * ż = s·ẋ + ṡ·(x − mean) + β̇ + the residual's tangent; dx = s·g has the tangent s·ġ + ṡ·g, dβ = Σg has Σġ, and
 * dγ = Σg·(x − mean)·i has Σ(ġ·(x − mean) + g·ẋ)·i. */
#include "src/cpu/norm_tangent.h"

/* Running means are float32, and lose nothing as such. of_x and of_x_dot stay 0. */
static void set_numbers(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	const struct batch_kept kept = norm_batch_kept(p, io);
	struct norm_tangent *t = &p->tangent;
	for (int j = 0, at = norm_place(p, block, part); j < p->width; j++, at++) {
		int c = block * p->width + j;
		t->scale[at] = kept.scale[c];
		t->shift[at] = kept.shift[c];
		t->center[at] = (float)kept.mean[c];
		t->scale_dot[at] = (float)(norm_param_dot(p, PARAM_WEIGHT, c) * kept.inverse[c]);
		t->shift_dot[at] = (float)norm_param_dot(p, PARAM_BIAS, c);
	}
	norm_set_threshold_dot(p, block, part);
}

static void jvp_part(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	int first = norm_first(p, part);
	set_numbers(p, io, block, part);
	struct norm_kernel k = norm_jvp_kernel(p, io, block, part, first, norm_first(p, part + 1) - first);
	kernels_of(p->device)->norm_jvp(&k);
}

void norm_batch_jvp(struct layer_plan *p, const struct layer_io *io)
{
	norm_run(p, io, &(struct norm_work){.part = jvp_part});
}

static void hvp_part(struct layer_plan *p, const struct layer_io *io, int block, int part)
{
	int first = norm_first(p, part);
	set_numbers(p, io, block, part);
	norm_clear(p, p->tangent.sum, NORM_SUMS, block, part);
	struct norm_kernel k = norm_hvp_kernel(p, io, block, part, first, norm_first(p, part + 1) - first);
	kernels_of(p->device)->norm_hvp(&k);
}

static void finish_hvp(struct layer_plan *p, const struct layer_io *io, int block)
{
	const struct batch_kept kept = norm_batch_kept(p, io);
	const struct norm_tangent *t = &p->tangent;
	for (int c = block * p->width; c < (block + 1) * p->width; c++) {
		double sum[NORM_SUMS] = {0};
		for (int part = 0; part < p->parts; part++)
			for (int i = 0; i < NORM_SUMS; i++)
				sum[i] += t->sum[i][part * p->channels + c];
		norm_give(t->dot, PARAM_BIAS, c, sum[0]);
		norm_give(t->dot, PARAM_WEIGHT, c, sum[2] * kept.inverse[c]);
		norm_give(t->dot, PARAM_THRESHOLD, c, sum[3]);
	}
}

void norm_batch_hvp(struct layer_plan *p, const struct layer_io *io)
{
	norm_run(p, io, &(struct norm_work){.part = hvp_part, .finish = finish_hvp});
}
