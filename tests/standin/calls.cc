/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Every call is counted here, and may be made to fail; the words of what ends the process; the seed. */
#include "inside.h"
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <map>

std::recursive_mutex standin_lock;
struct standin_counts standin_counts;

static std::map<std::string, size_t> called;
static size_t called_all;
static std::string fail_call;
static int fail_after, fail_error;
static int devices = 1;
static thread_local cudaError_t last;

/* The variables of the environment, at the first call. */
static void environment(void)
{
	static bool read;
	if (read)
		return;
	read = true;
	if (getenv("STANDIN_DEVICES"))
		standin_devices(atoi(getenv("STANDIN_DEVICES")));
	if (getenv("STANDIN_MEMORY"))
		standin_memory(strtoull(getenv("STANDIN_MEMORY"), NULL, 10));
	char call[64];
	int nth, error;
	if (getenv("STANDIN_FAIL") && sscanf(getenv("STANDIN_FAIL"), "%63[^:]:%d:%d", call, &nth, &error) == 3)
		standin_fail(call, nth, error);
	if (getenv("STANDIN_LEAKS"))
		atexit([] {
			const bool memory = standin_memory_leaks(), streams = standin_stream_leaks();
			const bool graphs = standin_graph_leaks(), events = standin_event_leaks();
			const bool blas = standin_blas_leaks(), dnn = standin_dnn_leaks();
			if (memory || streams || graphs || events || blas || dnn)
				_Exit(70);
		});
}

/* What works without a device or a driver. */
static bool needs_device(const char *call)
{
	static const char *const free_of_it[] = {"cudaGetErrorName",     "cudaGetErrorString",
	                                         "cudaGetLastError",     "cudaPeekAtLastError",
	                                         "cudaDriverGetVersion", "cudaRuntimeGetVersion"};
	for (const char *name : free_of_it)
		if (strcmp(call, name) == 0)
			return false;
	return true;
}

int standin_called(const char *call, bool runtime)
{
	environment();
	called[call]++;
	called_all++;
	if (fail_after > 0 && fail_call == call && --fail_after == 0)
		return fail_error;
	if (runtime && devices <= 0 && needs_device(call))
		return devices < 0 ? cudaErrorInsufficientDriver : cudaErrorNoDevice;
	return 0;
}

cudaError_t standin_said(cudaError_t e)
{
	if (e != cudaSuccess)
		last = e;
	return e;
}

static void words(const char *format, va_list values)
{
	fflush(stdout);
	fprintf(stderr, "stand-in: ");
	vfprintf(stderr, format, values);
}

void standin_fatal(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	words(format, values);
	va_end(values);
	if (standin_me) {
		const uint3 b = standin_me->block, t = standin_me->thread;
		fprintf(stderr, " (kernel %s, block %u,%u,%u, thread %u,%u,%u)", standin_running(), b.x, b.y, b.z,
		        t.x, t.y, t.z);
	}
	fprintf(stderr, "\n");
	fflush(stderr);
	_Exit(70);
}

void standin_tell(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	words(format, values);
	va_end(values);
	fprintf(stderr, "\n");
}

UNSEEN uint64_t standin_random(void)
{
	static uint64_t state;
	if (!state) {
		const char *seed = getenv("STANDIN_SEED");
		state = (seed ? strtoull(seed, NULL, 10) : 1) * 0x9e3779b97f4a7c15u | 1;
	}
	state = state * 6364136223846793005u + 1442695040888963407u;
	return state >> 31;
}

UNSEEN struct standin_order standin_order_of(uint64_t n)
{
	if (n < 2)
		return {n, 0, 0};
	for (;;) {
		const uint64_t step = standin_random() % (n - 1) + 1;
		uint64_t a = n, b = step;
		while (b) {
			const uint64_t rest = a % b;
			a = b;
			b = rest;
		}
		if (a == 1)
			return {n, standin_random() % n, step};
	}
}

extern "C" {

void standin_fail(const char *call, int nth, int error)
{
	std::lock_guard<std::recursive_mutex> held(standin_lock);
	fail_call = call;
	fail_after = nth;
	fail_error = error;
}

size_t standin_calls(const char *call)
{
	std::lock_guard<std::recursive_mutex> held(standin_lock);
	if (!call)
		return called_all;
	auto found = called.find(call);
	return found == called.end() ? 0 : found->second;
}

void standin_devices(int n)
{
	devices = n;
}

int standin_device_count(void)
{
	return devices;
}

long standin_launches(void)
{
	return standin_counts.launches;
}

long standin_captures(void)
{
	return standin_counts.captures;
}

long standin_replays(void)
{
	return standin_counts.replays;
}

cudaError_t cudaGetLastError(void)
{
	CALL();
	const cudaError_t e = last;
	last = cudaSuccess;
	return forced != cudaSuccess ? forced : e;
}

cudaError_t cudaPeekAtLastError(void)
{
	CALL();
	return forced != cudaSuccess ? forced : last;
}

cudaError_t cudaGetDeviceCount(int *n)
{
	CALL();
	*n = devices > 0 ? devices : 0;
	return forced;
}

/* 0 without a driver, which is no error. */
cudaError_t cudaDriverGetVersion(int *version)
{
	CALL_OR_FAIL();
	*version = devices < 0 ? 0 : CUDART_VERSION;
	return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
	CALL_OR_FAIL();
	return standin_said(device >= 0 && device < devices ? cudaSuccess : cudaErrorInvalidDevice);
}

}
