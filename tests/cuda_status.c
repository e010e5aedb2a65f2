/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Every call of NVIDIA's libraries that the backend makes fails once, at every place where it is made: somebody is told, in words
 * that have file, call and reason, and all memory is given back. */
#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <cudnn_graph.h>
#include <stdio.h>
#include <string.h>

#include "chains/state.h"
#include "tests/chain_runs.h"
#include "tests/cuda_driver.h"
#include "tests/norm_case.h"
#include "tests/standin/standin.h"
#include "tests/tap.h"

/* What the backend calls, with an error that the call may return. Whoever adds a call adds it here: a run with a call that is not
 * in this list fails a test below. */
static const struct {
	const char *name;
	int error;
	const char *reason;
	bool no_matter;            /* what it would have told is left out */
} calls[] = {
	{"cudaGetDeviceCount", cudaErrorInitializationError, "cudaErrorInitializationError", false},
	{"cudaSetDevice", cudaErrorInvalidDevice, "cudaErrorInvalidDevice", false},
	{"cudaGetDeviceProperties", cudaErrorInvalidDevice, "cudaErrorInvalidDevice", false},
	{"cudaStreamCreateWithFlags", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaStreamDestroy", cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", false},
	{"cudaStreamSynchronize", cudaErrorIllegalAddress, "cudaErrorIllegalAddress", false},
	{"cudaEventCreateWithFlags", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaEventRecord", cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", false},
	{"cudaEventSynchronize", cudaErrorIllegalAddress, "cudaErrorIllegalAddress", false},
	{"cudaEventQuery", cudaErrorIllegalAddress, "cudaErrorIllegalAddress", false},
	{"cudaStreamWaitEvent", cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", false},
	{"cudaEventDestroy", cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", false},
	{"cudaStreamBeginCapture", cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported", false},
	{"cudaStreamEndCapture", cudaErrorStreamCaptureInvalidated, "cudaErrorStreamCaptureInvalidated", false},
	{"cudaGraphInstantiate", cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", false},
	{"cudaGraphLaunch", cudaErrorLaunchFailure, "cudaErrorLaunchFailure", false},
	{"cudaGraphDestroy", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaGraphExecDestroy", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaMalloc", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaFree", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaMallocHost", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaFreeHost", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaMemcpyAsync", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaMemsetAsync", cudaErrorInvalidValue, "cudaErrorInvalidValue", false},
	{"cudaLaunchKernel", cudaErrorLaunchOutOfResources, "cudaErrorLaunchOutOfResources", false},
	{"cublasLtCreate", CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED", false},
	{"cublasLtDestroy", CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED", false},
	{"cublasLtMatmulDescCreate", CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", false},
	{"cublasLtMatmulDescSetAttribute", CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE", false},
	{"cublasLtMatmulDescDestroy", CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", false},
	{"cublasLtMatrixLayoutCreate", CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", false},
	{"cublasLtMatrixLayoutDestroy", CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", false},
	{"cublasLtMatmulPreferenceCreate", CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", false},
	{"cublasLtMatmulPreferenceSetAttribute", CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE", false},
	{"cublasLtMatmulPreferenceDestroy", CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", false},
	{"cublasLtMatmulAlgoGetHeuristic", CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", false},
	{"cublasLtMatmulAlgoInit", CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED", false},
	{"cublasLtMatmulAlgoCheck", CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED", false},
	{"cublasLtMatmulAlgoConfigSetAttribute", CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE", false},
	{"cublasLtMatmulAlgoConfigGetAttribute", CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE", false},
	{"cublasLtMatmul", CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED", false},
	{"cudaEventElapsedTime", cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle", false},
	{"cudnnCreate", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnDestroy", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnSetStream", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnBackendCreateDescriptor", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnBackendDestroyDescriptor", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnBackendSetAttribute", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnBackendGetAttribute", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnBackendFinalize", CUDNN_STATUS_INTERNAL_ERROR, "CUDNN_STATUS_INTERNAL_ERROR", false},
	{"cudnnBackendExecute", CUDNN_STATUS_EXECUTION_FAILED, "CUDNN_STATUS_EXECUTION_FAILED", false},
	/* Words of a message or of run.json; and the runtime's memory of its last error. */
	{"cudaMemGetInfo", cudaErrorInvalidValue, "", true},
	{"cudaRuntimeGetVersion", cudaErrorInvalidValue, "", true},
	{"cudaDriverGetVersion", cudaErrorInvalidValue, "", true},
	{"cudaGetLastError", 0, "", true},
	{"cudaPeekAtLastError", 0, "", true},
	{"cudaGetErrorName", 0, "", true},
	{"cudaGetErrorString", 0, "", true},
	{"cublasLtGetVersion", 0, "", true},
	{"cublasLtGetStatusName", 0, "", true},
	{"cublasLtGetStatusString", 0, "", true},
};
enum { CALLS = sizeof calls / sizeof *calls };

static char heard[512];

static void hear(const char *text)
{
	snprintf(heard, sizeof heard, "%s", text);
}

static const char *const words[] = {"--sampler", "entropy-mcmc", "--coupling", "5", "--precision", "bf16",
                                    "--batch", "3", "--lr", "0.01", "--steps", "12", NULL};

/* What a snapshot's ways are: begun, asked after, and waited for; and back. */
static status leave(struct device *d, const struct state *st, float *host)
{
	bool done;
	TRY(device_get_begin(d, host, st->s.vector[0], 4 * sizeof *host));
	TRY(device_get_end(d, false, &done));
	TRY(device_get_end(d, true, &done));
	TRY(device_put_begin(d, st->s.vector[0], host, 4 * sizeof *host));
	return device_put_end(d);
}

static status go_through(struct problem *p)
{
	struct state st;
	float x[64], *host = NULL;
	TRY(state_open(&st, &p->plan.state, (struct rng_key){1, 0}));
	status s = device_host_alloc(p->device, 4 * sizeof *host, (void **)&host);
	for (int k = 0; k < 12 && s == OK; k++)
		s = state_step(&st, 0.01, 1);
	if (s == OK)
		s = leave(p->device, &st, host);
	if (s == OK)
		s = state_get(&st, 0, x);
	if (s == OK)
		s = p->device->ops->slots_fetch(p->device, &st.s.slots);
	device_host_free(p->device, host);
	state_close(&st);
	return s;
}

/* A device, a network, a chain's steps with their graphs, and the end of all; what failed, in `heard`. */
static status scenario(void)
{
	extern const struct backend cuda_backend;
	struct opts *o = parse_model("mlp:2-3-1", words);
	struct problem p;
	struct device *d;
	heard[0] = '\0';
	status s = cuda_backend.open(0, 0, &d);
	if (s == OK)
		s = problem_open(o, d, NULL, &p);
	if (s == OK) {
		s = go_through(&p);
		if (s != OK)
			hear(fail_words(s, "--"));
		problem_close(&p);
	} else {
		hear(fail_words(s, "--"));
	}
	opts_free(o);
	return s == OK && heard[0] ? ERR_LIBRARY : s;
}

/* ---- a convolution, whose engines are measured ---- */

enum { CHANNELS = 8, SIDE = 4, IMAGES = 2, KERNEL = 3, PIXELS = IMAGES * SIDE * SIDE * CHANNELS,
       WEIGHTS = CHANNELS * KERNEL * KERNEL * CHANNELS };

static status pass(struct device *d, struct layer_plan *p, float *all)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	float host[PIXELS + WEIGHTS] = {0};
	struct layer_io io = {.x = {all}, .y = all + PIXELS, .param = {all + 4 * PIXELS}, .dy = {all + 2 * PIXELS},
	                      .dx = {all + 3 * PIXELS}, .dparam = {all + 4 * PIXELS + WEIGHTS}};
	TRY(d->ops->put(d, all, host, sizeof host));
	TRY(ops->forward(p, &io));
	TRY(ops->backward(p, &io));
	return d->ops->sync(d);
}

static status convolve_on(struct device *d)
{
	static const struct layer l = {.kind = LAYER_CONV, .input = {0, INPUT_NONE}, .in = {CHANNELS, SIDE, SIDE},
	                               .out = {CHANNELS, SIDE, SIDE}, .param = {1}, .kernel = KERNEL, .stride = 1, .pad = 1,
	                               .groups = 1};
	const struct plan_request r = {.layer = &l, .n = IMAGES, .mode = PLAN_TRAIN, .precision = PRECISION_FP32};
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	struct layer_plan *p;
	void *all;
	TRY(d->ops->alloc(d, (4 * PIXELS + 2 * WEIGHTS) * sizeof(float), &all));
	status s = ops->plan(d, &r, &p);
	if (s == OK) {
		s = pass(d, p, all);
		if (s != OK)
			hear(fail_words(s, "--"));
		ops->drop(p);
	} else {
		hear(fail_words(s, "--"));
	}
	d->ops->free(d, all);
	return s;
}

static status convolution(void)
{
	extern const struct backend cuda_backend;
	struct device *d;
	heard[0] = '\0';
	status s = cuda_backend.open(0, 0, &d);
	if (s != OK) {
		hear(fail_words(s, "--"));
		return s;
	}
	s = convolve_on(d);
	d->ops->close(d);
	return s == OK && heard[0] ? ERR_LIBRARY : s;
}

/* The nth call of one function fails. */
static bool told(int i, int nth, status (*run)(void))
{
	char call[64];
	standin_fail(calls[i].name, nth, calls[i].error);
	status s = run();
	standin_fail(calls[i].name, 0, 0);
	snprintf(call, sizeof call, ": %s: ", calls[i].name);
	/* A launch is the file's and the kernel's. */
	if (strcmp(calls[i].name, "cudaLaunchKernel") == 0)
		snprintf(call, sizeof call, ": cuda_launch_");
	bool good = s != OK && strstr(heard, "src/cuda/") && strstr(heard, call) && strstr(heard, calls[i].reason);
	if (!good)
		note("call %d of %s: status %d, \"%s\"", nth, calls[i].name, (int)s, heard);
	if (standin_in_use())
		note("call %d of %s: %zu bytes are left", nth, calls[i].name, standin_in_use());
	return good && !standin_in_use();
}

/* Every launch of a norm's passes fails once: the pass is named, and the next one is none the worse. */
static void norm_launches(struct device *d, enum norm norm, int launches)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_NORM];
	struct norm_case c = {.shape = {2, 8, 3, 3, 0}, .norm = norm, .activation = ACTIVATION_THRESHOLD, .residual = true, .d = d};
	norm_case_new(&c);
	struct layer_plan *p = norm_case_plan(&c, PLAN_TRAIN);
	struct layer_io io = norm_case_io(&c);
	bool good = true;
	for (int nth = 1; nth <= launches + 1; nth++) {
		standin_fail("cudaLaunchKernel", nth, cudaErrorLaunchOutOfResources);
		status s = ops->forward(p, &io);
		s = s == OK ? ops->backward(p, &io) : s;
		s = s == OK ? d->ops->sync(d) : s;
		standin_fail("cudaLaunchKernel", 0, 0);
		const char *said = s == OK ? "" : fail_words(s, "--");
		good = good && (nth <= launches ? s != OK && strstr(said, "norm") && strstr(said, "cudaErrorLaunchOutOfResources") : s == OK);
		if (s != OK)
			d->ops->sync(d);
	}
	ok(good, "%s: each of %d launches fails, and somebody is told", norm == NORM_BATCH ? "batch norm" : "filter response norm",
	   launches);
	ops->drop(p);
	norm_case_free(&c);
}

static void check_norm_launches(void)
{
	struct device *d = open_cuda();
	norm_launches(d, NORM_BATCH, 4);
	norm_launches(d, NORM_FILTER_RESPONSE, 3);
	d->ops->close(d);
}

/* What one run calls: how often each, and whether all is in the list. */
static void count(status (*run)(void), const char *what, size_t times[CALLS])
{
	size_t all, known = 0;
	for (int i = 0; i < CALLS; i++)
		times[i] = standin_calls(calls[i].name);
	all = standin_calls(NULL);
	ok(run() == OK && !heard[0] && !standin_in_use(), "%s with nothing amiss", what);
	all = standin_calls(NULL) - all;
	for (int i = 0; i < CALLS; i++) {
		times[i] = standin_calls(calls[i].name) - times[i];
		known += times[i];
	}
	ok(known == all, "%s: of %zu calls, all are in the list", what, all);
}

/* A run fails at each of so many places, or where they are very many at MOST of them. */
static void fail_each(int i, size_t times, status (*run)(void), const char *what)
{
	enum { MOST = 150 };
	const int step = (in_haste() ? 7 : 1) * (1 + (int)times / MOST);
	bool good = true;
	for (int nth = 1; nth <= (int)times; nth += step)
		good = told(i, nth, run) && good;
	ok(good, "%s: %s: fails in %zu places, and somebody is told each time", what, calls[i].name, times);
}

int main(void)
{
	size_t chain[CALLS], conv[CALLS];
	test_prefix(cuda_label);
	warning_to(hear, "--");
	write_csv();
	count(scenario, "a chain", chain);
	count(convolution, "a convolution", conv);
	for (int i = 0; i < CALLS; i++) {
		if (calls[i].no_matter)
			continue;
		if (!chain[i] && !conv[i])
			ok(false, "%s: is called", calls[i].name);
		if (chain[i])
			fail_each(i, chain[i], scenario, "a chain");
		else if (conv[i])
			fail_each(i, conv[i], convolution, "a convolution");
	}
	check_norm_launches();
	return done_testing();
}
