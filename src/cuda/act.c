/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Activations: ReLU max(x, 0), SiLU x/(1 + e⁻ˣ), tanh, of tensors in any layout. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/cuda.h"
#include "src/cuda/layers.h"

struct layer_plan {
	struct device *device;
	size_t n;
	enum activation kind;
	struct format x, y;
	char forward[48], backward[48];   /* what calls are named */
};

static bool from_output(enum activation kind)
{
	return kind != ACTIVATION_SILU;
}

static void act_drop(struct layer_plan *p)
{
	if (p)
		cuda_forget(cuda_of(p->device));
	free(p);
}

static status act_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const struct layer *l = r->layer;
	static const char *const names[] = {[ACTIVATION_RELU] = "relu", [ACTIVATION_SILU] = "silu", [ACTIVATION_TANH] = "tanh"};
	struct layer_plan *p = *out = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: an activation's plan");
	p->device = d;
	p->n = (size_t)r->n * shape_size(l->out);
	p->kind = l->activation;
	p->x = r->x[0];
	p->y = r->y;
	snprintf(p->forward, sizeof p->forward, "%s of %zu forward", names[p->kind], shape_size(l->out));
	snprintf(p->backward, sizeof p->backward, "%s of %zu backward", names[p->kind], shape_size(l->out));
	return OK;
}

CUDA_RUN(act)

static status act_forward(struct layer_plan *p, const struct layer_io *io)
{
	struct cuda_act_args a;
	memset(&a, 0, sizeof a);
	a.x = io->x[0];
	a.y = io->y;
	a.n = p->n;
	a.kind = p->kind;
	a.x_bf16 = p->x.bf16;
	a.y_bf16 = p->y.bf16;
	return cuda_later(p->device, p->forward, run_act, &a, sizeof a);
}

static status act_backward(struct layer_plan *p, const struct layer_io *io)
{
	if (!io->dx[0])
		return OK;
	const bool output = from_output(p->kind);
	struct cuda_act_args a;
	memset(&a, 0, sizeof a);
	a.x = output ? io->y : io->x[0];
	a.dy = io->dy[0];
	a.y = io->dx[0];
	a.n = p->n;
	a.kind = p->kind;
	a.x_bf16 = output ? p->y.bf16 : p->x.bf16;
	a.dy_bf16 = p->y.bf16;
	a.y_bf16 = p->x.bf16;
	return cuda_later(p->device, p->backward, run_act, &a, sizeof a);
}

static unsigned act_backward_reads(const struct layer *l)
{
	return from_output(l->activation) ? READS_Y : READS_X0;
}

static unsigned act_in_place(const struct layer *l)
{
	(void)l;
	return IN_PLACE_Y_X0 | IN_PLACE_DX0_DY0;
}

const struct layer_ops cuda_activation = {
	.plan = act_plan,
	.drop = act_drop,
	.forward = act_forward,
	.backward = act_backward,
	.backward_reads = act_backward_reads,
	.in_place = act_in_place,
};
