/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What convolutions promise beyond their values: folding, the same bits again, choices that are kept, noise that
 * survives rounding. */
#include "tests/conv.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/device_vec.h"
#include "tests/tap.h"

static const struct conv_dims usual = {4, 32, 9, 9, 48, 3, 1, 1, 1, false};

static void folded(struct device *d, struct format x, struct format y, enum precision precision, const struct conv_dims *dims,
                   enum conv_algo algo, const char *name)
{
	static const enum activation all[] = {ACTIVATION_RELU, ACTIVATION_SILU, ACTIVATION_TANH, ACTIVATION_NONE};
	static const char *const names[] = {"relu", "silu", "tanh", "no activation"};
	for (int a = 0; a < 4; a++)
		for (int residual = 0; residual < 2; residual++) {
			if (!in_turn())
				continue;
			struct conv_worst worst[4] = {{0}};
			struct conv_setup s = {.dims = *dims, .x = x, .y = y, .mode = PLAN_INFER, .precision = precision, .algo = algo,
			                       .folded = true, .residual = residual, .activation = all[a]};
			struct conv_case c;
			char text[128];
			conv_case_new(d, &s, &c);
			conv_check(&c, &s, false, algo == CONV_DIRECT ? 4 : 40, worst);
			snprintf(text, sizeof text, "%s: folded norm, %s%s", name, names[a], residual ? ", residual" : "");
			conv_judge(worst, text);
			if (residual) {
				size_t bytes = c.ny * format_bytes(y);
				void *want = fetch(d, c.device_y, bytes);
				struct layer_io io = conv_case_io(&c);
				io.y = c.device_residual;
				MUST(d->ops->layers[LAYER_CONV]->forward(c.plan, &io));
				void *got = fetch(d, c.device_residual, bytes);
				ok(!memcmp(want, got, bytes), "%s: the same bits over the residual", text);
				free(want), free(got);
			}
			conv_case_free(&c);
		}
}

void check_conv_folded(struct device *d, struct format f, enum precision precision, enum conv_algo algo, const char *name)
{
	folded(d, f, f, precision, &usual, algo, name);
}

void check_conv_entry(struct device *d, struct format x, struct format y, enum precision precision, const char *name)
{
	static const struct conv_dims stem = {3, 3, 12, 12, 32, 3, 1, 1, 1, false};
	struct conv_worst worst[4] = {{0}};
	if (x.bf16 == y.bf16) {
		struct conv_setup s = {.dims = stem, .x = x, .y = y, .mode = PLAN_TRAIN, .precision = precision, .algo = CONV_DIRECT,
		                       .first = true, .apart = x.bf16};
		struct conv_case c;
		conv_case_new(d, &s, &c);
		conv_check(&c, &s, false, 1, worst);
		conv_judge(worst, name);
		struct layer_io io = conv_case_io(&c);
		ok(d->ops->layers[LAYER_CONV]->backward(c.plan, &io) == ERR_LIBRARY, "%s: no gradient of the batch", name);
		conv_case_free(&c);
	}
	folded(d, x, y, precision, &stem, CONV_DIRECT, name);
}

/* Two plans of the same kind, and one plan twice, must write the same bits. */
void check_conv_bits(struct device *d, struct format f, enum precision precision, enum conv_algo algo, const char *name)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	const struct conv_dims large = {16, 64, 16, 16, 64, 3, 1, 1, 1, false};
	struct conv_setup s = {.dims = large, .x = f, .y = f, .mode = PLAN_TRAIN, .precision = precision, .algo = algo};
	struct conv_case c;
	conv_case_new(d, &s, &c);
	size_t n[] = {c.ny * format_bytes(f), c.nx * format_bytes(f), c.nw * sizeof(float)};
	const void *out[] = {c.device_y, c.device_dx, c.dw};
	char *first[3], *again[3];
	bool same = true;
	for (int i = 0; i < 3; i++) {
		first[i] = host_take(n[i]);
		again[i] = host_take(n[i]);
	}
	for (int run = 0; run < 4; run++) {
		struct layer_io io = conv_case_io(&c);
		if (run == 2) {
			ops->drop(c.plan);
			MUST(ops->plan(d, &c.request, &c.plan));
			conv_case_materialise(&c);
		}
		MUST(ops->forward(c.plan, &io));
		MUST(ops->backward(c.plan, &io));
		for (int i = 0; i < 3; i++) {
			MUST(d->ops->get(d, run ? again[i] : first[i], out[i], n[i]));
			same = same && (!run || !memcmp(first[i], again[i], n[i]));
		}
	}
	ok(same, "%s: the same bits from run to run and from plan to plan", name);
	for (int i = 0; i < 3; i++)
		free(first[i]), free(again[i]);
	conv_case_free(&c);
}

