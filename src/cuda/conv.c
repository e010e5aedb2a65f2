/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions: y = x ⋆ W + b by cuDNN, channels last. */
#include "src/cuda/conv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/layers.h"
#include "src/cuda/tensors.h"
#include "src/cuda/weights.h"

/* What cuDNN's tensors must be aligned to, and what its workspace is. */
enum { ALIGN = 16, ALIGN_WORKSPACE = 256 };

struct layer_plan {
	struct device *device;
	struct conv_task task;           /* of the forward pass; others differ in their part */
	const struct conv_ready *forward, *data, *weights;   /* the device's; the latter two NULL to infer, data also of the batch */
	bool folded;                     /* y has a norm's bias and its activation */
	enum activation activation;
	struct cuda_weights working;
	bool residual;                   /* and a second input is added before the activation */
	size_t workspace_at;             /* bytes of scratch before the workspace: dW or, where a residual is added, x ⋆ W */
	char forward_name[56], data_name[56], weights_name[56];   /* what calls are named */
};

/* ---- plans ---- */

/* A batch norm's scale goes into the weights and its shift into a bias, an activation without parameters into the same pass; with a
 * bias of its own there would be two. */
static bool conv_folds(const struct layer *l, const struct layer *next)
{
	return !l->param[PARAM_BIAS] && next->kind == LAYER_NORM && next->norm == NORM_BATCH &&
	       next->activation != ACTIVATION_THRESHOLD;
}

static bool channels_last(struct format f, const int shape[3])
{
	return f.block == 0 || f.block == shape[0] || (f.block == 1 && shape[1] == 1 && shape[2] == 1);
}

static status check_request(const struct plan_request *r)
{
	const struct layer *l = r->layer;
	const bool bf16 = r->precision == PRECISION_BF16;
	if (r->algo == CONV_WINOGRAD || r->algo == CONV_GEMM)
		return fail(ERR_USAGE, "{conv-algo} %s: cuDNN is not told which algorithm; on a CUDA device use auto, or direct for none "
		                       "that transforms; or {device} cpu", r->algo == CONV_GEMM ? "gemm" : "winograd");
	if (r->folded && !conv_folds(l, r->folded))
		return fail(ERR_LIBRARY, "only batch norm without a threshold folds into a convolution, and into one without a bias");
	if (r->x[0].bf16 != bf16 || r->y.bf16 != bf16)
		return fail(ERR_LIBRARY, "a convolution has inputs and outputs of its own precision on a CUDA device");
	if (!channels_last(r->x[0], l->in) || !channels_last(r->y, l->out))
		return fail(ERR_LIBRARY, "a convolution has its channels last on a CUDA device");
	if (r->channels > l->in[0] && l->groups > 1)
		return fail(ERR_LIBRARY, "a convolution in groups has no channels beyond its own");
	return OK;
}

static status plan_part(struct layer_plan *p, enum conv_part part, const struct conv_ready **out)
{
	struct conv_task t = p->task;
	char key[CONV_KEY], version[DNN_VERSION_TEXT];
	t.part = part;
	TRY(cuda_conv_choose(cuda_of(p->device), &t, out));
	if (*out)
		return OK;
	conv_key(&t, key);
	return fail(ERR_LIBRARY, "cuDNN %s has no engine that does this here as it must be done: %s", dnn_version(version), key);
}

static size_t padded(size_t bytes)
{
	return (bytes + ALIGN_WORKSPACE - 1) / ALIGN_WORKSPACE * ALIGN_WORKSPACE;
}

static size_t outputs_of(const struct conv_shape *s)
{
	return (size_t)s->n * shape_size(s->out);
}

