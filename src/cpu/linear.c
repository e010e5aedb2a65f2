/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linear layers: y (n, out) = x (n, in) Wᵀ + b, W (out, in) as PyTorch has it.
 * All three products are oneDNN's matmul primitive: over the shapes of small and middle-sized networks it was never behind
 * the inner-product primitive or dnnl_sgemm by more than the noise, and up to twice as fast on batches of 32. One rule
 * for all shapes also keeps bits the same from run to run. */
#include "cpu/cpu.h"

#include <stdlib.h>

#include "cpu/onednn.h"

enum product { FORWARD, DATA, WEIGHTS, WEIGHTS_ADD, PRODUCTS };
enum { COLUMNS = 64 };  /* of the bias that a thread sums at a time */

struct layer_plan {
	const struct device *device;
	struct onednn onednn;
	int n, in, out;
	bool bias;
	struct onednn_op product[PRODUCTS];
};

static int flat(const int shape[3])
{
	return shape[0] * shape[1] * shape[2];
}

static status prepare(struct layer_plan *p, enum product which)
{
	const struct onednn_product shapes[PRODUCTS] = {
		[FORWARD] = {.m = p->n, .n = p->out, .k = p->in, .transpose_b = true, .bias = p->bias},
		[DATA] = {.m = p->n, .n = p->in, .k = p->out},
		[WEIGHTS] = {.m = p->out, .n = p->in, .k = p->n, .transpose_a = true},
		[WEIGHTS_ADD] = {.m = p->out, .n = p->in, .k = p->n, .transpose_a = true, .add = true},
	};
	return p->product[which].primitive ? OK : onednn_product(&p->onednn, &shapes[which], &p->product[which]);
}

static void drop(struct layer_plan *p)
{
	if (!p)
		return;
	for (int i = 0; i < PRODUCTS; i++)
		onednn_op_close(&p->product[i]);
	onednn_close(&p->onednn);
	free(p);
}

static status plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const struct layer *l = r->layer;
	*out = NULL;
	if (r->precision != PRECISION_FP32)
		return fail(ERR_USAGE, "--precision bf16: linear layers on the CPU have float32 only; use --precision fp32");
	struct layer_plan *p = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a linear layer's plan");
	p->device = d;
	p->n = r->n;
	p->in = flat(l->in);
	p->out = flat(l->out);
	p->bias = l->bias >= 0;
	status s = onednn_open(&p->onednn);
	if (s == OK)
		s = prepare(p, FORWARD);
	if (s == OK && r->mode != PLAN_INFER)
		s = prepare(p, DATA);
	if (s == OK && r->mode != PLAN_INFER)
		s = prepare(p, WEIGHTS);
	if (s != OK) {
		drop(p);
		return s;
	}
	*out = p;
	return OK;
}

static status forward(struct layer_plan *p, const struct layer_io *io)
{
	return onednn_run(&p->onednn, &p->product[FORWARD], (const void *[]){io->x[0], io->weight, io->y, io->bias});
}

/* db (out): the sum of dy's rows. */
static void sum_rows(const struct layer_plan *p, const float *dy, bool add, float *dbias)
{
	const struct kernels *k = kernels_of(p->device);
	size_t n = (size_t)p->n, out = (size_t)p->out;
	if (n * out < PARALLEL_MIN || p->device->threads == 1) {
		k->column_sums(dy, n, out, 0, out, add, dbias);
		return;
	}
#pragma omp parallel for schedule(static) num_threads(p->device->threads)
	for (size_t first = 0; first < out; first += COLUMNS)
		k->column_sums(dy, n, out, first, out - first < COLUMNS ? out : first + COLUMNS, add, dbias);
}

static status backward(struct layer_plan *p, const struct layer_io *io)
{
	if (io->dx[0])
		TRY(onednn_run(&p->onednn, &p->product[DATA], (const void *[]){io->dy[0], io->weight, io->dx[0]}));
	if (io->dweight) {
		enum product which = io->add_dparams ? WEIGHTS_ADD : WEIGHTS;
		TRY(prepare(p, which));
		TRY(onednn_run(&p->onednn, &p->product[which], (const void *[]){io->dy[0], io->x[0], io->dweight}));
	}
	if (io->dbias)
		sum_rows(p, io->dy[0], io->add_dparams, io->dbias);
	return OK;
}

static unsigned backward_reads(const struct layer *l)
{
	(void)l;
	return READS_X0;
}

const struct layer_ops cpu_linear = {
	.kind = LAYER_LINEAR,
	.plan = plan,
	.drop = drop,
	.forward = forward,
	.backward = backward,
	.backward_reads = backward_reads,
};
