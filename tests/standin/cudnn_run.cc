/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* A graph's operations, one after the other, on float32 values; what is written is rounded to its type. */
#include "cudnn_loops.h"

typedef std::map<int64_t, std::vector<float>> values;

static float rounded(float x, cudnnDataType_t type)
{
	uint32_t bits;
	if (type == CUDNN_DATA_FLOAT)
		return x;
	memcpy(&bits, &x, sizeof bits);
	if ((bits & 0x7fffffffu) <= 0x7f800000u)   /* of some NaN the rounding would make an infinity */
		bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
	memcpy(&x, &bits, sizeof bits);
	return x;
}

/* To the 10 bits that a tensor core takes of a float32. */
static float down_converted(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	if ((bits & 0x7f800000u) != 0x7f800000u)
		bits = (bits + 0xfff + (bits >> 13 & 1)) & 0xffffe000u;
	memcpy(&x, &bits, sizeof bits);
	return x;
}

static std::vector<float> load(const struct dnn_task *t, const struct dnn_tensor *from)
{
	std::vector<float> x(dnn_elements(from));
	const void *at = t->at.at(from->uid);
	for (size_t i = 0; i < x.size(); i++) {
		const uint32_t bits = from->type == CUDNN_DATA_FLOAT ? 0 : (uint32_t)((const uint16_t *)at)[i] << 16;
		if (from->type == CUDNN_DATA_FLOAT)
			x[i] = ((const float *)at)[i];
		else
			memcpy(&x[i], &bits, sizeof bits);
	}
	return x;
}

static void store(const struct dnn_task *t, const struct dnn_tensor *to, const std::vector<float> &x)
{
	void *at = t->at.at(to->uid);
	for (size_t i = 0; i < x.size(); i++) {
		uint32_t bits;
		memcpy(&bits, &x[i], sizeof bits);
		const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
		if (to->type == CUDNN_DATA_FLOAT)
			((float *)at)[i] = x[i];
		else
			((uint16_t *)at)[i] = nan ? (uint16_t)0x7fff : (uint16_t)(bits >> 16);
	}
}

/* What an operation reads: written before, or by value, or the device's. */
static const std::vector<float> &read(const struct dnn_task *t, values *all, const struct dnn_tensor *x)
{
	const auto found = all->find(x->uid);
	if (found != all->end())
		return found->second;
	const auto value = t->values.find(x->uid);
	return (*all)[x->uid] = value != t->values.end() ? std::vector<float>{value->second} : load(t, x);
}

static void write(const struct dnn_task *t, values *all, const struct dnn_tensor *to, std::vector<float> x)
{
	for (float &v : x)
		v = rounded(v, to->type);
	if (!to->is_virtual)
		store(t, to, x);
	(*all)[to->uid] = std::move(x);
}

static void convolve(const struct dnn_task *t, const struct dnn_op *op, values *all)
{
	static unsigned times;
	const struct dnn_shape s = dnn_shape_of(op);
	const unsigned parts = t->how.parts + (t->how.unsteady ? times++ % 5 : 0);
	std::vector<float> in[2], out(dnn_elements(&op->out[0]));
	for (int i = 0; i < 2; i++) {
		in[i] = read(t, all, &op->in[i]);
		for (size_t k = 0; t->how.down_convert && k < in[i].size(); k++)
			in[i][k] = down_converted(in[i][k]);
	}
	if (op->type == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
		dnn_forward(&s, parts, in[0].data(), in[1].data(), out.data());
	else if (op->type == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR)
		dnn_backward_filter(&s, parts, in[0].data(), in[1].data(), out.data());
	else
		dnn_backward_data(&s, parts, in[0].data(), in[1].data(), out.data());
	if (op->alpha != 1)
		for (float &v : out)
			v *= (float)op->alpha;
	if (op->beta != 0) {
		const std::vector<float> before = load(t, &op->out[0]);
		for (size_t i = 0; i < out.size(); i++)
			out[i] += (float)op->beta * before[i];
	}
	if (t->how.wrong)
		out[out.size() / 2] += 1 + 2 * (out[out.size() / 2] < 0 ? -out[out.size() / 2] : out[out.size() / 2]);
	write(t, all, &op->out[0], std::move(out));
}

/* Where in `x` stands what belongs to element i, in order (n, h, w, c), of `out`. */
static size_t place(const struct dnn_tensor *x, const struct dnn_tensor *out, size_t i)
{
	static const int order[DNN_RANK] = {1, 3, 2, 0};
	size_t at = 0, step = 1;
	for (int k = 0; k < DNN_RANK; k++) {
		const size_t mine = (size_t)x->dim[order[k]], all = (size_t)out->dim[order[k]];
		if (mine > 1)
			at += i % all * step;
		step *= mine;
		i /= all;
	}
	return at;
}

static float point(const struct dnn_op *op, float x, float b)
{
	switch (op->mode) {
	case CUDNN_POINTWISE_ADD:
		return x + b;
	case CUDNN_POINTWISE_SUB:
		return x - b;
	case CUDNN_POINTWISE_MUL:
		return x * b;
	case CUDNN_POINTWISE_MAX:
		return x > b ? x : b;
	case CUDNN_POINTWISE_MIN:
		return x < b ? x : b;
	case CUDNN_POINTWISE_RELU_FWD:
		return x < 0 ? 0 : x;
	case CUDNN_POINTWISE_RELU_BWD:   /* x is dy, b the forward's x */
		return b > 0 ? x : 0;
	default:
		return x;
	}
}

static void points(const struct dnn_task *t, const struct dnn_op *op, values *all)
{
	const struct dnn_tensor *y = &op->out[0];
	std::vector<float> out(dnn_elements(y));
	const std::vector<float> &x = read(t, all, &op->in[0]);
	static const std::vector<float> none(1);
	const std::vector<float> &b = op->ins > 1 ? read(t, all, &op->in[1]) : none;
	for (size_t i = 0; i < out.size(); i++)
		out[i] = point(op, (float)op->scale[0] * x[place(&op->in[0], y, i)],
		               op->ins > 1 ? (float)op->scale[1] * b[place(&op->in[1], y, i)] : 0);
	write(t, all, y, std::move(out));
}

static void statistics(const struct dnn_task *t, const struct dnn_op *op, values *all)
{
	const size_t channels = (size_t)op->in[0].dim[1];
	std::vector<double> sum(channels), squares(channels);
	const std::vector<float> &x = read(t, all, &op->in[0]);
	for (size_t i = 0; i < x.size(); i++) {
		sum[i % channels] += (double)x[i];
		squares[i % channels] += (double)x[i] * (double)x[i];
	}
	write(t, all, &op->out[0], std::vector<float>(sum.begin(), sum.end()));
	write(t, all, &op->out[1], std::vector<float>(squares.begin(), squares.end()));
}

void dnn_run(const struct dnn_task *t)
{
	values all;
	if (t->workspace_bytes)
		memset(t->workspace, 0xff, t->workspace_bytes);   /* nothing that somebody still wants may lie there */
	for (const struct dnn_op &op : t->graph->ops) {
		if (dnn_is_conv(&op))
			convolve(t, &op, &all);
		else if (op.type == CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR)
			points(t, &op, &all);
		else
			statistics(t, &op, &all);
	}
	if (t->how.slow)
		standin_seconds += 0.03;
}
