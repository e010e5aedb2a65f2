/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Tensors, operations and graphs of them, made from attributes: each is checked when it is finalized. */
#include "cudnn.h"

/* The tensor there, or NULL: there is none, or it is something else. */
static const struct dnn_tensor *tensor_at(const struct dnn_node *n, int name)
{
	const struct dnn_node *child = dnn_child(n, name);
	return child && child->type == CUDNN_BACKEND_TENSOR_DESCRIPTOR ? &child->tensor : NULL;
}

/* A list of 64-bit numbers; how many it has. */
static int list(const struct dnn_node *n, int name, int64_t *to, int most)
{
	const std::vector<char> &bytes = n->values.at(name).bytes;
	const int count = (int)(bytes.size() / sizeof *to);
	memcpy(to, bytes.data(), sizeof *to * (size_t)(count < most ? count : most));
	return count;
}

static double number(const struct dnn_node *n, int name, double otherwise)
{
	const auto found = n->values.find(name);
	if (found == n->values.end())
		return otherwise;
	return found->second.type == CUDNN_TYPE_FLOAT ? (double)dnn_get(n, name, 0.f) : dnn_get(n, name, 0.);
}

static cudnnStatus_t tensor(struct dnn_node *n)
{
	struct dnn_tensor *t = &n->tensor;
	t->uid = dnn_get<int64_t>(n, CUDNN_ATTR_TENSOR_UNIQUE_ID, 0);
	t->alignment = dnn_get<int64_t>(n, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 0);
	t->type = dnn_get(n, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_DATA_FLOAT);
	t->is_virtual = dnn_get(n, CUDNN_ATTR_TENSOR_IS_VIRTUAL, false);
	t->by_value = dnn_get(n, CUDNN_ATTR_TENSOR_IS_BY_VALUE, false);
	t->rank = list(n, CUDNN_ATTR_TENSOR_DIMENSIONS, t->dim, DNN_RANK);
	if (t->rank != list(n, CUDNN_ATTR_TENSOR_STRIDES, t->stride, DNN_RANK))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "tensor %lld has not as many strides as dimensions", (long long)t->uid);
	if (t->rank != DNN_RANK)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED, "tensor %lld has %d dimensions: here all have %d",
		                  (long long)t->uid, t->rank, DNN_RANK);
	if (t->type != CUDNN_DATA_FLOAT && t->type != CUDNN_DATA_BFLOAT16)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, "tensor %lld: type %d is not here", (long long)t->uid,
		                  t->type);
	if (t->alignment < (int64_t)dnn_type_bytes(t->type) || (t->alignment & (t->alignment - 1)))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "tensor %lld: an alignment of %lld bytes", (long long)t->uid,
		                  (long long)t->alignment);
	if (t->is_virtual && t->by_value)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "tensor %lld is virtual and by value", (long long)t->uid);
	for (int i = 0; i < DNN_RANK; i++)
		if (t->dim[i] < 1 || t->stride[i] < 1)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "tensor %lld: dimension %d is %lld with stride %lld",
			                  (long long)t->uid, i, (long long)t->dim[i], (long long)t->stride[i]);
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t convolution(struct dnn_node *n)
{
	struct dnn_conv *c = &n->op.conv;
	if (dnn_get<int64_t>(n, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 0) != 2)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED, "convolutions have two dimensions here");
	if (list(n, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, c->pad, 2) != 2 ||
	    list(n, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, c->pad_after, 2) != 2 ||
	    list(n, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, c->step, 2) != 2 ||
	    list(n, CUDNN_ATTR_CONVOLUTION_DILATIONS, c->dilation, 2) != 2)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a convolution of two dimensions has two of each number");
	for (int i = 0; i < 2; i++)
		if (c->pad[i] < 0 || c->pad_after[i] < 0 || c->step[i] < 1 || c->dilation[i] < 1)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a convolution with a negative padding, or a stride or dilation "
			                  "below 1");
	if (dnn_get(n, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT) != CUDNN_DATA_FLOAT)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, "convolutions are computed in float32 here");
	if (dnn_get(n, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CONVOLUTION) != CUDNN_CROSS_CORRELATION)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED, "convolutions are cross-correlations here");
	return CUDNN_STATUS_SUCCESS;
}

