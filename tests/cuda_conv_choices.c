/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPDX-FileCopyrightText: 2026 the Basin contributors */
/* Which of cuDNN's engines does a convolution: the fastest that is right and does the same each time, for good. */
#include <cuda_runtime_api.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "src/cuda/cudnn.h"
#include "tests/conv.h"
#include "tests/cuda_driver.h"
#include "tests/device_vec.h"
#include "tests/standin/standin.h"
#include "tests/tap.h"

/* The stand-in's engines by their index, and which may do what. */
enum { PLAIN, ROOMY, RUNTIME, CORES, LOOSE, ENGINES };

static const char forward_key[] = "conv fprop bf16 n2 8x6x6 24k3s1p1g1";
static const char wide_key[] = "conv fprop fp32 n2 8x6x6 24k3s1p1g1";
static char heard[4096];
static int n_heard;

static void hear(const char *text)
{
	n_heard++;
	snprintf(heard, sizeof heard, "%s", text);
}

static struct conv_setup setup(bool bf16)
{
	const struct format f = {bf16, 0};
	return (struct conv_setup){.dims = {2, 8, 6, 6, 24, 3, 1, 1, 1, false}, .x = f, .y = f, .mode = PLAN_TRAIN,
	                           .precision = bf16 ? PRECISION_BF16 : PRECISION_FP32, .apart = bf16};
}

/* What came of a convolution on a device of its own. */
struct outcome {
	json_t *choices;
	double worst;              /* of y, dx, dW, in units of their bounds */
	size_t timed;
};

static struct outcome outcome_with(bool bf16, bool fast, const json_t *known)
{
	struct outcome o = {.choices = json_object()};
	struct conv_setup s = setup(bf16);
	struct conv_worst worst[4] = {{0}};
	struct conv_case c;
	struct device *d = open_cuda();
	const size_t before = standin_calls("cudaEventElapsedTime");
	heard[0] = '\0';
	n_heard = 0;
	if (known)
		MUST(d->ops->choices_load(d, known, true));
	s.fast = fast;
	conv_case_new(d, &s, &c);
	conv_check(&c, &s, false, 1, worst);
	for (int i = 0; i < 3; i++)
		o.worst = worst[i].ratio > o.worst ? worst[i].ratio : o.worst;
	MUST(d->ops->choices_save(d, o.choices));
	o.timed = standin_calls("cudaEventElapsedTime") - before;
	conv_case_free(&c);
	d->ops->close(d);
	return o;
}

static struct outcome outcome_of(bool bf16, const json_t *known)
{
	return outcome_with(bf16, false, known);
}

/* A choice of a task on this card and with this cuDNN. */
static const char *text_of(const struct outcome *o, const char *key)
{
	char name[512], version[DNN_VERSION_TEXT];
	struct cudaDeviceProp card;
	MUST(cudaGetDeviceProperties(&card, 0) != cudaSuccess);
	snprintf(name, sizeof name, "%s of cuDNN %s on %s", key, dnn_version(version), card.name);
	const char *text = json_string_value(json_object_get(o->choices, name));
	return text ? text : "none";
}

/* −1: it names none. */
static int engine_in(const char *text)
{
	int engine = -1;
	return sscanf(text, "e%d", &engine) == 1 ? engine : -1;
}

static int engine_of(const struct outcome *o, const char *key)
{
	return engine_in(text_of(o, key));
}

/* A known choice in the place of the forward pass's. */
static json_t *with_text(const json_t *choices, const char *text)
{
	json_t *other = json_deep_copy(choices), *value;
	const char *name;
	json_object_foreach(other, name, value)
		if (strstr(name, forward_key))
			json_string_set(value, text);
	return other;
}

static void check_kept(const struct outcome *first)
{
	ok(json_object_size(first->choices) == 3 && engine_of(first, forward_key) >= 0 && first->timed > 0 && first->worst <= 1 && !n_heard,
	   "each direction has a choice, by cuDNN's version and the card: %s", text_of(first, forward_key));
	struct outcome again = outcome_of(true, first->choices);
	ok(!again.timed && !n_heard && again.worst <= 1 && json_equal(first->choices, again.choices), "what is known is not measured again");
	json_decref(again.choices);
}

