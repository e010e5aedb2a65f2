/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What this machine can do at most, for rows of `make bench` to be held against: oneDNN's product of two large matrices,
 * copying a ResNet-18's parameters, and what a step of mlp:64-64-10 at batch 32 has beside its products: the SGLD update
 * with the noise of 4,810 parameters, and the batch's rows copied out of the set.
 *
 *   bench/limits THREADS
 *
 * Prints "ready", then answers each line "COUNT" of standard input with a line of JSON, medians over COUNT repeats:
 *   {"fp32": GFLOP/s, "bf16": GFLOP/s or null, "copy": GB/s read and written, "update": µs, "rows": µs} */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands/wait_policy.h"
#include "src/backend.h"
#include "src/clock.h"
#include "src/cpu/onednn.h"

enum { SIDE = 2048, LARGE = 11173962, COUNT_MAX = 1000 };

/* The small network's parameters; its set and batch. A measurement is SMALL_RUNS of them, beyond the clock's grain. */
enum { SMALL = 4810, ROWS = 4096, ROW = 64, BATCH = 32, SMALL_RUNS = 200 };

enum { STEP_SIZE = SLOT_SAMPLER, NOISE, PRIOR };  /* slots */

struct limits {
	struct onednn onednn;
	struct onednn_op fp32, bf16;
	bool has_bf16;
	void *a, *b, *c;
	float *from, *to;
	struct device *device;
	struct slots slots;
	float *theta, *gradient, *set, *batch;
	uint32_t row;
};

static status open_small(struct limits *l, int threads)
{
	const size_t set = (size_t)ROWS * ROW * sizeof(float), batch = (size_t)BATCH * ROW * sizeof(float);
	TRY(backend_open("cpu", threads, &l->device));
	const struct backend *ops = l->device->ops;
	TRY(ops->alloc(l->device, SMALL * sizeof(float), (void **)&l->theta));
	TRY(ops->alloc(l->device, SMALL * sizeof(float), (void **)&l->gradient));
	TRY(ops->alloc(l->device, set, (void **)&l->set));
	TRY(ops->alloc(l->device, batch, (void **)&l->batch));
	memset(l->theta, 0, SMALL * sizeof(float));
	memset(l->gradient, 0, SMALL * sizeof(float));
	memset(l->set, 0, set);
	l->slots.value[STEP_SIZE] = -1e-3;
	l->slots.value[NOISE] = 7e-4;
	l->slots.value[PRIOR] = -5e-7;
	return OK;
}

static void close_small(struct limits *l)
{
	if (!l->device)
		return;
	float *const all[] = {l->theta, l->gradient, l->set, l->batch};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i])
			l->device->ops->free(l->device, all[i]);
	l->device->ops->close(l->device);
}

static status open_limits(struct limits *l)
{
	const struct onednn_product shape = {.m = SIDE, .n = SIDE, .k = SIDE};
	struct onednn_product half = shape;
	size_t bytes = (size_t)SIDE * SIDE * sizeof(float);
	half.bf16 = true;
	TRY(onednn_open(&l->onednn));
	TRY(onednn_product(&l->onednn, &shape, &l->fp32));
	l->has_bf16 = onednn_has_avx512();
	if (l->has_bf16)
		TRY(onednn_product(&l->onednn, &half, &l->bf16));
	l->a = aligned_alloc(64, bytes);
	l->b = aligned_alloc(64, bytes);
	l->c = aligned_alloc(64, bytes);
	l->from = malloc(LARGE * sizeof(float));
	l->to = malloc(LARGE * sizeof(float));
	if (!l->a || !l->b || !l->c || !l->from || !l->to)
		return fail(ERR_MEMORY, "out of memory");
	memset(l->a, 0, bytes);
	memset(l->b, 0, bytes);
	memset(l->from, 0, LARGE * sizeof(float));
	memset(l->to, 0, LARGE * sizeof(float));
	return OK;
}

