/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Exact tangents of linear layers, convolutions, activations and flattening on the CPU. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/cpu/conv.h"
#include "tests/device_vec.h"
#include "tests/each_isa.h"
#include "tests/tangent_case.h"
#include "tests/tangent_net.h"
#include "tests/tap.h"

static const struct format last = {false, 0}, planes = {false, 1};

/* ---- linear layers and convolutions ---- */

/* A shape with everything moving that may. */
static void try_shape(struct device *d, const struct conv_setup *s, double slack, bool add, double worst[TANGENT_ERRORS])
{
	struct tangent_case c;
	if (!in_turn())
		return;
	tangent_case_new(d, s, slack, &c);
	tangent_case_check(&c, s->first ? MOVES_ALL & ~MOVES_X : MOVES_ALL, add, worst);
	tangent_case_free(&c);
}

static void linear(struct device *d)
{
	/* Small ones, of Basin's own kernels, and the library's. */
	static const int ns[] = {1, 7, 32, 129}, ins[] = {1, 29, 131}, outs[] = {1, 10, 65};
	double worst[TANGENT_ERRORS] = {0}, first[TANGENT_ERRORS] = {0};
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 3; j++)
			for (int k = 0; k < 3; k++) {
				struct conv_setup s = {.dims = {.n = ns[i], .in = ins[j], .out = outs[k], .bias = (i + j + k) % 4}};
				try_shape(d, &s, 1, (i + j) % 2, worst);
				s.first = true;
				try_shape(d, &s, 1, (j + k) % 2, first);
			}
	struct conv_setup large = {.dims = {.n = 260, .in = 140, .out = 70, .bias = true}};
	try_shape(d, &large, 1, false, worst);
	tangent_judge(worst, "linear");
	tangent_judge(first, "linear, of the batch");
}

static void convolutions(struct device *d, const struct conv_shapes *shapes, struct format f, enum conv_algo algo, double slack,
                         const char *name)
{
	double worst[TANGENT_ERRORS] = {0};
	for (int i = 0; i < shapes->n; i++)
		try_shape(d, &(struct conv_setup){.dims = shapes->dims[i], .x = f, .y = f, .algo = algo, .first = i % 4 == 3}, slack, i % 2, worst);
	tangent_judge(worst, name);
}

/* What has no kernels of an instruction set: the library's layouts and algorithms. */
static void library_convolutions(struct device *d)
{
	const struct format blocks = {false, onednn_block()};
	if (blocks.block) {
		convolutions(d, &conv_blocked, blocks, CONV_DIRECT, 1, "direct, blocks of channels");
		convolutions(d, &conv_blocked, blocks, CONV_GEMM, 1, "matrix product, blocks of channels");
	}
	convolutions(d, &conv_blocked, last, CONV_GEMM, 1, "matrix product, channels last");
	convolutions(d, &conv_odd, last, CONV_DIRECT, 1, "direct, channels last");
	/* Winograd's sums have larger errors than the bound of direct ones. */
	if (blocks.block)
		convolutions(d, &conv_blocked, blocks, CONV_WINOGRAD, 40, "Winograd, blocks of channels");
	/* From planes to blocks, as a network's first one. */
	double worst[TANGENT_ERRORS] = {0};
	try_shape(d, &(struct conv_setup){.dims = {3, 3, 9, 8, 32, 3, 1, 1, 1, true}, .x = planes, .y = blocks, .first = true}, 1, false, worst);
	tangent_judge(worst, "of the batch, planes to blocks");
}

/* Every part of a direction missing or not, set and added. */
static void every_part(struct device *d, const struct conv_setup *s, const char *name)
{
	struct tangent_case c;
	double worst[TANGENT_ERRORS] = {0};
	tangent_case_new(d, s, 1, &c);
	for (int moves = 0; moves <= MOVES_ALL; moves++)
		for (int add = 0; add < 2; add++)
			tangent_case_check(&c, moves, add, worst);
	tangent_case_free(&c);
	tangent_judge(worst, name);
}

