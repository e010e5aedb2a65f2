/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Rows, losses and layers on a CUDA device: what every backend must do, and what is CUDA's alone. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "tests/backend_body.h"
#include "tests/cuda_driver.h"
#include "tests/cuda_orders.h"
#include "tests/layers.h"
#include "tests/tap.h"

/* ---- how tensors lie ---- */

static struct layer layer_of(enum layer_kind kind, int input, int in, int in_side, int out, int side)
{
	return (struct layer){.kind = kind, .input = {input, INPUT_NONE}, .in = {in, in_side, in_side},
	                      .out = {out, side, side}};
}

static bool same_format(struct format a, bool bf16, int block)
{
	return a.bf16 == bf16 && a.block == block;
}

static void check_own_formats(struct device *d)
{
	const struct layer mlp[] = {
		layer_of(LAYER_LINEAR, -1, 3, 32, 16, 1), layer_of(LAYER_ACTIVATION, 0, 16, 1, 16, 1),
		layer_of(LAYER_LINEAR, 1, 16, 1, 10, 1),
	};
	const struct layer images[] = {
		layer_of(LAYER_CONV, -1, 3, 32, 6, 28), layer_of(LAYER_POOL, 0, 6, 28, 6, 14),
		layer_of(LAYER_FLATTEN, 1, 6, 14, 1176, 1), layer_of(LAYER_LINEAR, 2, 1176, 1, 10, 1),
	};
	const struct layer both[] = {layer_of(LAYER_CONV, -1, 3, 32, 6, 28), layer_of(LAYER_POOL, -1, 3, 32, 3, 16)};
	struct format out[4];
	for (int bf16 = 0; bf16 < 2; bf16++) {
		enum precision precision = bf16 ? PRECISION_BF16 : PRECISION_FP32;
		struct batch_format batch = {.channels = 3};
		d->ops->formats(d, mlp, 3, precision, &batch, out);
		ok(same_format(batch.format, bf16, 1) && batch.channels == 3 && same_format(out[0], bf16, 0) &&
		   same_format(out[1], bf16, 0),
		   "formats: networks of linear layers read PyTorch's order, %s from the batch on", bf16 ? "bf16" : "float32");
		d->ops->formats(d, images, 4, precision, &batch, out);
		ok(same_format(batch.format, bf16, 0) && batch.channels == (bf16 ? 8 : 3) && same_format(out[1], bf16, 0) &&
		   same_format(out[2], bf16, 0) && same_format(out[3], false, 0),
		   "formats: convolutions have channels last, %s",
		   bf16 ? "and 8 of them at the entry in bf16" : "as many as there are in float32");
		batch.channels = 3;
		d->ops->formats(d, both, 2, precision, &batch, out);
		ok(batch.channels == 3, "formats: other layers that read the batch have its own channels");
	}
}

/* ---- batches from anywhere in the set, again and again ---- */

enum { ROWS = 7, WIDTH = 5 };

/* Batches of 4, 2 and 1 rows, until each size's calls have been replayed; the set's last row is in each of them. */
static void check_batches(struct device *d)
{
	float set[ROWS * WIDTH], got[4 * WIDTH];
	const uint32_t index[] = {3, 0, 6, 1, 2, 5, 4, 6};
	enum { ORDER = sizeof index / sizeof *index };
	struct slots s = {0};
	const void *resident;
	bool good = true;
	for (int i = 0; i < ROWS * WIDTH; i++)
		set[i] = (float)i;
	MUST(device_resident(d, set, sizeof set, &resident));
	uint32_t *order = upload(d, index, sizeof index);
	float *out = device_take(d, sizeof got), *twice = device_take(d, sizeof got);
	MUST(d->ops->slots_open(d, &s));
	for (int k = 0; k < 12; k++) {
		static const int sizes[] = {4, 2, 1};
		const int n = sizes[k % 3], first = k % 2 ? ORDER - n : n == 1 ? 2 : 2 - n / 4;
		struct gather g = {.set = resident, .element = ELEMENT_F32, .c = 1, .h = 1, .w = WIDTH, .index = order,
		                   .row = SLOT_FIRST, .n = n, .format = {false, 1}, .channels = 1, .out = out};
		s.value[SLOT_FIRST] = first;
		MUST(d->ops->slots_send(d, &s));
		MUST(d->ops->gather(d, &s, &g));
		MUST(d->ops->copy(d, twice, out, (size_t)n * WIDTH * sizeof *out));
		MUST(d->ops->add(d, (struct format){false, 1}, (size_t)n * WIDTH, twice, out));
		MUST(d->ops->get(d, got, twice, (size_t)n * WIDTH * sizeof *got));
		for (int i = 0; i < n * WIDTH; i++)
			good = good && got[i] == 2 * (float)(index[first + i / WIDTH] * WIDTH + (uint32_t)(i % WIDTH));
	}
	ok(good, "gather: batches of several sizes, replayed with other rows, to the set's last");
	d->ops->slots_close(d, &s);
	d->ops->free(d, out);
	d->ops->free(d, twice);
	d->ops->free(d, order);
	device_release(d, resident);
}

