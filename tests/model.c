/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* What models and networks refuse, and what a model says of itself. */
#include "src/net/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/data/dataset.h"
#include "src/data/normalize.h"
#include "tests/golden/nets_torch.h"
#include "tests/predict_rows.h"
#include "tests/tap.h"

static void refusals(void)
{
	struct device *d;
	struct model m;
	struct potential *p;
	const struct likelihood *l;
	MUST(backend_open("cpu", 1, &d));
	ok(model_build("mlp:784-128-10", "relu", NULL, (int[]){3, 32, 32}, 10, &m) == ERR_USAGE &&
	   !strcmp(fail_words(ERR_USAGE, "--"), "--model mlp:784-128-10: the data has 3072 inputs"), "inputs that don't fit the data");
	ok(model_build("mlp:4-9-3", "relu", NULL, (int[]){1, 1, 4}, 10, &m) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "10 outputs"),
	   "outputs that don't fit the classes");
	static const char *const bad[] = {"mlp", "mlp:", "mlp:4", "mlp:4--3", "mlp:4-x-3", "mlp:4-0-3", "mlp:4-3-", "linear:4",
	                                  "mlpx:4-3", "resnet", "mlp:4-99999999999-3", "", "mlp:in", "mlp:out", "mlp:out-in",
	                                  "mlp:in-in-out", "mlp:in-out-3", "mlp:in-4-out-", "mlp:in-4-outer", "mlp:4in-3",
	                                  "mlp:In-3", "lenet:in"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(model_build(bad[i], "relu", NULL, (int[]){1, 1, 4}, 3, &m) == ERR_USAGE, "--model “%s” is refused", bad[i]);
	ok(model_build("linear", "gelu", NULL, (int[]){1, 1, 4}, 3, &m) == ERR_USAGE, "an unknown activation is refused");

	float x[20] = {0}, targets[10] = {0};
	int32_t labels[5] = {0, 1, 2, 0, 1};
	struct dataset data = {.kind = "csv", .spec = "csv:test", .n = 5, .element = ELEMENT_F32, .c = 1, .h = 1, .w = 4, .x = x,
	                       .n_classes = 3, .label = labels};
	struct normalize none = {0};
	struct slots slots = {0};
	MUST(model_build("linear", "relu", NULL, (int[]){1, 1, 4}, 3, &m));
	struct net_options o = {.model = &m, .data = &data, .normalize = &none, .noise_sd = 1, .batch = 5};
	MUST(likelihood_find("gaussian", &o.likelihood));
	ok(net_open(&o, d, &p) == ERR_USAGE &&
	   !strcmp(fail_words(ERR_USAGE, "--"), "--likelihood gaussian: the data set has classes, not real targets"),
	   "gaussian refuses classes");
	MUST(likelihood_find("bernoulli", &o.likelihood));
	ok(net_open(&o, d, &p) == ERR_USAGE && strstr(fail_words(ERR_USAGE, "--"), "2 classes; the data set has 3"),
	   "bernoulli refuses three classes");
	MUST(likelihood_find("categorical", &o.likelihood));
	o.infer_only = true;
	data.label = NULL;
	MUST(net_open(&o, d, &p));
	float theta[15] = {0}, out[15] = {1};
	struct gradient_request r = {.at = {.theta = theta}, .batch = {.n = 5, .scale = 1}};
	ok(p->ops->value_grad(p, &slots, &r) == ERR_USAGE, "a network opened for prediction gives no gradient");
	MUST(p->ops->prepare(p, theta, NULL));
	MUST(predict_rows(p, 0, 5, out));
	ok(out[0] == 0 && p->fixed && p->outputs == 3 && p->n == 5, "and predicts for a set without labels");
	potential_close(p);
	data.target = targets;
	data.n_targets = 2;
	data.n_classes = 0;
	const struct targets real = dataset_targets(&data);
	ok(likelihood_default(&real)->loss == LOSS_GAUSSIAN, "real targets are gaussian by default");
	MUST(likelihood_find("categorical", &l));
	int outputs;
	ok(likelihood_outputs(l, &real, &outputs) == ERR_USAGE && likelihood_find("poisson", &l) == ERR_USAGE,
	   "categorical refuses real targets; an unknown likelihood is refused");
	model_free(&m);
	d->ops->close(d);
}

