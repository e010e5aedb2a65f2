/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/standin/check_cudnn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standin/check_graphs.h"
#include "tests/standin/standin.h"

enum { FORWARD = CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
       FILTER = CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
       DATA = CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR };
/* What follows on a convolution; what they are of: x, w, y and, as ids, what pointwise operations read. */
enum follows { NOTHING, CONVERT, ADD, BIASED, FOLDED, MASKED, SUMS };
enum { X = 1, W, Y, BIAS, OTHER, SUM, SQUARES, FACTOR, VIRTUAL, BUFFERS = VIRTUAL, MOST = 64, ROOM = 1 << 14 };
static const size_t workspace_bytes = (size_t)9 << 20;

struct shape { int64_t n, c, h, w, out, filter, groups, pad, step, dilation; };
struct test { struct shape shape; int direction; enum follows follows; bool bf16; double beta; };

static struct { float values[ROOM]; size_t n; bool bf16; void *device; } buffers[BUFFERS];
static double want[ROOM], size[ROOM];
static void *workspace;
static cudnnHandle_t handle;
static cudaStream_t stream;

static float bf16(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, 4);
	bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
	memcpy(&x, &bits, 4);
	return x;
}

/* ---- memory ---- */

static void fill(int id, size_t n, bool half)
{
	static uint32_t state = 1;
	must(n <= ROOM, "room");
	buffers[id].n = n, buffers[id].bf16 = half;
	for (size_t i = 0; i < n; i++) {
		state = state * 1664525 + 1013904223;
		const float x = (float)(state >> 8) / (1 << 23) - 1;
		buffers[id].values[i] = half ? bf16(x) : x;
	}
}

static void send(int id)
{
	uint16_t halves[ROOM];
	for (size_t i = 0; i < buffers[id].n; i++) {
		uint32_t bits;
		memcpy(&bits, &buffers[id].values[i], 4);
		halves[i] = (uint16_t)(bits >> 16);
	}
	MUST(cudaMemcpyAsync(buffers[id].device, buffers[id].bf16 ? (void *)halves : buffers[id].values,
	                     buffers[id].n * (buffers[id].bf16 ? 2 : 4), cudaMemcpyHostToDevice, stream));
}

static void fetch(int id, float *to)
{
	static uint16_t halves[ROOM];
	MUST(cudaMemcpyAsync(buffers[id].bf16 ? (void *)halves : to, buffers[id].device,
	                     buffers[id].n * (buffers[id].bf16 ? 2 : 4), cudaMemcpyDeviceToHost, stream));
	for (size_t i = 0; buffers[id].bf16 && i < buffers[id].n; i++) {
		const uint32_t bits = (uint32_t)halves[i] << 16;
		memcpy(&to[i], &bits, 4);
	}
}

/* ---- what must come out ---- */

static int64_t outer(int64_t in, const struct shape *s)
{
	return (in + 2 * s->pad - (s->filter - 1) * s->dilation - 1) / s->step + 1;
}

static void term(int to, size_t i, int a, size_t j, int b, size_t k)
{
	const double x = (double)buffers[a].values[j] * (double)buffers[b].values[k];
	(void)to;
	want[i] += x;
	size[i] += fabs(x);
}

/* Of one element of y and one of the filter. */
static void terms(const struct test *t, int64_t n, int64_t p, int64_t q, int64_t k, int64_t i, int64_t j)
{
	const struct shape *s = &t->shape;
	const int64_t in = s->c / s->groups, y = p * s->step - s->pad + i * s->dilation;
	const int64_t x = q * s->step - s->pad + j * s->dilation, group = k / (s->out / s->groups);
	if (y < 0 || x < 0 || y >= s->h || x >= s->w)
		return;
	for (int64_t c = 0; c < in; c++) {
		const size_t at_x = (size_t)(((n * s->h + y) * s->w + x) * s->c + group * in + c);
		const size_t at_w = (size_t)(((k * s->filter + i) * s->filter + j) * in + c);
		const size_t at_y = (size_t)(((n * outer(s->h, s) + p) * outer(s->w, s) + q) * s->out + k);
		if (t->direction == FORWARD)
			term(Y, at_y, X, at_x, W, at_w);
		else if (t->direction == FILTER)
			term(W, at_w, X, at_x, Y, at_y);
		else
			term(X, at_x, Y, at_y, W, at_w);
	}
}

