/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What models and networks refuse, and what a model says of itself. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static void refusals(void)
{
	struct device *d;
	struct model m;
	struct potential *p;
	const struct likelihood *l;
	MUST(backend_open("cpu", 1, &d));
	ok(model_build("mlp:784-128-10", "relu", NULL, (int[]){3, 32, 32}, 10, &m) == ERR_USAGE &&
	   !strcmp(fail_message(ERR_USAGE), "--model mlp:784-128-10: the data has 3072 inputs"), "inputs that don't fit the data");
	ok(model_build("mlp:4-9-3", "relu", NULL, (int[]){1, 1, 4}, 10, &m) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "10 outputs"),
	   "outputs that don't fit the classes");
	static const char *const bad[] = {"mlp", "mlp:", "mlp:4", "mlp:4--3", "mlp:4-x-3", "mlp:4-0-3", "mlp:4-3-", "linear:4",
	                                  "mlpx:4-3", "resnet", "mlp:4-99999999999-3", ""};
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
	   !strcmp(fail_message(ERR_USAGE), "--likelihood gaussian: the data set has classes, not real targets"),
	   "gaussian refuses classes");
	MUST(likelihood_find("bernoulli", &o.likelihood));
	ok(net_open(&o, d, &p) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "2 classes; the data set has 3"),
	   "bernoulli refuses three classes");
	MUST(likelihood_find("categorical", &o.likelihood));
	o.precision = PRECISION_BF16;
	ok(net_open(&o, d, &p) == ERR_USAGE && strstr(fail_message(ERR_USAGE), "--precision bf16"), "bf16 is refused on the CPU");
	o.precision = PRECISION_FP32;
	o.infer_only = true;
	data.label = NULL;
	MUST(net_open(&o, d, &p));
	float theta[15] = {0}, out[15] = {1};
	struct gradient_request r = {.at = {.theta = theta}, .batch = {.n = 5, .scale = 1}};
	ok(p->ops->value_grad(p, &slots, &r) == ERR_USAGE, "a network opened for prediction gives no gradient");
	MUST(p->ops->prepare(p, theta, NULL));
	MUST(p->ops->predict(p, 0, 5, out));
	ok(out[0] == 0 && p->fixed && p->outputs == 3 && p->n == 5, "and predicts for a set without labels");
	potential_close(p);
	data.target = targets;
	data.n_targets = 2;
	data.n_classes = 0;
	ok(likelihood_default(&data)->loss == LOSS_GAUSSIAN, "real targets are gaussian by default");
	MUST(likelihood_find("categorical", &l));
	int outputs;
	ok(likelihood_outputs(l, &data, &outputs) == ERR_USAGE && likelihood_find("poisson", &l) == ERR_USAGE,
	   "categorical refuses real targets; an unknown likelihood is refused");
	model_free(&m);
	d->ops->close(d);
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
	ok(model_from_json(j, &back) == ERR_INPUT && strstr(fail_message(ERR_INPUT), "spec"), "a member that is missing is named");
	free(text);
	json_decref(j);
	model_free(&m);
}

int main(void)
{
	refusals();
	json();
	return done_testing();
}
