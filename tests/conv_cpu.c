/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
#include <jansson.h>
#include <string.h>

#include "tests/conv.h"
#include "src/cpu/conv.h"
#include "tests/each_isa.h"
#include "tests/tap.h"

static const struct format blocks8 = {false, 8}, last = {false, 0}, planes = {false, 1}, half = {true, 0};

/* A choice that is there is taken, and left as it is. */
static void kept_choices(struct device *d)
{
	static const char *const names[] = {"direct", "gemm", "winograd"};
	static const enum conv_algo algos[] = {CONV_DIRECT, CONV_GEMM, CONV_WINOGRAD};
	struct onednn_conv c = {.direction = API_WEIGHTS, .n = 2, .groups = 1, .in = {16, 6, 6}, .out = {32, 6, 6}, .kernel = 3,
	                        .stride = 1, .pad = 1, .activation = ACTIVATION_NONE};
	struct onednn o;
	c.x_block = c.y_block = onednn_block();
	MUST(onednn_open(&o));
	for (int i = 0; i < 3; i++) {
		json_t *want = json_pack("{s:s}", "conv 16x6x6 32 k3 s1 p1 g1 f32 weights", names[i]);
		struct conv_part part;
		MUST(d->ops->choices_load(d, want, true));
		MUST(conv_choose(d, &o, &c, CONV_AUTO, &part));
		ok(part.made && part.algo == algos[i] && json_equal(((struct cpu_device *)d)->choices, want),
		   "the choice “%s” is taken and kept", names[i]);
		conv_part_drop(&part);
		json_decref(want);
	}
	struct onednn_conv strided = c;
	json_t *other = json_pack("{s:s}", "conv 16x6x6 32 k3 s2 p1 g1 f32 forward", "winograd");
	struct conv_part part;
	strided.direction = API_FORWARD;
	strided.stride = 2;
	strided.out[1] = strided.out[2] = 3;
	MUST(d->ops->choices_load(d, other, true));
	MUST(conv_choose(d, &o, &strided, CONV_AUTO, &part));
	ok(part.made && part.algo == CONV_DIRECT, "one that its shape has not is direct");
	conv_part_drop(&part);
	json_decref(other);
	forget_choices(d);
	onednn_close(&o);
}

/* What a convolution takes in is a batch norm, and only where that leaves one bias and no threshold. */
static void folding(void)
{
	struct layer conv = {.kind = LAYER_CONV, .param = {1}}, biased = {.kind = LAYER_CONV, .param = {1, 2}};
	struct layer norm = {.kind = LAYER_NORM, .norm = NORM_BATCH}, relu = {.kind = LAYER_ACTIVATION};
	struct layer filter = {.kind = LAYER_NORM, .norm = NORM_FILTER_RESPONSE};
	struct layer threshold = {.kind = LAYER_NORM, .activation = ACTIVATION_THRESHOLD};
	ok(cpu_conv.folds(&conv, &norm), "a convolution folds a batch norm");
	ok(!cpu_conv.folds(&biased, &norm) && !cpu_conv.folds(&conv, &filter) && !cpu_conv.folds(&conv, &threshold) &&
	           !cpu_conv.folds(&conv, &relu), "but not with a bias of its own, and no other layer");
	ok(cpu_conv.in_place(&conv) == IN_PLACE_Y_X1, "and then works over the residual");
}

/* Blocks as the library has them here: of 16 channels with AVX-512, of 8 below. For others it has no code but its plain one, which
 * takes minutes. */
static struct format library_blocks(void)
{
	return (struct format){false, onednn_block()};
}

static void float32(struct device *d)
{
	const struct format blocks = library_blocks();
	check_conv(d, blocks, PRECISION_FP32, CONV_DIRECT, 1, "direct, blocks");
	check_conv(d, last, PRECISION_FP32, CONV_DIRECT, 1, "direct, channels last");
	check_conv(d, blocks, PRECISION_FP32, CONV_GEMM, 1, "matrix product, blocks");
	if (blocks.block != blocks8.block) {
		check_conv(d, blocks8, PRECISION_FP32, CONV_DIRECT, 1, "direct, blocks of 8");
		check_conv(d, blocks8, PRECISION_FP32, CONV_GEMM, 1, "matrix product, blocks of 8");
	}
	check_conv(d, last, PRECISION_FP32, CONV_GEMM, 1, "matrix product, channels last");
	check_conv(d, blocks, PRECISION_FP32, CONV_AUTO, 40, "measured, blocks");
	check_conv_folded(d, blocks, PRECISION_FP32, CONV_DIRECT, "blocks");
	check_conv_folded(d, last, PRECISION_FP32, CONV_DIRECT, "channels last");
	check_conv_folded(d, blocks, PRECISION_FP32, CONV_AUTO, "blocks, by rule");
	check_conv_entry(d, planes, blocks, PRECISION_FP32, "planes to blocks");
	check_conv_entry(d, last, last, PRECISION_FP32, "an image's channels");
	check_conv_bits(d, blocks, PRECISION_FP32, CONV_DIRECT, "direct, blocks");
	check_conv_bits(d, blocks, PRECISION_FP32, CONV_GEMM, "matrix product, blocks");
	check_conv_bits(d, blocks, PRECISION_FP32, CONV_AUTO, "measured, blocks");
	check_conv_choices(d, blocks);
	kept_choices(d);
	check_conv_noise(d, last, PRECISION_FP32, "float32");
}