/* x, w and y fit together. */
static cudnnStatus_t convolves(const struct dnn_conv *c, const struct dnn_tensor *x, const struct dnn_tensor *w,
                               const struct dnn_tensor *y)
{
	if (x->dim[0] != y->dim[0] || w->dim[0] != y->dim[1] || x->dim[1] % w->dim[1] ||
	    y->dim[1] % (x->dim[1] / w->dim[1]))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM,
		                  "a convolution of %lld×%lld channels with a filter of %lld×%lld gives no %lld×%lld",
		                  (long long)x->dim[0], (long long)x->dim[1], (long long)w->dim[0], (long long)w->dim[1],
		                  (long long)y->dim[0], (long long)y->dim[1]);
	for (int i = 0; i < 2; i++) {
		const int64_t span = (w->dim[2 + i] - 1) * c->dilation[i] + 1;
		const int64_t room = x->dim[2 + i] + c->pad[i] + c->pad_after[i] - span;
		if (room < 0 || room / c->step[i] + 1 != y->dim[2 + i])
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM,
			                  "a convolution of %lld pixels, filter %lld, padding %lld and %lld, stride %lld gives "
			                  "no %lld", (long long)x->dim[2 + i], (long long)w->dim[2 + i], (long long)c->pad[i],
			                  (long long)c->pad_after[i], (long long)c->step[i], (long long)y->dim[2 + i]);
	}
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t conv_op(struct dnn_node *n)
{
	static const struct { int conv, x, w, y, alpha, beta; } of[] = {
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
	const int which = n->type - CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR;
	const struct dnn_node *conv = dnn_child(n, of[which].conv);
	const struct dnn_tensor *x = tensor_at(n, of[which].x), *w = tensor_at(n, of[which].w), *y = tensor_at(n, of[which].y);
	struct dnn_op *op = &n->op;
	if (conv->type != CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR || !x || !w || !y)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a convolution has a convolution and three tensors");
	op->conv = conv->op.conv;
	op->alpha = number(n, of[which].alpha, 1);
	op->beta = number(n, of[which].beta, 0);
	op->ins = 2, op->outs = 1;
	const struct dnn_tensor *const list[] = {x, w, y};
	static const int places[3][3] = {{0, 1, 2}, {0, 2, 1}, {2, 1, 0}};
	op->in[0] = *list[places[which][0]];
	op->in[1] = *list[places[which][1]];
	op->out[0] = *list[places[which][2]];
	return convolves(&op->conv, x, w, y);
}

static bool pointwise_there(cudnnPointwiseMode_t mode)
{
	return mode == CUDNN_POINTWISE_IDENTITY || mode == CUDNN_POINTWISE_RELU_FWD || mode == CUDNN_POINTWISE_RELU_BWD ||
	       mode == CUDNN_POINTWISE_ADD || mode == CUDNN_POINTWISE_SUB || mode == CUDNN_POINTWISE_MUL ||
	       mode == CUDNN_POINTWISE_MAX || mode == CUDNN_POINTWISE_MIN;
}

static cudnnStatus_t pointwise(struct dnn_node *n)
{
	n->op.mode = dnn_get(n, CUDNN_ATTR_POINTWISE_MODE, CUDNN_POINTWISE_ADD);
	if (!pointwise_there(n->op.mode))
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED, "pointwise mode %d is not here", n->op.mode);
	if (dnn_get(n, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT) != CUDNN_DATA_FLOAT)
		return dnn_refuse(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, "pointwise operations are computed in float32 here");
	return CUDNN_STATUS_SUCCESS;
}

/* Each dimension is the other's, or 1. */
static bool broadcasts(const struct dnn_tensor *from, const struct dnn_tensor *to)
{
	for (int i = 0; i < DNN_RANK; i++)
		if (from->dim[i] != to->dim[i] && from->dim[i] != 1)
			return false;
	return true;
}

