/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions: y = x ⋆ W + b. Activations lie in blocks of channels or channels last; the working weights are in the
 * layouts that the forward and the backward-data pass want, one where they agree. */
#include "src/cpu/conv.h"
#include "src/cpu/conv_planes.h"

#include <math.h>
#include <stdlib.h>

struct layer_plan {
	struct device *device;
	struct onednn onednn;
	struct onednn_conv shape;
	struct conv_part part[API_WEIGHTS + 1];
	struct conv_planes planes;     /* in place of the parts */
	bool one_copy;                 /* forward and data share their weights */
	bool folds;                    /* a norm is folded in */
	bool narrow;                   /* y is bf16 where the convolution works in float32 */
	size_t outputs;                /* elements of y */
	size_t data_at, bias_at, working;  /* bytes of the working weights */
};

static size_t padded(size_t bytes)
{
	return (bytes + 63) / 64 * 64;
}

static void drop(struct layer_plan *p)
{
	if (!p)
		return;
	for (int i = 0; i <= API_WEIGHTS; i++)
		conv_part_drop(&p->part[i]);
	conv_planes_drop(&p->planes);
	onednn_close(&p->onednn);
	free(p);
}

static status check(const struct plan_request *r)
{
	if (r->precision == PRECISION_BF16 && !onednn_has_avx512())
		return fail(ERR_USAGE, "{precision} bf16: oneDNN has bf16 convolutions only for processors with AVX-512; use "
		                       "{precision} fp32");
	if (r->precision == PRECISION_BF16 && r->algo == CONV_WINOGRAD)
		return fail(ERR_USAGE, "{conv-algo} winograd: there is one in float32 only; use {precision} fp32, or another algorithm");
	if (r->norm && (r->norm->norm != NORM_BATCH || r->norm->activation == ACTIVATION_THRESHOLD || r->layer->bias >= 0))
		return fail(ERR_LIBRARY, "only batch norm without a threshold folds into a convolution, and into one without a bias");
	if (r->mode != PLAN_INFER && r->x[0].bf16 != r->y.bf16)
		return fail(ERR_LIBRARY, "a convolution to train has its input's type");
	return OK;
}

/* An image of one pixel lies the same in blocks as it does with channels last. */
static int block_of(int block, const int shape[3], int other)
{
	bool pixel = shape[1] == 1 && shape[2] == 1;
	return pixel && block == 0 && other > 1 && shape[0] % other == 0 ? other : block;
}

static dnnl_alg_kind_t activation_of(const struct layer *norm)
{
	if (!norm || norm->activation == ACTIVATION_NONE)
		return dnnl_alg_kind_undef;
	return norm->activation == ACTIVATION_RELU   ? dnnl_eltwise_relu
	       : norm->activation == ACTIVATION_SILU ? dnnl_eltwise_swish
	                                             : dnnl_eltwise_tanh;
}

static struct onednn_conv shape_of(const struct plan_request *r)
{
	const struct layer *l = r->layer;
	return (struct onednn_conv){
		.inference = r->mode == PLAN_INFER, .bf16 = r->x[0].bf16, .bias = l->bias >= 0 || r->norm, .n = r->n,
		.groups = l->groups > 0 ? l->groups : 1, .in = {l->in[0], l->in[1], l->in[2]},
		.out = {l->out[0], l->out[1], l->out[2]}, .kernel = l->kernel, .stride = l->stride, .pad = l->pad,
		.x_block = block_of(r->x[0].block, l->in, r->y.block), .y_block = block_of(r->y.block, l->out, r->x[0].block),
		.add = r->norm && r->norm->input[1] != -2, .activation = activation_of(r->norm),
	};
}

static status none(const struct layer_plan *p)
{
	const struct onednn_conv *c = &p->shape;
	return fail(ERR_LIBRARY, "oneDNN %d.%d has no convolution of %d×%d×%d to %d channels, kernel %d, stride %d, padding %d, "
	                         "groups %d%s", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, c->in[0], c->in[1], c->in[2], c->out[0],
	            c->kernel, c->stride, c->pad, c->groups, c->bf16 ? ", in bf16" : "");
}

static status plan_direction(struct layer_plan *p, enum api_direction direction, enum conv_algo algo)
{
	struct onednn_conv c = p->shape;
	c.direction = direction;
	c.bias = c.bias && direction == API_FORWARD;
	TRY(conv_choose(p->device, &p->onednn, &c, algo, &p->part[direction]));
	return p->part[direction].made ? OK : none(p);
}

/* Whether everything is in planes and of a shape that they are good for. */
static bool in_planes(const struct plan_request *r)
{
	return r->x[0].block == 1 && r->y.block == 1 && !r->y.bf16 && !r->norm && conv_planes_fit(r->layer);
}

static status plan_directions(struct layer_plan *p, const struct plan_request *r)
{
	bool has = true;
	if (r->algo == CONV_WINOGRAD)
		TRY(conv_has_winograd(&p->onednn, &has));
	if (!has)
		return fail(ERR_USAGE, "{conv-algo} winograd: oneDNN %d.%d has none on this processor; use auto, direct or gemm",
		            DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR);
	if (in_planes(r))
		return conv_planes_make(r->layer, r->n, &p->planes);
	TRY(plan_direction(p, API_FORWARD, r->algo));
	if (r->mode == PLAN_INFER)
		return OK;
	if (r->layer->input[0] != -1)
		TRY(plan_direction(p, API_DATA, r->algo));
	return plan_direction(p, API_WEIGHTS, r->algo);
}