static void check_refused(const struct outcome *first)
{
	static const char *const engines[] = {"e99", "e3 k27=77 k28=1", "winograd", "e0 k2", "e", "e0x"};
	for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
		json_t *other = with_text(first->choices, engines[i]);
		struct outcome o = outcome_of(true, other);
		ok(json_equal(o.choices, first->choices) && o.worst <= 1 && n_heard == 1 && strstr(heard, forward_key) && strstr(heard, engines[i]),
		   "a text that is refused is told of and replaced: \"%s\"", engines[i]);
		json_decref(other);
		json_decref(o.choices);
	}
}

/* Numbers of engines mean something else to another version, and times to another card. */
static void check_elsewhere(const struct outcome *first)
{
	const char *name;
	json_t *value, *other = json_object();
	json_object_foreach(first->choices, name, value) {
		char there[256];
		(void)value;
		snprintf(there, sizeof there, "%.*s of cuDNN 1.2.3 on a card", (int)(strstr(name, " of cuDNN ") - name), name);
		json_object_set_new(other, there, json_string("e0"));
	}
	struct outcome o = outcome_of(true, other);
	ok(o.timed > 0 && o.worst <= 1 && n_heard == 1 && strstr(heard, " of cuDNN 1.2.3 on a card: e0"),
	   "choices made elsewhere are made anew, which is said once: %s", heard);
	json_object_update(other, first->choices);
	ok(json_equal(o.choices, other), "and are kept beside the new ones");
	struct outcome again = outcome_of(true, other);
	ok(!again.timed && !n_heard && json_equal(again.choices, other), "with both, nothing is made anew and nothing said");
	json_decref(other);
	json_decref(o.choices);
	json_decref(again.choices);
}

/* ---- rests of batches ---- */

enum { WHOLE = 3, REST = 2 };

/* A convolution of the whole batch, where there is one, and then of a rest; how often a clock was read for that. */
static size_t plan_rest(int whole, struct outcome *o)
{
	struct conv_setup s = setup(true);
	struct layer l = {.kind = LAYER_CONV, .input = {0, INPUT_NONE}, .in = {8, 6, 6}, .out = {24, 6, 6}, .param = {1},
	                  .kernel = 3, .stride = 1, .pad = 1, .groups = 1};
	struct plan_request r = {.layer = &l, .n = whole, .batch = whole, .mode = PLAN_TRAIN, .precision = PRECISION_BF16, .x = {s.x}, .y = s.y};
	struct device *d = open_cuda();
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	struct layer_plan *p;
	if (whole) {
		MUST(ops->plan(d, &r, &p));
		ops->drop(p);
	}
	r.n = REST;
	const size_t before = standin_calls("cudaEventElapsedTime");
	MUST(ops->plan(d, &r, &p));
	o->timed = standin_calls("cudaEventElapsedTime") - before;
	ops->drop(p);
	o->choices = json_object();
	MUST(d->ops->choices_save(d, o->choices));
	d->ops->close(d);
	return o->timed;
}

/* For less time than a faster one would save. */
static void check_rest(void)
{
	static const char whole_key[] = "conv fprop bf16 n3 8x6x6 24k3s1p1g1";
	struct outcome alone, rest;
	const size_t measured = plan_rest(0, &alone), taken = plan_rest(WHOLE, &rest);
	ok(taken < measured && json_object_size(rest.choices) == 6 && strcmp(text_of(&rest, forward_key), text_of(&rest, whole_key)) == 0,
	   "a rest has the whole batch's engine, %s, without a search: %zu times instead of %zu", text_of(&rest, forward_key), taken, measured);
	json_decref(alone.choices);
	json_decref(rest.choices);
}