/* What is not wanted stays as it was. */
static void unwanted(struct device *d, const struct conv_setup *s, const char *name)
{
	struct tangent_case c;
	tangent_case_new(d, s, 1, &c);
	struct layer_io io = tangent_case_io(&c, &c.at), dot = tangent_case_dot(&c, MOVES_ALL);
	struct image *all[] = {&c.along.dx, &c.along.dw, &c.along.db, &c.along.y};
	void *before[4], *after[4];
	bool good = true;
	for (int i = 0; i < 4; i++)
		before[i] = image_bits(all[i]);
	MUST(c.ops->forward(c.plan, &io));
	struct layer_io none = dot;
	none.y = none.dx[0] = none.dparam[PARAM_WEIGHT] = none.dparam[PARAM_BIAS] = NULL;
	MUST(c.ops->jvp(c.plan, &io, &none));
	MUST(c.ops->hvp(c.plan, &io, &none));
	for (int i = 0; i < 4; i++)
		good = good && image_same(all[i], before[i]);
	/* One at a time is the same as all together. */
	MUST(c.ops->hvp(c.plan, &io, &dot));
	for (int i = 0; i < 3; i++)
		after[i] = image_bits(all[i]);
	for (int i = 0; i < 3; i++) {
		struct layer_io one = none;
		one.dx[0] = i == 0 ? dot.dx[0] : NULL;
		one.dparam[PARAM_WEIGHT] = i == 1 ? dot.dparam[PARAM_WEIGHT] : NULL;
		one.dparam[PARAM_BIAS] = i == 2 ? dot.dparam[PARAM_BIAS] : NULL;
		image_random(all[i]);
		MUST(c.ops->hvp(c.plan, &io, &one));
		for (int j = 0; j <= i; j++)
			good = good && image_same(all[j], after[j]);
	}
	ok(good, "%s: what is not wanted is left alone, and each alone has the same bits", name);
	for (int i = 0; i < 4; i++)
		free(before[i]);
	for (int i = 0; i < 3; i++)
		free(after[i]);
	tangent_case_free(&c);
}

static int nans(struct image *m, size_t first, size_t n)
{
	int count = 0;
	image_get(m);
	for (size_t i = 0; i < n; i++)
		count += isnan(m->exact[first + i]) != 0;
	return count;
}

/* NaN in ẋ, or in dy, is seen in what comes of that example, and in no other example's. */
static void bad_numbers(struct device *d, const struct conv_setup *s, const char *name)
{
	struct tangent_case c;
	tangent_case_new(d, s, 1, &c);
	struct layer_io io = tangent_case_io(&c, &c.at), dot = tangent_case_dot(&c, MOVES_ALL);
	size_t inputs = c.at.x.count / (size_t)s->dims.n, outputs = c.at.y.count / (size_t)s->dims.n;
	c.along.x.exact[inputs + inputs / 2] = c.at.dy.exact[outputs + outputs / 2] = NAN;
	image_put(&c.along.x), image_put(&c.at.dy);
	MUST(c.ops->forward(c.plan, &io));
	MUST(c.ops->jvp(c.plan, &io, &dot));
	MUST(c.ops->hvp(c.plan, &io, &dot));
	bool seen = nans(&c.along.y, outputs, outputs) && nans(&c.along.dx, inputs, inputs) && nans(&c.along.dw, 0, c.along.dw.count);
	ok(seen && !nans(&c.along.y, 0, outputs) && !nans(&c.along.dx, 0, inputs) && !nans(&c.along.db, 0, c.along.db.count),
	   "%s: NaN comes through where it belongs", name);
	tangent_case_free(&c);
}

/* The refusal of anything but float32. */
static void refusals(struct device *d)
{
	static const enum layer_kind kinds[] = {LAYER_LINEAR, LAYER_CONV, LAYER_ACTIVATION, LAYER_FLATTEN};
	bool good = true;
	for (int i = 0; i < 4; i++) {
		struct layer l = {.kind = kinds[i], .input = {0, INPUT_NONE}, .in = {16, 1, 1}, .out = {16, 1, 1}, .kernel = 1, .stride = 1,
		                  .groups = 1};
		struct plan_request r = {.layer = &l, .n = 2, .mode = PLAN_TANGENT, .precision = PRECISION_BF16, .x = {{true, 0}}, .y = {true, 0}};
		struct layer_plan *p = (void *)1;
		good = good && d->ops->layers[kinds[i]]->plan(d, &r, &p) == ERR_USAGE && !p && strstr(fail_words(ERR_USAGE, "--"), "--precision");
	}
	ok(good, "tangents in bf16 are refused");
}

/* ---- activations ---- */