static void place(struct layer_plan *p)
{
	if (p->planes.made) {
		p->working = conv_planes_bytes(&p->planes);
		return;
	}
	const struct conv_part *forward = &p->part[API_FORWARD], *data = &p->part[API_DATA];
	p->one_copy = data->made && conv_weights_same(&forward->weights, &data->weights);
	p->data_at = p->one_copy ? 0 : padded(forward->weights.bytes);
	p->bias_at = padded(forward->weights.bytes) + (p->one_copy ? 0 : padded(data->weights.bytes));
	p->working = p->bias_at + (p->folds ? padded((size_t)p->shape.out[0] * sizeof(float)) : 0);
}

static status plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	*out = NULL;
	TRY(check(r));
	struct layer_plan *p = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a convolution's plan");
	p->device = d;
	p->shape = shape_of(r);
	p->folds = r->norm;
	p->narrow = r->y.bf16 && !r->x[0].bf16;
	p->outputs = (size_t)r->n * shape_size(p->shape.out);
	status s = onednn_open(&p->onednn);
	if (s == OK)
		s = plan_directions(p, r);
	if (s != OK) {
		drop(p);
		return s;
	}
	place(p);
	*out = p;
	return OK;
}

static status forward(struct layer_plan *p, const struct layer_io *io)
{
	if (p->planes.made)
		return conv_planes_forward(p->device, &p->planes, io);
	const char *working = io->weight;
	const void *bias = p->folds ? (const void *)(working + p->bias_at) : (const void *)io->bias;
	void *y = io->y;
	if (p->narrow)
		TRY(cpu_scratch(p->device, p->outputs * sizeof(float), &y));
	if (p->shape.add && p->narrow)
		cpu_convert(p->device, io->x[1], true, y, false, p->outputs);
	else if (p->shape.add && y != io->x[1])
		TRY(p->device->ops->copy(p->device, y, io->x[1], p->outputs * (p->shape.bf16 ? 2 : sizeof(float))));
	TRY(onednn_run(&p->onednn, &p->part[API_FORWARD].op, (const void *[]){io->x[0], working, y, bias}));
	if (p->narrow)
		cpu_convert(p->device, y, false, io->y, true, p->outputs);
	return OK;
}

static status backward(struct layer_plan *p, const struct layer_io *io)
{
	if (p->planes.made)
		return conv_planes_backward(p->device, &p->planes, io);
	const struct onednn_conv *c = &p->shape;
	const void *dy = io->dy[0];
	if (io->dweight)
		TRY(conv_part_gradient(p->device, &p->onednn, &p->part[API_WEIGHTS], io->x[0], dy, io->add_dparams, io->dweight));
	if (io->dbias)
		cpu_channel_sums(p->device, (struct format){c->bf16, c->y_block}, dy, (size_t)c->n, (size_t)c->out[0],
		                 (size_t)c->out[1] * (size_t)c->out[2], io->add_dparams, io->dbias);
	if (!io->dx[0])
		return OK;
	if (!p->part[API_DATA].made)
		return fail(ERR_LIBRARY, "a convolution of the batch itself has no gradient of its input");
	return onednn_run(&p->onednn, &p->part[API_DATA].op,
	                  (const void *[]){dy, (const char *)io->weight + p->data_at, io->dx[0]});
}

static unsigned backward_reads(const struct layer *l)
{
	(void)l;
	return READS_X0;
}

static size_t working_bytes(const struct layer_plan *p)
{
	return p->working;
}

/* w·γ/√(v + ε) and β − m·γ/√(v + ε), as a batch norm with running statistics m and v has it (Ioffe & Szegedy 2015,
 * algorithm 2). */
static void fold(const struct layer_plan *p, const struct weight_source *from, float *scale, float *bias)
{
	const struct device *d = p->device;
	int out = p->shape.out[0];
	cpu_point_range(kernels_of(d), from->slots, from->at, from->scale->offset, (size_t)out, from->scale->frozen, scale);
	cpu_point_range(kernels_of(d), from->slots, from->at, from->shift->offset, (size_t)out, from->shift->frozen, bias);
	for (int o = 0; o < out; o++) {
		double factor = (double)scale[o] / sqrt((double)from->stats[out + o] + NORM_BATCH_EPSILON);
		bias[o] = (float)((double)bias[o] - (double)from->stats[o] * factor);
		scale[o] = (float)factor;
	}
}

static status materialise(struct layer_plan *p, const struct weight_source *from, void *working)
{
	if (p->planes.made)
		return conv_planes_fill(p->device, &p->planes, from, working);
	const struct conv_part *data = &p->part[API_DATA];
	const struct conv_weights *second = data->made && !p->one_copy ? &data->weights : NULL;
	char *at = working;
	float *scale = NULL;
	if (p->folds) {
		scale = malloc((size_t)p->shape.out[0] * sizeof *scale);
		if (!scale)
			return fail(ERR_MEMORY, "out of memory: folding a batch norm");
		fold(p, from, scale, (float *)(at + p->bias_at));
	}
	status s = conv_weights_fill(p->device, from, scale, &p->part[API_FORWARD].weights, at, second, at + p->data_at);
	free(scale);
	return s;
}

const struct layer_ops cpu_conv = {
	.kind = LAYER_CONV,
	.plan = plan,
	.drop = drop,
	.forward = forward,
	.backward = backward,
	.backward_reads = backward_reads,
	.working_bytes = working_bytes,
	.materialise = materialise,
};
