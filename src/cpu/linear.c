/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Linear layers: y (n, out) = x (n, in) Wᵀ + b, W (out, in) as PyTorch has it. Small ones in float32 are linear_small.h's. All
 * three products of the others are oneDNN's matmul primitive: over the shapes of middle-sized networks it was never behind the
 * inner-product primitive or dnnl_sgemm by more than the noise. Which of the two it is follows from the shape alone, which
 * keeps bits the same from run to run. */
#include "src/cpu/cpu.h"

#include <stdlib.h>

#include "src/cpu/linear_small.h"
#include "src/cpu/linear_tangent.h"
#include "src/cpu/onednn.h"

enum product { FORWARD, DATA, WEIGHTS, WEIGHTS_ADD, PRODUCTS };
enum { SHARE = 1 << 11 };  /* weights that a thread converts at a time */

struct layer_plan {
	struct device *device;
	struct onednn onednn;
	struct linear_shape shape;
	bool small;               /* no product is the library's */
	bool bias;
	bool bf16;                /* factors are bf16, their working copies where they come as float32 */
	bool narrows;             /* x is float32: what is kept is a bf16 copy of it (n, in) */
	struct format x, y;
	struct onednn_op product[PRODUCTS];
	struct linear_tangent tangent;
};

static status prepare_product(struct layer_plan *p, enum product which)
{
	const bool bf16 = p->bf16;
	const dnnl_dim_t n = (dnnl_dim_t)p->shape.n, in = (dnnl_dim_t)p->shape.in, out = (dnnl_dim_t)p->shape.out;
	const struct onednn_product shapes[PRODUCTS] = {
		[FORWARD] = {.m = n, .n = out, .k = in, .transpose_b = true, .bias = p->bias, .bf16 = bf16, .bf16_c = p->y.bf16},
		[DATA] = {.m = n, .n = in, .k = out, .bf16 = bf16, .bf16_c = p->x.bf16},
		[WEIGHTS] = {.m = out, .n = in, .k = n, .transpose_a = true, .bf16 = bf16},
		[WEIGHTS_ADD] = {.m = out, .n = in, .k = n, .transpose_a = true, .add = true, .bf16 = bf16},
	};
	return onednn_product(&p->onednn, &shapes[which], &p->product[which]);
}

static void linear_drop(struct layer_plan *p)
{
	if (!p)
		return;
	for (int i = 0; i < PRODUCTS; i++)
		onednn_op_close(&p->product[i]);
	onednn_close(&p->onednn);
	free(p);
}

static status prepare_products(struct layer_plan *p, enum plan_mode mode)
{
	TRY(onednn_open(&p->onednn));
	TRY(prepare_product(p, FORWARD));
	if (mode == PLAN_INFER)
		return OK;
	TRY(prepare_product(p, DATA));
	TRY(prepare_product(p, WEIGHTS));
	return prepare_product(p, WEIGHTS_ADD);
}

static bool narrows_x(const struct plan_request *r)
{
	return r->precision == PRECISION_BF16 && !r->x[0].bf16;
}

static size_t linear_kept_bytes(const struct device *d, const struct plan_request *r)
{
	(void)d;
	return narrows_x(r) ? (size_t)r->n * shape_size(r->layer->in) * sizeof(uint16_t) : 0;
}

/* ---- bf16 copies ---- */

static size_t linear_working_bytes(const struct layer_plan *p)
{
	return p->bf16 ? p->shape.in * p->shape.out * sizeof(uint16_t) : 0;
}

static status linear_materialise(struct layer_plan *p, const struct weight_source *from, void *working)
{
	const struct kernels *k = kernels_of(p->device);
	const struct segment *weight = from->param[PARAM_WEIGHT];
	size_t count = p->shape.in * p->shape.out;
	bool alone = cpu_alone(p->device, count);
#pragma omp parallel for schedule(static) num_threads(cpu_threads(p->device)) if (!alone)
	for (size_t i = 0; i < count; i += SHARE) {
		float part[SHARE];
		size_t n = count - i < SHARE ? count - i : SHARE;
		cpu_point_range(k, from->slots, from->at, weight->offset + i, n, weight->frozen, part);
		k->convert(part, false, (uint16_t *)working + i, true, n);
	}
	return OK;
}

/* ---- passes ---- */

