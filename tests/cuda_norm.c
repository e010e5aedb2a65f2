/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Norms on a CUDA device: what every backend must do, and what is CUDA's alone. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "src/cuda/norm.h"
#include "tests/cuda_driver.h"
#include "tests/cuda_orders.h"
#include "tests/layers.h"
#include "tests/norm_case.h"
#include "tests/tap.h"

/* ---- how work is divided ---- */

static int blocks_of(const struct cuda_norm_shape *s)
{
	return s->parts * s->slices * (s->channels / s->width);
}

/* Every row and every channel is somebody's, and nobody is without any. */
static bool covers(const struct cuda_norm_shape *s)
{
	const size_t rows = (size_t)s->n * s->pixels, slice = (size_t)s->pack << s->lane_bits;
	return (size_t)s->parts * (size_t)s->part_rows >= rows && ((size_t)s->parts - 1) * (size_t)s->part_rows < rows &&
	       (size_t)s->slices * slice >= (size_t)s->width && ((size_t)s->slices - 1) * slice < (size_t)s->width;
}

static void check_division(void)
{
	static const struct {
		int channels, side;
	} stages[] = {{64, 32}, {128, 16}, {256, 8}, {512, 4}};
	bool fills = true, all = true, wide = true;
	for (int i = 0; i < 4; i++)
		for (int bf16 = 0; bf16 < 2; bf16++)
			for (int n = 128; n <= 512; n *= 4) {
				const size_t pixels = (size_t)(stages[i].side * stages[i].side);
				const struct cuda_norm_shape s = cuda_norm_divide(NORM_BATCH, n, stages[i].channels, pixels,
				                                                  stages[i].channels, bf16, false);
				const bool few = n == 128 && i == 3;
				fills = fills && (few ? s.whole : blocks_of(&s) >= 248 && (n > 128 || blocks_of(&s) <= 264));
				all = all && covers(&s);
				wide = wide && s.pack == (bf16 ? 8 : 4) && s.lane_bits == (few ? 0 : 2);
			}
	ok(fills, "batch norm: ResNet-18's are two blocks to each of 132 multiprocessors, or hold all their rows");
	ok(all, "batch norm: blocks have all rows and channels");
	ok(wide, "norms: a thread moves 16 bytes at once");
	const struct cuda_norm_shape large = cuda_norm_divide(NORM_BATCH, 4096, 64, 112 * 112, 64, true, false);
	ok(large.part_rows <= 4096 && covers(&large), "batch norm: of many rows, a block has no more than float32 can sum well");
	const struct cuda_norm_shape small = cuda_norm_divide(NORM_FILTER_RESPONSE, 128, 512, 16, 512, true, false),
	                             map = cuda_norm_divide(NORM_FILTER_RESPONSE, 128, 64, 1024, 64, true, false);
	ok(CUDA_NORM_THREADS >> small.lane_bits == 16 && map.lane_bits == 2, "filter response norm: few pixels, more channels to a block");
	ok(cuda_norm_divide(NORM_BATCH, 2, 20, 4, 20, true, false).pack == 1 &&
	   cuda_norm_divide(NORM_BATCH, 2, 16, 4, 16, true, true).pack == 1 && cuda_norm_divide(NORM_BATCH, 2, 32, 4, 16, true, false).pack == 1,
	   "norms: channels one by one where packs don't fit, types differ, or a format has blocks");
}

/* ---- threads that have many rows, in several turns ---- */

static void check_many_rows(struct device *d)
{
	static const struct norm_shape batch = {5, 128, 64, 67, 0}, narrow = {7, 8, 160, 161, 0}, map = {2, 40, 37, 36, 0};
	if (in_turn())
		check_large_norm(d, NORM_BATCH, &batch, true, ACTIVATION_RELU, true);
	if (in_turn())
		check_large_norm(d, NORM_BATCH, &narrow, false, ACTIVATION_THRESHOLD, false);
	for (int bf16 = 0; bf16 < 2; bf16++) {
		check_large_norm(d, NORM_FILTER_RESPONSE, &map, bf16, ACTIVATION_THRESHOLD, true);
		check_large_norm(d, NORM_FILTER_RESPONSE, &map, bf16, ACTIVATION_SILU, false);
	}
}

/* One kernel, and two where there is a row more than it holds, or a channel more than packs have; the last of a thread's rows may be
 * another's only. */
static void check_whole(struct device *d)
{
	static const struct norm_shape whole = {8, 32, 16, 16, 0}, more = {3, 32, 683, 1, 0}, odd = {2, 27, 8, 8, 0};
	static const struct norm_shape *const all[] = {&whole, &more, &odd};
	static const bool expected[] = {true, false, false};
	bool right = true;
	for (int i = 0; i < 3; i++) {
		const struct norm_shape *const n = all[i];
		right = right && cuda_norm_divide(NORM_BATCH, n->n, n->channels, (size_t)(n->height * n->width), n->channels, true,
		                                  false).whole == expected[i];
	}
	ok(right, "batch norm: a block holds 2048 rows and no more");
	for (int i = 0; i < 2; i++)
		for (int bf16 = 0; bf16 < 2; bf16++)
			for (int residual = 0; residual < 2; residual++) {
				check_large_norm(d, NORM_BATCH, all[i], bf16, ACTIVATION_RELU, residual);
				check_large_norm(d, NORM_BATCH, all[i], bf16, ACTIVATION_NONE, residual);
			}
}