/* Of those that can be told to be slow at once no graph is made, unless nothing else is right. */
static void check_far_behind(void)
{
	standin_engine(CORES, STANDIN_ENGINE_SLOW);
	const size_t before = standin_calls("cudaGraphInstantiate");
	struct outcome one = outcome_of(true, NULL);
	const size_t first_slow = standin_calls("cudaGraphInstantiate") - before;
	standin_engine(CORES, STANDIN_ENGINE_GOOD);
	standin_engine(ROOMY, STANDIN_ENGINE_SLOW);
	struct outcome two = outcome_of(true, NULL);
	const size_t last_slow = standin_calls("cudaGraphInstantiate") - before - first_slow;
	ok(engine_of(&two, forward_key) == CORES && last_slow + 6 == first_slow,
	   "engines that are far behind one before them are not made graphs of: %zu graphs, else %zu", last_slow, first_slow);
	standin_engine(RUNTIME, STANDIN_ENGINE_WRONG);
	standin_engine(CORES, STANDIN_ENGINE_WRONG);
	struct outcome three = outcome_of(true, NULL);
	ok(engine_of(&three, forward_key) == ROOMY && three.worst <= 1, "where nothing else is right they are taken: %s",
	   text_of(&three, forward_key));
	standin_engine(-1, STANDIN_ENGINE_GOOD);
	json_decref(one.choices);
	json_decref(two.choices);
	json_decref(three.choices);
}

/* How much room there is now decides nothing that was decided before. */
static void check_room(void)
{
	enum { MIB = 1 << 20, LEFT = 56 };   /* 32 of them are cuBLAS's */
	standin_engine(RUNTIME, STANDIN_ENGINE_REFUSED);
	standin_engine(CORES, STANDIN_ENGINE_REFUSED);
	struct outcome roomy = outcome_of(true, NULL);
	standin_engine(-1, STANDIN_ENGINE_GOOD);
	standin_memory(standin_in_use() + (size_t)LEFT * MIB);
	struct outcome tight = outcome_of(true, NULL), again = outcome_of(true, roomy.choices);
	standin_memory((size_t)4 << 30);
	ok(engine_of(&roomy, forward_key) == ROOMY && engine_of(&tight, forward_key) != ROOMY && tight.worst <= 1,
	   "an engine that needs an eighth of the room that is left is not chosen: %s, not %s", text_of(&tight, forward_key),
	   text_of(&roomy, forward_key));
	ok(again.worst <= 1 && !again.timed && !n_heard && json_equal(again.choices, roomy.choices),
	   "unless it was chosen before: a chain's bits would depend on what else is on the card");
	json_decref(roomy.choices);
	json_decref(tight.choices);
	json_decref(again.choices);
}

static void check_engines(const struct outcome *first)
{
	static const struct { enum standin_engine how; const char *what; bool said; } faults[] = {
		{STANDIN_ENGINE_WRONG, "whose result is wrong", true},
		{STANDIN_ENGINE_FAILS, "that fails", true},
		{STANDIN_ENGINE_SLOW, "that is slow", false},
		{STANDIN_ENGINE_REFUSED, "that is no plan after all", false},
	};
	const int usual = engine_of(first, forward_key);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		standin_engine(usual, faults[i].how);
		struct outcome o = outcome_of(true, NULL);
		standin_engine(-1, STANDIN_ENGINE_GOOD);
		ok(engine_of(&o, forward_key) >= 0 && engine_of(&o, forward_key) != usual && o.worst <= 1 && (n_heard > 0) == faults[i].said,
		   "an engine %s is not taken, but another: %s", faults[i].what, text_of(&o, forward_key));
		json_decref(o.choices);
	}
}

