/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/cuda/cudnn_private.h"

/* ---- descriptors ---- */

status dnn_set(descriptor d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t n, const void *value)
{
	DNN_TRY(cudnnBackendSetAttribute(d, name, type, n, value));
	return OK;
}

status dnn_set_number(descriptor d, cudnnBackendAttributeName_t name, int64_t value)
{
	return dnn_set(d, name, CUDNN_TYPE_INT64, 1, &value);
}

status dnn_set_part(descriptor d, cudnnBackendAttributeName_t name, descriptor value)
{
	return dnn_set(d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

status dnn_get(descriptor d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t room, int64_t *n,
                  void *value)
{
	DNN_TRY(cudnnBackendGetAttribute(d, name, type, room, n, value));
	return OK;
}

status dnn_get_one(descriptor d, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, void *value)
{
	int64_t n = 0;
	TRY(dnn_get(d, name, type, 1, &n, value));
	return n == 1 ? OK : fail(ERR_LIBRARY, "src/cuda/cudnn.c: cudnnBackendGetAttribute: %" PRId64 " values for one", n);
}

status dnn_create(cudnnBackendDescriptorType_t type, descriptor *out)
{
	*out = NULL;
	DNN_TRY(cudnnBackendCreateDescriptor(type, out));
	return OK;
}

status dnn_finalize(descriptor d)
{
	DNN_TRY(cudnnBackendFinalize(d));
	return OK;
}

void dnn_destroy(descriptor d)
{
	if (!d)
		return;
	status s = cuda_check_dnn(cudnnBackendDestroyDescriptor(d), "cudnnBackendDestroyDescriptor", __FILE__);
	if (s != OK)
		warning_failed(s);
}

status dnn_destroy_failed(descriptor *d, status s)
{
	char *words = fail_copy();
	dnn_destroy(*d);
	*d = NULL;
	fail_again(s, words);
	free(words);
	return s;
}

/* ---- cards ---- */

#if CUDNN_VERSION >= 90800
status dnn_card_read(const char *json, size_t bytes, struct dnn_card *out)
{
	*out = (struct dnn_card){.handle = NULL};
	TRY(dnn_create(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, &out->described));
	status s = dnn_set(out->described, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, (int64_t)bytes, json);
	if (s == OK)
		s = dnn_finalize(out->described);
	return s == OK ? OK : dnn_destroy_failed(&out->described, s);
}

status dnn_set_described(const struct dnn_card *card, descriptor d, int name)
{
	return card->described ? dnn_set_part(d, (cudnnBackendAttributeName_t)name, card->described) : OK;
}
#else
status dnn_card_read(const char *json, size_t bytes, struct dnn_card *out)
{
	(void)json, (void)bytes;
	*out = (struct dnn_card){.handle = NULL};
	return fail(ERR_LIBRARY, "cuDNN describes cards from version 9.8 on, and this program was built with %d.%d", CUDNN_MAJOR, CUDNN_MINOR);
}

status dnn_set_described(const struct dnn_card *card, descriptor d, int name)
{
	(void)card, (void)d, (void)name;
	return OK;
}
#endif

void dnn_card_close(struct dnn_card *card)
{
	dnn_destroy(card->described);
	*card = (struct dnn_card){.handle = NULL};
}

/* ---- graphs ---- */

/* Appends a descriptor, which the caller fills and finalizes. */
static status append(struct dnn_graph *g, cudnnBackendDescriptorType_t type, descriptor *out)
{
	if (g->n == DNN_GROUP)
		return fail(ERR_LIBRARY, "a graph for cuDNN has more than %d parts", DNN_GROUP);
	TRY(dnn_create(type, out));
	g->part[g->n++] = *out;
	return OK;
}

status dnn_tensor(struct dnn_graph *g, const struct dnn_tensor *t, descriptor *out)
{
	const int64_t strides[] = {t->of[1] * t->of[2] * t->of[3], 1, t->of[1] * t->of[3], t->of[1]};
	TRY(append(g, CUDNN_BACKEND_TENSOR_DESCRIPTOR, out));
	TRY(dnn_set_number(*out, CUDNN_ATTR_TENSOR_UNIQUE_ID, t->id));
	TRY(dnn_set(*out, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &t->type));
	TRY(dnn_set(*out, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 4, t->of));
	TRY(dnn_set(*out, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 4, strides));
	TRY(dnn_set_number(*out, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 16));
	return dnn_finalize(*out);
}

static status make_window(struct dnn_graph *g, struct dnn_window window, descriptor *out)
{
	const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
	const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
	const int64_t pads[] = {window.pad, window.pad}, strides[] = {window.stride, window.stride}, dilations[] = {1, 1};
	TRY(append(g, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, out));
	TRY(dnn_set(*out, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &sums));
	TRY(dnn_set(*out, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode));
	TRY(dnn_set_number(*out, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 2));
	TRY(dnn_set(*out, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 2, pads));
	TRY(dnn_set(*out, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 2, pads));
	TRY(dnn_set(*out, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 2, strides));
	TRY(dnn_set(*out, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 2, dilations));
	return dnn_finalize(*out);
}

/* What the same things are called in each direction. */
struct names {
	cudnnBackendAttributeName_t window, x, w, y, alpha, beta;
};

static struct names names_of(cudnnBackendDescriptorType_t type)
{
	switch (type) {
	case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
		return (struct names){CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
		                      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
		                      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
	case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
		return (struct names){CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
		                      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
		                      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
	default:
		return (struct names){CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
		                      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
		                      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
	}
}

status dnn_convolution(struct dnn_graph *g, cudnnBackendDescriptorType_t type, struct dnn_window window, descriptor x, descriptor w,
                       descriptor y, descriptor *out)
{
	const struct names name = names_of(type);
	const float one = 1, zero = 0;
	descriptor how;
	TRY(make_window(g, window, &how));
	TRY(append(g, type, out));
	TRY(dnn_set_part(*out, name.window, how));
	TRY(dnn_set_part(*out, name.x, x));
	TRY(dnn_set_part(*out, name.w, w));
	TRY(dnn_set_part(*out, name.y, y));
	TRY(dnn_set(*out, name.alpha, CUDNN_TYPE_FLOAT, 1, &one));
	TRY(dnn_set(*out, name.beta, CUDNN_TYPE_FLOAT, 1, &zero));
	return dnn_finalize(*out);
}

status dnn_graph_finish(struct dnn_graph *g, int n, descriptor operations[])
{
	descriptor graph;
	TRY(append(g, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, &graph));
	if (g->card->handle)
		TRY(dnn_set(graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &g->card->handle));
	TRY(dnn_set(graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, n, operations));
	TRY(dnn_finalize(graph));
	g->graph = graph;
	return OK;
}

void dnn_graph_close(struct dnn_graph *g)
{
	while (g->n)
		dnn_destroy(g->part[--g->n]);
	g->graph = NULL;
}

const char *dnn_version(char text[DNN_VERSION_TEXT])
{
	const int v = (int)cudnnGetVersion();
	snprintf(text, DNN_VERSION_TEXT, v ? "%d.%d.%d" : "not found", v / 10000, v / 100 % 100, v % 100);
	return text;
}
