/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Linear layers: y (n, out) = x (n, in) Wᵀ + b, W (out, in) as PyTorch has it. */
#include <stdio.h>
#include <stdlib.h>

#include "src/cuda/cuda.h"
#include "src/cuda/layers.h"
#include "src/cuda/matmul.h"
#include "src/cuda/tensors.h"
#include "src/cuda/weights.h"

struct layer_plan {
	struct device *device;
	size_t n, in, out;
	bool bias;
	bool bf16;                /* factors are bf16, their copies where they come as float32 */
	bool narrows_x;           /* x is float32: what is kept is a bf16 copy of it (n, in) */
	bool narrows_y;           /* y is bf16 and has a bias, which cuBLAS adds in c's type alone: c is float32, in scratch */
	bool narrows_dy;          /* dy is float32: its copy is in scratch */
	struct format x, y;
	struct matmul forward, data, weights;
	char forward_name[48], data_name[48], weights_name[48];   /* what calls are named */
};

static bool narrows_x(const struct plan_request *r)
{
	return r->precision == PRECISION_BF16 && !r->x[0].bf16;
}

static size_t linear_kept_bytes(const struct device *d, const struct plan_request *r)
{
	(void)d;
	return narrows_x(r) ? (size_t)r->n * shape_size(r->layer->in) * sizeof(uint16_t) : 0;
}

static void linear_drop(struct layer_plan *p)
{
	if (!p)
		return;
	struct cuda_device *cuda = cuda_of(p->device);
	cuda_forget(cuda);
	matmul_close(cuda, &p->forward);
	matmul_close(cuda, &p->data);
	matmul_close(cuda, &p->weights);
	free(p);
}

static status prepare(struct layer_plan *p, enum plan_mode mode)
{
	struct cuda_device *cuda = cuda_of(p->device);
	const int n = (int)p->n, in = (int)p->in, out = (int)p->out;
	const struct matmul_shape forward = {.m = n, .n = out, .k = in, .transpose_b = true, .bias = p->bias, .bf16 = p->bf16,
	                                     .bf16_c = p->y.bf16 && !p->narrows_y};
	const struct matmul_shape data = {.m = n, .n = in, .k = out, .bf16 = p->bf16, .bf16_c = p->x.bf16};
	const struct matmul_shape weights = {.m = out, .n = in, .k = n, .transpose_a = true, .bf16 = p->bf16};
	TRY(matmul_open(cuda, &forward, &p->forward));
	if (p->narrows_y)
		TRY(cuda_scratch(p->device, p->n * p->out * sizeof(float)));
	if (mode == PLAN_INFER)
		return OK;
	if (p->narrows_dy)
		TRY(cuda_scratch(p->device, p->n * p->out * sizeof(uint16_t)));
	TRY(matmul_open(cuda, &data, &p->data));
	return matmul_open(cuda, &weights, &p->weights);
}

static status linear_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const struct layer *l = r->layer;
	*out = NULL;
	struct layer_plan *p = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a linear layer's plan");
	p->device = d;
	p->n = (size_t)r->n;
	p->in = shape_size(l->in);
	p->out = shape_size(l->out);
	p->bias = l->param[PARAM_BIAS];
	p->bf16 = r->precision == PRECISION_BF16;
	p->x = r->x[0];
	p->y = r->y;
	p->narrows_x = narrows_x(r);
	p->narrows_y = p->y.bf16 && p->bias;
	p->narrows_dy = p->bf16 && !p->y.bf16;
	snprintf(p->forward_name, sizeof p->forward_name, "linear %zu-%zu forward", p->in, p->out);
	snprintf(p->data_name, sizeof p->data_name, "linear %zu-%zu backward, dx", p->in, p->out);
	snprintf(p->weights_name, sizeof p->weights_name, "linear %zu-%zu backward, dW", p->in, p->out);
	status s = prepare(p, r->mode);
	if (s != OK) {
		linear_drop(p);
		return s;
	}
	*out = p;
	return OK;
}

/* ---- bf16 copies ---- */

static struct cuda_weights working_weights(const struct layer_plan *p)
{
	return (struct cuda_weights){.rows = p->out, .taps = 1, .in = p->in, .padded = p->in, .bf16 = true};
}

static size_t linear_working_bytes(const struct layer_plan *p)
{
	const struct cuda_weights w = working_weights(p);
	return p->bf16 ? cuda_weights_bytes(&w) : 0;
}

static status linear_materialise(struct layer_plan *p, const struct weight_source *from, void *working)
{
	const struct cuda_weights w = working_weights(p);
	return cuda_weights_later(p->device, &w, from, working);
}

/* ---- passes ---- */

static status linear_forward(struct layer_plan *p, const struct layer_io *io)
{
	struct cuda_device *cuda = cuda_of(p->device);
	if (p->narrows_x)
		TRY(cuda_convert(p->device, io->x[0], false, io->kept, true, p->n * p->in));
	const void *x = p->narrows_x ? io->kept : io->x[0];
	void *y = p->narrows_y ? cuda->scratch : io->y;
	TRY(matmul_later(cuda, &p->forward, p->forward_name, x, io->param[PARAM_WEIGHT], io->param[PARAM_BIAS], false, y));
	return p->narrows_y ? cuda_convert(p->device, y, false, io->y, true, p->n * p->out) : OK;
}

/* The gradient of the biases, and dy in bf16 for the products, in one pass where both are wanted. */
static status prepare_dy(struct layer_plan *p, const struct layer_io *io, bool narrows)
{
	float *bias = io->dparam[PARAM_BIAS];
	if (narrows && bias)
		return cuda_channel_sums_narrowed(p->device, io->dy[0], p->n, p->out, io->add_dparams, bias, cuda_of(p->device)->scratch);
	if (narrows)
		return cuda_convert(p->device, io->dy[0], false, cuda_of(p->device)->scratch, true, p->n * p->out);
	return bias ? cuda_channel_sums(p->device, p->y.bf16, io->dy[0], p->n, p->out, io->add_dparams, bias) : OK;
}

static status linear_backward(struct layer_plan *p, const struct layer_io *io)
{
	struct cuda_device *cuda = cuda_of(p->device);
	TRY(prepare_dy(p, io, p->narrows_dy && (io->dx[0] || io->dparam[PARAM_WEIGHT])));
	const void *x = p->narrows_x ? io->kept : io->x[0], *dy = p->narrows_dy ? cuda->scratch : io->dy[0];
	if (io->dx[0])
		TRY(matmul_later(cuda, &p->data, p->data_name, dy, io->param[PARAM_WEIGHT], NULL, false, io->dx[0]));
	if (io->dparam[PARAM_WEIGHT])
		TRY(matmul_later(cuda, &p->weights, p->weights_name, dy, x, NULL, io->add_dparams, io->dparam[PARAM_WEIGHT]));
	return OK;
}

/* Where x is narrowed only the copy is read; but that x is the batch, or what such layers pass on of it, and its memory has
 * no other use. */
static unsigned linear_backward_reads(const struct layer *l)
{
	(void)l;
	return READS_X0;
}

const struct layer_ops cuda_linear = {
	.plan = linear_plan,
	.drop = linear_drop,
	.forward = linear_forward,
	.backward = linear_backward,
	.backward_reads = linear_backward_reads,
	.kept_bytes = linear_kept_bytes,
	.working_bytes = linear_working_bytes,
	.materialise = linear_materialise,
};