/* f″ by differences of fourth order in double, whose error is below 1e-11 here. */
static double bend_of(enum activation kind, double x)
{
	const double h = 1e-3;
	double near = ref_activation_slope(kind, x + h) - ref_activation_slope(kind, x - h);
	double far = ref_activation_slope(kind, x + 2 * h) - ref_activation_slope(kind, x - 2 * h);
	return kind == ACTIVATION_RELU ? 0 : (8 * near - far) / (12 * h);
}

enum { AT_X, AT_Y, AT_DY, DOT_X, DOT_Y, DOT_DY, DOT_DX, ACT_TENSORS };

/* Errors of ẏ and dẋ in units of their bounds, which are those of the activations' slopes. */
static void activation_shape(struct device *d, enum activation kind, int n, int width, int moves, double worst[2])
{
	const struct layer_ops *ops = d->ops->layers[LAYER_ACTIVATION];
	const int shape[3] = {width, 1, 1};
	struct layer l = {.kind = LAYER_ACTIVATION, .in = {width, 1, 1}, .out = {width, 1, 1}, .activation = kind};
	struct image t[ACT_TENSORS];
	struct layer_plan *p;
	static const double extremes[] = {0, -0.0, 100, -100, 20, -20, 1e-30, -1e-30};
	for (int i = 0; i < ACT_TENSORS; i++) {
		t[i] = image_new(d, last, n, shape);
		image_normals(&t[i], 0, i == AT_X ? 3 : 1);
	}
	for (size_t i = 0; i < 8 && i < t[AT_X].count; i++)
		t[AT_X].exact[i] = extremes[i];
	image_put(&t[AT_X]);
	MUST(ops->plan(d, &(struct plan_request){.layer = &l, .n = n, .mode = PLAN_TANGENT}, &p));
	struct layer_io io = {.x = {t[AT_X].device}, .y = t[AT_Y].device, .dy = {t[AT_DY].device}};
	struct layer_io dot = {.x = {moves & MOVES_X ? t[DOT_X].device : NULL}, .y = t[DOT_Y].device,
	                       .dy = {moves & MOVES_DY ? t[DOT_DY].device : NULL}, .dx = {t[DOT_DX].device}};
	MUST(ops->forward(p, &io));
	MUST(ops->jvp(p, &io, &dot));
	MUST(ops->hvp(p, &io, &dot));
	image_get(&t[DOT_Y]), image_get(&t[DOT_DX]);
	for (size_t i = 0; i < t[AT_X].count; i++) {
		double x = t[AT_X].exact[i], x_dot = moves & MOVES_X ? t[DOT_X].exact[i] : 0, dy = t[AT_DY].exact[i];
		double dy_dot = moves & MOVES_DY ? t[DOT_DY].exact[i] : 0, slope = ref_activation_slope(kind, x);
		double y_error = fabs(t[DOT_Y].exact[i] - slope * x_dot) / (1e-6 * fabs(x_dot) + 1e-30);
		double x_error = fabs(t[DOT_DX].exact[i] - slope * dy_dot - bend_of(kind, x) * x_dot * dy) /
		                 (1e-6 * (fabs(dy_dot) + fabs(x_dot * dy)) + 1e-30);
		worst[0] = y_error <= worst[0] ? worst[0] : isnan(y_error) ? INFINITY : y_error;
		worst[1] = x_error <= worst[1] ? worst[1] : isnan(x_error) ? INFINITY : x_error;
	}
	t[AT_X].exact[0] = NAN;
	image_put(&t[AT_X]);
	dot.x[0] = t[DOT_X].device;
	MUST(ops->forward(p, &io));
	MUST(ops->hvp(p, &io, &dot));
	if (kind != ACTIVATION_RELU && !nans(&t[DOT_DX], 0, 1))
		worst[1] = INFINITY;
	ops->drop(p);
	for (int i = 0; i < ACT_TENSORS; i++)
		image_free(&t[i]);
}

static void activations(struct device *d)
{
	static const char *const names[] = {"relu", "silu", "tanh"};
	static const int ns[] = {1, 3, 40}, widths[] = {1, 10, 64, 1029};
	for (int kind = ACTIVATION_RELU; kind <= ACTIVATION_TANH; kind++) {
		double worst[2] = {0};
		for (int i = 0; i < 3; i++)
			for (int j = 0; j < 4; j++)
				if (in_turn())
					activation_shape(d, (enum activation)kind, ns[i], widths[j], MOVES_ALL, worst);
		for (int moves = 0; moves < MOVES_ALL; moves++)
			activation_shape(d, (enum activation)kind, 3, 37, moves, worst);
		ok(worst[0] <= 1, "%s: ẏ (%.2g of the bound)", names[kind], worst[0]);
		ok(worst[1] <= 1, "%s: dẋ, with f″ (%.2g of the bound)", names[kind], worst[1]);
	}
}

