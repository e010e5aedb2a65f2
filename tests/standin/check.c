/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What tests/standin.t runs: `check good` does everything right and prints what it got; any other name does one thing
 * wrong. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standin/check.h"
#include "tests/standin/check_blas.h"
#include "tests/standin/check_cudnn.h"
#include "tests/standin/standin.h"

enum { N = 1000 };   /* 4,000 bytes: 96 are left to the 256 that memory comes in */

static cudaStream_t stream, other;
static float *x, *y, *pinned;
static double *parts, *total;
static unsigned *words;

/* Ends the program where a call fails that shouldn't. */
static void must(cudaError_t e, const char *what)
{
	if (e == cudaSuccess)
		return;
	printf("not ok: %s: %s\n", what, cudaGetErrorName(e));
	exit(1);
}
#define MUST(call) must(call, #call)

static void said(const char *what, cudaError_t e)
{
	printf("%s: %s\n", what, cudaGetErrorName(e));
}

static void same(const char *what, double got, double want)
{
	if (got == want)
		return;
	printf("not ok: %s: %.17g, not %.17g\n", what, got, want);
	exit(1);
}

static void open_all(void)
{
	MUST(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
	MUST(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking));
	MUST(cudaMalloc((void **)&x, N * sizeof *x));
	MUST(cudaMalloc((void **)&y, N * sizeof *y));
	MUST(cudaMalloc((void **)&parts, CHECK_BLOCKS * sizeof *parts));
	MUST(cudaMalloc((void **)&total, sizeof *total));
	MUST(cudaMalloc((void **)&words, 4 * N * sizeof *words));
	MUST(cudaMallocHost((void **)&pinned, N * sizeof *pinned));
	for (int i = 0; i < N; i++)
		pinned[i] = (float)(i % 7);
	MUST(cudaMemcpyAsync(x, pinned, N * sizeof *x, cudaMemcpyHostToDevice, stream));
	MUST(cudaStreamSynchronize(stream));
}

static void close_all(void)
{
	MUST(cudaFree(x));
	MUST(cudaFree(y));
	MUST(cudaFree(parts));
	MUST(cudaFree(total));
	MUST(cudaFree(words));
	MUST(cudaFreeHost(pinned));
	MUST(cudaStreamDestroy(stream));
	MUST(cudaStreamDestroy(other));
}

static void fetch(void *to, const void *from, size_t bytes)
{
	MUST(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream));
	MUST(cudaStreamSynchronize(stream));
}

/* ---- what is right ---- */

static double wanted(float by)
{
	double sum = 0;
	for (int i = 0; i < N; i++)
		sum += by * (float)(i % 7);
	return sum;
}

/* Pageable memory is the caller's again when the call returns. */
static void pageable_reused(void)
{
	float mine = 1, got;
	MUST(cudaMemcpyAsync(y, &mine, sizeof mine, cudaMemcpyHostToDevice, stream));
	mine = 2;
	fetch(&got, y, sizeof got);
	same("taken before it changed", (double)got, 1);
}

static void sums(void)
{
	double got;
	MUST(check_scale(N, x, y, 3, stream));
	MUST(check_sum(N, y, parts, total, stream));
	fetch(&got, total, sizeof got);
	same("sum", got, wanted(3));
	float scanned[CHECK_SCAN];
	double sum = 0;
	MUST(check_scan(x, y, stream));
	fetch(scanned, y, sizeof scanned);
	for (int i = 0; i < CHECK_SCAN; i++)
		same("scan", (double)scanned[i], sum += i % 7);
}

static void exchanges(void)
{
	static const unsigned want[CHECK_WORDS] = {3, 2, 7, 7, 0xaaaaaaaau, 2, 350};
	unsigned got[CHECK_THREADS], first;
	MUST(check_lanes(words, CHECK_THREADS * sizeof *words, stream));
	fetch(got, words, sizeof want);
	for (int i = 0; i < CHECK_WORDS; i++)
		same("exchange", got[i], want[i]);
	MUST(cudaMemsetAsync(words, 0, (CHECK_THREADS + 1) * sizeof *words, stream));
	MUST(check_blocks(words, words + CHECK_THREADS, stream));
	fetch(got, words, sizeof got);
	for (int i = 0; i < CHECK_THREADS; i++)
		same("atomicAdd", got[i], 2 * (CHECK_BLOCKS * (CHECK_BLOCKS - 1) / 2));
	fetch(&first, words + CHECK_THREADS, sizeof first);
	printf("block 0 says %u\n", first);
}

static void numbers(void)
{
	unsigned got[4];
	float half[4];
	MUST(check_numbers(N, words, y, x, stream));
	fetch(got, words + 4 * 9, sizeof got);
	printf("Philox %08x %08x %08x %08x\n", got[0], got[1], got[2], got[3]);
	fetch(half, y + 996, sizeof half);
	same("bfloat16 of 124.875", (double)half[3], 125);
	fetch(half, x + 4, sizeof half);
	same("sin(2π)", (double)half[0], 0);
	same("sin(5π/2)", (double)half[1], 1);
	same("sin(7π/2)", (double)half[3], -1);
}

