/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Runs every convolution of the named networks once, forward and backward, for training and for inference: what
 * no-ref.t has oneDNN tell about. */
#include <stdlib.h>
#include <string.h>

#include "src/net/model.h"
#include "tests/device_vec.h"
#include "tests/tap.h"

static void once(struct device *d, const struct layer *l, struct format x, struct format y, enum precision precision,
                 enum plan_mode mode)
{
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	size_t inputs = shape_size(l->in);
	size_t outputs = shape_size(l->out);
	size_t weights = (size_t)l->out[0] * (size_t)(l->in[0] / l->groups * l->kernel * l->kernel) + (size_t)l->out[0];
	struct layer_plan *p;
	void *in, *din, *out, *working;
	float *theta, *gradient;
	MUST(ops->plan(d, &(struct plan_request){.layer = l, .n = 1, .mode = mode, .precision = precision, .algo = CONV_AUTO,
	                                         .x = {x}, .y = y}, &p));
	in = device_take(d, inputs * format_bytes(x));
	din = device_take(d, inputs * format_bytes(x));
	out = device_take(d, outputs * format_bytes(y));
	working = device_take(d, ops->working_bytes(p));
	theta = device_take(d, weights * sizeof *theta);
	gradient = device_take(d, weights * sizeof *gradient);
	struct slots slots = {0};
	struct segment weight = {.name = "weight", .count = weights - (size_t)l->out[0]};
	struct point at = {.theta = theta};
	MUST(ops->materialise(p, &(struct weight_source){.slots = &slots, .at = &at, .param = {&weight}}, working));
	bool first = l->input[0] == INPUT_BATCH, bias = l->param[PARAM_BIAS];
	struct layer_io io = {.x = {in}, .y = out, .param = {working, bias ? theta + weight.count : NULL}, .dy = {out},
	                      .dx = {first ? NULL : din}, .dparam = {gradient, bias ? gradient + weight.count : NULL}};
	MUST(ops->forward(p, &io));
	if (mode != PLAN_INFER)
		MUST(ops->backward(p, &io));
	ops->drop(p);
	void *all[] = {in, din, out, working, theta, gradient};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		d->ops->free(d, all[i]);
}

static bool alike(const struct layer *a, const struct layer *b)
{
	return a->kind == b->kind && !memcmp(a->in, b->in, sizeof a->in) && !memcmp(a->out, b->out, sizeof a->out) &&
	       a->kernel == b->kernel && a->stride == b->stride &&
	       (a->input[0] == INPUT_BATCH) == (b->input[0] == INPUT_BATCH);
}

static void network(struct device *d, const char *spec, const int input[3], enum precision precision)
{
	static struct model m;
	static struct format formats[LAYERS_MAX];
	struct batch_format batch = {.channels = input[0]};
	MUST(model_build(spec, NULL, NULL, input, 10, &m));
	d->ops->formats(d, m.layer, m.n_layers, precision, &batch, formats);
	int shapes = 0;
	for (int i = 0; i < m.n_layers; i++) {
		const struct layer *l = &m.layer[i];
		bool seen = l->kind != LAYER_CONV;
		for (int j = 0; j < i && !seen; j++)
			seen = alike(l, &m.layer[j]);
		if (seen)
			continue;
		shapes++;
		for (int mode = PLAN_INFER; mode <= PLAN_TRAIN; mode++)
			once(d, l, l->input[0] < 0 ? batch.format : formats[l->input[0]], formats[i], precision, (enum plan_mode)mode);
	}
	ok(shapes > 0, "%s on %d×%d×%d, %s: %d shapes", spec, input[0], input[1], input[2],
	   precision == PRECISION_BF16 ? "bf16" : "fp32", shapes);
	model_free(&m);
}

int main(int n, char **words)
{
	static const struct {
		const char *spec;
		int input[3];
	} networks[] = {{"lenet", {1, 28, 28}}, {"lenet", {3, 32, 32}}, {"resnet20", {3, 32, 32}}, {"resnet18", {3, 32, 32}},
	                {"resnet18", {3, 64, 64}}, {"resnet50", {3, 32, 32}}, {"resnet50", {3, 64, 64}}};
	struct device *d;
	MUST(backend_open("cpu", 1, &d));
	for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
		for (int precision = PRECISION_FP32; precision <= (n > 1 && !strcmp(words[1], "fp32") ? PRECISION_FP32 : PRECISION_BF16);
		     precision++)
			network(d, networks[i].spec, networks[i].input, (enum precision)precision);
	d->ops->close(d);
	return done_testing();
}