void forget_choices(struct device *d)
{
	json_t *none = json_object();
	MUST(d->ops->choices_load(d, none, true));
	json_decref(none);
}

static json_t *choices_of(struct device *d)
{
	json_t *all = json_object();
	MUST(d->ops->choices_save(d, all));
	return all;
}

/* A choice that is missing is measured and kept; inference asks for none. */
void check_conv_choices(struct device *d, struct format f)
{
	struct conv_setup s = {.dims = usual, .x = f, .y = f, .mode = PLAN_INFER, .algo = CONV_AUTO};
	struct conv_case c;
	forget_choices(d);
	conv_case_new(d, &s, &c);
	json_t *none = choices_of(d);
	ok(json_object_size(none) == 0, "inference measures nothing");
	json_decref(none);
	conv_case_free(&c);
	s.mode = PLAN_TRAIN;
	conv_case_new(d, &s, &c);
	static const char *const keys[] = {"conv 32x9x9 48 k3 s1 p1 g1 f32 forward", "conv 32x9x9 48 k3 s1 p1 g1 f32 data",
	                                   "conv 32x9x9 48 k3 s1 p1 g1 f32 weights"};
	json_t *three = choices_of(d);
	bool there = json_object_size(three) == 3;
	for (int i = 0; i < 3; i++)
		there = there && json_is_string(json_object_get(three, keys[i]));
	ok(there, "each direction's choice is kept under its shape");
	json_decref(three);
	conv_case_free(&c);
	forget_choices(d);
}

/* Working weights of a 1×1 convolution of single pixels come out as y where x is the identity: their difference from w
 * has variance σ² plus that of rounding to bf16, spacing²/12 summed over the weights' own spacings. With 256² elements
 * the relative deviation of a variance is √(2/65536) = 0.55 %; 3 % is 5.4 of them: false alarms below 1e-7. */
void check_conv_noise(struct device *d, struct format f, enum precision precision, const char *name)
{
	enum { CHANNELS = 256 };
	static const double sigma = 1e-3;
	const struct conv_dims dims = {CHANNELS, CHANNELS, 1, 1, CHANNELS, 1, 1, 0, 1, false};
	struct conv_setup s = {.dims = dims, .x = f, .y = f, .mode = PLAN_TRAIN, .precision = precision, .algo = CONV_DIRECT};
	struct conv_case c;
	conv_case_new(d, &s, &c);
	/* The typical scale of a trained network's weights: 0.02. */
	float *w = host_take(c.nw * sizeof *w);
	double rounding = 0, variance = 0;
	for (size_t i = 0; i < c.nw; i++) {
		w[i] = (float)(0.02 * rng_normal((struct rng_key){13, 0}, STREAM_PROBE, 1, i));
		int exponent;
		frexp((double)w[i], &exponent);
		if (f.bf16)
			rounding += pow(ldexp(1, exponent - 8), 2) / 12 / (double)c.nw;
	}
	MUST(d->ops->put(d, c.theta, w, c.nw * sizeof *w));
	for (size_t i = 0; i < c.nx; i++)
		c.x[i] = i % (CHANNELS + 1) == 0;
	conv_put(d, s.x, CHANNELS, c.layer.in, c.x, c.device_x);
	c.slots.key = (struct rng_key){14, 0};
	c.slots.value[SLOT_SAMPLER] = sigma;
	c.at.sigma = SLOT_SAMPLER;
	c.at.stream = STREAM_PERTURB;
	conv_case_materialise(&c);
	struct layer_io io = conv_case_io(&c);
	MUST(d->ops->layers[LAYER_CONV]->forward(c.plan, &io));
	double *got = host_doubles(c.ny);
	conv_read(d, s.y, CHANNELS, c.layer.out, c.device_y, got);
	for (size_t o = 0; o < CHANNELS; o++)
		for (size_t i = 0; i < CHANNELS; i++)
			variance += pow(got[i * CHANNELS + o] - (double)w[o * CHANNELS + i], 2) / (double)c.nw;
	near(variance / (sigma * sigma + rounding), 1, 0.03, "%s: the perturbation σ = 1e-3 is in the working weights", name);
	free(w), free(got);
	conv_case_free(&c);
}
