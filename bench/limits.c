/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What this machine can do at most, for the convolutional rows of `make bench` to be held against: oneDNN's product of two
 * large matrices, and copying a ResNet-18's parameters.
 *
 *   bench/limits THREADS
 *
 * Prints "ready", then answers each line "COUNT" of standard input with a line of JSON, medians over COUNT repeats:
 *   {"fp32": GFLOP/s, "bf16": GFLOP/s or null, "copy": GB/s read and written} */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/onednn.h"
#include "src/clock.h"
#include "commands/wait_policy.h"

enum { SIDE = 2048, LARGE = 11173962, COUNT_MAX = 1000 };

struct limits {
	struct onednn onednn;
	struct onednn_op fp32, bf16;
	bool has_bf16;
	void *a, *b, *c;
	float *from, *to;
};

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
		double start = clock_seconds();
		TRY(onednn_run(&l->onednn, op, at));
		all[i] = clock_seconds() - start;
	}
	*seconds = median(all, count);
	return OK;
}

static double copy(struct limits *l, int count)
{
	static double all[COUNT_MAX];
	for (int i = 0; i < count; i++) {
		double start = clock_seconds();
#pragma omp parallel
		{
			size_t t = (size_t)omp_get_thread_num(), threads = (size_t)omp_get_num_threads();
			size_t first = LARGE * t / threads, end = LARGE * (t + 1) / threads;
			memcpy(l->to + first, l->from + first, (end - first) * sizeof(float));
		}
		all[i] = clock_seconds() - start;
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
	printf("\"copy\": %.3f}\n", 2.0 * LARGE * sizeof(float) / copy(l, count) / 1e9);
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
	status s = open_limits(&l);
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
