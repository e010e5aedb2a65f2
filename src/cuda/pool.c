/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Pooling: the maximum or the mean over windows, by kernels of Basin's own: cuDNN's maximum adds its gradients up in no fixed
 * order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/layers.h"

enum { POSITIONS = 256 };  /* of a window, as a byte counts them */

struct layer_plan {
	struct device *device;
	struct cuda_pool_args shape;      /* without pointers */
	bool positions;                   /* what is kept: (images, oh, ow, inner) bytes */
	char forward[64], backward[64];   /* what calls are named */
};

static void pool_drop(struct layer_plan *p)
{
	if (p)
		cuda_forget(cuda_of(p->device));
	free(p);
}

/* Whether backward is to know where the maxima were. */
static bool keeps_positions(const struct plan_request *r)
{
	return r->mode != PLAN_INFER && r->layer->pool == POOL_MAX;
}

static size_t pool_kept_bytes(const struct device *d, const struct plan_request *r)
{
	(void)d;
	return keeps_positions(r) ? (size_t)r->n * shape_size(r->layer->out) : 0;
}

static void set_shape(struct cuda_pool_args *a, const struct plan_request *r)
{
	const struct layer *l = r->layer;
	memset(a, 0, sizeof *a);
	a->inner = r->x[0].block ? r->x[0].block : l->in[0];
	a->images = (size_t)r->n * (size_t)(l->in[0] / a->inner);
	a->h = l->in[1];
	a->w = l->in[2];
	a->oh = l->out[1];
	a->ow = l->out[2];
	a->kernel = l->kernel;
	a->stride = l->stride;
	a->pad = l->pad;
	a->max = l->pool == POOL_MAX;
	a->x_bf16 = r->x[0].bf16;
	a->y_bf16 = r->y.bf16;
}

static status pool_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const struct layer *l = r->layer;
	*out = NULL;
	if (l->pool == POOL_MAX && l->kernel * l->kernel > POSITIONS)
		return fail(ERR_USAGE, "maxima over windows of %d × %d: up to 16 × 16 with CUDA", l->kernel, l->kernel);
	struct layer_plan *p = *out = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a pooling layer's plan");
	p->device = d;
	p->positions = keeps_positions(r);
	set_shape(&p->shape, r);
	const char *kind = p->shape.max ? "maxima" : "means";
	snprintf(p->forward, sizeof p->forward, "%s of %dx%dx%d forward", kind, l->in[0], l->in[1], l->in[2]);
	snprintf(p->backward, sizeof p->backward, "%s of %dx%dx%d backward", kind, l->in[0], l->in[1], l->in[2]);
	return OK;
}

CUDA_RUN(pool)

static status pool_forward(struct layer_plan *p, const struct layer_io *io)
{
	struct cuda_pool_args a;
	memcpy(&a, &p->shape, sizeof a);
	a.x = io->x[0];
	a.y = io->y;
	a.position = p->positions ? io->kept : NULL;
	return cuda_later(p->device, p->forward, run_pool, &a, sizeof a);
}

CUDA_RUN(pool_backward)

static status pool_backward(struct layer_plan *p, const struct layer_io *io)
{
	struct cuda_pool_args a;
	if (!io->dx[0])
		return OK;
	memcpy(&a, &p->shape, sizeof a);
	a.dy[0] = io->dy[0];
	a.dy[1] = io->dy[1];
	a.dx = io->dx[0];
	a.position = p->positions ? io->kept : NULL;
	return cuda_later(p->device, p->backward, run_pool_backward, &a, sizeof a);
}

const struct layer_ops cuda_pool = {
	.two_gradients = true,
	.plan = pool_plan,
	.drop = pool_drop,
	.forward = pool_forward,
	.backward = pool_backward,
	.kept_bytes = pool_kept_bytes,
};