/* What the data have stands for itself, and in what is kept of the model. */
static void open_sizes(void)
{
	static const struct { const char *text, *spec; } cases[] = {
		{"mlp:in-7-5-out", "mlp:12-7-5-3"}, {"mlp:in-7-5-3", "mlp:12-7-5-3"}, {"mlp:12-7-5-out", "mlp:12-7-5-3"},
		{"mlp:in-out", "mlp:12-3"}, {"mlp:012-3", "mlp:012-3"},
	};
	struct model m;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		MUST(model_build(cases[i].text, NULL, NULL, (int[]){3, 2, 2}, 3, &m));
		const struct layer *last = &m.layer[m.n_layers - 1];
		ok(!strcmp(m.spec, cases[i].spec) && !strcmp(m.kind, "mlp") && m.layer[0].in[0] == 12 && last->out[0] == 3 &&
		   model_is(cases[i].text, m.spec), "%s is %s", cases[i].text, m.spec);
		model_free(&m);
	}
	ok(!model_is("mlp:in-8-5-out", "mlp:12-7-5-3") && !model_is("mlp:in-7-out", "mlp:12-7-5-3") && !model_is("mlp:in-7-5", "mlp:12-7-5-3") &&
	   !model_is("mlp:in-7-5-outer", "mlp:12-7-5-3") && !model_is("mlp:1-7-5-out", "mlp:12-7-5-3") && !model_is("linear", "mlp:12-3") &&
	   model_is("linear", "linear"), "and no other");
}

static void json(void)
{
	struct model m, back;
	MUST(model_build("mlp:12-7-5-3", "silu", NULL, (int[]){3, 2, 2}, 3, &m));
	json_t *j = model_to_json(&m);
	char *text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
	ok(text && !strcmp(text, "{\"activation\":\"silu\",\"input\":[3,2,2],\"kind\":\"mlp\",\"norm\":null,\"outputs\":3,"
	                         "\"sizes\":[12,7,5,3],\"spec\":\"mlp:12-7-5-3\"}"), "a model's description");
	MUST(model_from_json(j, &back));
	bool same = back.n_layers == m.n_layers && back.params.n == m.params.n && back.activation == m.activation;
	for (int i = 0; same && i < m.params.n; i++)
		same = !strcmp(back.params.at[i].name, m.params.at[i].name) && back.params.at[i].count == m.params.at[i].count;
	ok(same && !strcmp(m.params.at[2].name, "fc2.weight"), "and the same model built from it");
	near(m.params.at[2].init_scale, 1 / sqrt(7), 1e-15, "fc2's first values are U(±1/√fan_in)");
	model_free(&back);
	json_object_set_new(j, "kind", json_string("linear"));
	ok(model_from_json(j, &back) == ERR_INPUT, "a kind that contradicts the spec is refused");
	json_object_del(j, "spec");
	ok(model_from_json(j, &back) == ERR_INPUT && strstr(fail_words(ERR_INPUT, "--"), "spec"), "a member that is missing is named");
	free(text);
	json_decref(j);
	model_free(&m);
}

/* ---- networks for images ---- */

/* "name sizes" of each tensor, a line each; to be freed. */
static char *listing(const struct segments *s)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	for (int i = 0; i < s->n; i++) {
		fputs(s->at[i].name, f);
		for (int k = 0; k < s->at[i].ndim; k++)
			fprintf(f, " %lld", (long long)s->at[i].shape[k]);
		fputc('\n', f);
	}
	fclose(f);
	return text;
}

static void same_listing(const struct segments *s, const char *want, const char *what, const char *model)
{
	char *have = listing(s);
	size_t at = 0;
	while (have[at] && have[at] == want[at])
		at++;
	if (!ok(!strcmp(have, want), "%s: %s have torchvision's names, shapes and order", model, what))
		printf("# from here: have “%.40s”, want “%.40s”\n", have + at, want + at);
	free(have);
}

/* Layers read earlier layers, of the shape these give, and the network ends with its outputs. */
static bool well_formed(const struct model *m)
{
	bool good = m->layer[m->n_layers - 1].out[0] == m->outputs;
	for (int i = 0; i < m->n_layers; i++) {
		const struct layer *l = &m->layer[i];
		for (int k = 0; k < 2; k++) {
			int from = l->input[k];
			const int *shape = from < 0 ? m->input : m->layer[from].out;
			const int *in = k ? l->out : l->in;
			good = good && from < i && from >= (k ? INPUT_NONE : INPUT_BATCH);
			if (from == INPUT_NONE)
				continue;
			good = good && shape[0] * shape[1] * shape[2] == in[0] * in[1] * in[2];
			if (l->kind != LAYER_LINEAR)
				good = good && !memcmp(shape, in, sizeof l->in);
		}
		if (l->kind == LAYER_CONV || l->kind == LAYER_POOL)
			for (int k = 1; k < 3; k++)
				good = good && l->out[k] == (l->in[k] + 2 * l->pad - l->kernel) / l->stride + 1;
		if (l->kind == LAYER_NORM)
			good = good && m->layer[l->input[0]].kind == LAYER_CONV;
	}
	return good;
}

