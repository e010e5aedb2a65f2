/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Every call that a convolution makes of NVIDIA's libraries, beside those of every network (cuda_status.c), fails once: somebody is
 * told, in words that have file, call and reason, and all memory is given back. */
#include <cuda_runtime_api.h>
#include <cudnn_graph.h>
#include <stdio.h>
#include <string.h>

#include "src/layer.h"
#include "tests/cuda_driver.h"
#include "tests/device_vec.h"
#include "tests/standin/standin.h"
#include "tests/tap.h"

static const struct {
	const char *name;
	int error;
	const char *reason;
	bool no_matter;            /* words of a message */
} calls[] = {
	{"cudnnCreate", CUDNN_STATUS_NOT_INITIALIZED, "CUDNN_STATUS_NOT_INITIALIZED", false},
	{"cudnnDestroy", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnSetStream", CUDNN_STATUS_BAD_PARAM, "CUDNN_STATUS_BAD_PARAM", false},
	{"cudnnBackendCreateDescriptor", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnBackendDestroyDescriptor", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnBackendFinalize", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnBackendSetAttribute", CUDNN_STATUS_BAD_PARAM, "CUDNN_STATUS_BAD_PARAM", false},
	{"cudnnBackendGetAttribute", CUDNN_STATUS_BAD_PARAM, "CUDNN_STATUS_BAD_PARAM", false},
	{"cudnnBackendExecute", CUDNN_STATUS_EXECUTION_FAILED, "CUDNN_STATUS_EXECUTION_FAILED", false},
	{"cudaEventCreateWithFlags", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaEventDestroy", cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", false},
	{"cudaEventRecord", cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", false},
	{"cudaEventSynchronize", cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", false},
	{"cudaEventElapsedTime", cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", false},
	{"cudaStreamBeginCapture", cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported", false},
	{"cudaStreamEndCapture", cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated", false},
	{"cudaGraphInstantiate", cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", false},
	{"cudaGraphDestroy", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaGraphExecDestroy", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaMalloc", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaFree", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaMemsetAsync", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaLaunchKernel", cudaErrorLaunchOutOfResources, "cudaErrorLaunchOutOfResources", false},
	{"cudnnGetVersion", 0, "", true},
	{"cudnnGetErrorString", 0, "", true},
	{"cudnnGetLastErrorString", 0, "", true},
};
enum { CALLS = sizeof calls / sizeof *calls, MOST = 40 };  /* places of a call that are tried, at most */

static char heard[1024];

static void hear(const char *text)
{
	if (!heard[0])
		snprintf(heard, sizeof heard, "%s", text);
}

static status run_passes(struct device *d, struct layer_plan *p, float *memory)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	enum { PART = 4096 / sizeof(float) };
	struct layer_io io = {.x = {memory}, .param = {memory + PART}, .y = memory + (ptrdiff_t)2 * PART, .dy = {memory + (ptrdiff_t)3 * PART},
	                      .dx = {memory + (ptrdiff_t)4 * PART}, .dparam = {memory + (ptrdiff_t)5 * PART}, .add_dparams = true};
	TRY(ops->forward(p, &io));
	TRY(ops->backward(p, &io));
	return d->ops->sync(d);
}

static status use_device(struct device *d)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	struct layer l = {.kind = LAYER_CONV, .input = {0, INPUT_NONE}, .in = {8, 4, 4}, .out = {8, 4, 4}, .param = {1}, .kernel = 1,
	                  .stride = 1, .groups = 1};
	struct plan_request r = {.layer = &l, .n = 2, .mode = PLAN_TRAIN, .precision = PRECISION_BF16, .x = {{true, 0}}, .y = {true, 0}};
	struct layer_plan *p;
	void *memory;
	TRY(d->ops->alloc(d, (size_t)6 * 4096, &memory));
	status s = ops->plan(d, &r, &p);
	if (s == OK) {
		s = run_passes(d, p, memory);
		if (s != OK)
			hear(fail_words(s, "--"));
		ops->drop(p);
	} else {
		hear(fail_words(s, "--"));
	}
	d->ops->free(d, memory);
	return s;
}

/* A device, a convolution both ways, and the end of both; what failed first, in `heard`. */
static void scenario(void)
{
	extern const struct backend cuda_backend;
	struct device *d;
	heard[0] = '\0';
	status s = cuda_backend.open(0, 0, &d);
	if (s == OK) {
		s = use_device(d);
		if (s != OK)
			hear(fail_words(s, "--"));
		d->ops->close(d);
	} else {
		hear(fail_words(s, "--"));
	}
}

/* The nth call of one function fails. */
static bool told(int i, int nth)
{
	char call[64];
	standin_fail(calls[i].name, nth, calls[i].error);
	scenario();
	standin_fail(calls[i].name, 0, 0);
	snprintf(call, sizeof call, ": %s: ", calls[i].name);
	if (strcmp(calls[i].name, "cudaLaunchKernel") == 0)
		snprintf(call, sizeof call, ": cuda_launch_");
	bool good = strstr(heard, "src/cuda/") && strstr(heard, call) && strstr(heard, calls[i].reason);
	if (!good)
		note("call %d of %s: \"%s\"", nth, calls[i].name, heard);
	if (standin_in_use())
		note("call %d of %s: %zu bytes are left", nth, calls[i].name, standin_in_use());
	return good && !standin_in_use();
}

int main(void)
{
	size_t n[CALLS];
	test_prefix(cuda_label);
	warning_to(hear, "--");
	for (int i = 0; i < CALLS; i++)
		n[i] = standin_calls(calls[i].name);
	scenario();
	ok(!heard[0] && !standin_in_use(), "a convolution with nothing amiss: %s", heard);
	for (int i = 0; i < CALLS; i++)
		n[i] = standin_calls(calls[i].name) - n[i];
	for (int i = 0; i < CALLS; i++) {
		if (calls[i].no_matter)
			continue;
		bool good = n[i] > 0;
		const size_t step = (n[i] + MOST - 1) / MOST * (in_haste() ? 7 : 1);
		for (size_t nth = 1; nth <= n[i]; nth += step)
			good = told(i, (int)nth) && good;
		ok(good, "%s: is called %zu times, and somebody is told where it fails", calls[i].name, n[i]);
	}
	return done_testing();
}