static void close_limits(struct limits *l)
{
	onednn_op_close(&l->fp32);
	onednn_op_close(&l->bf16);
	onednn_close(&l->onednn);
	close_small(l);
	free(l->a);
	free(l->b);
	free(l->c);
	free(l->from);
	free(l->to);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* One thread's own time is the clock's where nothing else runs, and says more of the machine where something does. */
static double now(void)
{
	struct timespec t;
	if (omp_get_max_threads() > 1 || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
		return clock_seconds();
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double median(double *x, int n)
{
	qsort(x, (size_t)n, sizeof *x, compare);
	return (x[n / 2] + x[(n - 1) / 2]) / 2;
}

/* Seconds of one product, the median of `count`. */
static status product(struct limits *l, struct onednn_op *op, int count, double *seconds)
{
	static double all[COUNT_MAX];
	const void *const at[] = {l->a, l->b, l->c};
	for (int i = 0; i < count; i++) {
		double start = now();
		TRY(onednn_run(&l->onednn, op, at));
		all[i] = now() - start;
	}
	*seconds = median(all, count);
	return OK;
}

static double copy(struct limits *l, int count)
{
	static double all[COUNT_MAX];
	for (int i = 0; i < count; i++) {
		double start = now();
#pragma omp parallel
		{
			size_t t = (size_t)omp_get_thread_num(), threads = (size_t)omp_get_num_threads();
			size_t first = LARGE * t / threads, end = LARGE * (t + 1) / threads;
			memcpy(l->to + first, l->from + first, (end - first) * sizeof(float));
		}
		all[i] = now() - start;
	}
	return median(all, count);
}

/* One SGLD update of the small network's parameters. */
static void update(struct limits *l)
{
	struct piece one = {.count = SMALL, .prior = 1};
	const struct pieces pieces = {&one, 1, SMALL};
	const struct affine a = {
		.n_in = 2, .n_out = 1, .x = {l->theta, l->gradient},
		.out = {{.y = l->theta, .coef = {SLOT_NONE, STEP_SIZE, SLOT_NONE, SLOT_NONE, SLOT_NONE}, .noise = NOISE,
		         .stream = STREAM_LANGEVIN_0, .prior = PRIOR}},
	};
	l->device->ops->affine(l->device, &l->slots, &pieces, &a);
	l->slots.step++;
}

/* A batch of rows from all over the set. */
static void rows(struct limits *l)
{
	for (size_t i = 0; i < BATCH; i++) {
		l->row = l->row * 1664525 + 1013904223;
		memcpy(l->batch + i * ROW, l->set + (size_t)(l->row >> 20) * ROW, ROW * sizeof(float));
	}
}

static double small(struct limits *l, void (*run)(struct limits *l), int count)
{
	static double all[COUNT_MAX];
	for (int i = 0; i < count; i++) {
		double start = now();
		for (int j = 0; j < SMALL_RUNS; j++)
			run(l);
		all[i] = (now() - start) / SMALL_RUNS;
	}
	return median(all, count);
}

static status answer(struct limits *l, int count)
{
	const double flop = 2.0 * SIDE * SIDE * SIDE;
	double seconds;
	TRY(product(l, &l->fp32, count, &seconds));
	printf("{\"fp32\": %.2f, ", flop / seconds / 1e9);
	if (l->has_bf16) {
		TRY(product(l, &l->bf16, count, &seconds));
		printf("\"bf16\": %.2f, ", flop / seconds / 1e9);
	} else {
		printf("\"bf16\": null, ");
	}
	printf("\"copy\": %.3f, ", 2.0 * LARGE * sizeof(float) / copy(l, count) / 1e9);
	printf("\"update\": %.4f, \"rows\": %.4f}\n", small(l, update, count) * 1e6, small(l, rows, count) * 1e6);
	fflush(stdout);
	return OK;
}

int main(int argc, char **argv)
{
	struct limits l = {.has_bf16 = false};
	char line[64];
	int threads = argc > 1 ? atoi(argv[1]) : 0;
	threads_wait_briefly(argv);
	if (threads > 0)
		omp_set_num_threads(threads);
	status s = open_small(&l, threads > 0 ? threads : omp_get_max_threads());
	if (s == OK)
		s = open_limits(&l);
	if (s == OK) {
		printf("ready\n");
		fflush(stdout);
	}
	while (s == OK && fgets(line, sizeof line, stdin)) {
		int count = atoi(line);
		s = count > 0 && count <= COUNT_MAX ? answer(&l, count) : fail(ERR_USAGE, "expected a count of 1 to %d", COUNT_MAX);
	}
	if (s != OK)
		fprintf(stderr, "bench/limits: %s\n", fail_message(s));
	close_limits(&l);
	return s == OK ? 0 : 1;
}
