/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions by the library. Activations lie in blocks of channels or channels last; the working weights are in the
 * layouts that the forward and the backward-data pass want, one where they agree. */
#include "src/cpu/conv.h"

#include <math.h>
#include <stdlib.h>

struct library_plan {
	struct layer_plan base;
	struct onednn onednn;
	struct onednn_conv shape;
	struct conv_part part[API_WEIGHTS + 1];
	bool one_copy;                 /* forward and data share their weights */
	bool narrow;                   /* y is bf16 where the convolution works in float32 */
	float *scale;                  /* owned: (out) factors of the weights while a norm is folded in; NULL: none is */
	size_t outputs;                /* elements of y */
	size_t data_at, bias_at;       /* bytes of the working weights */
};

static size_t padded(size_t bytes)
{
	return (bytes + 63) / 64 * 64;
}

static void library_drop(struct layer_plan *base)
{
	struct library_plan *p = (struct library_plan *)base;
	for (int i = 0; i <= API_WEIGHTS; i++)
		conv_part_drop(&p->part[i]);
	onednn_close(&p->onednn);
	free(p->scale);
	free(p);
}

/* An image of one pixel lies the same in blocks as it does with channels last. */
static int block_of(int block, const int shape[3], int other)
{
	bool pixel = shape[1] == 1 && shape[2] == 1;
	return pixel && block == 0 && other > 1 && shape[0] % other == 0 ? other : block;
}

static struct onednn_conv shape_of(const struct plan_request *r)
{
	const struct layer *l = r->layer;
	return (struct onednn_conv){
		.inference = r->mode == PLAN_INFER, .bf16 = r->x[0].bf16, .bias = l->param[PARAM_BIAS] || r->folded, .n = r->n,
		.batch = r->batch > r->n ? r->batch : r->n, .groups = l->groups > 0 ? l->groups : 1, .in = {l->in[0], l->in[1], l->in[2]},
		.out = {l->out[0], l->out[1], l->out[2]}, .kernel = l->kernel, .stride = l->stride, .pad = l->pad,
		.x_block = block_of(r->x[0].block, l->in, r->y.block), .y_block = block_of(r->y.block, l->out, r->x[0].block),
		.add = r->folded && r->folded->input[1] != INPUT_NONE,
		.activation = r->folded ? r->folded->activation : ACTIVATION_NONE,
	};
}

static status none_such(const struct library_plan *p)
{
	const struct onednn_conv *c = &p->shape;
	return fail(ERR_LIBRARY, "oneDNN %d.%d has no convolution of %d×%d×%d to %d channels, kernel %d, stride %d, "
	                         "padding %d, groups %d%s",
	            DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, c->in[0], c->in[1], c->in[2], c->out[0], c->kernel,
	            c->stride, c->pad, c->groups, c->bf16 ? ", in bf16" : "");
}

static status plan_direction(struct device *d, struct library_plan *p, enum api_direction direction,
                             enum conv_algo algo)
{
	struct onednn_conv c = p->shape;
	c.direction = direction;
	c.bias = c.bias && direction == API_FORWARD;
	struct conv_part *part = &p->part[direction];
	TRY(conv_choose(d, &p->onednn, &c, algo, part));
	if (part->own)
		TRY(conv_winograd_reserve(d, &part->winograd));
	return part->made ? OK : none_such(p);
}

static status plan_directions(struct device *d, const struct plan_request *r, struct library_plan *p)
{
	if (r->folded) {
		p->scale = malloc((size_t)p->shape.out[0] * sizeof *p->scale);
		if (!p->scale)
			return fail(ERR_MEMORY, "out of memory: folding a batch norm");
	}
	TRY(onednn_open(&p->onednn));
	/* A narrowed result takes the scratch memory that algorithms of our own work in. */
	TRY(plan_direction(d, p, API_FORWARD, p->narrow ? CONV_DIRECT : r->algo));
	if (r->mode == PLAN_INFER)
		return OK;
	if (r->layer->input[0] != INPUT_BATCH)
		TRY(plan_direction(d, p, API_DATA, r->algo));
	return plan_direction(d, p, API_WEIGHTS, r->algo);
}

static void place_weights(struct library_plan *p)
{
	const struct conv_part *forward = &p->part[API_FORWARD], *data = &p->part[API_DATA];
	p->one_copy = data->made && conv_weights_same(&forward->weights, &data->weights);
	p->data_at = p->one_copy ? 0 : padded(forward->weights.bytes);
	p->bias_at = padded(forward->weights.bytes) + (p->one_copy ? 0 : padded(data->weights.bytes));
	p->base.working = p->bias_at + (p->scale ? padded((size_t)p->shape.out[0] * sizeof(float)) : 0);
}

