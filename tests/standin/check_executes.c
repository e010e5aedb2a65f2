/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Plans of cuDNN's that are executed: what is refused then, in a capture, and by engines that the test has made faulty. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standin/check_cudnn.h"
#include "tests/standin/check_graphs.h"
#include "tests/standin/standin.h"

enum { N = 2, C = 16, H = 6, OUT = 24, X = N * H * H * C, W = OUT * 9 * C, Y = N * H * H * OUT };
enum { PLAIN, ROOMY, RUNTIME, CORES, LOOSE };   /* the stand-in's engines */

static const struct graph_tensor x_shape = {1, N, C, H, H, false, false}, w_shape = {2, OUT, C, 3, 3, false, false};
static const struct graph_tensor y_shape = {3, N, OUT, H, H, false, false};
static const int64_t ids[] = {1, 2, 3};
static const size_t workspace_bytes = (size_t)9 << 20;
static float *at[3], *workspace, *pinned;
static float x[X], w[W], y[Y];
static cudnnHandle_t handle;
static cudaStream_t stream;

static node single(cudnnBackendDescriptorType_t type)
{
	const struct graph_conv same = {1, 1, 1};
	const node op = graph_convolves(type, graph_conv(&same), graph_tensor(&x_shape), graph_tensor(&w_shape), graph_tensor(&y_shape), 1, 0);
	return graph_of(1, &op);
}

static node plan_of(cudnnBackendDescriptorType_t type, int engine)
{
	return graph_plan(graph_engine(single(type), engine));
}

static void send(int which, const float *from, size_t n)
{
	MUST(cudaMemcpyAsync(at[which], from, n * sizeof *from, cudaMemcpyHostToDevice, stream));
}

static void open_all(cudaStream_t s)
{
	static const size_t sizes[] = {X, W, Y};
	stream = s;
	for (int i = 0; i < 3; i++)
		MUST(cudaMalloc((void **)&at[i], sizes[i] * sizeof(float)));
	MUST(cudaMalloc((void **)&workspace, workspace_bytes));
	MUST(cudaMallocHost((void **)&pinned, sizeof x));
	MUST(cudnnCreate(&handle));
	MUST(cudnnSetStream(handle, stream));
	for (int i = 0; i < X; i++)
		x[i] = (float)(i * 37 % 101) / 97 - 0.4f;
	for (int i = 0; i < W; i++)
		w[i] = (float)(i * 53 % 103) / 89 - 0.6f;
	for (int i = 0; i < Y; i++)
		y[i] = (float)(i * 29 % 107) / 83 - 0.7f;
	send(0, x, X);
	send(1, w, W);
	send(2, y, Y);
}

static void close_all(void)
{
	graph_end();
	for (int i = 0; i < 3; i++)
		MUST(cudaFree(at[i]));
	MUST(cudaFree(workspace));
	MUST(cudaFreeHost(pinned));
	MUST(cudnnDestroy(handle));
}

static cudnnStatus_t run(node plan, void *a, void *b, void *c, void *work)
{
	void *pointers[] = {a, b, c};
	return cudnnBackendExecute(handle, plan, graph_pack(3, ids, pointers, work));
}

static void said(const char *what, cudnnStatus_t s)
{
	char reason[512];
	cudnnGetLastErrorString(reason, sizeof reason);
	printf("%s: %s%s%s\n", what, cudnnGetErrorString(s), s ? ": " : "", s ? reason : "");
}