/* ---- bits that no order of threads and blocks changes ---- */

struct bits {
	double value[SLOTS];
	uint64_t gradient, each, parameters;
};

/* A loss over many blocks: all that it writes. */
static struct bits loss_bits(struct device *d, enum loss_kind kind, int n, int k)
{
	struct draws r = {17, 0};
	size_t outputs = (size_t)n * (size_t)k;
	float *x = host_take(outputs * sizeof *x), *y = host_take(outputs * sizeof *y);
	int32_t *label = host_take((size_t)n * sizeof *label);
	struct slots s = {0};
	for (size_t i = 0; i < outputs; i++) {
		x[i] = (float)draw_normal(&r);
		y[i] = (float)draw(&r, 2);
	}
	for (int i = 0; i < n; i++)
		label[i] = draw(&r, k);
	struct loss l = {
		.kind = kind, .n = n, .k = k, .noise_sd = 1, .scale = 0.1, .count = true, .output = upload(d, x, outputs * sizeof *x),
		.target = kind == LOSS_CATEGORICAL ? upload(d, label, (size_t)n * sizeof *label) : upload(d, y, outputs * sizeof *y),
		.gradient = device_take(d, outputs * sizeof *x), .each = device_take(d, (size_t)n * sizeof *x),
	};
	if (kind == LOSS_GAUSSIAN) {
		l.params[0] = upload(d, x, (size_t)k * sizeof *x);
		l.dparams[0] = device_take(d, (size_t)k * sizeof *x);
	}
	MUST(d->ops->slots_open(d, &s));
	MUST(d->ops->loss(d, &s, &l));
	MUST(d->ops->slots_fetch(d, &s));
	struct bits b = {.value = {0}};
	memcpy(b.value, s.value, sizeof b.value);
	download(d, x, l.gradient, outputs * sizeof *x);
	b.gradient = XXH3_64bits(x, outputs * sizeof *x);
	download(d, x, l.each, (size_t)n * sizeof *x);
	b.each = XXH3_64bits(x, (size_t)n * sizeof *x);
	if (l.dparams[0])
		download(d, x, l.dparams[0], (size_t)k * sizeof *x);
	b.parameters = XXH3_64bits(x, (size_t)k * sizeof *x);
	void *device[] = {(void *)l.output, (void *)l.target, l.gradient, l.each, (void *)l.params[0], l.dparams[0]};
	for (size_t i = 0; i < sizeof device / sizeof *device; i++)
		d->ops->free(d, device[i]);
	d->ops->slots_close(d, &s);
	free(x), free(y), free(label);
	return b;
}

/* What another process prints of it. */
static void print_bits(struct device *d)
{
	for (int kind = 0; kind < LOSS_KINDS; kind++)
		for (int k = 2; k <= 42; k += 10) {
			struct bits b = loss_bits(d, (enum loss_kind)kind, 3000 / k, k);
			printf("%016llx\n", (unsigned long long)XXH3_64bits(&b, sizeof b));
		}
}

int main(int argc, char **argv)
{
	struct device *d = open_cuda();
	if (argc > 1 && strcmp(argv[1], "bits") == 0) {
		print_bits(d);
		d->ops->close(d);
		return 0;
	}
	check_formats(d, cuda_label);
	check_gather(d, cuda_label);
	check_loss(d, cuda_label);
	test_prefix(cuda_label);
	check_own_formats(d);
	check_batches(d);
	check_orders("losses", 4);
	check_layers(d);
	check_small_layers(d);
	check_bf16_layers(d);
	d->ops->close(d);
	return done_testing();
}
