/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Flattening: (channels, height, width) in any layout to PyTorch's order, and back. */
#include "src/cpu/cpu.h"
#include "src/cpu/linear_tangent.h"

#include <stdlib.h>
#include <string.h>

struct layer_plan {
	const struct device *device;
	size_t images;              /* times the blocks of channels */
	size_t pixels, inner;       /* of an image; channels that lie together */
	bool x_bf16, y_bf16;
};

static void flatten_drop(struct layer_plan *p)
{
	free(p);
}

static status flatten_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const int *in = r->layer->in;
	*out = NULL;
	TRY(tangent_check(r));
	*out = malloc(sizeof **out);
	if (!*out)
		return fail(ERR_MEMORY, "out of memory: a flattening layer's plan");
	int inner = r->x[0].block ? r->x[0].block : in[0];
	**out = (struct layer_plan){
		.device = d, .images = (size_t)r->n * (size_t)(in[0] / inner), .pixels = (size_t)in[1] * (size_t)in[2],
		.inner = (size_t)inner, .x_bf16 = r->x[0].bf16, .y_bf16 = r->y.bf16,
	};
	return OK;
}

/* Every image's (rows, columns) to (columns, rows). */
static void transpose_all(const struct layer_plan *p, const void *from, bool from_bf16, void *to, bool to_bf16, size_t rows,
                          size_t columns)
{
	const struct kernels *k = kernels_of(p->device);
	size_t size = rows * columns;
	size_t from_bytes = size * format_bytes((struct format){.bf16 = from_bf16});
	size_t to_bytes = size * format_bytes((struct format){.bf16 = to_bf16});
	bool alone = cpu_alone(p->device, p->images * size);
#pragma omp parallel for schedule(static) num_threads(cpu_threads(p->device)) if (!alone)
	for (size_t i = 0; i < p->images; i++)
		k->transpose((const char *)from + i * from_bytes, from_bf16, (char *)to + i * to_bytes, to_bf16, rows, columns);
}

static status flatten_forward(struct layer_plan *p, const struct layer_io *io)
{
	transpose_all(p, io->x[0], p->x_bf16, io->y, p->y_bf16, p->pixels, p->inner);
	return OK;
}

static status flatten_backward(struct layer_plan *p, const struct layer_io *io)
{
	if (io->dx[0])
		transpose_all(p, io->dy[0], p->y_bf16, io->dx[0], p->x_bf16, p->inner, p->pixels);
	return OK;
}

static size_t floats_of(const struct layer_plan *p)
{
	return p->images * p->pixels * p->inner;
}

/* Numbers only change their places, and so do their tangents. */
static status flatten_jvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	(void)io;
	if (dot->y && dot->x[0])
		transpose_all(p, dot->x[0], false, dot->y, false, p->pixels, p->inner);
	else if (dot->y)
		memset(dot->y, 0, floats_of(p) * sizeof(float));
	return OK;
}

static status flatten_hvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	(void)io;
	if (dot->dx[0] && dot->dy[0])
		transpose_all(p, dot->dy[0], false, dot->dx[0], false, p->inner, p->pixels);
	else if (dot->dx[0])
		memset(dot->dx[0], 0, floats_of(p) * sizeof(float));
	return OK;
}

const struct layer_ops cpu_flatten = {
	.plan = flatten_plan,
	.drop = flatten_drop,
	.forward = flatten_forward,
	.backward = flatten_backward,
	.jvp = flatten_jvp,
	.hvp = flatten_hvp,
};