static void torchvision(void)
{
	for (size_t i = 0; i < sizeof golden_nets / sizeof *golden_nets; i++) {
		const struct golden_net *g = &golden_nets[i];
		struct model m;
		char name[64];
		MUST(model_build(g->model, NULL, NULL, (int[]){3, g->size, g->size}, g->classes, &m));
		snprintf(name, sizeof name, "%s on %d×%d", g->model, g->size, g->size);
		same_listing(&m.params, g->params, "tensors", name);
		same_listing(&m.stats, g->stats, "statistics", name);
		ok(m.params.count == (size_t)g->count, "%s: %d parameters", name, g->count);
		ok(well_formed(&m), "%s: its layers fit together", name);
		model_free(&m);
	}
}

static size_t params_of(const char *spec, const char *activation, const char *norm, int size, int classes)
{
	struct model m;
	MUST(model_build(spec, activation, norm, (int[]){3, size, size}, classes, &m));
	size_t count = m.params.count;
	if (!well_formed(&m))
		count = 0;
	model_free(&m);
	return count;
}

/* What the papers and torchvision's documentation say, and what a filter response norm adds: a threshold a channel. */
static void counts(void)
{
	ok(params_of("lenet", NULL, NULL, 32, 10) == 62006, "lenet has 62,006 parameters");
	ok(params_of("resnet20", NULL, NULL, 32, 10) == 272474, "resnet20 has 272,474");
	ok(params_of("resnet18", NULL, NULL, 64, 10) == 11173962, "resnet18 has 11,173,962 with the stem for small images");
	ok(params_of("resnet18", NULL, NULL, 65, 1000) == 11689512, "and 11,689,512 for ImageNet");
	ok(params_of("resnet18:imagenet", NULL, NULL, 32, 1000) == 11689512 && params_of("resnet18:cifar", NULL, NULL, 224, 10) == 11173962,
	   "either stem on any images");
	ok(params_of("resnet34", NULL, NULL, 32, 10) == 21282122, "resnet34 has 21,282,122");
	ok(params_of("resnet50", NULL, NULL, 32, 10) == 23520842, "resnet50 has 23,520,842");
	ok(params_of("resnet50", NULL, NULL, 224, 1000) == 25557032, "and 25,557,032 for ImageNet");
	/* Norms with an activation: the stem's, two a block. */
	ok(params_of("resnet20", "relu", "frn", 32, 10) == 272474 + 16 + 6 * (16 + 32 + 64), "frn with relu has thresholds");
	ok(params_of("resnet20", "silu", "frn", 32, 10) == 272474, "and with silu none");
	ok(params_of("resnet20", "silu", "bn", 32, 10) == 272474, "bn has none");
}

static const struct layer *layer_of(const struct model *m, const char *weight)
{
	for (int i = 0; i < m->n_layers; i++) {
		int segment = layer_segment(&m->layer[i], PARAM_WEIGHT);
		if (segment >= 0 && !strcmp(m->params.at[segment].name, weight))
			return &m->layer[i];
	}
	return NULL;
}

