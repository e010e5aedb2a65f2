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
	static const char *const names[] = {[CONV_FORWARD] = "fprop", [CONV_FUSED] = "fused", [CONV_DATA] = "dgrad",
	                                    [CONV_WEIGHTS] = "wgrad"};
	const struct conv_shape *s = &t->shape;
	snprintf(key, CONV_KEY, "conv %s %s n%d %dx%dx%d %dk%ds%dp%dg%d%s%s%s%s", names[t->part], t->bf16 ? "bf16" : "fp32", s->n,
	         s->in[0], s->in[1], s->in[2], s->out[0], s->kernel, s->stride, s->pad, s->groups, t->residual ? " add" : "",
	         t->relu ? " relu" : "", t->direct ? " direct" : "", t->fast ? " fast" : "");
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

typedef cudnnBackendDescriptor_t descriptor;

/* Tensors between operations, which are float32. */
enum { BETWEEN = 16 };

static cudnnDataType_t type_of(const struct conv_task *t)
{
	return t->bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
}

static struct dnn_tensor images(int64_t id, cudnnDataType_t type, int n, const int of[3])
{
	return (struct dnn_tensor){.id = id, .type = type, .of = {n, of[0], of[1], of[2]}};
}

static struct dnn_tensor weights(int64_t id, cudnnDataType_t type, const struct conv_shape *s)
{
	return (struct dnn_tensor){.id = id, .type = type, .of = {s->out[0], s->in[0] / s->groups, s->kernel, s->kernel}};
}

/* The same values before the next operation has seen them. */
static struct dnn_tensor between(struct dnn_tensor t, int64_t id)
{
	t.id = id;
	t.type = CUDNN_DATA_FLOAT;
	t.between = true;
	return t;
}

/* Appends f's operation from `from`, which becomes what f makes of it: between operations, or `last`, where it is not NULL. */
static status then(struct dnn_graph *g, cudnnPointwiseMode_t f, descriptor *from, descriptor b, const struct dnn_tensor *like,
                   descriptor last, int *n, descriptor *operations)
{
	descriptor to = last;
	if (!last) {
		const struct dnn_tensor next = between(*like, BETWEEN + *n);
		TRY(dnn_tensor(g, &next, &to));
	}
	TRY(dnn_pointwise(g, f, *from, b, to, &operations[*n]));
	*from = to;
	++*n;
	return OK;
}

/* One operation from memory to memory. */
static status plain(struct dnn_graph *g, const struct conv_task *t, cudnnBackendDescriptorType_t type)
{
	const struct conv_shape *s = &t->shape;
	const struct dnn_tensor tensors[] = {images(CONV_ID_X, type_of(t), s->n, s->in), weights(CONV_ID_W, type_of(t), s),
	                                     images(CONV_ID_Y, type_of(t), s->n, s->out)};
	descriptor at[3], operation;
	for (int i = 0; i < 3; i++)
		TRY(dnn_tensor(g, &tensors[i], &at[i]));
	TRY(dnn_convolution(g, type, (struct dnn_window){s->stride, s->pad}, at[0], at[1], at[2], &operation));
	return dnn_graph_finish(g, 1, &operation);
}

/* dW in float32 from bf16: as one operation cuDNN has none. */
static status widened(struct dnn_graph *g, const struct conv_task *t)
{
	const struct conv_shape *s = &t->shape;
	const struct dnn_tensor x = images(CONV_ID_X, type_of(t), s->n, s->in), y = images(CONV_ID_Y, type_of(t), s->n, s->out);
	const struct dnn_tensor w = weights(CONV_ID_W, CUDNN_DATA_FLOAT, s), sums = between(w, BETWEEN);
	descriptor dx, dy, dw, from, operations[2];
	int n = 1;
	TRY(dnn_tensor(g, &x, &dx));
	TRY(dnn_tensor(g, &y, &dy));
	TRY(dnn_tensor(g, &w, &dw));
	TRY(dnn_tensor(g, &sums, &from));
	TRY(dnn_convolution(g, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, (struct dnn_window){s->stride, s->pad},
	                    dx, from, dy, &operations[0]));
	TRY(then(g, CUDNN_POINTWISE_IDENTITY, &from, NULL, &w, dw, &n, operations));
	return dnn_graph_finish(g, n, operations);
}

/* y = relu(x ⋆ w + bias + residual), or some of that. */
static status fused(struct dnn_graph *g, const struct conv_task *t)
{
	const struct conv_shape *s = &t->shape;
	const struct dnn_tensor y = images(CONV_ID_Y, type_of(t), s->n, s->out), sums = between(y, BETWEEN);
	const struct dnn_tensor tensors[] = {
		images(CONV_ID_X, type_of(t), s->n, s->in), weights(CONV_ID_W, type_of(t), s), y, sums,
		images(CONV_ID_BIAS, CUDNN_DATA_FLOAT, 1, (const int[]){s->out[0], 1, 1}),
		images(CONV_ID_RESIDUAL, type_of(t), s->n, s->out),
	};
	enum { X, W, Y, SUMS, BIAS, RESIDUAL, TENSORS };
	descriptor at[TENSORS], operations[4], from;
	int n = 1;
	for (int i = 0; i < TENSORS; i++)
		if (i != RESIDUAL || t->residual)
			TRY(dnn_tensor(g, &tensors[i], &at[i]));
	from = at[SUMS];
	TRY(dnn_convolution(g, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, (struct dnn_window){s->stride, s->pad}, at[X],
	                    at[W], at[SUMS], &operations[0]));
	TRY(then(g, CUDNN_POINTWISE_ADD, &from, at[BIAS], &y, t->residual || t->relu ? NULL : at[Y], &n, operations));
	if (t->residual)
		TRY(then(g, CUDNN_POINTWISE_ADD, &from, at[RESIDUAL], &y, t->relu ? NULL : at[Y], &n, operations));
	if (t->relu)
		TRY(then(g, CUDNN_POINTWISE_RELU_FWD, &from, NULL, &y, at[Y], &n, operations));
	return dnn_graph_finish(g, n, operations);
}

static status build(struct dnn_graph *g, const struct conv_task *t)
{
	switch (t->part) {
	case CONV_FUSED:
		return fused(g, t);
	case CONV_DATA:
		return plain(g, t, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR);
	case CONV_WEIGHTS:
		return t->bf16 ? widened(g, t) : plain(g, t, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR);
	default:
		return plain(g, t, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
	}
}

status conv_graph(const struct dnn_card *card, const struct conv_task *t, struct dnn_graph *out)
{
	*out = (struct dnn_graph){.card = card};
	status s = build(out, t);
	if (s != OK)
		dnn_graph_close(out);
	return s;
}
