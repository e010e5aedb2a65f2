/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What cuDNN's descriptors refuse. The stand-in refuses all that version 9.19 does, with the same statuses, and by name
 * what that lets pass until it crashes or is wrong: a tensor that is not finalized or is none, two tensors of one id. */
#include <stdio.h>

#include "tests/standin/check_cudnn.h"
#include "tests/standin/check_graphs.h"

static const struct graph_tensor x_shape = {1, 2, 8, 6, 6, true, false}, w_shape = {2, 16, 8, 3, 3, true, false};
static const struct graph_tensor y_shape = {3, 2, 16, 6, 6, true, false};
static const struct graph_conv same = {1, 1, 1};

static void said(const char *what, cudnnStatus_t s)
{
	printf("%s: %s\n", what, cudnnGetErrorString(s));
}

static cudnnStatus_t set(node n, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count,
                         const void *from)
{
	return cudnnBackendSetAttribute(n, name, type, count, from);
}

/* Attributes of a tensor one by one, of which one is left out. */
static node half_tensor(cudnnBackendAttributeName_t without, const int64_t *dims, const int64_t *strides, int64_t rank)
{
	const node n = graph_make(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
	const int64_t id = 9, alignment = 16;
	const cudnnDataType_t type = CUDNN_DATA_FLOAT;
	const struct { cudnnBackendAttributeName_t name; cudnnBackendAttributeType_t type; int64_t n; const void *from; } all[] = {
		{CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &id},
		{CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment},
		{CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type},
		{CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dims},
		{CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, rank, strides},
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].name != without)
			graph_set(n, all[i].name, all[i].type, all[i].n, all[i].from);
	return n;
}