/* A block that halves: conv1, bn1, conv2, the shortcut's convolution and norm, bn2 which joins them. */
static void block(void)
{
	struct model m;
	MUST(model_build("resnet18", "relu", "frn", (int[]){3, 32, 32}, 10, &m));
	static const char *const order[] = {"layer2.0.conv1.weight", "layer2.0.bn1.weight", "layer2.0.conv2.weight",
	                                    "layer2.0.downsample.0.weight", "layer2.0.downsample.1.weight", "layer2.0.bn2.weight"};
	const struct layer *l = layer_of(&m, order[0]);
	int first = (int)(l - m.layer);
	bool right = true;
	for (int i = 0; i < 6; i++)
		right = right && layer_of(&m, order[i]) == &m.layer[first + i];
	ok(right, "a block's layers stand in the order they run in");
	ok(l->stride == 2 && l->pad == 1 && l->kernel == 3 && l->groups == 1 && l->out[0] == 128 && l->out[1] == 16 &&
	           !l->param[PARAM_BIAS] && l[3].stride == 2 && l[3].kernel == 1 && l[3].pad == 0,
	   "its first convolution and its projection halve the image");
	ok(l[0].input[0] == first - 1 && l[3].input[0] == first - 1 && l[4].input[0] == first + 3 && l[5].input[0] == first + 2 &&
	   l[5].input[1] == first + 4 && l[1].input[1] == INPUT_NONE && l[4].input[1] == INPUT_NONE, "inputs and shortcut");
	ok(l[1].activation == ACTIVATION_THRESHOLD && l[4].activation == ACTIVATION_NONE && l[5].activation == ACTIVATION_THRESHOLD &&
	   !l[4].param[PARAM_THRESHOLD] && !l[1].stat && !m.stats.count, "activations of a filter response norm");
	const struct segment *tau = &m.params.at[layer_segment(&l[5], PARAM_THRESHOLD)];
	ok(!strcmp(tau->name, "layer2.0.bn2.tau") && tau->init_scale == 0, "the threshold's name and first value");
	near(m.params.at[layer_segment(&l[0], PARAM_WEIGHT)].init_scale, 1 / sqrt(64 * 9), 1e-15,
	     "a convolution's first values are U(±1/√fan_in)");
	model_free(&m);
	MUST(model_build("resnet50", "silu", NULL, (int[]){3, 32, 32}, 10, &m));
	l = layer_of(&m, "layer2.0.conv2.weight");
	ok(l->stride == 2 && layer_of(&m, "layer2.0.conv1.weight")->stride == 1, "a bottleneck halves in its 3×3 convolution");
	l = layer_of(&m, "layer1.0.bn3.weight");
	ok(l->activation == ACTIVATION_SILU && !l->param[PARAM_THRESHOLD] && l->in[0] == 256 &&
	           m.layer[l->input[1]].kind == LAYER_NORM,
	   "and joins a projection even where it doesn't");
	const struct segment *stats = &m.stats.at[layer_stat(l)];
	ok(!strcmp(stats[0].name, "layer1.0.bn3.running_mean") && stats[1].init_scale == 1 && stats[2].count == 1,
	   "batch norm's statistics: mean 0, variance 1, a count");
	json_t *j = model_to_json(&m);
	ok(!strcmp(json_string_value(json_object_get(j, "norm")), "bn"), "a description names the norm");
	json_object_set_new(j, "norm", json_string("frn"));
	struct model back;
	MUST(model_from_json(j, &back));
	ok(back.norm == NORM_FILTER_RESPONSE && !back.stats.count && back.params.count == m.params.count &&
	   back.activation == ACTIVATION_SILU, "and the network is built with it");
	model_free(&back);
	json_decref(j);
	model_free(&m);
}

static void image_refusals(void)
{
	static const struct {
		const char *spec, *norm;
		int input[3];
		const char *says;
	} bad[] = {
		{"lenet", NULL, {1, 11, 28}, "--model lenet: needs images of at least 12×12; the data has 11×28"},
		{"lenet:5", NULL, {1, 28, 28}, "lenet takes no sizes"},
		{"lenet", "frn", {1, 28, 28}, "--norm frn: --model lenet has no norms"},
		{"mlp:784-10", "bn", {1, 28, 28}, "--norm bn: --model mlp:784-10 has no norms"},
		{"resnet18", NULL, {3, 7, 7}, "--model resnet18: needs square images of at least 8×8; the data has 7×7"},
		{"resnet18", NULL, {1, 1, 784}, "needs square images"},
		{"resnet20", NULL, {3, 3, 3}, "at least 4×4"},
		{"resnet50:imagenet", NULL, {3, 31, 31}, "at least 32×32"},
		{"resnet18:big", NULL, {3, 32, 32}, "expected resnet18, resnet18:cifar or resnet18:imagenet"},
		{"resnet20:cifar", NULL, {3, 32, 32}, "has one stem"},
		{"resnet18", "ln", {3, 32, 32}, "--norm ln: expected bn or frn"},
	};
	struct model m;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(model_build(bad[i].spec, NULL, bad[i].norm, bad[i].input, 10, &m) == ERR_USAGE &&
		   strstr(fail_words(ERR_USAGE, "--"), bad[i].says), "%s on %d×%d×%d is refused: %s", bad[i].spec, bad[i].input[0],
		   bad[i].input[1], bad[i].input[2], bad[i].says);
	MUST(model_build("lenet", "tanh", NULL, (int[]){1, 28, 28}, 10, &m));
	ok(m.layer[0].pad == 2 && m.layer[0].out[1] == 28 && layer_of(&m, "fc1.weight")->in[0] == 400 && well_formed(&m),
	   "MNIST's 28×28 are padded for lenet");
	model_free(&m);
	MUST(model_build("lenet", NULL, NULL, (int[]){2, 12, 20}, 10, &m));
	ok(layer_of(&m, "fc1.weight")->in[0] == 16 * 1 * 3 && well_formed(&m), "images that are not square are fine for lenet");
	model_free(&m);
}

int main(void)
{
	refusals();
	open_sizes();
	json();
	torchvision();
	counts();
	block();
	image_refusals();
	return done_testing();
}
