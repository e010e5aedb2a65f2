/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Activations: ReLU max(x, 0), SiLU x/(1 + e⁻ˣ), tanh. ReLU is not oneDNN's, which turns NaN into 0: a diverged chain
 * would go on unseen. */
#include "cpu/cpu.h"

#include <stdlib.h>

#include "cpu/onednn.h"

enum { SHARE = 1 << 13 };  /* elements that a thread works on at a time */

struct layer_plan {
	const struct device *device;
	struct onednn onednn;
	size_t n;
	enum activation kind;
	struct onednn_op forward, backward;
};

static bool from_output(enum activation kind)
{
	return kind != ACTIVATION_SILU;
}

static void drop(struct layer_plan *p)
{
	if (!p)
		return;
	onednn_op_close(&p->forward);
	onednn_op_close(&p->backward);
	onednn_close(&p->onednn);
	free(p);
}

static status prepare(struct layer_plan *p, enum plan_mode mode)
{
	struct onednn_eltwise shape = {.n = (dnnl_dim_t)p->n, .use_dst = from_output(p->kind)};
	if (p->kind == ACTIVATION_RELU)
		return OK;
	shape.algorithm = p->kind == ACTIVATION_SILU ? dnnl_eltwise_swish : dnnl_eltwise_tanh_use_dst_for_bwd;
	shape.alpha = 1;
	TRY(onednn_open(&p->onednn));
	TRY(onednn_eltwise(&p->onednn, &shape, &p->forward));
	if (mode == PLAN_INFER)
		return OK;
	shape.backward = true;
	return onednn_eltwise(&p->onednn, &shape, &p->backward);
}

static status plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const struct layer *l = r->layer;
	*out = NULL;
	if (r->precision != PRECISION_FP32)
		return fail(ERR_USAGE, "--precision bf16: activations on the CPU have float32 only; use --precision fp32");
	struct layer_plan *p = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: an activation's plan");
	p->device = d;
	p->n = (size_t)r->n * (size_t)l->out[0] * (size_t)l->out[1] * (size_t)l->out[2];
	p->kind = l->activation;
	status s = prepare(p, r->mode);
	if (s != OK) {
		drop(p);
		return s;
	}
	*out = p;
	return OK;
}

/* One of the kernels over the whole batch. */
static void each(const struct layer_plan *p, void (*kernel)(const float *, const float *, float *, size_t), const float *a,
                 const float *b, float *out)
{
	if (p->n < PARALLEL_MIN || p->device->threads == 1) {
		kernel(a, b, out, p->n);
		return;
	}
#pragma omp parallel for schedule(static) num_threads(p->device->threads)
	for (size_t i = 0; i < p->n; i += SHARE)
		kernel(a + i, b + i, out + i, p->n - i < SHARE ? p->n - i : SHARE);
}

static status forward(struct layer_plan *p, const struct layer_io *io)
{
	if (p->kind != ACTIVATION_RELU)
		return onednn_run(&p->onednn, &p->forward, (const void *[]){io->x[0], io->y});
	each(p, kernels_of(p->device)->gate, io->x[0], io->x[0], io->y);
	return OK;
}

static status backward(struct layer_plan *p, const struct layer_io *io)
{
	const struct kernels *k = kernels_of(p->device);
	float *dx = io->dx[0];
	if (!dx)
		return OK;
	if (p->kind != ACTIVATION_RELU)
		return onednn_run(&p->onednn, &p->backward, (const void *[]){from_output(p->kind) ? io->y : io->x[0], io->dy[0], dx});
	each(p, k->gate, io->y, io->dy[0], dx);
	return OK;
}

static unsigned backward_reads(const struct layer *l)
{
	return from_output(l->activation) ? READS_Y : READS_X0;
}

const struct layer_ops cpu_activation = {
	.kind = LAYER_ACTIVATION,
	.plan = plan,
	.drop = drop,
	.forward = forward,
	.backward = backward,
	.backward_reads = backward_reads,
};
