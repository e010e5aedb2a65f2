/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* The CPU backend, once for every instruction set that this processor has. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend_body.h"
#include "tests/each_isa.h"
#include "tests/noise_words.h"
#include "src/cpu/cpu.h"
#include "tests/tap.h"

/* NOISE_GROUP at a time. */
static void cpu_normals(void *context, const uint32_t *words, size_t n, float *out)
{
	const struct kernels *k = context;
	for (size_t i = 0; i < n; i += NOISE_GROUP)
		k->normals_of_words(words + i, out + i);
}

static void check_words(const struct kernels *k)
{
	check_extreme_words(k->name, cpu_normals, (void *)k);
	/* Counters beyond 2³¹, and their wrapping at 2³². */
	static float noise[4 * NOISE_GROUP];
	const uint64_t starts[] = {(UINT64_C(1) << 33) - 128, (UINT64_C(1) << 34) - 128};
	struct rng_key key = {2, 0xffffffff};
	double worst = 0;
	for (int i = 0; i < 2; i++) {
		k->normals(key, STREAM_PROBE, UINT64_MAX, starts[i], 4 * NOISE_GROUP, noise);
		for (uint64_t j = 0; j < 4 * NOISE_GROUP; j++)
			worst = fmax(worst, fabs(noise[j] - rng_normal(key, STREAM_PROBE, UINT64_MAX, starts[i] + j)));
	}
	bool same = true;
	for (int i = 0; i < 2; i++) {
		k->fractions(key, STREAM_PROBE, 7, starts[i], 4 * NOISE_GROUP, noise);
		for (uint64_t j = 0; j < 4 * NOISE_GROUP; j++)
			same = same && noise[j] == rng_fraction(key, STREAM_PROBE, 7, starts[i] + j);
	}
	ok(same, "%s: fractions are the words' upper bits", k->name);
	ok(worst < 1e-5, "%s: noise of elements far beyond 2³² agrees", k->name);
}

static void check_threads(const char *isa)
{
	const size_t size = 4 << 20;
	void *bits[2];
	size_t filled[2];
	for (int threads = 1; threads <= 2; threads++) {
		struct device *d;
		MUST(backend_open("cpu", threads, &d));
		bits[threads - 1] = host_take(size);
		filled[threads - 1] = backend_fingerprint(d, bits[threads - 1], size);
		d->ops->close(d);
	}
	ok(filled[0] > 0 && filled[0] == filled[1] && memcmp(bits[0], bits[1], filled[0]) == 0,
	   "%s: one thread and two give the same bits", isa);
	free(bits[0]);
	free(bits[1]);
}

static void check_open(void)
{
	struct device *d = (struct device *)1;
	ok(backend_open("abacus", 0, &d) == ERR_USAGE && !d && strstr(fail_words(ERR_USAGE, "--"), "--device abacus") &&
	           strstr(fail_words(ERR_USAGE, "--"), "cpu"), "an unknown device is refused by name");
	ok(backend_open("cpu:1", 0, &d) == ERR_USAGE, "there is no second CPU");
	ok(backend_open("cpu:x", 0, &d) == ERR_USAGE, "a device number is a number");
	ok(backend_open("cpu", -1, &d) == ERR_USAGE, "a negative number of threads is refused");
	setenv("OMP_NUM_THREADS", "2", 1);
	MUST(backend_open(NULL, 0, &d));
	ok(cpu_threads(d) == 2, "all threads are as many as OMP_NUM_THREADS says");
	d->ops->close(d);
	setenv("BASIN_ISA", "v9", 1);
	ok(backend_open("cpu", 1, &d) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "BASIN_ISA=v9"),
	   "an unknown instruction set is refused");
	unsetenv("BASIN_ISA");
}

/* Channels in blocks of a register where every convolution has whole ones, else last; images enter as they lie. */
static void check_blocks(void)
{
	struct layer l[3] = {
		{.kind = LAYER_CONV, .input = {INPUT_BATCH, INPUT_NONE}, .in = {3, 8, 8}, .out = {16, 8, 8}},
		{.kind = LAYER_CONV, .input = {0, INPUT_NONE}, .in = {16, 8, 8}, .out = {32, 8, 8}},
		{.kind = LAYER_POOL, .input = {1, INPUT_NONE}, .in = {32, 8, 8}, .out = {32, 1, 1}},
	};
	struct batch_format input = {.channels = 3};
	struct format out[3];
	struct device *d;
	MUST(backend_open("cpu", 1, &d));
	d->ops->formats(d, l, 3, PRECISION_FP32, &input, out);
	ok(input.format.block == 1 && (out[0].block == 8 || out[0].block == 16) && out[1].block == out[0].block && !out[2].block,
	   "whole blocks of channels: blocked");
	d->ops->formats(d, l, 3, PRECISION_BF16, &input, out);
	ok(input.format.block == 0 && !out[0].block && !out[1].block && !out[0].bf16 && !out[1].bf16,
	   "bf16: channels last, and float32 up to the first norm");
	l[0].out[0] = l[1].in[0] = 6;
	d->ops->formats(d, l, 3, PRECISION_FP32, &input, out);
	ok(input.format.block == 0 && !out[0].block && !out[1].block, "six channels: channels last");
	d->ops->close(d);
}

static void check_all(struct device *d, const struct kernels *k)
{
	check_words(k);
	check_backend(d, k->name);
	check_threads(k->name);
}

int main(void)
{
	check_blocks();
	check_open();
	each_isa(check_all);
	return done_testing();
}