static status take_scratch(struct layer_plan *p, enum plan_mode mode)
{
	const struct conv_ready *const part[] = {p->forward, p->data, p->weights};
	const size_t element = format_bytes((struct format){.bf16 = p->task.bf16});
	size_t workspace = 0;
	if (mode != PLAN_INFER)
		p->workspace_at = padded(p->working.rows * p->working.taps * p->working.padded * element);
	else if (p->residual)
		p->workspace_at = padded(outputs_of(&p->task.shape) * element);
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		if (part[i] && part[i]->plan.workspace > workspace)
			workspace = part[i]->plan.workspace;
	return cuda_scratch(p->device, p->workspace_at + workspace);
}

static status prepare(struct layer_plan *p, const struct plan_request *r)
{
	TRY(plan_part(p, CONV_FORWARD, &p->forward));
	if (r->mode != PLAN_INFER) {
		if (r->layer->input[0] != INPUT_BATCH)
			TRY(plan_part(p, CONV_DATA, &p->data));
		TRY(plan_part(p, CONV_WEIGHTS, &p->weights));
	}
	return take_scratch(p, r->mode);
}

static void conv_drop(struct layer_plan *p)
{
	if (!p)
		return;
	cuda_forget(cuda_of(p->device));
	free(p);
}

static void name_calls(struct layer_plan *p, const struct layer *l)
{
	char name[40];
	snprintf(name, sizeof name, "convolution %d-%d %dx%d", l->in[0], l->out[0], l->kernel, l->kernel);
	snprintf(p->forward_name, sizeof p->forward_name, "%s forward", name);
	snprintf(p->data_name, sizeof p->data_name, "%s backward, dx", name);
	snprintf(p->weights_name, sizeof p->weights_name, "%s backward, dW", name);
}

static status conv_plan(struct device *d, const struct plan_request *r, struct layer_plan **out)
{
	const struct layer *l = r->layer;
	*out = NULL;
	TRY(check_request(r));
	struct layer_plan *p = calloc(1, sizeof *p);
	if (!p)
		return fail(ERR_MEMORY, "out of memory: a convolution's plan");
	p->device = d;
	p->task = conv_task_of(r);
	p->folded = r->folded;
	p->residual = r->folded && r->folded->input[1] != INPUT_NONE;
	p->activation = r->folded ? r->folded->activation : ACTIVATION_NONE;
	const size_t groups = (size_t)p->task.shape.groups;
	p->working = (struct cuda_weights){.rows = (size_t)l->out[0], .taps = (size_t)l->kernel * (size_t)l->kernel,
	                                   .in = (size_t)l->in[0] / groups, .padded = (size_t)p->task.shape.in[0] / groups,
	                                   .bf16 = p->task.bf16, .folded = p->folded};
	name_calls(p, l);
	status s = prepare(p, r);
	if (s != OK) {
		conv_drop(p);
		return s;
	}
	*out = p;
	return OK;
}

/* ---- weights ---- */

static size_t conv_working_bytes(const struct layer_plan *p)
{
	return cuda_weights_bytes(&p->working);
}

static status conv_materialise(struct layer_plan *p, const struct weight_source *from, void *working)
{
	return cuda_weights_later(p->device, &p->working, from, working);
}

/* ---- passes ---- */

struct conv_args {
	const struct conv_ready *ready;
	const void *x, *w, *y;
	void *workspace;
};

static status run_conv(struct cuda_device *cuda, const void *args)
{
	const struct conv_args *a = args;
	const struct dnn_data data = {3, {CONV_ID_X, CONV_ID_W, CONV_ID_Y}, {(void *)a->x, (void *)a->w, (void *)a->y}};
	return dnn_run(cuda->dnn->card.handle, &a->ready->plan, &data, a->workspace);
}

static status conv_later(struct layer_plan *p, const char *what, const struct conv_ready *ready, const void *x, const void *w,
                         const void *y)
{
	struct conv_args a;
	memset(&a, 0, sizeof a);
	a.ready = ready;
	a.x = x;
	a.w = w;
	a.y = y;
	if (ready->plan.workspace)
		a.workspace = (char *)cuda_of(p->device)->scratch + p->workspace_at;
	return cuda_later(p->device, what, run_conv, &a, sizeof a);
}