/* ---- what little is left of large numbers ---- */

/* A norm's gradients where x lies around `place`, and the gradient of y around `dy`. */
static void pass(struct norm_case *c, double place, double dy, double deviation)
{
	const struct layer_ops *ops = c->d->ops->layers[LAYER_NORM];
	norm_case_new(c);
	image_normals(&c->x, place, 1);
	image_normals(&c->dy[0], dy, deviation);
	struct layer_plan *p = norm_case_plan(c, PLAN_TRAIN);
	struct layer_io io = norm_case_io(c);
	MUST(ops->forward(p, &io));
	MUST(ops->backward(p, &io));
	image_get(&c->dbeta), image_get(&c->dgamma), image_get(&c->dr);
	ops->drop(p);
}

/* The second pass takes the mean of the gradient that is stored from the sum: that is one of rounded numbers. */
static void check_stored(struct device *d, enum norm norm)
{
	struct norm_case c = {.shape = {8, 16, 8, 8, 0}, .norm = norm, .activation = ACTIVATION_NONE, .residual = true, .x_bf16 = true,
	                      .r_bf16 = true, .y_bf16 = true, .second = true, .policy = STATS_FREEZE, .d = d};
	bool good = true;
	pass(&c, 0, 0, 1);
	for (size_t channel = 0; channel < 16; channel++) {
		double sum = 0, size = 0;
		for (size_t i = 0; i < 8 * 64; i++) {
			const double g = c.dr.exact[(i / 64 * 16 + channel) * 64 + i % 64];
			sum += g;
			size += fabs(g);
		}
		good = good && fabs(c.dbeta.exact[channel] - sum) <= 1e-6 * size;
	}
	ok(good, "%s: sums are of the gradient as it is stored", norm == NORM_BATCH ? "batch norm" : "filter response norm");
	norm_case_free(&c);
}

/* Numbers around 1000 with deviation 1: of gradients that are all 1 nothing goes to γ, were the mean rounded or not. */
static void check_far_mean(struct device *d)
{
	struct norm_case c = {.shape = {8, 16, 8, 8, 0}, .norm = NORM_BATCH, .activation = ACTIVATION_NONE, .policy = STATS_FREEZE, .d = d};
	double most = 0;
	pass(&c, 1000, 1, 0);
	for (int i = 0; i < 16; i++)
		most = fmax(most, fabs(c.dgamma.exact[i]));
	if (!ok(most <= 2e-6 * 8 * 64, "batch norm: mean 1000, deviation 1, and nothing for γ"))
		note("dγ: %g", most);
	norm_case_free(&c);
}

/* ---- bits that no order of threads and blocks changes ---- */

static uint64_t hash(struct image *t, uint64_t before)
{
	void *bits = image_bits(t);
	const uint64_t h = XXH3_64bits_withSeed(bits, t->count * format_bytes(t->format), before);
	free(bits);
	return h;
}

/* All that a norm writes. */
static uint64_t norm_bits(struct device *d, enum norm norm, enum activation activation, bool bf16, bool residual)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_NORM];
	struct norm_case c = {.shape = {6, 40, 15, 14, 0}, .norm = norm, .activation = activation, .residual = residual,
	                      .x_bf16 = bf16, .y_bf16 = bf16, .r_bf16 = bf16, .policy = STATS_RUN, .d = d};
	norm_case_new(&c);
	struct layer_plan *p = norm_case_plan(&c, PLAN_TRAIN);
	struct layer_io io = norm_case_io(&c);
	MUST(ops->forward(p, &io));
	MUST(ops->backward(p, &io));
	struct image *all[] = {&c.y, &c.dx, &c.dr, &c.dgamma, &c.dbeta, &c.dtau, &c.stats};
	uint64_t h = 0;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		h = hash(all[i], h);
	ops->drop(p);
	norm_case_free(&c);
	return h;
}

/* What another process prints of it. */
static void print_bits(struct device *d)
{
	for (int i = 0; i < 8; i++)
		printf("%016llx\n", (unsigned long long)norm_bits(d, (enum norm)(i & 1), i & 2 ? ACTIVATION_THRESHOLD : ACTIVATION_RELU,
		                                                   i & 4, i & 2));
}

int main(int argc, char **argv)
{
	struct device *d = open_cuda();
	if (argc > 1 && strcmp(argv[1], "bits") == 0) {
		print_bits(d);
		d->ops->close(d);
		return 0;
	}
	test_prefix(cuda_label);
	check_division();
	check_norms(d);
	check_many_rows(d);
	check_whole(d);
	check_stored(d, NORM_BATCH);
	check_stored(d, NORM_FILTER_RESPONSE);
	check_far_mean(d);
	check_orders("norms", 3);
	d->ops->close(d);
	return done_testing();
}
