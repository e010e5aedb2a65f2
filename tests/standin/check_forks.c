/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include "tests/standin/check_forks.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/standin/check.h"

enum { N = 500, BRANCHES = 2, ROUNDS = 3 };

static cudaStream_t of[BRANCHES];
static cudaEvent_t fork_at, join_at;
static float *x, *y[BRANCHES];
static double *parts[BRANCHES], *total[BRANCHES];

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

static void open_all(cudaStream_t stream, cudaStream_t other)
{
	float ones[N];
	of[0] = stream;
	of[1] = other;
	MUST(cudaEventCreateWithFlags(&fork_at, cudaEventDisableTiming));
	MUST(cudaEventCreateWithFlags(&join_at, cudaEventDisableTiming));
	MUST(cudaMalloc((void **)&x, sizeof ones));
	for (int i = 0; i < BRANCHES; i++) {
		MUST(cudaMalloc((void **)&y[i], sizeof ones));
		MUST(cudaMalloc((void **)&parts[i], CHECK_BLOCKS * sizeof **parts));
		MUST(cudaMalloc((void **)&total[i], sizeof **total));
	}
	for (int i = 0; i < N; i++)
		ones[i] = 1;
	MUST(cudaMemcpyAsync(x, ones, sizeof ones, cudaMemcpyHostToDevice, stream));
	MUST(cudaStreamSynchronize(stream));
}

static void close_all(void)
{
	MUST(cudaEventDestroy(fork_at));
	MUST(cudaEventDestroy(join_at));
	MUST(cudaFree(x));
	for (int i = 0; i < BRANCHES; i++) {
		MUST(cudaFree(y[i]));
		MUST(cudaFree(parts[i]));
		MUST(cudaFree(total[i]));
	}
}

static void begin_capture(int i)
{
	MUST(cudaStreamBeginCapture(of[i], cudaStreamCaptureModeThreadLocal));
}

static void fork_streams(void)
{
	MUST(cudaEventRecord(fork_at, of[0]));
	MUST(cudaStreamWaitEvent(of[1], fork_at, 0));
}

static void join_streams(void)
{
	MUST(cudaEventRecord(join_at, of[1]));
	MUST(cudaStreamWaitEvent(of[0], join_at, 0));
}

static void add_up(int i, int from)
{
	MUST(check_sum(N, y[from], parts[i], total[i], of[i]));
}

static cudaGraphExec_t end_capture(void)
{
	cudaGraph_t graph;
	cudaGraphExec_t exec;
	MUST(cudaStreamEndCapture(of[0], &graph));
	MUST(cudaGraphInstantiate(&exec, graph, 0));
	MUST(cudaGraphDestroy(graph));
	return exec;
}

static void same(const char *what, const double *there, double want)
{
	double got;
	MUST(cudaMemcpyAsync(&got, there, sizeof got, cudaMemcpyDeviceToHost, of[0]));
	MUST(cudaStreamSynchronize(of[0]));
	if (got == want)
		return;
	printf("not ok: %s: %.17g, not %.17g\n", what, got, want);
	exit(1);
}

/* x ← 2x before each fork, the sums of 3x and 5x after it; and x ← 2x behind the join. */
void check_forks_good(cudaStream_t stream, cudaStream_t other)
{
	open_all(stream, other);
	begin_capture(0);
	for (int round = 0; round < ROUNDS; round++) {
		MUST(check_scale(N, x, x, 2, of[0]));
		fork_streams();
		for (int i = BRANCHES; i-- > 0;) {
			MUST(check_scale(N, x, y[i], i ? 5 : 3, of[i]));
			add_up(i, i);
		}
		join_streams();
		MUST(check_scale(N, x, x, 2, of[0]));
	}
	const cudaGraphExec_t exec = end_capture();
	double by = 1;
	for (int k = 0; k < 3; k++) {
		MUST(cudaGraphLaunch(exec, of[0]));
		MUST(cudaGraphLaunch(exec, of[0]));
		by *= 1 << 4 * ROUNDS;
		same("one branch", total[0], 3 * N * by / 2);
		same("the other", total[1], 5 * N * by / 2);
	}
	MUST(cudaGraphExecDestroy(exec));
	close_all();
}

void check_forks_refused(cudaStream_t stream, cudaStream_t other)
{
	cudaGraph_t graph;
	open_all(stream, other);
	begin_capture(0);
	fork_streams();
	add_up(1, 1);
	said("work that was not joined", cudaStreamEndCapture(of[0], &graph));
	begin_capture(0);
	fork_streams();
	join_streams();
	add_up(1, 1);
	said("work behind the join", cudaStreamEndCapture(of[0], &graph));
	begin_capture(0);
	fork_streams();
	said("the end by the other stream", cudaStreamEndCapture(of[1], &graph));
	MUST(cudaStreamEndCapture(of[0], &graph));
	MUST(cudaGraphDestroy(graph));
	said("a wait for what was recorded in a capture", cudaStreamWaitEvent(of[1], fork_at, 0));
	said("the host asks for it", cudaEventSynchronize(fork_at));
	MUST(cudaEventRecord(fork_at, of[1]));
	begin_capture(0);
	said("a wait for another stream's work", cudaStreamWaitEvent(of[0], fork_at, 0));
	said("and its end", cudaStreamEndCapture(of[0], &graph));
	begin_capture(0);
	begin_capture(1);
	MUST(cudaEventRecord(fork_at, of[0]));
	said("a wait for another capture", cudaStreamWaitEvent(of[1], fork_at, 0));
	said("and its end", cudaStreamEndCapture(of[1], &graph));
	said("and the other's", cudaStreamEndCapture(of[0], &graph));
	close_all();
}

void check_forks_no_wait(cudaStream_t stream, cudaStream_t other)
{
	open_all(stream, other);
	begin_capture(0);
	fork_streams();
	MUST(check_scale(N, x, y[1], 4, of[1]));
	add_up(0, 1);
	join_streams();
	const cudaGraphExec_t exec = end_capture();
	MUST(cudaGraphLaunch(exec, of[0]));
	same("across branches", total[0], 4 * N);
	MUST(cudaGraphExecDestroy(exec));
	close_all();
}