static status linear_forward(struct layer_plan *p, const struct layer_io *io)
{
	if (p->small)
		return linear_small_forward(p->device, &p->shape, io);
	if (p->narrows)
		cpu_convert(p->device, io->x[0], false, io->kept, true, p->shape.n * p->shape.in);
	const void *x = p->narrows ? io->kept : io->x[0];
	return onednn_run(&p->onednn, &p->product[FORWARD],
	                  (const void *[]){x, io->param[PARAM_WEIGHT], io->y, io->param[PARAM_BIAS]});
}

/* Both products with dy, which has the factors' type. */
static status multiply_back(struct layer_plan *p, const struct layer_io *io, const void *dy)
{
	const void *x = p->narrows ? io->kept : io->x[0];
	if (p->small) {
		linear_small_backward(p->device, &p->shape, io);
		return OK;
	}
	if (io->dx[0])
		TRY(onednn_run(&p->onednn, &p->product[DATA], (const void *[]){dy, io->param[PARAM_WEIGHT], io->dx[0]}));
	if (!io->dparam[PARAM_WEIGHT])
		return OK;
	enum product which = io->add_dparams ? WEIGHTS_ADD : WEIGHTS;
	return onednn_run(&p->onednn, &p->product[which], (const void *[]){dy, x, io->dparam[PARAM_WEIGHT]});
}

static status multiply_back_narrowed(struct layer_plan *p, const struct layer_io *io)
{
	size_t count = p->shape.n * p->shape.out;
	void *dy;
	TRY(cpu_scratch(p->device, count * sizeof(uint16_t), &dy));
	cpu_convert(p->device, io->dy[0], false, dy, true, count);
	status s = multiply_back(p, io, dy);
	cpu_scratch_return(p->device);
	return s;
}

static status linear_backward(struct layer_plan *p, const struct layer_io *io)
{
	TRY(p->bf16 && !p->y.bf16 ? multiply_back_narrowed(p, io) : multiply_back(p, io, io->dy[0]));
	if (io->dparam[PARAM_BIAS])
		cpu_channel_sums(p->device, (struct format){p->y.bf16, 0}, io->dy[0], p->shape.n, p->shape.out, 1,
		                 io->add_dparams, io->dparam[PARAM_BIAS]);
	return OK;
}

/* ---- tangents ---- */

static status linear_jvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	return linear_tangent_jvp(&p->tangent, io, dot);
}

static status linear_hvp(struct layer_plan *p, const struct layer_io *io, const struct layer_io *dot)
{
	return linear_tangent_hvp(&p->tangent, io, dot);
}

/* Where x is narrowed only the copy is read; but that x is the batch, or what such layers pass on of it, and its memory has no
 * other use. */
static unsigned linear_backward_reads(const struct layer *l)
{
	(void)l;
	return READS_X0;
}

/* ---- plans ---- */

static status linear_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const struct layer *l = r->layer;
	*out = NULL;
	if (r->precision == PRECISION_BF16 && !onednn_has_avx512())
		return fail(ERR_USAGE, "{precision} bf16: oneDNN has bf16 products only for processors with AVX-512; use "
		                       "{precision} fp32");
	TRY(tangent_check(r));
	struct layer_plan *p = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a linear layer's plan");
	p->device = d;
	p->shape = (struct linear_shape){(size_t)r->n, shape_size(l->in), shape_size(l->out)};
	p->bias = l->param[PARAM_BIAS];
	p->bf16 = r->precision == PRECISION_BF16;
	p->narrows = narrows_x(r);
	p->x = r->x[0];
	p->y = r->y;
	p->small = !p->bf16 && linear_is_small(&p->shape);
	p->tangent = linear_tangent_of(d, r, p->shape.in * p->shape.out);
	p->tangent.plan = p;
	p->tangent.forward = linear_forward;
	p->tangent.backward = linear_backward;
	status s = p->small ? OK : prepare_products(p, r->mode);
	if (s != OK) {
		linear_drop(p);
		return s;
	}
	*out = p;
	return OK;
}

const struct layer_ops cpu_linear = {
	.plan = linear_plan,
	.drop = linear_drop,
	.forward = linear_forward,
	.backward = linear_backward,
	.backward_reads = linear_backward_reads,
	.kept_bytes = linear_kept_bytes,
	.working_bytes = linear_working_bytes,
	.materialise = linear_materialise,
	.jvp = linear_jvp,
	.hvp = linear_hvp,
	.tangent_bytes = linear_tangent_bytes,
};
