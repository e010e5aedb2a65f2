/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Flattening: (channels, height, width) in any layout to PyTorch's order, and back. */
#include "src/cpu/cpu.h"

#include <stdlib.h>

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

const struct layer_ops cpu_flatten = {
	.plan = flatten_plan,
	.drop = flatten_drop,
	.forward = flatten_forward,
	.backward = flatten_backward,
};