static void pointers(void)
{
	const node plain = plan_of(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, PLAIN);
	void *const two[] = {at[0], at[1]};
	float *inside;
	said("a misaligned tensor", run(plain, at[0] + 1, at[1], at[2], NULL));
	said("a tensor on the host", run(plain, x, at[1], at[2], NULL));
	said("a tensor that is too short", run(plain, at[0] + 4, at[1], at[2], NULL));
	said("no tensor", run(plain, at[0], NULL, at[2], NULL));
	said("a pack without a tensor", cudnnBackendExecute(handle, plain, graph_pack(2, ids, two, NULL)));
	said("a result over a factor", run(plain, at[2], at[1], at[2], NULL));
	MUST(cudaMalloc((void **)&inside, (X + Y) * sizeof(float)));
	said("a result over the end of a factor", run(plain, inside, at[1], inside + X - 4, NULL));
	said("a result behind a factor", run(plain, inside, at[1], inside + X, NULL));
	MUST(cudaFree(inside));
}

static void workspaces(void)
{
	const node roomy = plan_of(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, ROOMY);
	const size_t left = (size_t)graph_workspace(roomy) - 16;
	float *const end = workspace + (workspace_bytes - left) / sizeof(float);
	said("no workspace", run(roomy, at[0], at[1], at[2], NULL));
	said("a misaligned workspace", run(roomy, at[0], at[1], at[2], workspace + 1));
	said("a workspace on the host", run(roomy, at[0], at[1], at[2], x));
	said("a workspace that is too small", run(roomy, at[0], at[1], at[2], end));
	said("a result in the workspace", run(roomy, at[0], at[1], workspace, workspace));
}