static status library_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	struct library_plan *p = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a convolution's plan");
	p->shape = shape_of(r);
	p->narrow = r->y.bf16 && !r->x[0].bf16;
	p->outputs = (size_t)r->n * shape_size(p->shape.out);
	status s = plan_directions(d, r, p);
	if (s != OK) {
		library_drop(&p->base);
		return s;
	}
	place_weights(p);
	*out = &p->base;
	return OK;
}

/* y (float32 where the result is narrowed, else the layer's own), x[1] being in it where it is added to. */
static status run_forward(struct library_plan *p, const struct layer_io *io, void *y)
{
	struct device *d = p->base.device;
	const char *working = io->param[PARAM_WEIGHT];
	const void *bias = p->scale ? working + p->bias_at : io->param[PARAM_BIAS];
	if (p->shape.add && p->narrow)
		cpu_convert(d, io->x[1], true, y, false, p->outputs);
	else if (p->shape.add && y != io->x[1])
		TRY(d->ops->copy(d, y, io->x[1], p->outputs * (p->shape.bf16 ? 2 : sizeof(float))));
	return conv_part_run(d, &p->onednn, &p->part[API_FORWARD], io->x[0], working, bias, y);
}

static status library_forward(struct layer_plan *base, const struct layer_io *io)
{
	struct library_plan *p = (struct library_plan *)base;
	void *wide;
	if (!p->narrow)
		return run_forward(p, io, io->y);
	TRY(cpu_scratch(base->device, p->outputs * sizeof(float), &wide));
	status s = run_forward(p, io, wide);
	if (s == OK)
		cpu_convert(base->device, wide, false, io->y, true, p->outputs);
	cpu_scratch_return(base->device);
	return s;
}

static status library_backward(struct layer_plan *base, const struct layer_io *io)
{
	struct library_plan *p = (struct library_plan *)base;
	const struct onednn_conv *c = &p->shape;
	const void *dy = io->dy[0];
	if (io->dparam[PARAM_WEIGHT])
		TRY(conv_part_gradient(base->device, &p->onednn, &p->part[API_WEIGHTS], io->x[0], dy, io->add_dparams,
		                       io->dparam[PARAM_WEIGHT]));
	if (io->dparam[PARAM_BIAS])
		cpu_channel_sums(base->device, (struct format){c->bf16, c->y_block}, dy, (size_t)c->n, (size_t)c->out[0],
		                 (size_t)c->out[1] * (size_t)c->out[2], io->add_dparams, io->dparam[PARAM_BIAS]);
	if (!io->dx[0])
		return OK;
	if (!p->part[API_DATA].made)
		return fail(ERR_LIBRARY, "a convolution of the batch itself has no gradient of its input");
	return conv_part_run(base->device, &p->onednn, &p->part[API_DATA], dy, (const char *)io->param[PARAM_WEIGHT] + p->data_at, NULL,
	                     io->dx[0]);
}

/* w·γ/√(v + ε) and β − m·γ/√(v + ε), as a batch norm with running statistics m and v has it (Ioffe & Szegedy 2015,
 * algorithm 2). */
static void fold_norm(const struct library_plan *p, const struct weight_source *from, float *scale, float *bias)
{
	const struct kernels *k = kernels_of(p->base.device);
	const struct segment *gamma = from->folded[PARAM_WEIGHT], *beta = from->folded[PARAM_BIAS];
	int out = p->shape.out[0];
	cpu_point_range(k, from->slots, from->at, gamma->offset, (size_t)out, gamma->frozen, scale);
	cpu_point_range(k, from->slots, from->at, beta->offset, (size_t)out, beta->frozen, bias);
	for (int o = 0; o < out; o++) {
		double factor = (double)scale[o] / sqrt((double)from->stats[out + o] + NORM_BATCH_EPSILON);
		bias[o] = (float)((double)bias[o] - (double)from->stats[o] * factor);
		scale[o] = (float)factor;
	}
}

static status library_materialise(struct layer_plan *base, const struct weight_source *from, void *working)
{
	struct library_plan *p = (struct library_plan *)base;
	const struct conv_part *data = &p->part[API_DATA];
	const struct conv_weights *second = data->made && !p->one_copy ? &data->weights : NULL;
	char *at = working;
	if (p->scale)
		fold_norm(p, from, p->scale, (float *)(at + p->bias_at));
	return conv_weights_fill(base->device, from, p->scale, &p->part[API_FORWARD].weights, at, second, at + p->data_at);
}

const struct conv_way conv_library_way = {
	.plan = library_plan,
	.drop = library_drop,
	.forward = library_forward,
	.backward = library_backward,
	.materialise = library_materialise,
};
