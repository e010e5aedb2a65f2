/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "src/cpu/norm_tangent.h"

#include <string.h>

status norm_tangent_open(struct layer_plan *p)
{
	struct norm_tangent *t = &p->tangent;
	size_t count = (size_t)p->parts * (size_t)p->channels;
	float **floats[] = {&t->scale, &t->shift, &t->center, &t->scale_dot, &t->shift_dot, &t->threshold_dot, &t->of_x,
	                    &t->of_x_dot};
	for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
		TRY(ARENA_NEW(&p->arena, count, floats[i]));
	for (int i = 0; i < NORM_SUMS; i++)
		TRY(ARENA_NEW(&p->arena, count, &t->sum[i]));
	for (int i = 0; i < NORM_TOTALS; i++)
		TRY(ARENA_NEW(&p->arena, count, &t->total[i]));
	return ARENA_NEW(&p->arena, count, &t->root_dot);
}

static void set_channels(const struct layer_plan *p, int at, struct norm_kernel *k)
{
	const struct norm_tangent *t = &p->tangent;
	k->scale = t->scale + at;
	k->shift = t->shift + at;
	k->center = t->center + at;
	k->scale_dot = t->scale_dot + at;
	k->shift_dot = t->shift_dot + at;
	k->threshold_dot = t->threshold_dot + at;
	k->of_x = t->of_x + at;
	k->of_x_dot = t->of_x_dot + at;
}

/* What ż and the activation's derivatives are made from. */
static struct norm_kernel kernel_of(const struct layer_plan *p, const struct layer_io *io, int block, int part, int image,
                                    int images)
{
	const struct layer_io *dot = p->tangent.dot;
	struct norm_kernel k = norm_forward_kernel(p, io, block, image, images);
	k.x_dot = norm_tensor_of(p, dot->x[0], p->x, block, image);
	if (p->residual)
		k.r_dot = norm_tensor_of(p, dot->x[1], p->r, block, image);
	set_channels(p, norm_place(p, block, part), &k);
	return k;
}

struct norm_kernel norm_jvp_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int part, int image,
                                   int images)
{
	struct norm_kernel k = kernel_of(p, io, block, part, image, images);
	k.y_dot = norm_tensor_of(p, p->tangent.dot->y, p->y, block, image);
	return k;
}

struct norm_kernel norm_hvp_kernel(const struct layer_plan *p, const struct layer_io *io, int block, int part, int image,
                                   int images)
{
	const struct layer_io *dot = p->tangent.dot;
	struct norm_kernel k = kernel_of(p, io, block, part, image, images);
	for (int i = 0; i < 2; i++) {
		k.dy[i] = norm_tensor_of(p, io->dy[i], p->y, block, image);
		k.dy_dot[i] = norm_tensor_of(p, dot->dy[i], p->y, block, image);
	}
	if (p->residual)
		k.dr_dot = norm_tensor_of(p, dot->dx[1], p->r, block, image);
	k.dx_dot = norm_tensor_of(p, dot->dx[0], p->x, block, image);
	for (int i = 0; i < NORM_SUMS; i++)
		k.sum[i] = p->tangent.sum[i] + norm_place(p, block, part);
	return k;
}

void norm_clear(const struct layer_plan *p, double *const *sums, int count, int block, int part)
{
	for (int i = 0; i < count; i++)
		memset(sums[i] + norm_place(p, block, part), 0, (size_t)p->width * sizeof(double));
}

void norm_set_threshold_dot(struct layer_plan *p, int block, int part)
{
	for (int j = 0, at = norm_place(p, block, part); j < p->width; j++)
		p->tangent.threshold_dot[at + j] = (float)norm_param_dot(p, PARAM_THRESHOLD, block * p->width + j);
}

status norm_jvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	if (!dot->y)
		return OK;
	norm_set_threshold(p, io, false);
	p->tangent.dot = dot;
	p->kind->jvp(p, io);
	return OK;
}

status norm_hvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	norm_set_threshold(p, io, false);
	p->tangent.dot = dot;
	p->kind->hvp(p, io);
	return OK;
}