CUDA_RUN(conv_finish)

static status conv_forward(struct layer_plan *p, const struct layer_io *io)
{
	const struct conv_shape *s = &p->task.shape;
	struct cuda_conv_finish_args a;
	const char *working = io->param[PARAM_WEIGHT];
	void *const sums = p->residual ? cuda_of(p->device)->scratch : io->y;
	TRY(conv_later(p, p->forward_name, p->forward, io->x[0], working, sums));
	memset(&a, 0, sizeof a);
	a.x = sums;
	a.y = io->y;
	a.bias = p->folded ? (const float *)(const void *)(working + cuda_weights_bias_at(&p->working)) : io->param[PARAM_BIAS];
	a.residual = p->residual ? io->x[1] : NULL;
	a.n = outputs_of(s);
	a.channels = s->out[0];
	a.activation = p->activation;
	a.bf16 = p->task.bf16;
	return a.bias ? cuda_later(p->device, p->forward_name, run_conv_finish, &a, sizeof a) : OK;
}

CUDA_RUN(conv_gradient)

/* Brings dW from scratch to where it belongs. A bf16 network's was summed in float32 over all of the batch and has then been rounded
 * once, as PyTorch's autocast does: to within 2⁻⁸ of itself, as each x and dy in it was before. Engines that write float32 are compiled
 * at run time, and took 646 µs instead of 451 µs for a ResNet-18's step on an H100. What is added up here, of several parts of a
 * batch, is float32. */
static status place_gradient(struct layer_plan *p, bool add, float *to)
{
	struct cuda_conv_gradient_args a;
	memset(&a, 0, sizeof a);
	a.to = to;
	a.from = cuda_of(p->device)->scratch;
	a.rows = p->working.rows * p->working.taps;
	a.in = (int)p->working.in;
	a.padded = (int)p->working.padded;
	a.add = add;
	a.bf16 = p->task.bf16;
	return cuda_later(p->device, p->weights_name, run_conv_gradient, &a, sizeof a);
}

static status weights_backward(struct layer_plan *p, const struct layer_io *io)
{
	float *const to = io->dparam[PARAM_WEIGHT];
	const bool direct = !p->task.bf16 && !io->add_dparams && p->working.padded == p->working.in && (uintptr_t)to % ALIGN == 0;
	TRY(conv_later(p, p->weights_name, p->weights, io->x[0], direct ? to : (const void *)cuda_of(p->device)->scratch, io->dy[0]));
	return direct ? OK : place_gradient(p, io->add_dparams, to);
}

static status conv_backward(struct layer_plan *p, const struct layer_io *io)
{
	const struct conv_shape *s = &p->task.shape;
	if (io->dparam[PARAM_WEIGHT])
		TRY(weights_backward(p, io));
	if (io->dparam[PARAM_BIAS])
		TRY(cuda_channel_sums(p->device, p->task.bf16, io->dy[0], (size_t)s->n * (size_t)s->out[1] * (size_t)s->out[2],
		                      (size_t)s->out[0], io->add_dparams, io->dparam[PARAM_BIAS]));
	if (!io->dx[0])
		return OK;
	if (!p->data)
		return fail(ERR_LIBRARY, "a convolution of the batch itself has no gradient of its input");
	return conv_later(p, p->data_name, p->data, io->dx[0], io->param[PARAM_WEIGHT], io->dy[0]);
}

static unsigned conv_backward_reads(const struct layer *l)
{
	(void)l;
	return READS_X0;
}

static unsigned conv_in_place(const struct layer *l)
{
	(void)l;
	return IN_PLACE_Y_X1;
}

const struct layer_ops cuda_conv = {
	.plan = conv_plan,
	.drop = conv_drop,
	.forward = conv_forward,
	.backward = conv_backward,
	.backward_reads = conv_backward_reads,
	.in_place = conv_in_place,
	.folds = conv_folds,
	.working_bytes = conv_working_bytes,
	.materialise = conv_materialise,
};