static void convolve(const struct test *t)
{
	const struct shape *s = &t->shape;
	memset(want, 0, sizeof want);
	memset(size, 0, sizeof size);
	for (int64_t n = 0; n < s->n; n++)
		for (int64_t p = 0; p < outer(s->h, s); p++)
			for (int64_t q = 0; q < outer(s->w, s); q++)
				for (int64_t k = 0; k < s->out; k++)
					for (int64_t f = 0; f < s->filter * s->filter; f++)
						terms(t, n, p, q, k, f / s->filter, f % s->filter);
}

static int result_of(const struct test *t)
{
	return t->direction == FORWARD ? Y : t->direction == FILTER ? W : X;
}

/* What follows: of channel c, with what was there before. */
static double followed(const struct test *t, double x, size_t i, size_t channels)
{
	switch (t->follows) {
	case ADD:
		return x + (double)buffers[OTHER].values[i];
	case BIASED:
		return fmax(0, x + (double)buffers[OTHER].values[i] + (double)buffers[BIAS].values[i % channels]);
	case FOLDED:
		return fmax(0, (double)buffers[FACTOR].values[0] * x + (double)buffers[BIAS].values[i % channels] +
		                       (double)buffers[OTHER].values[i]);
	case MASKED:
		return buffers[OTHER].values[i] > 0 ? x : 0;
	default:
		return x + t->beta * (double)buffers[result_of(t)].values[i];
	}
}

static void compare(const char *what, double got, double wanted, double room)
{
	if (fabs(got - wanted) <= room)
		return;
	printf("not ok: %s: %.9g, not %.9g within %.3g\n", what, got, wanted, room);
	exit(1);
}

static void check_result(const struct test *t, const char *name, bool down)
{
	static float got[ROOM];
	const int id = result_of(t);
	const size_t channels = (size_t)(t->direction == DATA ? t->shape.c : t->shape.out);
	const double share = down ? 1e-3 : 1e-6;
	double sum[MOST] = {0}, squares[MOST] = {0};
	fetch(id, got);
	for (size_t i = 0; i < buffers[id].n; i++) {
		const double w = followed(t, want[i], i, channels);
		compare(name, (double)got[i], w, share * (size[i] + 2) + (buffers[id].bf16 ? fabs(w) / 256 : 0));
		sum[i % channels] += want[i];
		squares[i % channels] += want[i] * want[i];
	}
	if (t->follows != SUMS)
		return;
	fetch(SUM, got);
	for (size_t c = 0; c < channels; c++)
		compare("a sum", (double)got[c], sum[c], share * 100);
	fetch(SQUARES, got);
	for (size_t c = 0; c < channels; c++)
		compare("a sum of squares", (double)got[c], squares[c], share * (squares[c] + 100));
}

/* ---- graphs ---- */

static node tensor(int64_t id, int64_t n, int64_t c, int64_t h, int64_t w, bool half, bool is_virtual)
{
	const struct graph_tensor t = {id, n, c, h, w, half, is_virtual};
	if (id < BUFFERS && !is_virtual)
		fill((int)id, (size_t)(n * c * h * w), half);
	return graph_tensor(&t);
}

/* Like the convolution's result: virtual and of float32, or not. */
static node like_result(const struct test *t, int64_t id, bool half, bool is_virtual)
{
	const struct shape *s = &t->shape;
	if (t->direction == FILTER)
		return tensor(id, s->out, s->c / s->groups, s->filter, s->filter, half, is_virtual);
	return t->direction == DATA ? tensor(id, s->n, s->c, s->h, s->w, half, is_virtual)
	                            : tensor(id, s->n, s->out, outer(s->h, s), outer(s->w, s), half, is_virtual);
}