static cudnnStatus_t pointwise_op(struct dnn_node *n)
{
	const struct dnn_node *how = dnn_child(n, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
	if (how->type != CUDNN_BACKEND_POINTWISE_DESCRIPTOR)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a pointwise operation has a pointwise descriptor");
	struct dnn_op *op = &n->op;
	op->mode = how->op.mode;
	const bool back = op->mode == CUDNN_POINTWISE_RELU_BWD;
	const bool two = back || (op->mode != CUDNN_POINTWISE_IDENTITY && op->mode != CUDNN_POINTWISE_RELU_FWD);
	const struct dnn_tensor *x = tensor_at(n, CUDNN_ATTR_OPERATION_POINTWISE_XDESC);
	const struct dnn_tensor *b = tensor_at(n, CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
	const struct dnn_tensor *dy = tensor_at(n, CUDNN_ATTR_OPERATION_POINTWISE_DYDESC);
	const struct dnn_tensor *out = tensor_at(n, back ? CUDNN_ATTR_OPERATION_POINTWISE_DXDESC
	                                                 : CUDNN_ATTR_OPERATION_POINTWISE_YDESC);
	const struct dnn_tensor *first = back ? dy : x, *second = back ? x : b;
	if (!out || !first || (two != (second != NULL)) || (!back && dy) || (back && b))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "pointwise mode %d: a tensor too few or too many", op->mode);
	op->ins = two ? 2 : 1, op->outs = 1;
	op->in[0] = *first;
	if (two)
		op->in[1] = *second;
	op->out[0] = *out;
	op->scale[0] = number(n, CUDNN_ATTR_OPERATION_POINTWISE_ALPHA1, 1);
	op->scale[1] = number(n, CUDNN_ATTR_OPERATION_POINTWISE_ALPHA2, 1);
	for (int i = 0; i < op->ins; i++)
		if (!broadcasts(&op->in[i], &op->out[0]))
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "pointwise mode %d: tensor %lld does not fit to "
			                  "tensor %lld", op->mode, (long long)op->in[i].uid, (long long)op->out[0].uid);
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t statistics_op(struct dnn_node *n)
{
	struct dnn_op *op = &n->op;
	op->ins = 1, op->outs = 2;
	const struct dnn_tensor *x = tensor_at(n, CUDNN_ATTR_OPERATION_GENSTATS_XDESC);
	const struct dnn_tensor *sum = tensor_at(n, CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC);
	const struct dnn_tensor *squares = tensor_at(n, CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC);
	if (!x || !sum || !squares)
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "statistics have three tensors");
	op->in[0] = *x;
	op->out[0] = *sum;
	op->out[1] = *squares;
	for (int i = 0; i < 2; i++)
		if (op->out[i].dim[1] != op->in[0].dim[1] || dnn_elements(&op->out[i]) != (size_t)op->in[0].dim[1] ||
		    op->out[i].type != CUDNN_DATA_FLOAT)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM,
			                  "statistics are a float32 a channel");
	return CUDNN_STATUS_SUCCESS;
}

/* ---- graphs ---- */

static bool same_tensor(const struct dnn_tensor *a, const struct dnn_tensor *b)
{
	return memcmp(a->dim, b->dim, sizeof a->dim) == 0 && memcmp(a->stride, b->stride, sizeof a->stride) == 0 &&
	       a->type == b->type && a->is_virtual == b->is_virtual && a->by_value == b->by_value &&
	       a->alignment == b->alignment;
}

struct uses { struct dnn_tensor tensor; int read, written; };

