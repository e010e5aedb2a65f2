/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* dW beside dx, on a stream of its own: the same bits as one behind the other, of what the calls before have just made and for the
 * calls behind at once; call by call and as a graph. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cuda/conv.h"
#include "tests/conv.h"
#include "tests/cuda_driver.h"
#include "tests/device_vec.h"
#include "tests/tap.h"

enum { STEPS = 4, RESULTS = 2 };

/* What comes of some steps. */
struct results {
	void *at[STEPS][RESULTS];
	size_t bytes[RESULTS];
};

/* dy comes from elsewhere, twice as large in each step, and dx and dW go elsewhere, in the same list of calls. */
static void take_steps(struct device *d, const struct conv_case *c, size_t element, bool add, struct results *r)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	r->bytes[0] = c->nx * element;
	r->bytes[1] = c->nw * sizeof(float);
	void *dy = device_take(d, c->ny * element), *dx = device_take(d, r->bytes[0]), *dw = device_take(d, r->bytes[1]);
	MUST(d->ops->copy(d, dy, c->device_residual, c->ny * element));
	MUST(d->ops->copy(d, c->dw, c->theta, r->bytes[1]));
	for (int k = 0; k < STEPS; k++) {
		struct layer_io io = conv_case_io(c);
		io.add_dparams = add;
		MUST(d->ops->sync(d));
		MUST(d->ops->copy(d, c->device_dy, dy, c->ny * element));
		MUST(ops->backward(c->plan, &io));
		MUST(d->ops->copy(d, dx, c->device_dx, r->bytes[0]));
		MUST(d->ops->copy(d, dw, c->dw, r->bytes[1]));
		r->at[k][0] = fetch(d, dx, r->bytes[0]);
		r->at[k][1] = fetch(d, dw, r->bytes[1]);
		MUST(d->ops->add(d, (struct format){.bf16 = element == sizeof(uint16_t)}, c->ny, dy, dy));
	}
	d->ops->free(d, dy);
	d->ops->free(d, dx);
	d->ops->free(d, dw);
}

/* As if the device had been opened so; its choices stay. */
static void plan_again(struct device *d, struct conv_case *c, int streams)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	cuda_of(d)->streams = streams;
	ops->drop(c->plan);
	MUST(ops->plan(d, &c->request, &c->plan));
	conv_case_materialise(c);
}

static bool same_results(const struct results *a, const struct results *b)
{
	bool same = true;
	for (int k = 0; k < STEPS; k++)
		for (int i = 0; i < RESULTS; i++)
			same = same && a->bytes[i] == b->bytes[i] && !memcmp(a->at[k][i], b->at[k][i], a->bytes[i]);
	return same;
}

static bool differ_by_step(const struct results *a)
{
	bool differ = true;
	for (int k = 1; k < STEPS; k++)
		for (int i = 0; i < RESULTS; i++)
			differ = differ && memcmp(a->at[k - 1][i], a->at[k][i], a->bytes[i]) != 0;
	return differ;
}

static void free_results(struct results *r)
{
	for (int k = 0; k < STEPS; k++)
		for (int i = 0; i < RESULTS; i++)
			free(r->at[k][i]);
}

static void check_bits(struct format f, struct conv_dims dims, bool add, const char *name)
{
	const struct conv_setup s = {.dims = dims, .x = f, .y = f, .mode = PLAN_TRAIN, .precision = f.bf16 ? PRECISION_BF16 : PRECISION_FP32};
	struct conv_case c;
	struct results one, two;
	struct device *d = open_cuda();
	conv_case_new(d, &s, &c);
	plan_again(d, &c, 1);
	take_steps(d, &c, format_bytes(f), add, &one);
	plan_again(d, &c, 2);
	take_steps(d, &c, format_bytes(f), add, &two);
	ok(differ_by_step(&one) && same_results(&one, &two), "%s%s: dW beside dx has the bits of one behind the other", name,
	   add ? ", added" : "");
	free_results(&one);
	free_results(&two);
	conv_case_free(&c);
	d->ops->close(d);
}

static void check_rule(void)
{
	struct cuda_device cuda = {.streams = 0};
	const struct conv_shape large = {128, 1, {64, 32, 32}, {64, 32, 32}, 3, 1, 1}, late = {128, 1, {512, 4, 4}, {512, 4, 4}, 3, 1, 1},
	                        small = {128, 1, {16, 32, 32}, {16, 32, 32}, 3, 1, 1}, split = {128, 16, {64, 32, 32}, {64, 32, 32}, 3, 1, 1};
	ok(cuda_conv_forks(&cuda, &large) && cuda_conv_forks(&cuda, &late), "a ResNet-18's convolutions are worth it");
	ok(!cuda_conv_forks(&cuda, &small) && !cuda_conv_forks(&cuda, &split), "a ResNet-20's are not, nor others of as few sums");
	cuda.streams = 1;
	ok(!cuda_conv_forks(&cuda, &large), "BASIN_CUDA_STREAMS=1: none is");
	cuda.streams = 2;
	ok(cuda_conv_forks(&cuda, &small), "BASIN_CUDA_STREAMS=2: all are");
}

static void check_word(const char *word)
{
	extern const struct backend cuda_backend;
	struct device *d = NULL;
	setenv("BASIN_CUDA_STREAMS", word, 1);
	const status s = cuda_backend.open(0, 0, &d);
	ok(s != OK && !d && strstr(fail_message(s), "expected 1 or 2"), "BASIN_CUDA_STREAMS=%s is refused", word);
	unsetenv("BASIN_CUDA_STREAMS");
}

int main(void)
{
	static const struct format single = {false, 0}, half = {true, 0};
	static const struct conv_dims square = {2, 16, 6, 6, 16, 3, 1, 1, 1, false}, pointwise = {3, 16, 5, 5, 24, 1, 2, 0, 1, true},
	                              wide = {4, 24, 9, 9, 8, 3, 2, 1, 1, false};
	test_prefix(cuda_label);
	for (int add = 0; add < 2; add++) {
		check_bits(half, square, add, "bf16");
		check_bits(half, pointwise, add, "bf16, 1×1 with a bias");
		check_bits(half, wide, add, "bf16, from 24 channels to 8");
		check_bits(single, square, add, "float32");
	}
	check_rule();
	check_word("0");
	check_word("3");
	check_word("12");
	return done_testing();
}