/* A residual and a bias in the type of the rest: what needs no compiling. */
static node biased(const struct test *t, node virtual, node result, node *op)
{
	const int64_t channels = t->direction == DATA ? t->shape.c : t->shape.out;
	const node added = like_result(t, VIRTUAL + 1, false, true), with_bias = like_result(t, VIRTUAL + 2, false, true);
	op[1] = graph_points(CUDNN_POINTWISE_ADD, virtual, like_result(t, OTHER, t->bf16, false), added);
	op[2] = graph_points(CUDNN_POINTWISE_ADD, added, tensor(BIAS, 1, channels, 1, 1, t->bf16, false), with_bias);
	op[3] = graph_points(CUDNN_POINTWISE_RELU_FWD, with_bias, NULL, result);
	return graph_of(4, op);
}

static node folded(const struct test *t, node virtual, node result, node *op)
{
	const int64_t channels = t->direction == DATA ? t->shape.c : t->shape.out;
	const node scaled = like_result(t, VIRTUAL + 1, false, true), biased = like_result(t, VIRTUAL + 2, false, true);
	const node added = like_result(t, VIRTUAL + 3, false, true);
	buffers[FACTOR].values[0] = 0.5f;
	op[1] = graph_points(CUDNN_POINTWISE_MUL, virtual, graph_value(FACTOR), scaled);
	op[2] = graph_points(CUDNN_POINTWISE_ADD, scaled, tensor(BIAS, 1, channels, 1, 1, false, false), biased);
	op[3] = graph_points(CUDNN_POINTWISE_ADD, biased, like_result(t, OTHER, t->bf16, false), added);
	op[4] = graph_points(CUDNN_POINTWISE_RELU_FWD, added, NULL, result);
	return graph_of(5, op);
}

static node graph_for(const struct test *t)
{
	const struct shape *s = &t->shape;
	const struct graph_conv numbers = {s->pad, s->step, s->dilation};
	const node conv = graph_conv(&numbers);
	const bool alone = t->follows == NOTHING;
	node x = tensor(X, s->n, s->c, s->h, s->w, t->bf16, false), op[5];
	node w = tensor(W, s->out, s->c / s->groups, s->filter, s->filter, t->bf16, false);
	node y = tensor(Y, s->n, s->out, outer(s->h, s), outer(s->w, s), t->bf16, false);
	node *mine = t->direction == FORWARD ? &y : t->direction == FILTER ? &w : &x, result = *mine;
	if (!alone)
		*mine = like_result(t, VIRTUAL, false, true);
	if (t->follows == CONVERT || t->follows == ADD)
		result = like_result(t, result_of(t), false, false);
	op[0] = graph_convolves((cudnnBackendDescriptorType_t)t->direction, conv, x, w, y, 1, t->beta);
	switch (t->follows) {
	case CONVERT:
		op[1] = graph_points(CUDNN_POINTWISE_IDENTITY, *mine, NULL, result);
		return graph_of(2, op);
	case ADD:
		op[1] = graph_points(CUDNN_POINTWISE_ADD, *mine, like_result(t, OTHER, false, false), result);
		return graph_of(2, op);
	case MASKED:
		op[1] = graph_points(CUDNN_POINTWISE_RELU_BWD, *mine, like_result(t, OTHER, t->bf16, false), result);
		return graph_of(2, op);
	case BIASED:
		return biased(t, *mine, result, op);
	case FOLDED:
		return folded(t, *mine, result, op);
	case SUMS:
		op[1] = graph_points(CUDNN_POINTWISE_IDENTITY, *mine, NULL, result);
		op[2] = graph_statistics(*mine, tensor(SUM, 1, s->out, 1, 1, false, false),
		                         tensor(SQUARES, 1, s->out, 1, 1, false, false));
		return graph_of(3, op);
	default:
		return graph_of(1, op);
	}
}

