/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Convolutions as tasks for cuDNN, and as graphs of its operations. */
#include "src/cuda/conv.h"

#include <stdio.h>

/* ---- tasks ---- */

struct conv_task conv_task_of(const struct plan_request *r)
{
	const struct layer *l = r->layer;
	const int in = r->channels > l->in[0] ? r->channels : l->in[0];
	return (struct conv_task){
		.shape = {.n = r->n, .groups = l->groups > 0 ? l->groups : 1, .in = {in, l->in[1], l->in[2]},
		          .out = {l->out[0], l->out[1], l->out[2]}, .kernel = l->kernel, .stride = l->stride, .pad = l->pad},
		.bf16 = r->precision == PRECISION_BF16, .direct = r->algo == CONV_DIRECT,
		.fast = r->fast,
	};
}

void conv_key(const struct conv_task *t, char key[CONV_KEY])
{
	static const char *const names[] = {[CONV_FORWARD] = "fprop", [CONV_DATA] = "dgrad", [CONV_WEIGHTS] = "wgrad"};
	const struct conv_shape *s = &t->shape;
	snprintf(key, CONV_KEY, "conv %s %s n%d %dx%dx%d %dk%ds%dp%dg%d%s%s", names[t->part], t->bf16 ? "bf16" : "fp32", s->n,
	         s->in[0], s->in[1], s->in[2], s->out[0], s->kernel, s->stride, s->pad, s->groups, t->direct ? " direct" : "",
	         t->fast ? " fast" : "");
}

bool conv_allows(const struct conv_task *t, unsigned notes)
{
	unsigned without = 0;
	if (!t->fast)
		without |= DNN_NONDETERMINISTIC;
	if (!t->fast && !t->bf16)
		without |= DNN_TENSOR_CORES | DNN_DOWN_CONVERTS;
	/* Sums are float32's; the transforms' own numbers would be bf16. */
	if (t->bf16)
		without |= DNN_SUMS_NARROW | DNN_WINOGRAD | DNN_FFT;
	if (t->direct)
		without |= DNN_WINOGRAD | DNN_FFT;
	return !(notes & without);
}

/* ---- graphs ---- */

static const cudnnBackendDescriptorType_t operations[] = {
	[CONV_FORWARD] = CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
	[CONV_DATA] = CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
	[CONV_WEIGHTS] = CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
};

/* One operation from memory to memory: what follows it is passes of our own. Engines for graphs of more operations are compiled at run
 * time, for seconds a shape, and are not always faster. */
static status build(struct dnn_graph *g, const struct conv_task *t)
{
	const struct conv_shape *s = &t->shape;
	const cudnnDataType_t type = t->bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
	const struct dnn_tensor tensors[] = {
		{CONV_ID_X, type, {s->n, s->in[0], s->in[1], s->in[2]}},
		{CONV_ID_W, type, {s->out[0], s->in[0] / s->groups, s->kernel, s->kernel}},
		{CONV_ID_Y, type, {s->n, s->out[0], s->out[1], s->out[2]}},
	};
	cudnnBackendDescriptor_t at[3], operation;
	for (int i = 0; i < 3; i++)
		TRY(dnn_tensor(g, &tensors[i], &at[i]));
	TRY(dnn_convolution(g, operations[t->part], (struct dnn_window){s->stride, s->pad}, at[0], at[1], at[2], &operation));
	return dnn_graph_finish(g, 1, &operation);
}

status conv_graph(const struct dnn_card *card, const struct conv_task *t, struct dnn_graph *out)
{
	*out = (struct dnn_graph){.card = card};
	status s = build(out, t);
	if (s != OK)
		dnn_graph_close(out);
	return s;
}
