/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Every call of NVIDIA's libraries that the backend makes fails once, at every place where it is made: somebody is told, in words
 * that have file, call and reason, and all memory is given back. */
#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <stdio.h>
#include <string.h>

#include "samplers/state.h"
#include "tests/chain_runs.h"
#include "tests/cuda_driver.h"
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
	{"cudaMallocHost", cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", false},
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

/* What a snapshot's way is: begun, asked after, and waited for. */
static status leave(struct device *d, const struct state *st, float *host)
{
	bool done;
	TRY(device_get_begin(d, host, st->s.vector[0], 4 * sizeof *host));
	TRY(device_get_end(d, false, &done));
	return device_get_end(d, true, &done);
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

/* The nth call of one function fails. */
static bool told(int i, int nth)
{
	char call[64];
	standin_fail(calls[i].name, nth, calls[i].error);
	status s = scenario();
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

int main(void)
{
	size_t before[CALLS], all, known = 0;
	test_prefix(cuda_label);
	warning_to(hear, "--");
	write_csv();
	all = standin_calls(NULL);
	for (int i = 0; i < CALLS; i++)
		before[i] = standin_calls(calls[i].name);
	ok(scenario() == OK && !heard[0] && !standin_in_use(), "a chain with nothing amiss");
	all = standin_calls(NULL) - all;
	for (int i = 0; i < CALLS; i++) {
		before[i] = standin_calls(calls[i].name) - before[i];
		known += before[i];
	}
	ok(known == all, "of %zu calls, all are in the list", all);
	for (int i = 0; i < CALLS; i++) {
		bool good = true;
		if (calls[i].no_matter)
			continue;
		if (!before[i]) {
			ok(false, "%s: is called", calls[i].name);
			continue;
		}
		for (int nth = 1; nth <= (int)before[i]; nth++)
			if (!in_haste() || nth % 7 == 1)
				good = told(i, nth) && good;
		ok(good, "%s: fails in %zu places, and somebody is told each time", calls[i].name, before[i]);
	}
	return done_testing();
}