/* ---- flattening ---- */

/* ẋ and dẏ go where x and dy go. */
static void flattening(struct device *d)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_FLATTEN];
	static const struct format formats[] = {{false, 0}, {false, 1}, {false, 8}, {false, 16}};
	/* The last is large enough for more than one thread. */
	static const int shapes[][3] = {{16, 5, 5}, {32, 1, 1}, {48, 3, 7}, {16, 30, 29}};
	bool good = true, zero = true;
	for (int i = 0; i < 16; i++) {
		const int *in = shapes[i % 4];
		struct layer l = {.kind = LAYER_FLATTEN, .input = {INPUT_BATCH, INPUT_NONE}, .in = {in[0], in[1], in[2]},
		                  .out = {in[0] * in[1] * in[2], 1, 1}};
		struct image x = image_new(d, formats[i / 4], 3, in), dx = image_new(d, formats[i / 4], 3, in);
		struct image y = image_new(d, last, 3, l.out), dy = image_new(d, last, 3, l.out);
		struct layer_plan *p;
		MUST(ops->plan(d, &(struct plan_request){.layer = &l, .n = 3, .mode = PLAN_TANGENT, .x = {formats[i / 4]}, .y = last}, &p));
		image_random(&x), image_random(&dy), image_random(&dx), image_random(&y);
		struct layer_io io = {0}, dot = {.x = {x.device}, .y = y.device, .dy = {dy.device}, .dx = {dx.device}};
		MUST(ops->jvp(p, &io, &dot));
		MUST(ops->hvp(p, &io, &dot));
		image_get(&y), image_get(&dx);
		good = good && image_error(&y, x.exact, 0, 0x1p-149) == 0 && image_error(&dx, dy.exact, 0, 0x1p-149) == 0;
		dot.x[0] = dot.dy[0] = NULL;
		MUST(ops->jvp(p, &io, &dot));
		MUST(ops->hvp(p, &io, &dot));
		image_get(&y), image_get(&dx);
		for (size_t j = 0; j < y.count; j++)
			zero = zero && y.exact[j] == 0 && dx.exact[j] == 0;
		ops->drop(p);
		image_free(&x), image_free(&dx), image_free(&y), image_free(&dy);
	}
	ok(good, "flattening: ẏ and dẋ are ẋ and dẏ in their order");
	ok(zero, "flattening: and 0 where those are");
}

/* ---- all of them ---- */

static void kernels(struct device *d, const struct kernels *k)
{
	(void)k;
	linear(d);
	convolutions(d, &conv_few, planes, CONV_DIRECT, 1, "planes");
	activations(d);
	flattening(d);
	tangent_nets(d);
}

int main(void)
{
	static const struct conv_setup setups[] = {
		{.dims = {.n = 5, .in = 7, .out = 3, .bias = true}},
		{.dims = {.n = 140, .in = 130, .out = 67, .bias = true}},
		{.dims = {3, 3, 7, 8, 6, 5, 1, 2, 1, true}, .x = {false, 1}, .y = {false, 1}},
		{.dims = {11, 3, 7, 8, 6, 5, 1, 2, 1, true}, .x = {false, 1}, .y = {false, 1}},
		{.dims = {2, 16, 6, 6, 32, 3, 2, 1, 2, true}, .x = {false, 8}, .y = {false, 8}},
	};
	static const char *const names[] = {"a small linear layer", "a linear layer", "planes", "planes of many examples", "a library's convolution"};
	struct device *d, *alone;
	MUST(backend_open("cpu", 2, &d));
	MUST(backend_open("cpu", 1, &alone));
	for (size_t i = 0; i < sizeof setups / sizeof *setups; i++) {
		every_part(i % 2 ? alone : d, &setups[i], names[i]);
		unwanted(i % 2 ? d : alone, &setups[i], names[i]);
		bad_numbers(d, &setups[i], names[i]);
	}
	refusals(d);
	library_convolutions(d);
	test_prefix("one thread");
	kernels(alone, NULL);
	test_prefix(NULL);
	alone->ops->close(alone);
	d->ops->close(d);
	each_isa(kernels);
	return done_testing();
}