static cudnnStatus_t use(std::map<int64_t, struct uses> *all, const struct dnn_tensor *t, bool writes)
{
	struct uses *u = &all->insert({t->uid, {*t, 0, 0}}).first->second;
	(writes ? u->written : u->read)++;
	if (!same_tensor(&u->tensor, t))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "two tensors of one graph have the id %lld", (long long)t->uid);
	if (u->written > 1 || (writes && t->by_value))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "tensor %lld is by value or is written twice", (long long)t->uid);
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t uses_of(const std::vector<dnn_ref> &ops, std::map<int64_t, struct uses> *all)
{
	cudnnStatus_t s = CUDNN_STATUS_SUCCESS;
	for (const dnn_ref &ref : ops) {
		const struct dnn_op *op = &ref->op;
		for (int i = 0; i < op->ins && s == CUDNN_STATUS_SUCCESS; i++)
			s = use(all, &op->in[i], false);
		for (int i = 0; i < op->outs && s == CUDNN_STATUS_SUCCESS; i++)
			s = use(all, &op->out[i], true);
	}
	for (auto &entry : *all)
		if (s == CUDNN_STATUS_SUCCESS && entry.second.tensor.is_virtual && (!entry.second.read || !entry.second.written))
			s = dnn_refuse(CUDNN_STATUS_BAD_PARAM, "virtual tensor %lld is not both written and read",
			               (long long)entry.first);
	return s;
}

static bool is_ready(const struct dnn_op *op, const std::map<int64_t, struct uses> *all, const std::map<int64_t, bool> *done)
{
	for (int i = 0; i < op->ins; i++)
		if (all->at(op->in[i].uid).written && !done->count(op->in[i].uid))
			return false;
	return true;
}

/* Puts the operations in order; false: they go round in a circle. */
static bool put_in_order(const std::vector<dnn_ref> &ops, const std::map<int64_t, struct uses> *all,
                         struct dnn_graph *g)
{
	std::vector<const struct dnn_node *> left;
	std::map<int64_t, bool> done;
	for (const dnn_ref &ref : ops)
		left.push_back(ref.get());
	while (!left.empty()) {
		size_t i = 0;
		while (i < left.size() && !is_ready(&left[i]->op, all, &done))
			i++;
		if (i == left.size())
			return false;
		for (int o = 0; o < left[i]->op.outs; o++)
			done[left[i]->op.out[o].uid] = true;
		g->ops.push_back(left[i]->op);
		left.erase(left.begin() + (long)i);
	}
	return true;
}

static cudnnStatus_t graph(struct dnn_node *n)
{
	const std::vector<dnn_ref> &ops = n->values.at(CUDNN_ATTR_OPERATIONGRAPH_OPS).nodes;
	std::map<int64_t, struct uses> all;
	const cudnnHandle_t handle = dnn_get<cudnnHandle_t>(n, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, NULL);
	if (n->values.count(CUDNN_ATTR_OPERATIONGRAPH_HANDLE) && !dnn_handle_known(handle))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a graph for a handle that is none");
	for (const dnn_ref &ref : ops)
		if (ref->type < CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR ||
		    ref->type > CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR)
			return dnn_refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a graph is of operations");
	const cudnnStatus_t s = uses_of(ops, &all);
	if (s != CUDNN_STATUS_SUCCESS)
		return s;
	std::shared_ptr<struct dnn_graph> g(new dnn_graph());
	if (!put_in_order(ops, &all, g.get()))
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "a graph's operations wait for each other");
	for (auto &entry : all)
		if (!entry.second.tensor.is_virtual)
			g->given.push_back(entry.second.tensor);
	n->graph = g;
	dnn_put(n, CUDNN_ATTR_OPERATIONGRAPH_ENGINE_GLOBAL_COUNT, CUDNN_TYPE_INT64, std::vector<int64_t>{dnn_engines()});
	return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t dnn_finalize_shape(struct dnn_node *n)
{
	n->op.type = n->type;
	switch (n->type) {
	case CUDNN_BACKEND_TENSOR_DESCRIPTOR:
		return tensor(n);
	case CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR:
		return convolution(n);
	case CUDNN_BACKEND_POINTWISE_DESCRIPTOR:
		return pointwise(n);
	case CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR:
		return pointwise_op(n);
	case CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR:
		return statistics_op(n);
	case CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR:
		return graph(n);
	case CUDNN_BACKEND_KNOB_INFO_DESCRIPTOR:
		return dnn_refuse(CUDNN_STATUS_BAD_PARAM, "what a knob can be is only read");
	default:
		return conv_op(n);
	}
}
