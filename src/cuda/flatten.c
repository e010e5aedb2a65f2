/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Flattening: (channels, height, width) in any layout to PyTorch's order, and back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/layers.h"

struct layer_plan {
	struct device *device;
	size_t images;             /* times the blocks of channels */
	int pixels, inner;         /* of an image; channels that lie together */
	bool x_bf16, y_bf16;
	char forward[48], backward[48];   /* what calls are named */
};

static void flatten_drop(struct layer_plan *p)
{
	if (p)
		cuda_forget(cuda_of(p->device));
	free(p);
}

static status flatten_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const int *in = r->layer->in;
	struct layer_plan *p = *out = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a flattening layer's plan");
	p->device = d;
	p->inner = r->x[0].block ? r->x[0].block : in[0];
	p->images = (size_t)r->n * (size_t)(in[0] / p->inner);
	p->pixels = in[1] * in[2];
	p->x_bf16 = r->x[0].bf16;
	p->y_bf16 = r->y.bf16;
	snprintf(p->forward, sizeof p->forward, "flatten %dx%dx%d forward", in[0], in[1], in[2]);
	snprintf(p->backward, sizeof p->backward, "flatten %dx%dx%d backward", in[0], in[1], in[2]);
	return OK;
}

CUDA_RUN(turn)

static status flatten_forward(struct layer_plan *p, const struct layer_io *io)
{
	struct cuda_turn_args a;
	memset(&a, 0, sizeof a);
	a.from = io->x[0];
	a.to = io->y;
	a.images = p->images;
	a.rows = p->pixels;
	a.columns = p->inner;
	a.from_bf16 = p->x_bf16;
	a.to_bf16 = p->y_bf16;
	return cuda_later(p->device, p->forward, run_turn, &a, sizeof a);
}

static status flatten_backward(struct layer_plan *p, const struct layer_io *io)
{
	if (!io->dx[0])
		return OK;
	struct cuda_turn_args a;
	memset(&a, 0, sizeof a);
	a.from = io->dy[0];
	a.to = io->dx[0];
	a.images = p->images;
	a.rows = p->inner;
	a.columns = p->pixels;
	a.from_bf16 = p->y_bf16;
	a.to_bf16 = p->x_bf16;
	return cuda_later(p->device, p->backward, run_turn, &a, sizeof a);
}

const struct layer_ops cuda_flatten = {
	.plan = flatten_plan,
	.drop = flatten_drop,
	.forward = flatten_forward,
	.backward = flatten_backward,
};
