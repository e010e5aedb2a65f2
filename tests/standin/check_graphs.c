/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/standin/check_graphs.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 4096 };

node graph_card;
static node made[ROOM];
static int n_made;

void must(bool good, const char *what)
{
	char reason[512];
	if (good)
		return;
	cudnnGetLastErrorString(reason, sizeof reason);
	printf("not ok: %s: %s\n", what, reason);
	exit(1);
}

node graph_make(cudnnBackendDescriptorType_t type)
{
	must(n_made < ROOM, "room for descriptors");
	MUST(cudnnBackendCreateDescriptor(type, &made[n_made]));
	return made[n_made++];
}

void graph_end(void)
{
	while (n_made)
		MUST(cudnnBackendDestroyDescriptor(made[--n_made]));
}

void graph_set(node n, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count, const void *from)
{
	MUST(cudnnBackendSetAttribute(n, name, type, count, from));
}

static node finished(node n)
{
	MUST(cudnnBackendFinalize(n));
	return n;
}

static void set_node(node n, cudnnBackendAttributeName_t name, node child)
{
	graph_set(n, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &child);
}

static void set_card(node n, cudnnBackendAttributeName_t name)
{
	if (graph_card)
		set_node(n, name, graph_card);
}

static void set_number(node n, cudnnBackendAttributeName_t name, int64_t value)
{
	graph_set(n, name, CUDNN_TYPE_INT64, 1, &value);
}

static void set_type(node n, cudnnBackendAttributeName_t name, cudnnDataType_t type)
{
	graph_set(n, name, CUDNN_TYPE_DATA_TYPE, 1, &type);
}

node graph_tensor(const struct graph_tensor *t)
{
	const node n = graph_make(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
	const int64_t dims[] = {t->n, t->c, t->h, t->w}, strides[] = {t->c * t->h * t->w, 1, t->c * t->w, t->c};
	set_number(n, CUDNN_ATTR_TENSOR_UNIQUE_ID, t->id);
	set_number(n, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 16);
	set_type(n, CUDNN_ATTR_TENSOR_DATA_TYPE, t->bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT);
	graph_set(n, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, dims);
	graph_set(n, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, strides);
	graph_set(n, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &t->is_virtual);
	return finished(n);
}

node graph_value(int64_t id)
{
	const node n = graph_make(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
	static const int64_t ones[] = {1, 1, 1, 1};
	static const bool yes = true;
	set_number(n, CUDNN_ATTR_TENSOR_UNIQUE_ID, id);
	set_number(n, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 4);
	set_type(n, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_DATA_FLOAT);
	graph_set(n, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, ones);
	graph_set(n, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, ones);
	graph_set(n, CUDNN_ATTR_TENSOR_IS_BY_VALUE, CUDNN_TYPE_BOOLEAN, 1, &yes);
	return finished(n);
}

node graph_conv(const struct graph_conv *c)
{
	const node n = graph_make(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
	const int64_t pads[] = {c->pad, c->pad}, steps[] = {c->step, c->step}, dilations[] = {c->dilation, c->dilation};
	const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
	set_number(n, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2);
	set_type(n, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
	graph_set(n, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
	graph_set(n, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, pads);
	graph_set(n, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, pads);
	graph_set(n, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, steps);
	graph_set(n, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, dilations);
	return finished(n);
}

node graph_convolves(cudnnBackendDescriptorType_t type, node conv, node x, node w, node y, double alpha, double beta)
{
	static const cudnnBackendAttributeName_t of[3][6] = {
		{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
		 CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
		 CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
		{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
		 CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
		 CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA},
		{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
		 CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
		 CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
	};
	const cudnnBackendAttributeName_t *names = of[type - CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR];
	const node n = graph_make(type);
	set_node(n, names[0], conv);
	set_node(n, names[1], x);
	set_node(n, names[2], w);
	set_node(n, names[3], y);
	graph_set(n, names[4], CUDNN_TYPE_DOUBLE, 1, &alpha);
	graph_set(n, names[5], CUDNN_TYPE_DOUBLE, 1, &beta);
	return finished(n);
}

node graph_points(cudnnPointwiseMode_t mode, node x, node b, node y)
{
	const node how = graph_make(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
	const bool back = mode == CUDNN_POINTWISE_RELU_BWD;
	graph_set(how, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode);
	set_type(how, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
	const node n = graph_make(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
	set_node(n, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, finished(how));
	set_node(n, back ? CUDNN_ATTR_OPERATION_POINTWISE_DYDESC : CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
	if (b)
		set_node(n, back ? CUDNN_ATTR_OPERATION_POINTWISE_XDESC : CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
	set_node(n, back ? CUDNN_ATTR_OPERATION_POINTWISE_DXDESC : CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
	return finished(n);
}

node graph_statistics(node x, node sum, node squares)
{
	const node n = graph_make(CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR);
	const cudnnGenStatsMode_t mode = CUDNN_GENSTATS_SUM_SQSUM;
	graph_set(n, CUDNN_ATTR_OPERATION_GENSTATS_MODE, CUDNN_TYPE_GENSTATS_MODE, 1, &mode);
	set_type(n, CUDNN_ATTR_OPERATION_GENSTATS_MATH_PREC, CUDNN_DATA_FLOAT);
	set_node(n, CUDNN_ATTR_OPERATION_GENSTATS_XDESC, x);
	set_node(n, CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC, sum);
	set_node(n, CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC, squares);
	return finished(n);
}

node graph_of(int64_t count, const node *operations)
{
	const node n = graph_make(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
	graph_set(n, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, count, operations);
	return finished(n);
}

int64_t graph_proposed(node graph, cudnnBackendHeurMode_t mode, int64_t most, node *out)
{
	const node n = graph_make(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
	int64_t count;
	set_node(n, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
	graph_set(n, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
	set_card(n, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP);
	finished(n);
	for (int64_t i = 0; i < most; i++)
		out[i] = graph_make(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
	MUST(cudnnBackendGetAttribute(n, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, most, &count, out));
	return count < most ? count : most;
}

node graph_engine(node graph, int64_t index)
{
	const node engine = graph_make(CUDNN_BACKEND_ENGINE_DESCRIPTOR), n = graph_make(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
	set_node(engine, CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph);
	set_number(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, index);
	set_card(engine, CUDNN_ATTR_ENGINE_DEVICEPROP);
	set_node(n, CUDNN_ATTR_ENGINECFG_ENGINE, finished(engine));
	return finished(n);
}

node graph_plan(node configuration)
{
	const node n = graph_make(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
	set_node(n, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
	set_card(n, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP);
	return finished(n);
}

int64_t graph_workspace(node plan)
{
	int64_t bytes, count;
	MUST(cudnnBackendGetAttribute(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &count, &bytes));
	return bytes;
}

node graph_pack(int64_t count, const int64_t *ids, void *const *pointers, void *workspace)
{
	const node n = graph_make(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
	graph_set(n, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, ids);
	graph_set(n, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, pointers);
	graph_set(n, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
	return finished(n);
}