static cudaGraphExec_t captured(void)
{
	cudaGraph_t graph;
	cudaGraphExec_t exec;
	MUST(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
	MUST(cudaMemcpyAsync(x, pinned, N * sizeof *x, cudaMemcpyHostToDevice, stream));
	MUST(check_scale(N, x, y, 2, stream));
	MUST(check_sum(N, y, parts, total, stream));
	MUST(cudaStreamEndCapture(stream, &graph));
	MUST(cudaGraphInstantiate(&exec, graph, 0));
	MUST(cudaGraphDestroy(graph));
	return exec;
}

static void graphs(void)
{
	double got;
	const cudaGraphExec_t exec = captured();
	const long launches = standin_launches(), replays = standin_replays();
	for (int k = 1; k <= 3; k++) {
		for (int i = 0; i < N; i++)
			pinned[i] = (float)(i % 7 * k);
		MUST(cudaGraphLaunch(exec, stream));
		fetch(&got, total, sizeof got);
		same("replay", got, wanted(2) * k);
	}
	same("launches", (double)(standin_launches() - launches), 9);
	same("replays", (double)(standin_replays() - replays), 3);
	same("captures", (double)standin_captures(), 1);
	MUST(cudaGraphExecDestroy(exec));
}

static void two_streams(void)
{
	cudaEvent_t ready, begun;
	float ms;
	double got;
	MUST(cudaEventCreate(&begun));
	MUST(cudaEventCreate(&ready));
	MUST(cudaEventRecord(begun, stream));
	MUST(cudaMemcpyAsync(x, pinned, N * sizeof *x, cudaMemcpyHostToDevice, stream));
	MUST(check_scale(N, x, y, 4, stream));
	MUST(cudaEventRecord(ready, stream));
	said("an event that nobody waited for", cudaEventQuery(ready));
	MUST(cudaStreamWaitEvent(other, ready, 0));
	MUST(check_sum(N, y, parts, total, other));
	MUST(cudaMemcpyAsync(&got, total, sizeof got, cudaMemcpyDeviceToHost, other));
	same("on the other stream", got, wanted(4) * 3);
	MUST(cudaEventSynchronize(ready));
	MUST(cudaEventElapsedTime(&ms, begun, ready));
	MUST(cudaStreamSynchronize(stream));
	MUST(cudaStreamSynchronize(other));
	MUST(cudaEventDestroy(begun));
	MUST(cudaEventDestroy(ready));
}

/* A host thread with a stream and memory of its own, as a chain has. */
static void *one_thread(void *which)
{
	const float by = *(const float *)which;
	cudaStream_t mine;
	float *out;
	double *sum_parts, *sum, *back;
	MUST(cudaStreamCreateWithFlags(&mine, cudaStreamNonBlocking));
	MUST(cudaMalloc((void **)&out, N * sizeof *out));
	MUST(cudaMalloc((void **)&sum_parts, CHECK_BLOCKS * sizeof *sum_parts));
	MUST(cudaMalloc((void **)&sum, sizeof *sum));
	MUST(cudaMallocHost((void **)&back, sizeof *back));
	for (int round = 1; round <= 5; round++) {
		MUST(check_scale(N, x, out, by * (float)round, mine));
		MUST(check_sum(N, out, sum_parts, sum, mine));
		MUST(cudaMemcpyAsync(back, sum, sizeof *back, cudaMemcpyDeviceToHost, mine));
		MUST(cudaStreamSynchronize(mine));
		same("a thread's sum", *back, 3 * wanted(by) * round);
	}
	MUST(cudaFree(out));
	MUST(cudaFree(sum_parts));
	MUST(cudaFree(sum));
	MUST(cudaFreeHost(back));
	MUST(cudaStreamDestroy(mine));
	return NULL;
}

static void host_threads(void)
{
	static const float by[3] = {1, 2, 3};
	pthread_t id[3];
	for (int i = 0; i < 3; i++)
		if (pthread_create(&id[i], NULL, one_thread, (void *)(uintptr_t)&by[i]) != 0)
			exit(1);
	for (int i = 0; i < 3; i++)
		pthread_join(id[i], NULL);
}

/* ---- what fails by a status ---- */

static void statuses(void)
{
	void *p;
	size_t left, all;
	said("a copy longer than its block", cudaMemcpyAsync(y, x, N * sizeof *x + 4, cudaMemcpyDeviceToDevice, stream));
	said("a copy of the wrong kind", cudaMemcpyAsync(y, x, 4, cudaMemcpyHostToDevice, stream));
	said("a copy longer than a pinned buffer", cudaMemcpyAsync(pinned, words, N * sizeof *x + 4, cudaMemcpyDeviceToHost, stream));
	said("the middle of a block given back", cudaFree(y + 1));
	said("a memset beyond its block", cudaMemsetAsync(parts, 0, 1 << 20, stream));
	said("too much dynamic shared memory", check_lanes(words, 64 << 10, stream));
	said("an empty grid", check_numbers(0, words, y, x, stream));
	said("the last error, once", cudaGetLastError());
	said("and again", cudaGetLastError());
	standin_memory(standin_in_use() + 4096);
	said("more memory than there is", cudaMalloc(&p, 8192));
	MUST(cudaMemGetInfo(&left, &all));
	same("memory left", (double)left, 4096);
	standin_fail("cudaMemsetAsync", 2, cudaErrorECCUncorrectable);
	MUST(cudaMemsetAsync(y, 0, 4, stream));
	said("the second memset", cudaMemsetAsync(y, 0, 4, stream));
	standin_fail("cudaLaunchKernel", 1, cudaErrorLaunchFailure);
	said("a launch", check_scan(x, y, stream));
	same("memsets", (double)standin_calls("cudaMemsetAsync"), 3);
	standin_devices(0);
	int n = 7;
	said("no device", cudaGetDeviceCount(&n));
	standin_devices(-1);
	said("no driver", cudaGetDeviceCount(&n));
	standin_devices(1);
}

static void capture_refuses(void)
{
	void *p;
	cudaGraph_t graph;
	float pageable = 0;
	MUST(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
	said("an allocation in a capture", cudaMalloc(&p, 64));
	said("and its end", cudaStreamEndCapture(stream, &graph));
	MUST(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
	said("a wait in a capture", cudaStreamSynchronize(stream));
	said("and its end", cudaStreamEndCapture(stream, &graph));
	MUST(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
	said("pageable memory in a capture",
	     cudaMemcpyAsync(x, &pageable, sizeof pageable, cudaMemcpyHostToDevice, stream));
	said("and its end", cudaStreamEndCapture(stream, &graph));
	MUST(cudaStreamSynchronize(stream));
}

/* ---- what ends the process ---- */

static void host_reads(void)
{
	printf("%g\n", (double)x[3]);
}

static void given_back(void)
{
	MUST(cudaFree(y));
	MUST(check_scale(N, x, y, 1, stream));
}

static void pinned_reused(void)
{
	MUST(cudaMemcpyAsync(x, pinned, N * sizeof *x, cudaMemcpyHostToDevice, stream));
	pinned[5]++;
	MUST(cudaStreamSynchronize(stream));
}

/* The copy to the host has not come yet: what is there is NaN. */
static void pinned_early(void)
{
	MUST(cudaMemcpyAsync(pinned, x, N * sizeof *x, cudaMemcpyDeviceToHost, stream));
	same("read before its copy ended", (double)pinned[5], 5);
}

static void copy_no_wait(void)
{
	MUST(cudaMemcpyAsync(x, pinned, N * sizeof *x, cudaMemcpyHostToDevice, stream));
	MUST(check_scale(N, x, y, 4, other));
}

/* Of two kernels only ThreadSanitizer knows what they touch; and some order of streams gives another number. */
static void kernel_no_wait(void)
{
	double got;
	MUST(check_scale(N, x, y, 4, stream));
	MUST(check_sum(N, y, parts, total, other));
	MUST(cudaMemcpyAsync(&got, total, sizeof got, cudaMemcpyDeviceToHost, other));
	same("on the other stream", got, wanted(4));
}

static void host_pointer(void)
{
	float mine = 1;
	MUST(check_pointer(&mine, y, stream));
}

static void leak(void)
{
	cudaEvent_t e;
	check_cudnn_leak();
	MUST(cudaEventCreate(&e));
	MUST(cudaMalloc((void **)&x, 64));
}

static void good(void)
{
	pageable_reused();
	sums();
	exchanges();
	graphs();
	two_streams();
	host_threads();
	numbers();
	check_blas_good(stream);
	check_cudnn_good(stream);
	check_cudnn_captured(stream);
}

static void blas_refuses(void)
{
	check_blas_refuses(stream);
}

static void cudnn_stops(void)
{
	check_cudnn_stops(stream);
}

static void cudnn_faults(void)
{
	check_cudnn_faults(stream);
}

static void cudnn_no_wait(void)
{
	check_cudnn_no_wait(stream, other);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"good", good},
	{"sums", sums},
	{"exchanges", exchanges},
	{"statuses", statuses},
	{"capture-refuses", capture_refuses},
	{"host-reads", host_reads},
	{"given-back", given_back},
	{"pinned-reused", pinned_reused},
	{"pinned-early", pinned_early},
	{"copy-no-wait", copy_no_wait},
	{"kernel-no-wait", kernel_no_wait},
	{"host-pointer", host_pointer},
	{"leak", leak},
	{"blas-refuses", blas_refuses},
	{"cudnn-refuses", check_cudnn_refuses},
	{"cudnn-stops", cudnn_stops},
	{"cudnn-faults", cudnn_faults},
	{"cudnn-no-wait", cudnn_no_wait},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof cases / sizeof *cases; i++)
		if (strcmp(argv[1], cases[i].name) == 0) {
			open_all();
			cases[i].run();
			close_all();
			printf("done\n");
			return 0;
		}
	fprintf(stderr, "no such case\n");
	return 2;
}