static void tensors(void)
{
	static const int64_t dims[] = {2, 8, 6, 6}, strides[] = {288, 1, 48, 8}, zero[] = {2, 8, 0, 6}, two[] = {1, 2};
	const cudnnBackendAttributeName_t none = CUDNN_ATTR_POINTWISE_MODE;
	node n = half_tensor(CUDNN_ATTR_TENSOR_DIMENSIONS, dims, strides, 4);
	said("a tensor without dimensions", cudnnBackendFinalize(n));
	said("a tensor without strides", cudnnBackendFinalize(half_tensor(CUDNN_ATTR_TENSOR_STRIDES, dims, strides, 4)));
	said("a tensor without a type", cudnnBackendFinalize(half_tensor(CUDNN_ATTR_TENSOR_DATA_TYPE, dims, strides, 4)));
	said("a tensor without an id", cudnnBackendFinalize(half_tensor(CUDNN_ATTR_TENSOR_UNIQUE_ID, dims, strides, 4)));
	said("a tensor without an alignment",
	     cudnnBackendFinalize(half_tensor(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, dims, strides, 4)));
	said("a tensor with fewer strides than dimensions", cudnnBackendFinalize(half_tensor(none, dims, strides, 3)));
	said("a tensor of no elements", cudnnBackendFinalize(half_tensor(none, zero, strides, 4)));
	n = graph_make(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
	said("an attribute of another type", set(n, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_INT64, 1, two));
	said("an attribute of two elements", set(n, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 2, two));
	said("an attribute of no elements", set(n, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 0, two));
	said("an attribute from nowhere", set(n, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, NULL));
	said("an attribute of another descriptor",
	     set(n, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, two));
	int64_t got, count;
	said("an attribute read too early",
	     cudnnBackendGetAttribute(n, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &count, &got));
	n = graph_tensor(&x_shape);
	said("an attribute set too late", set(n, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, two));
	said("a descriptor that is finalized twice", cudnnBackendFinalize(n));
}

/* A convolution with the same numbers in both dimensions. */
static cudnnStatus_t conv_with(int64_t pad, int64_t step, int64_t dilation)
{
	const node n = graph_make(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
	const int64_t two = 2, pads[] = {pad, pad}, steps[] = {step, step}, dilations[] = {dilation, dilation};
	const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
	const cudnnDataType_t type = CUDNN_DATA_FLOAT;
	graph_set(n, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &two);
	graph_set(n, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
	graph_set(n, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
	graph_set(n, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, pads);
	graph_set(n, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, pads);
	cudnnStatus_t s = set(n, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, steps);
	if (s == CUDNN_STATUS_SUCCESS)
		s = set(n, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, dilations);
	return s == CUDNN_STATUS_SUCCESS ? cudnnBackendFinalize(n) : s;
}

/* A forward convolution, finalized or not. */
static node forward(const struct graph_tensor *x, const struct graph_tensor *w, const struct graph_tensor *y, bool numbers)
{
	const node n = graph_make(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR), conv = graph_conv(&same);
	const node all[] = {conv, graph_tensor(x), graph_tensor(w), graph_tensor(y)};
	static const cudnnBackendAttributeName_t names[] = {
		CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
		CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y};
	static const float alpha = 1, beta = 0;
	for (int i = 0; i < 4; i++)
		graph_set(n, names[i], CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &all[i]);
	if (numbers) {
		graph_set(n, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &alpha);
		graph_set(n, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &beta);
	}
	return n;
}

static void operations(void)
{
	static const struct graph_tensor small = {3, 2, 16, 5, 6, true, false}, few = {2, 16, 5, 3, 3, true, false};
	static const struct graph_tensor other = {3, 2, 24, 6, 6, true, false}, images = {3, 3, 16, 6, 6, true, false};
	said("a negative padding", conv_with(-1, 1, 1));
	said("a stride of 0", conv_with(1, 0, 1));
	said("a dilation of 0", conv_with(1, 1, 0));
	said("a convolution that does not say how much of it", cudnnBackendFinalize(forward(&x_shape, &w_shape, &y_shape, false)));
	said("a result of another height", cudnnBackendFinalize(forward(&x_shape, &w_shape, &small, true)));
	said("a filter of other channels", cudnnBackendFinalize(forward(&x_shape, &few, &y_shape, true)));
	said("a result of other channels", cudnnBackendFinalize(forward(&x_shape, &w_shape, &other, true)));
	said("a result of more images", cudnnBackendFinalize(forward(&x_shape, &w_shape, &images, true)));
	const node n = graph_make(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
	const node early = graph_make(CUDNN_BACKEND_TENSOR_DESCRIPTOR), conv = graph_conv(&same);
	said("a tensor that is not finalized",
	     set(n, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &early));
	said("an operation without anything", cudnnBackendFinalize(n));
	const node wrong = forward(&x_shape, &w_shape, &y_shape, true);
	const cudnnStatus_t s = set(wrong, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &conv);
	said("a convolution for a tensor", s == CUDNN_STATUS_SUCCESS ? cudnnBackendFinalize(wrong) : s);
}

static node points(cudnnPointwiseMode_t mode, node x, node b, node y)
{
	const node how = graph_make(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
	const node n = graph_make(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
	const cudnnDataType_t type = CUDNN_DATA_FLOAT;
	graph_set(how, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
	graph_set(how, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, 1, &type);
	MUST(cudnnBackendFinalize(how));
	graph_set(n, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &how);
	graph_set(n, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &x);
	if (b)
		graph_set(n, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &b);
	graph_set(n, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &y);
	return n;
}

static cudnnStatus_t graph(int64_t count, const node *operations_of)
{
	const node n = graph_make(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
	graph_set(n, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, count, operations_of);
	return cudnnBackendFinalize(n);
}

static node done(node n)
{
	MUST(cudnnBackendFinalize(n));
	return n;
}

static void graphs(void)
{
	struct graph_tensor virtual = y_shape, twin = y_shape, wide = y_shape;
	virtual.id = 20, virtual.is_virtual = true, virtual.bf16 = false;
	twin.id = w_shape.id;
	wide.id = 21, wide.w = 5;
	const node v = graph_tensor(&virtual), y = graph_tensor(&y_shape);
	said("a sum of one tensor", cudnnBackendFinalize(points(CUDNN_POINTWISE_ADD, v, NULL, y)));
	said("a sum of tensors that don't fit", cudnnBackendFinalize(points(CUDNN_POINTWISE_ADD, v, graph_tensor(&wide), y)));
	node ops[] = {done(forward(&x_shape, &w_shape, &twin, true)), NULL};
	said("two tensors of one id", graph(1, ops));
	ops[0] = done(forward(&x_shape, &w_shape, &virtual, true));
	said("a virtual tensor that nobody reads", graph(1, ops));
	ops[0] = done(points(CUDNN_POINTWISE_RELU_FWD, v, NULL, y));
	said("a virtual tensor that nobody writes", graph(1, ops));
	ops[0] = ops[1] = done(forward(&x_shape, &w_shape, &y_shape, true));
	said("a tensor that is written twice", graph(2, ops));
	ops[0] = graph_conv(&same);
	said("a graph of something else", graph(1, ops));
}

static cudnnStatus_t engine(node g, int64_t index)
{
	const node n = graph_make(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
	graph_set(n, CUDNN_ATTR_ENGINE_OPERATION_GRAPH, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &g);
	if (graph_card)
		graph_set(n, CUDNN_ATTR_ENGINE_DEVICEPROP, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &graph_card);
	const cudnnStatus_t s = set(n, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &index);
	return s == CUDNN_STATUS_SUCCESS ? cudnnBackendFinalize(n) : s;
}

static cudnnStatus_t chosen(node configuration, cudnnBackendKnobType_t type, int64_t value)
{
	const node choice = graph_make(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
	const node n = graph_make(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
	node of = graph_make(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
	int64_t count;
	MUST(cudnnBackendGetAttribute(configuration, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &of));
	graph_set(choice, CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &type);
	graph_set(choice, CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1, &value);
	MUST(cudnnBackendFinalize(choice));
	graph_set(n, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &of);
	graph_set(n, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &choice);
	return cudnnBackendFinalize(n);
}

static void engines(void)
{
	struct graph_tensor y = y_shape;
	node op = done(forward(&x_shape, &w_shape, &y_shape, true)), found[64];
	node g = graph_of(1, &op);
	const node early = graph_make(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR), plan = graph_make(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
	said("an engine of index -1", engine(g, -1));
	said("an engine of index 10000", engine(g, 10000));
	must(graph_proposed(g, CUDNN_HEUR_MODE_A, 64, found) > 0, "engines");
	said("a knob that the engine has not", chosen(found[0], CUDNN_KNOB_TYPE_LOAD_SIZE, 1));
	said("a plan of a configuration that is not finalized",
	     set(plan, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &early));
	said("a plan of nothing", cudnnBackendFinalize(plan));
	const node heuristics = graph_make(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
	said("results that are set", set(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, found));
	y.bf16 = false;
	op = done(forward(&x_shape, &w_shape, &y, true));
	g = graph_of(1, &op);
	printf("a float32 result of bfloat16: %d engines\n", (int)graph_proposed(g, CUDNN_HEUR_MODE_A, 64, found));
}

static cudnnStatus_t pack(int64_t n_ids, const int64_t *ids, int64_t n_pointers)
{
	const node n = graph_make(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
	int there;
	void *pointers[4] = {&there, &there, &there, &there};
	graph_set(n, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, n_ids, ids);
	graph_set(n, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, n_pointers, pointers);
	return cudnnBackendFinalize(n);
}

void check_cudnn_refuses(void)
{
	static const int64_t ids[] = {1, 2, 3}, twice[] = {1, 2, 1};
	tensors();
	operations();
	graphs();
	engines();
	said("more ids than pointers", pack(3, ids, 2));
	said("an id twice", pack(3, twice, 3));
	said("a pack of nothing", cudnnBackendFinalize(graph_make(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)));
	graph_end();
	graph_card = NULL;
}