static void plans(void)
{
	static const char text[] = "{\"deviceName\":\"a card\"}";
	const node plain = plan_of(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, PLAIN);
	void *const all[] = {at[0], at[1], at[2]};
	const node pack = graph_pack(3, ids, all, NULL);
	said("a plan that is not finalized", cudnnBackendExecute(handle, graph_make(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR), pack));
	said("a pack that is not finalized", cudnnBackendExecute(handle, plain, graph_make(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)));
	said("a plan for a pack", cudnnBackendExecute(handle, plain, plain));
	said("no handle", cudnnBackendExecute(NULL, plain, pack));
	graph_card = graph_make(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
	graph_set(graph_card, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, sizeof text, text);
	MUST(cudnnBackendFinalize(graph_card));
	const node described = plan_of(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, PLAIN);
	graph_card = NULL;
	said("a plan for a card that is described", cudnnBackendExecute(handle, described, pack));
	said("the default stream", cudnnSetStream(handle, NULL));
	standin_fail("cudnnBackendExecute", 1, CUDNN_STATUS_EXECUTION_FAILED);
	printf("a call that the test lets fail: %s\n", cudnnGetErrorString(run(plain, at[0], at[1], at[2], NULL)));
	standin_devices(0);
	cudnnHandle_t none;
	said("no device", cudnnCreate(&none));
	standin_devices(1);
}

void check_cudnn_stops(cudaStream_t s)
{
	open_all(s);
	pointers();
	workspaces();
	plans();
	close_all();
}

/* ---- engines that are faulty, and what differs between good ones ---- */

static void filter_by(node plan, float *out)
{
	MUST(run(plan, at[0], at[1], at[2], workspace));
	MUST(cudaMemcpyAsync(out, at[1], sizeof w, cudaMemcpyDeviceToHost, stream));
	MUST(cudaStreamSynchronize(stream));
}

static int differ(const float *a, const float *b, float by)
{
	int n = 0;
	for (int i = 0; i < W; i++)
		n += fabsf(a[i] - b[i]) > by;
	return n;
}

/* By the events around one run. */
static float milliseconds(node plan, float *out)
{
	cudaEvent_t from, to;
	float ms;
	MUST(cudaEventCreate(&from));
	MUST(cudaEventCreate(&to));
	MUST(cudaEventRecord(from, stream));
	filter_by(plan, out);
	MUST(cudaEventRecord(to, stream));
	MUST(cudaEventSynchronize(to));
	MUST(cudaEventElapsedTime(&ms, from, to));
	MUST(cudaEventDestroy(from));
	MUST(cudaEventDestroy(to));
	return ms;
}

void check_cudnn_faults(cudaStream_t s)
{
	static float a[W], b[W];
	const cudnnBackendDescriptorType_t filter = CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR;
	open_all(s);
	const node plain = plan_of(filter, PLAIN), loose = plan_of(filter, LOOSE), cores = plan_of(filter, CORES);
	filter_by(plain, a);
	filter_by(plain, b);
	printf("an engine twice: %d differ\n", differ(a, b, 0));
	filter_by(loose, a);
	filter_by(loose, b);
	printf("one that is not deterministic, twice: %s, %d far apart\n", differ(a, b, 0) ? "some differ" : "none differ", differ(a, b, 1e-4f));
	filter_by(plain, b);
	printf("two engines: %s, %d far apart\n", differ(a, b, 0) ? "some differ" : "none differ", differ(a, b, 1e-4f));
	filter_by(cores, a);
	printf("one with factors of 10 bits: %s, %d far apart\n", differ(a, b, 1e-4f) ? "some differ" : "none differ", differ(a, b, 0.1f));
	standin_engine(CORES, STANDIN_ENGINE_WRONG);
	filter_by(cores, b);
	printf("a wrong engine: %d far apart\n", differ(a, b, 0.1f));
	standin_engine(CORES, STANDIN_ENGINE_FAILS);
	said("an engine that fails", run(cores, at[0], at[1], at[2], NULL));
	standin_engine(CORES, STANDIN_ENGINE_REFUSED);
	const node refused = graph_make(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR), of = graph_engine(single(filter), CORES);
	graph_set(refused, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &of);
	said("an engine that is refused", cudnnBackendFinalize(refused));
	standin_engine(-1, STANDIN_ENGINE_SLOW);
	printf("a slow engine: %g ms\n", (double)milliseconds(plain, b));
	standin_engine(-1, STANDIN_ENGINE_GOOD);
	printf("a good one: %g ms\n", (double)milliseconds(plain, b));
	const long launches = standin_launches();
	filter_by(plain, b);
	printf("launches: %ld\n", standin_launches() - launches);
	close_all();
}

/* ---- streams ---- */

static cudaGraphExec_t captured(node plan)
{
	cudaGraph_t graph;
	cudaGraphExec_t exec;
	MUST(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
	MUST(cudaMemcpyAsync(at[0], pinned, sizeof x, cudaMemcpyHostToDevice, stream));
	MUST(run(plan, at[0], at[1], at[2], workspace));
	MUST(cudaStreamEndCapture(stream, &graph));
	MUST(cudaGraphInstantiate(&exec, graph, 0));
	MUST(cudaGraphDestroy(graph));
	return exec;
}

/* A graph that was captured does its plan again, on what is there then; the plan itself may be gone. */
void check_cudnn_captured(cudaStream_t s)
{
	static float first[Y];
	open_all(s);
	const cudaGraphExec_t exec = captured(plan_of(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, ROOMY));
	graph_end();
	for (int k = 1; k <= 2; k++) {
		for (int i = 0; i < X; i++)
			pinned[i] = x[i] * (float)k;
		MUST(cudaGraphLaunch(exec, stream));
		MUST(cudaMemcpyAsync(k == 1 ? first : y, at[2], sizeof y, cudaMemcpyDeviceToHost, stream));
		MUST(cudaStreamSynchronize(stream));
	}
	for (int i = 0; i < Y; i++)
		must(first[i] != 0 && y[i] == 2 * first[i], "a replay");   /* times 2 is exact */
	MUST(cudaGraphExecDestroy(exec));
	close_all();
}

void check_cudnn_no_wait(cudaStream_t s, cudaStream_t other)
{
	open_all(s);
	const node plan = plan_of(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, PLAIN);
	MUST(cudaStreamSynchronize(stream));
	MUST(run(plan, at[0], at[1], at[2], NULL));
	MUST(cudnnSetStream(handle, other));
	MUST(run(plan, at[0], at[1], at[2], NULL));
}

void check_cudnn_leak(void)
{
	MUST(cudnnCreate(&handle));
	graph_make(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
}