/* Without TF32, and without an order that varies, whatever is left. */
static void check_rules(void)
{
	struct outcome wide = outcome_of(false, NULL);
	const char *key;
	json_t *value;
	bool right = true;
	json_object_foreach(wide.choices, key, value) {
		const int engine = engine_in(json_string_value(value));
		right = right && engine >= 0 && engine != CORES && engine != RUNTIME && engine != LOOSE;
	}
	ok(right && json_object_size(wide.choices) == 3 && wide.worst <= 1, "float32 has engines without tensor cores: %s",
	   text_of(&wide, wide_key));
	json_decref(wide.choices);

	/* What only haste allows, where nothing else is left. */
	standin_engine(PLAIN, STANDIN_ENGINE_REFUSED);
	standin_engine(ROOMY, STANDIN_ENGINE_REFUSED);
	struct outcome hasty = outcome_with(false, true, NULL);
	standin_engine(-1, STANDIN_ENGINE_GOOD);
	right = json_object_size(hasty.choices) == 3;
	json_object_foreach(hasty.choices, key, value) {
		const int engine = engine_in(json_string_value(value));
		right = right && strstr(key, " fast of ") && (engine == CORES || engine == RUNTIME || engine == LOOSE);
	}
	ok(right, "and in haste those with them, under a name of their own");
	json_decref(hasty.choices);

	struct conv_setup s = setup(false);
	struct layer l = {.kind = LAYER_CONV, .input = {0, INPUT_NONE}, .in = {8, 6, 6}, .out = {24, 6, 6}, .param = {1},
	                  .kernel = 3, .stride = 1, .pad = 1, .groups = 1};
	struct plan_request r = {.layer = &l, .n = 2, .mode = PLAN_TRAIN, .x = {s.x}, .y = s.y};
	struct device *d = open_cuda();
	struct layer_plan *p;
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	for (int i = 0; i < ENGINES; i++)
		standin_engine(i, i == LOOSE ? STANDIN_ENGINE_GOOD : STANDIN_ENGINE_REFUSED);
	status none = ops->plan(d, &r, &p);
	ok(none == ERR_LIBRARY && !p && strstr(fail_message(none), wide_key), "where there is no such engine that is said: %s",
	   fail_message(none));
	standin_engine(-1, STANDIN_ENGINE_GOOD);
	r.algo = CONV_GEMM;
	status gemm = ops->plan(d, &r, &p);
	ok(gemm == ERR_USAGE && strstr(fail_words(gemm, "--"), "--conv-algo gemm: "), "%s", fail_words(gemm, "--"));
	r.algo = CONV_WINOGRAD;
	status winograd = ops->plan(d, &r, &p);
	ok(winograd == ERR_USAGE && strstr(fail_words(winograd, "--"), "--conv-algo winograd: "), "%s", fail_words(winograd, "--"));
	d->ops->close(d);
}

/* A plan's like is made without asking anybody. */
static void check_again(void)
{
	struct device *d = open_cuda();
	struct conv_setup s = setup(true);
	struct conv_case a, b;
	conv_case_new(d, &s, &a);
	const size_t before = standin_calls("cudnnBackendFinalize");
	conv_case_new(d, &s, &b);
	ok(standin_calls("cudnnBackendFinalize") == before, "a plan of a shape that was planned before asks cuDNN nothing");
	conv_case_free(&a);
	conv_case_free(&b);
	d->ops->close(d);
}

/* What did not open whole is opened again. */
static void check_opening(void)
{
	struct conv_setup s = setup(true);
	struct layer l = {.kind = LAYER_CONV, .input = {0, INPUT_NONE}, .in = {8, 6, 6}, .out = {24, 6, 6}, .param = {1},
	                  .kernel = 3, .stride = 1, .pad = 1, .groups = 1};
	const struct plan_request r = {.layer = &l, .n = 2, .mode = PLAN_TRAIN, .precision = PRECISION_BF16, .x = {s.x}, .y = s.y};
	struct device *d = open_cuda();
	const struct layer_ops *ops = d->ops->layers[LAYER_CONV];
	struct layer_plan *p;
	standin_fail("cudnnCreate", 1, CUDNN_STATUS_NOT_INITIALIZED);
	status none = ops->plan(d, &r, &p);
	ok(none == ERR_LIBRARY && strstr(fail_words(none, "--"), "--device cpu does without"), "%s", fail_words(none, "--"));
	standin_fail("cudnnSetStream", 1, CUDNN_STATUS_BAD_PARAM);
	status elsewhere = ops->plan(d, &r, &p);
	ok(elsewhere == ERR_LIBRARY && strstr(fail_message(elsewhere), "cudnnSetStream"), "%s", fail_message(elsewhere));
	const size_t before = standin_calls("cudnnSetStream");
	status again = ops->plan(d, &r, &p);
	ok(again == OK && standin_calls("cudnnSetStream") == before + 1, "the next one has the device's stream");
	ops->drop(p);
	d->ops->close(d);
}

int main(void)
{
	test_prefix(cuda_label);
	warning_to(hear, "--");
	struct outcome first = outcome_of(true, NULL);
	check_kept(&first);
	check_refused(&first);
	check_elsewhere(&first);
	check_rest();
	check_engines(&first);
	check_far_behind();
	check_room();
	check_rules();
	check_again();
	check_opening();
	json_decref(first.choices);
	return done_testing();
}