static node pack_of(void)
{
	static const int64_t ids[] = {X, W, Y, BIAS, OTHER, SUM, SQUARES, FACTOR};
	void *pointers[FACTOR];
	for (int i = 0; i < FACTOR; i++)
		pointers[i] = ids[i] == FACTOR ? (void *)buffers[FACTOR].values : buffers[ids[i]].device;
	return graph_pack(FACTOR, ids, pointers, workspace);
}

static void send_all(void)
{
	for (int id = 1; id < FACTOR; id++)
		send(id);
}

static int64_t of_engine(node configuration)
{
	const node e = graph_make(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
	int64_t index, n;
	node engine = e;
	MUST(cudnnBackendGetAttribute(configuration, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &n, &engine));
	MUST(cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &n, &index));
	return index;
}

static void check_plan(const struct test *t, node configuration)
{
	char name[96];
	const int64_t engine = of_engine(configuration);
	snprintf(name, sizeof name, "direction %d, then %d, of %s with engine %d", t->direction, t->follows,
	         t->bf16 ? "bf16" : "fp32", (int)engine);
	send_all();
	const node plan = graph_plan(configuration);
	must((size_t)graph_workspace(plan) <= workspace_bytes, "a workspace of a size");
	MUST(cudnnBackendExecute(handle, plan, pack_of()));
	check_result(t, name, !t->bf16 && (engine == 2 || engine == 3));
}

static void check_test(const struct test *t)
{
	node found[MOST];
	const node graph = graph_for(t);
	int64_t n = graph_proposed(graph, CUDNN_HEUR_MODE_A, MOST, found);
	n += graph_proposed(graph, CUDNN_HEUR_MODE_FALLBACK, MOST - n, found + n);
	must(n >= (t->follows == NOTHING || t->follows == BIASED ? 3 : 1), "engines");
	convolve(t);
	for (int64_t i = 0; i < n; i++)
		check_plan(t, found[i]);
	graph_end();
}

static void open_all(cudaStream_t s)
{
	stream = s;
	for (int id = 1; id < BUFFERS; id++)
		MUST(cudaMalloc(&buffers[id].device, ROOM * 4));
	MUST(cudaMalloc(&workspace, workspace_bytes));
	MUST(cudnnCreate(&handle));
	MUST(cudnnSetStream(handle, stream));
}

static void close_all(void)
{
	graph_end();
	for (int id = 1; id < BUFFERS; id++)
		MUST(cudaFree(buffers[id].device));
	MUST(cudaFree(workspace));
	MUST(cudnnDestroy(handle));
}

static const struct shape shapes[] = {
	{2, 8, 6, 7, 24, 3, 1, 1, 1, 1}, {3, 16, 7, 5, 8, 3, 1, 1, 2, 1}, {2, 8, 6, 6, 16, 1, 1, 0, 2, 1},
	{2, 16, 9, 8, 24, 3, 2, 0, 1, 2}, {1, 8, 8, 8, 8, 5, 1, 2, 1, 1}, {2, 3, 5, 5, 6, 3, 3, 1, 1, 1},
};

void check_cudnn_good(cudaStream_t s)
{
	static const struct { int direction; enum follows follows; } forms[] = {
		{FORWARD, NOTHING}, {FILTER, NOTHING}, {DATA, NOTHING}, {FILTER, CONVERT}, {FILTER, ADD}, {FORWARD, BIASED}, {FORWARD, FOLDED},
		{DATA, MASKED}, {FORWARD, SUMS},
	};
	open_all(s);
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
		for (size_t k = 0; k < sizeof forms / sizeof *forms; k++)
			for (int half = 0; half < 2; half++) {
				struct test t = {shapes[i], forms[k].direction, forms[k].follows, half, 0};
				check_test(&t);
				t.beta = 1;
				if (t.follows == NOTHING && !half)
					check_test(&t);
			}
	close_all();
}