static void winograd(struct device *d)
{
	const struct format blocks = library_blocks();
	/* Winograd's sums have larger errors than the bound of direct ones. */
	check_conv(d, blocks, PRECISION_FP32, CONV_WINOGRAD, 8, "Winograd, blocks");
	check_conv_folded(d, blocks, PRECISION_FP32, CONV_WINOGRAD, "Winograd, blocks");
	check_conv_bits(d, blocks, PRECISION_FP32, CONV_WINOGRAD, "Winograd, blocks");
	check_conv(d, blocks, PRECISION_FP32, CONV_LIBRARY_WINOGRAD, 40, "the library's Winograd, blocks");
	check_conv_folded(d, blocks, PRECISION_FP32, CONV_LIBRARY_WINOGRAD, "the library's Winograd, blocks");
	check_conv_bits(d, blocks, PRECISION_FP32, CONV_LIBRARY_WINOGRAD, "the library's Winograd, blocks");
	struct device *three;
	MUST(backend_open("cpu", 3, &three));
	check_conv_threads(d, three, blocks, CONV_WINOGRAD, "Winograd, blocks");
	check_conv_rest(d, blocks, CONV_WINOGRAD, "Winograd, blocks");
	check_conv_rest(d, blocks, CONV_AUTO, "by rule, blocks");
	three->ops->close(three);
}

static void bfloat(struct device *d)
{
	struct layer l = {.kind = LAYER_CONV, .input = {0, INPUT_NONE}, .in = {16, 8, 8}, .out = {16, 8, 8}, .kernel = 3,
	                  .stride = 1, .pad = 1, .groups = 1};
	struct plan_request r = {.layer = &l, .n = 1, .mode = PLAN_TRAIN, .precision = PRECISION_BF16, .x = {half}, .y = half};
	struct layer_plan *p;
	if (!onednn_has_avx512()) {
		ok(cpu_conv.plan(d, &r, &p) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "--precision bf16"),
		   "bf16 is refused where the library has none");
		return;
	}
	r.algo = CONV_WINOGRAD;
	ok(cpu_conv.plan(d, &r, &p) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "--conv-algo winograd"),
	   "Winograd in bf16 is refused");
	check_conv(d, half, PRECISION_BF16, CONV_DIRECT, 1, "direct, bf16");
	check_conv(d, half, PRECISION_BF16, CONV_GEMM, 1, "matrix product, bf16");
	check_conv_folded(d, half, PRECISION_BF16, CONV_DIRECT, "bf16");
	check_conv_entry(d, last, last, PRECISION_BF16, "an image's channels, bf16 plan");
	check_conv_entry(d, last, half, PRECISION_BF16, "an image's channels to bf16");
	check_conv_bits(d, half, PRECISION_BF16, CONV_DIRECT, "direct, bf16");
	check_conv_bits(d, half, PRECISION_BF16, CONV_GEMM, "matrix product, bf16");
	check_conv_noise(d, half, PRECISION_BF16, "bf16");
}

/* What has kernels for every instruction set: reordering, rounding, sums by channel, Winograd's algorithm. */
static void kernels(struct device *d, const struct kernels *k)
{
	(void)k;
	struct device *alone;
	check_conv(d, last, PRECISION_FP32, CONV_DIRECT, 1, "direct, channels last");
	check_conv(d, last, PRECISION_FP32, CONV_WINOGRAD, 8, "Winograd, channels last");
	check_conv_folded(d, last, PRECISION_FP32, CONV_WINOGRAD, "Winograd, channels last");
	/* Also of blocks wider than a vector; and of narrower ones, which it can't do. */
	check_conv(d, library_blocks(), PRECISION_FP32, CONV_WINOGRAD, 8, "Winograd, blocks");
	check_conv_planes(d, CONV_DIRECT, "planes");
	MUST(backend_open("cpu", 1, &alone));
	check_conv_planes_rules(d, alone);
	alone->ops->close(alone);
	if (onednn_has_avx512())
		check_conv(d, half, PRECISION_BF16, CONV_DIRECT, 1, "direct, bf16");
}

int main(void)
{
	struct device *d;
	MUST(backend_open("cpu", 2, &d));
	folding();
	float32(d);
	check_conv_planes(d, CONV_AUTO, "planes, measured where there is a choice");
	winograd(d);
	bfloat(d);
	d->ops->close(d);
	each_isa(kernels);
	return done_testing();
}
